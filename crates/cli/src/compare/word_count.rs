//! Word count as a contest: a text in memory, and how its counts are verified.
//!
//! A run counts the whole text in one call, from an empty counter. It is right where every word has the
//! count and the first place that the reference backend found, and there is no other word.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use perf_kernels::text::next_border;
use perf_kernels::{
    Backend, Counts, Error, WordCount, WordCountAlgorithm, WordCountOptions, Workload,
};

use super::contest::{digest, quoted};
use super::record::{Input, Verification};
use super::roster::{Roster, distinct};
use super::runner::{Contender, Problem};
use crate::args::compare::CompareWordCount;
use crate::failure::Usage;
use crate::readers::Source;

/// A text and its words.
pub(super) struct Counting<'t> {
    input: Input,
    /// What makes the text: the file, or a command.
    path: String,
    is_prefix: bool,
    text: &'t [u8],
    expected: Expected,
}

/// The words of a text, as the reference counts them.
#[derive(Debug)]
struct Expected(HashMap<Box<str>, (u64, u64)>);

/// The whole text.
pub(super) fn read(args: &CompareWordCount) -> anyhow::Result<Vec<u8>> {
    Ok(Source::open(&args.input)?.read_all()?)
}

/// The text or the beginnings of it that the command line asks for, each with its words.
pub(super) fn problems<'t>(
    args: &CompareWordCount,
    roster: &Roster,
    text: &'t [u8],
) -> anyhow::Result<Vec<Counting<'t>>> {
    if args.sizes.is_empty() {
        return Ok(vec![Counting::new(args, roster, text, false)?]);
    }
    let sizes = distinct(args.sizes.iter().copied());
    sizes.into_iter().map(|size| Counting::new(args, roster, prefix(text, size)?, true)).collect()
}

/// What counters are built with.
pub(super) fn options(args: &CompareWordCount) -> Vec<WordCountOptions> {
    let mut algorithms = distinct(args.algorithms.iter().map(|&name| name.into()));
    if algorithms.is_empty() {
        algorithms.push(WordCountAlgorithm::default());
    }
    algorithms.into_iter().map(|algorithm| WordCountOptions { algorithm }).collect()
}

/// The first `size` bytes, up to the end of the word that they would cut.
fn prefix(text: &[u8], size: u64) -> Result<&[u8], Usage> {
    match usize::try_from(size) {
        Ok(size) if size <= text.len() => Ok(&text[..next_border(text, size)]),
        _ => Err(Usage(format!("--sizes {size}: the text has only {} bytes", text.len()))),
    }
}

impl<'t> Counting<'t> {
    fn new(
        args: &CompareWordCount,
        roster: &Roster,
        text: &'t [u8],
        is_prefix: bool,
    ) -> anyhow::Result<Self> {
        let options = WordCountOptions::default();
        let workload = Workload::WordCount { bytes: Some(text.len() as u64), options };
        let backend = roster.reference(&workload)?.backend;
        let name = crate::readers::name(&args.input);
        let counts = backend.word_count(&options)?.count(text).with_context(|| name.clone())?;
        let expected = Expected::new(&counts);
        let input = Input {
            name,
            size: text.len() as u64,
            sha256: digest(text),
            task: format!(
                "{} bytes, {} words, {} distinct",
                text.len(),
                counts.total(),
                counts.len()
            ),
        };
        Ok(Self { input, path: quoted(&args.input), is_prefix, text, expected })
    }
}

impl Expected {
    fn new(counts: &Counts) -> Self {
        let entries = counts.iter().map(|word| (word.word.into(), (word.count, word.first)));
        Self(entries.collect())
    }

    /// What is wrong with the counts.
    fn difference(&self, counts: &Counts) -> Option<String> {
        let wrong = counts.iter().find_map(|found| match self.0.get(found.word) {
            None => Some(format!("'{}' is no word of the text", found.word)),
            Some(&(count, _)) if count != found.count => {
                Some(format!("'{}' is counted {} times, not {count}", found.word, found.count))
            }
            Some(&(_, first)) if first != found.first => {
                Some(format!("'{}' first appears at {first}, not {}", found.word, found.first))
            }
            Some(_) => None,
        });
        let missing = self.0.len().checked_sub(counts.len()).filter(|&missing| missing > 0);
        wrong.or_else(|| missing.map(|missing| format!("{missing} words are missing")))
    }
}

impl Problem for Counting<'_> {
    type Options = WordCountOptions;

    fn input(&self) -> &Input {
        &self.input
    }

    fn work(&self) -> f64 {
        self.text.len() as f64
    }

    fn workload(&self, options: WordCountOptions) -> Workload {
        Workload::WordCount { bytes: Some(self.text.len() as u64), options }
    }

    fn enter<'a>(
        &'a self,
        backend: &dyn Backend,
        options: WordCountOptions,
    ) -> Result<Box<dyn Contender + 'a>, Error> {
        let counter = backend.word_count(&options)?;
        Ok(Box::new(Counter { problem: self, counter, counts: Counts::new() }))
    }

    fn form(
        &self,
        _: &dyn Backend,
        options: WordCountOptions,
    ) -> (&'static str, Option<&'static str>) {
        (options.algorithm.name(), None)
    }

    fn command(&self, flags: &str) -> String {
        if self.is_prefix {
            let size = self.text.len();
            return format!("head -c {size} {} | cli wordcount {flags} - /dev/null", self.path);
        }
        format!("cli wordcount {flags} {} /dev/null", self.path)
    }
}

/// A counter with a text to count.
struct Counter<'a> {
    problem: &'a Counting<'a>,
    counter: Box<dyn WordCount>,
    counts: Counts,
}

impl Contender for Counter<'_> {
    fn run(&mut self) -> Result<Duration, Error> {
        // Freeing the last counts is no part of counting.
        self.counts = Counts::new();
        let start = Instant::now();
        self.counts = self.counter.count(self.problem.text)?;
        Ok(start.elapsed())
    }

    fn verify(&mut self) -> Result<Verification, Error> {
        let difference = self.problem.expected.difference(&self.counts);
        Ok(difference.map_or(Verification::PASSED, Verification::failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(words: &[(&str, u64, u64)]) -> Counts {
        let segments = words.iter().map(|(word, count, first)| (word.as_bytes(), *count, *first));
        Counts::from_segments(segments).unwrap()
    }

    #[test]
    fn every_difference_is_found() {
        let right = counts(&[("a", 2, 0), ("b", 1, 4)]);
        let expected = Expected::new(&right);
        let difference = |words: &[_]| expected.difference(&counts(words)).unwrap();
        assert_eq!(expected.difference(&right), None);
        assert_eq!(difference(&[("a", 3, 0), ("b", 1, 4)]), "'a' is counted 3 times, not 2");
        assert_eq!(difference(&[("a", 2, 0), ("b", 1, 5)]), "'b' first appears at 4, not 5");
        assert_eq!(difference(&[("a", 2, 0), ("c", 1, 4)]), "'c' is no word of the text");
        assert_eq!(difference(&[("a", 2, 0)]), "1 words are missing");
    }

    #[test]
    fn prefixes_cut_no_word() {
        assert_eq!(prefix(b"one two three", 5).unwrap(), b"one two");
        assert_eq!(prefix(b"one two three", 13).unwrap(), b"one two three");
        assert_eq!(prefix(b"one", 2).unwrap(), b"one");
        assert!(prefix(b"one", 4).is_err());
    }
}
