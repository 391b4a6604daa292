use std::collections::HashMap;

use kernels_core::text::words;

use super::*;
use crate::Level;

type Counted = Vec<(Vec<u8>, u64, u64)>;

/// The words of `table` with counts and first offsets, by first offset.
fn counted(table: Table) -> Counted {
    let mut counted: Counted = table
        .into_runs()
        .iter()
        .flat_map(|run| (0..run.len()).map(|i| (run.word(i).to_vec(), run.count(i), run.first(i))))
        .filter(|&(_, count, _)| count > 0)
        .collect();
    counted.sort_by_key(|&(_, _, first)| first);
    counted
}

/// Counts the words of a text with each way to look them up in a table of its own.
type Count = fn(&mut Table, &[u8], u64);

fn ways() -> Vec<Count> {
    let one_by_one: Count = |table, text, offset| table.count(OneByOne, &tokenised(text), offset);
    #[cfg(target_arch = "x86_64")]
    if fearless_simd::Level::new().as_avx512().is_some() {
        let eight: Count = |table, text, offset| {
            let avx512 = fearless_simd::Level::new().as_avx512().expect("it was there");
            table.count(avx512, &tokenised(text), offset);
        };
        return vec![one_by_one, eight];
    }
    vec![one_by_one]
}

fn tokenised(text: &[u8]) -> Box<Block> {
    let mut block = Block::new();
    block.fill(Level::Portable, text);
    block
}

/// What [`counted`] should give for a text of lower-cased ASCII.
fn naive(text: &str) -> Counted {
    let mut tallies: HashMap<&str, (u64, u64)> = HashMap::new();
    for (first, word) in words(text) {
        tallies.entry(word).or_insert((0, first as u64)).0 += 1;
    }
    let mut counted: Counted = (tallies.into_iter())
        .map(|(word, (count, first))| (word.as_bytes().to_vec(), count, first))
        .collect();
    counted.sort_by_key(|&(_, _, first)| first);
    counted
}

#[test]
fn words_of_all_lengths_are_counted_in_order() {
    let lengths = [1, 7, 8, 9, 15, 16, 17, 18, 31, 32, 33, 100, 16, 17, 1];
    let text = lengths.map(|len| "x".repeat(len)).join(" ");
    for count in ways() {
        let mut table = Table::new();
        count(&mut table, text.as_bytes(), 0);
        assert_eq!(counted(table), naive(&text));
    }
}

#[test]
fn words_with_nul_differ_from_those_without() {
    let text = "a a\0 a \0 \0\0 a\0 \0a sixteen..bytes.\0";
    for count in ways() {
        let mut table = Table::new();
        count(&mut table, text.as_bytes(), 0);
        assert_eq!(counted(table), naive(text));
    }
}

/// Of 1 to 20 words, new ones twice in a block, beside blocks of known ones: no group is full but some.
#[test]
fn blocks_of_any_number_of_words_are_counted() {
    for count in ways() {
        let mut table = Table::new();
        let mut text = String::new();
        for words in 1..=20 {
            let from = text.len();
            for word in 0..words {
                text += &format!("w{} new{} ", word * words, words * 100 + word / 2);
            }
            count(&mut table, &text.as_bytes()[from..], from as u64);
        }
        assert_eq!(counted(table), naive(&text));
    }
}

/// The ways take turns, so each must find the words that another has placed, and those that growing moved.
#[test]
fn growing_keeps_every_word() {
    // More than a new table has room for.
    let (blocks, words) = if cfg!(miri) { (6, 100) } else { (1_000, 400) };
    let ways = ways();
    let mut table = Table::new();
    let block = |number: u64| -> String {
        (number * words..(number + 1) * words).map(|word| format!("{word:07} ")).collect()
    };
    for (turn, number) in (0..blocks).chain(0..blocks).enumerate() {
        let count = ways[(turn + turn / blocks as usize) % ways.len()];
        count(&mut table, block(number).as_bytes(), turn as u64 * words * 8);
    }
    let expected: Counted = (0..blocks * words)
        .map(|number| (format!("{number:07}").into_bytes(), 2, number * 8))
        .collect();
    assert_eq!(counted(table), expected);
}

/// Blocks of words that nobody has seen before, each as often in a row as `times` says, until there are more than
/// slots take at which a table asks whether most of them are new; then once more the first and the last blocks,
/// and some words without a key. Words between Unicode spaces are in the list from the beginning.
fn mostly_new(times: u64) -> (Table, Counted) {
    let (blocks, words) = (1_350, 400);
    let ways = ways();
    let mut table = Table::new();
    let (mut offset, mut expected) = (0, HashMap::new());
    let mut count = |turn: u64, text: &str, table: &mut Table| {
        ways[turn as usize % ways.len()](table, text.as_bytes(), offset);
        for (start, word) in words_of(text) {
            expected.entry(word.to_owned()).or_insert((0, offset + start)).0 += 1;
        }
        offset += text.len() as u64;
    };
    let block = |number: u64| -> String {
        (number * words..(number + 1) * words).map(|word| format!("{word:07} ")).collect()
    };
    let odd = "0000003\u{3000}more\u{3000}of\u{3000}it a\0 a word-of-19-bytes-it-is ";
    count(0, odd, &mut table);
    for number in 0..blocks {
        (0..times).for_each(|_| count(number, &block(number), &mut table));
    }
    // The second word of these is counted before the first, which lies between Unicode spaces.
    let turned = "late\u{a0}x early late a-word-of-20-bytes-too\u{a0}x b a-word-of-20-bytes-too ";
    for text in [&block(0), &block(blocks - 1), odd, turned] {
        (0..ways.len() as u64).for_each(|turn| count(turn, text, &mut table));
    }
    let mut expected: Counted = expected
        .into_iter()
        .map(|(word, (count, first))| (word.into_bytes(), count, first))
        .collect();
    expected.sort_by_key(|&(_, _, first)| first);
    (table, expected)
}

fn words_of(text: &str) -> impl Iterator<Item = (u64, &str)> {
    words(text).map(|(start, word)| (start as u64, word))
}

#[test]
#[cfg_attr(
    miri,
    ignore = "540,000 words take hours; growing_keeps_every_word and rest are of the same parts"
)]
fn words_that_are_mostly_new_go_to_the_list() {
    let (table, expected) = mostly_new(1);
    assert!(table.slots.is_none());
    assert!(counted(table) == expected);
}

#[test]
#[cfg_attr(miri, ignore = "a million words take hours")]
fn words_that_come_again_stay_in_slots() {
    let (table, expected) = mostly_new(3);
    assert!(table.slots.is_some());
    // What lies between Unicode spaces is in the list as well, until the runs are merged.
    let once = |counted: &[(Vec<u8>, u64, u64)]| counted.iter().map(|word| word.1).sum::<u64>();
    assert_eq!(once(&counted(table)), once(&expected));
}

#[test]
fn giant_words_are_counted_beside_the_others() {
    let giant = vec![b'g'; if cfg!(miri) { 5_000 } else { 70_000 }];
    for count in ways() {
        let mut table = Table::new();
        table.count_giant(&giant, 5);
        count(&mut table, b"small", 80_000);
        table.count_giant(&giant, 90_000);
        assert_eq!(counted(table), [(giant.clone(), 2, 5), (b"small".to_vec(), 1, 80_000)]);
    }
}
