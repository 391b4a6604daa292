//! Cases of the word-count kernel.

use kernels_core::{Backend, Counts, Error, WordCount, WordCountAlgorithm, WordCountOptions};

use crate::Case;

mod borders;
mod golden;
mod invalid;
mod merging;
mod naive;
mod oracle;
mod traps;
mod unicode;

/// Every case of the word-count kernel.
pub fn cases() -> impl Iterator<Item = Case> {
    [
        golden::CASES,
        borders::CASES,
        traps::CASES,
        unicode::CASES,
        invalid::CASES,
        merging::CASES,
        oracle::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Every counter of the backend, one for each algorithm.
fn counters(backend: &dyn Backend) -> Vec<(WordCountAlgorithm, Box<dyn WordCount>)> {
    let algorithms = backend.capabilities().word_count_algorithms;
    assert!(!algorithms.is_empty(), "no word-count algorithm is offered");
    let counter = |algorithm| {
        let counter = backend.word_count(&WordCountOptions { algorithm });
        (algorithm, counter.unwrap_or_else(|error| panic!("{algorithm} is offered, but {error}")))
    };
    algorithms.into_iter().map(counter).collect()
}

/// Counts `text` with every algorithm and compares with the naive count.
fn check(backend: &dyn Backend, text: &str) {
    let expected = naive::count(text);
    for (algorithm, mut counter) in counters(backend) {
        let found = counter.count(text.as_bytes());
        assert_counts(&found, &expected, format_args!("{algorithm}, {}", excerpt(text)));
    }
}

/// Adds the pieces of a text one by one.
fn count_pieces<'a>(
    counter: &mut dyn WordCount,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Counts, Error> {
    for piece in pieces {
        counter.add(piece)?;
    }
    counter.finish()
}

/// Words, counts and first offsets are equal.
#[track_caller]
fn assert_counts(found: &Result<Counts, Error>, expected: &Counts, what: std::fmt::Arguments<'_>) {
    let found = found.as_ref().unwrap_or_else(|error| panic!("{what}: {error}"));
    if found != expected {
        let (found, expected) = (listing(found), listing(expected));
        let differs = |pair: &(&String, &String)| pair.0 != pair.1;
        let first = found.iter().zip(&expected).find(differs);
        let (found_len, expected_len) = (found.len(), expected.len());
        panic!("{what}: {found_len} words for {expected_len}, the first that differ: {first:?}");
    }
}

/// Every word with its count and offset, in the order of the offsets.
fn listing(counts: &Counts) -> Vec<String> {
    let mut words: Vec<_> = counts.iter().collect();
    words.sort_unstable_by_key(|word| (word.first, word.word));
    words.iter().map(|w| format!("{:?} {} at {}", w.word, w.count, w.first)).collect()
}

/// The lines of the result.
fn lines(counts: &Counts) -> Vec<u8> {
    let mut out = Vec::new();
    counts.ranked(0).write_lines(usize::MAX, &mut out);
    out
}

/// The text, or its beginning where it is long.
fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    let more = if start.len() < text.len() { "..." } else { "" };
    format!("{} bytes {start:?}{more}", text.len())
}
