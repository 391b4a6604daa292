//! A backend of the program's own beside the built-in ones: word count through a `BTreeMap`.
//!
//! `cargo run -p perf-kernels --example own_backend`
#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::collections::BTreeMap;
use std::sync::Arc;

use perf_kernels::{
    Availability, Backend, Capabilities, Counts, Error, NBody, NBodyOptions, Registry, Settings,
    WordCount, WordCountAlgorithm, WordCountOptions, text,
};

/// Counts words in the order of the alphabet; has no N-body.
#[derive(Debug)]
struct Alphabetical;

impl Backend for Alphabetical {
    fn name(&self) -> &'static str {
        "alphabetical"
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            device: "a tree on the heap".to_owned(),
            lanes: 1,
            threads: 1,
            software: false,
            precisions: vec![],
            tree_precisions: vec![],
            nbody_algorithms: vec![],
            word_count_algorithms: vec![WordCountAlgorithm::Scan],
            notes: vec![],
        }
    }

    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        Err(Error::UnsupportedAlgorithm {
            backend: self.name(),
            algorithm: options.algorithm.name(),
            supported: vec![],
        })
    }

    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        self.capabilities().require_word_count(self.name(), options.algorithm)?;
        Ok(Box::new(Counter::default()))
    }
}

/// Each word with its count and first offset.
#[derive(Default)]
struct Counter {
    words: BTreeMap<String, (u64, u64)>,
    added: u64,
}

impl WordCount for Counter {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        let checked = text::validate(piece, self.added).inspect_err(|_| *self = Self::default())?;
        for (offset, word) in text::words(checked) {
            let first = self.added + offset as u64;
            self.words.entry(text::lower(word).into_owned()).or_insert((0, first)).0 += 1;
        }
        self.added += piece.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        let mut counts = Counts::new();
        for (word, (count, first)) in std::mem::take(self).words {
            counts.add(&word, count, first);
        }
        Ok(counts)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut registry = Registry::new(&Settings::from_env())?;
    registry.register(Arc::new(Alphabetical))?;

    let text = b"The cat, the dog; the end.";
    let options = WordCountOptions::default();
    let ours = registry.get("alphabetical")?.word_count(&options)?.count(text)?;
    let reference = registry.get("scalar")?.word_count(&options)?.count(text)?;
    assert_eq!(ours, reference, "every backend counts alike");
    for count in ours.ranked(1).iter() {
        println!("{:>3} {}", count.count, count.word);
    }
    Ok(())
}
