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

fn count(table: &mut Table, text: &[u8], offset: u64) {
    let mut block = Block::new();
    block.fill(Level::Portable, text);
    table.count(&block, offset);
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
    let mut table = Table::new();
    count(&mut table, text.as_bytes(), 0);
    assert_eq!(counted(table), naive(&text));
}

#[test]
fn words_with_nul_differ_from_those_without() {
    let text = "a a\0 a \0 \0\0 a\0 \0a sixteen..bytes.\0";
    let mut table = Table::new();
    count(&mut table, text.as_bytes(), 0);
    assert_eq!(counted(table), naive(text));
}

#[test]
fn growing_keeps_every_word() {
    let numbers = if cfg!(miri) { 300 } else { 400_000 };
    let mut table = Table::new();
    for round in 0..2 {
        for number in 0..numbers {
            count(&mut table, format!("{number}").as_bytes(), round * numbers + number);
        }
    }
    let expected: Counted =
        (0..numbers).map(|number| (format!("{number}").into_bytes(), 2, number)).collect();
    assert_eq!(counted(table), expected);
}

#[test]
fn giant_words_are_counted_beside_the_others() {
    let giant = [b'g'; 70_000];
    let mut table = Table::new();
    table.count_giant(&giant, 5);
    count(&mut table, b"small", 80_000);
    table.count_giant(&giant, 90_000);
    assert_eq!(counted(table), [(giant.to_vec(), 2, 5), (b"small".to_vec(), 1, 80_000)]);
}
