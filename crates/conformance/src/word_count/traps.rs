//! Texts that a fast program gets wrong: long words, control bytes, many distinct words.

use std::fmt::Write;

use kernels_core::{Backend, Error, WordCountAlgorithm, WordCountOptions};

use super::{assert_counts, check, count_pieces, counters, naive};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("words_longer_than_64_kib", long_words),
    Case::new("words_of_control_bytes", control_bytes),
    Case::new("words_that_differ_in_one_byte", one_byte),
    Case::new("last_word_is_none_that_it_begins", last_word),
    Case::new("last_word_is_not_that_of_an_earlier_piece", last_word_in_turn),
    Case::new("words_that_are_nearly_all_distinct", distinct),
    Case::new("word_that_comes_a_million_times", frequent),
    Case::new("separators_only", separators),
    Case::new("word_count_algorithm_not_offered_is_refused", not_offered),
];

fn long_words(backend: &dyn Backend) {
    for length in [65_535, 65_536, 65_537, 200_000] {
        let word = "Word".repeat(length / 4 + 1);
        let word = &word[..length];
        check(backend, &format!("{word} {word}. x{word} {}", word.to_lowercase()));
        check(backend, &format!("a {}É", word.replace('W', "Ä")));
    }
}

/// NUL and control characters are parts of words, also at their ends: keys padded with NUL must differ.
fn control_bytes(backend: &dyn Backend) {
    let mut text = String::from("\0 \0\0 a a\0 a\0\0 \0a \u{7f} a\u{7f} ");
    for byte in 0..128_u8 {
        let c = char::from(byte);
        write!(text, "{c} x{c} {c}x x{c}y ").expect("a string");
    }
    for width in [7, 8, 15, 16, 31, 32, 63, 64] {
        let zeros = "\0".repeat(width);
        write!(text, "{zeros} a{zeros} {zeros}a ").expect("a string");
    }
    check(backend, &text);
}

/// Every byte of a word counts: words of each length that differ at one place.
fn one_byte(backend: &dyn Backend) {
    let mut text = String::new();
    for length in 1..40 {
        for place in 0..length {
            let (before, after) = ("a".repeat(place), "a".repeat(length - place - 1));
            write!(text, "{before}b{after} {before}C{after} ").expect("a string");
        }
    }
    check(backend, &text);
}

/// Words that one word of a whole text begins, and at last that one: what lies behind the end of a text, zeros
/// or what a buffer held before, does not belong to its last word. In a short text, which needs a table of a few
/// slots, words meet that have little in common; where they must be compared depends on their hashes, so many
/// are tried.
fn ends_with_a_beginning(whole: &str, last: usize) -> String {
    let longer = (last + 1..=whole.len().min(last + 16)).map(|end| &whole[..end]);
    let words: Vec<_> = longer.chain([&whole[..last]]).collect();
    words.join(" ")
}

fn last_word(backend: &dyn Backend) {
    for letter in 'a'..='z' {
        for last in 1..=5 {
            let whole = letter.to_string().repeat(last) + &"\0".repeat(16);
            check(backend, &ends_with_a_beginning(&whole, last));
        }
    }
}

fn last_word_in_turn(backend: &dyn Backend) {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
    for (algorithm, mut counter) in counters(backend) {
        for (first, last) in (0..26).flat_map(|first| (1..=5).map(move |last| (first, last))) {
            let whole = [&LETTERS[first..], &LETTERS[..first]].concat();
            let text = ends_with_a_beginning(&whole, last);
            // The whole word, where the last one will lie.
            let before = " ".repeat(text.len() - last) + &whole + " ";
            let counts = count_pieces(&mut *counter, [before.as_bytes(), text.as_bytes()]);
            let expected = naive::count(&(before + &text));
            assert_counts(&counts, &expected, format_args!("{algorithm}, {text:?} as a piece"));
        }
    }
}

fn distinct(backend: &dyn Backend) {
    let words = if backend.capabilities().software { 20_000 } else { 100_000 };
    let mut text = String::new();
    for i in 0..words {
        write!(text, "w{} ", (i * 7919) % (words - words / 10)).expect("a string");
    }
    check(backend, &text);
}

fn frequent(backend: &dyn Backend) {
    let times = if backend.capabilities().software { 100_000 } else { 1_000_000 };
    check(backend, &"a ".repeat(times));
}

fn separators(backend: &dyn Backend) {
    for length in [1, 63, 64, 65, 1000, 70_000] {
        for separator in [" ", "\n", "\u{1f}", "'", "\u{3000}"] {
            check(backend, &separator.repeat(length));
        }
    }
}

fn not_offered(backend: &dyn Backend) {
    let offered = backend.capabilities().word_count_algorithms;
    assert_eq!(counters(backend).len(), offered.len());
    for algorithm in WordCountAlgorithm::ALL.into_iter().filter(|a| !offered.contains(a)) {
        let supported = offered.iter().map(|algorithm| algorithm.name()).collect();
        let expected = Error::UnsupportedAlgorithm {
            backend: backend.name(),
            algorithm: algorithm.name(),
            supported,
        };
        let refused = backend.word_count(&WordCountOptions { algorithm }).err();
        assert_eq!(refused, Some(expected));
    }
}
