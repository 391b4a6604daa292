//! Texts cut at every place, and texts of every length around the widths of registers.

use kernels_core::{Backend, InTurn, text};

use super::{assert_counts, check, count_pieces, counters, naive};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("words_of_every_length_of_text", lengths),
    Case::new("words_of_every_length_of_word", word_lengths),
    Case::new("words_at_every_offset", offsets),
    Case::new("text_may_be_cut_at_every_border", cuts),
    Case::new("text_may_come_in_single_words", single_words),
    Case::new("empty_pieces_change_nothing", empty_pieces),
    Case::new("threads_may_take_the_pieces", taken_pieces),
];

/// A text with every kind of separator, case and width of character.
const TRAPS: &str = "The the\u{2003}THE \u{feff}Don't--ÄÖ\u{85}ä.ö ΑΣ.Β ΟΔΟΣ\u{3000}İ ẞ_x&y\0z \u{1c}𐐀 \
                     Rock-n-Roll,x=1;$5.00 \u{200b}a\tb\rc\nd\u{b}e\u{c}f\u{1f}g/(h)[i]{j}\"k'l !";

fn lengths(backend: &dyn Backend) {
    let texts = [
        "a b c d e f g h ".repeat(20),
        "x".repeat(300),
        "Word wOrd woRd, ".repeat(20),
        TRAPS.repeat(2),
    ];
    for text in &texts {
        for length in (0..=260).filter(|&length| text.is_char_boundary(length)) {
            check(backend, &text[..length.min(text.len())]);
        }
    }
}

fn word_lengths(backend: &dyn Backend) {
    for length in (1..=70).chain([127, 128, 129, 255, 256, 257, 1000, 4095, 4096, 4097]) {
        let word = "abcdefghijklmnopqrstuvwxyz".repeat(length / 26 + 1);
        let (word, upper) = (&word[..length], word[..length].to_uppercase());
        // Words that differ in the last byte only, and one that is the beginning of another.
        let text = format!("{word} {word}x {upper} {}! {word}y{word}X", &word[..length - 1]);
        check(backend, &text);
    }
}

fn offsets(backend: &dyn Backend) {
    for before in 0..=130 {
        check(backend, &format!("{}Word {}word", " ".repeat(before), ".".repeat(before)));
        check(backend, &format!("{}\u{2003}Ä ä", "-".repeat(before)));
    }
}

/// Where the contract allows a cut: behind every ASCII separator and every Unicode space.
fn borders(whole: &str) -> impl Iterator<Item = usize> {
    let parts = whole.char_indices().map(|(start, c)| (c, start + c.len_utf8()));
    let splits =
        |c: char| if c.is_ascii() { text::is_separator(c as u8) } else { text::is_space(c) };
    parts.filter(move |&(c, _)| splits(c)).map(|(_, end)| end)
}

fn cuts(backend: &dyn Backend) {
    let expected = naive::count(TRAPS);
    for (algorithm, mut counter) in counters(backend) {
        for border in borders(TRAPS) {
            let (left, right) = TRAPS.as_bytes().split_at(border);
            let counts = count_pieces(&mut *counter, [left, right]);
            assert_counts(&counts, &expected, format_args!("{algorithm}, cut at {border}"));
        }
    }
}

fn single_words(backend: &dyn Backend) {
    let text = TRAPS.repeat(3);
    let expected = naive::count(&text);
    for (algorithm, mut counter) in counters(backend) {
        let mut start = 0;
        let pieces = borders(&text).chain([text.len()]).map(|end| {
            let piece = &text.as_bytes()[start..end];
            start = end;
            piece
        });
        let counts = count_pieces(&mut *counter, pieces.collect::<Vec<_>>());
        assert_counts(&counts, &expected, format_args!("{algorithm}, word by word"));
    }
}

fn empty_pieces(backend: &dyn Backend) {
    for (algorithm, mut counter) in counters(backend) {
        let pieces: [&[u8]; 6] = [b"", b"one ", b"", b"", b"two one", b""];
        let counts = count_pieces(&mut *counter, pieces);
        assert_counts(&counts, &naive::count("one two one"), format_args!("{algorithm}"));
        let nothing = counter.finish().expect("nothing");
        assert!(nothing.is_empty(), "{algorithm}: the counter did not start afresh");
    }
}

/// The text in pieces of `words` words.
fn cut_each(text: &str, words: usize) -> Vec<&[u8]> {
    let mut start = 0;
    let ends = borders(text).step_by(words).chain([text.len()]);
    ends.map(|end| &text.as_bytes()[std::mem::replace(&mut start, end)..end]).collect()
}

fn taken_pieces(backend: &dyn Backend) {
    let text = TRAPS.repeat(60);
    let thrice = naive::count(&text.repeat(3));
    for (algorithm, mut counter) in counters(backend) {
        for words in [1, 2, 7, 100, 10_000] {
            let pieces = cut_each(&text, words);
            // Before and behind what is added in another way.
            let added = counter
                .add_pieces(&InTurn::new(&pieces))
                .and_then(|()| counter.add(text.as_bytes()))
                .and_then(|()| counter.add_pieces(&InTurn::new(&pieces)))
                .and_then(|()| counter.finish());
            assert_counts(&added, &thrice, format_args!("{algorithm}, pieces of {words} words"));
        }
    }
}
