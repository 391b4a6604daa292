//! One pass over the bytes: lower-case a block, find its segments, look them up.
//!
//! Finding and looking up are loops of their own. A lookup waits for the memory, and the processor
//! waits for several at once only where no guess about the length of a word comes between them. For the
//! same reason the borders of segments are found as bits, 64 bytes at a time, not byte by byte until a
//! segment ends, and a segment of up to 16 bytes is one number, its key, counted in [`Slots`]. The others,
//! longer or with a NUL, are rare: a list with an index holds them.
//!
//! The loop knows ASCII only. The few distinct segments that hold other bytes are split and lower-cased the
//! Unicode way when all is counted, by [`Counts::from_runs`].

use kernels_core::counts::{Index, Run, Seed, Slots, holds_space};
use kernels_core::{Counts, Error, Executor, text};

use super::Partial;

/// Bytes that are lower-cased at once: they stay in the first-level cache until they are counted.
const BLOCK: usize = 16 << 10;

/// Bytes whose borders are found at once.
const STEP: usize = 64;

/// The most bytes of a segment that is looked up by its key.
const KEY: usize = 16;

/// Every distinct segment between ASCII separators, ASCII letters lower-cased.
#[derive(Debug)]
pub(super) struct Segments {
    slots: Slots,
    /// The segments that have no key.
    rest: Run,
    index: Index,
    /// Random, so that no text can be written to collide.
    seed: Seed,
    /// The block at hand, lower-cased, and separators behind it.
    block: Vec<u8>,
    /// Where its segments begin and end, in turn.
    borders: Vec<usize>,
    segments: Vec<Segment>,
}

/// A segment of the block at hand.
#[derive(Debug, Clone, Copy)]
struct Segment {
    begin: usize,
    end: usize,
    /// Its bytes padded with zeros; 0 where it is longer or holds a NUL.
    key: u128,
    /// The slot where the search for its key begins.
    home: u32,
    /// Whether it is there, as almost all segments are.
    at_home: bool,
}

/// log2 of the slots at first.
const FEWEST: u32 = 14;

impl Default for Segments {
    fn default() -> Self {
        Self {
            slots: Slots::new(FEWEST, |_| {}),
            rest: Run::default(),
            index: Index::default(),
            seed: Seed::of_process(),
            block: Vec::new(),
            borders: Vec::new(),
            segments: Vec::new(),
        }
    }
}

impl Segments {
    /// Counts a block, which begins at `start` of the whole text and cuts no word.
    fn add_block(&mut self, block: &[u8], start: u64) {
        self.block.clear();
        self.block.extend_from_slice(block);
        self.block.make_ascii_lowercase();
        self.block.resize(block.len().next_multiple_of(STEP) + STEP, b' ');
        find_borders(&self.block, &mut self.borders);
        self.slots.reserve(self.borders.len() / 2);
        self.find_segments();
        for segment in &mut self.segments {
            segment.at_home = self.slots.is_at(segment.home, segment.key);
        }
        self.count_segments(start);
    }

    fn find_segments(&mut self) {
        let Self { slots, block, borders, segments, seed, .. } = self;
        let nul = block.contains(&0);
        segments.clear();
        let shift = 64 - slots.bits();
        segments.extend(borders.as_chunks().0.iter().map(|&[begin, end]| {
            let has_key = end - begin <= KEY && !(nul && block[begin..end].contains(&0));
            let key = if has_key { key(block, begin, end) } else { 0 };
            let home = (seed.hash_key(key) >> shift) as u32;
            Segment { begin, end, key, home, at_home: false }
        }));
    }

    /// Counts the segments of the block, which begins at `start` of the whole text. A thread reads its text
    /// forwards, so the first offset that comes is the least.
    fn count_segments(&mut self, start: u64) {
        let Self { slots, rest, index, seed, block, segments, .. } = self;
        let mut slots = slots.open();
        for &Segment { begin, end, key, home, at_home } in &*segments {
            let offset = || start + begin as u64;
            match key {
                0 => count_parts(rest, index, *seed, &block[begin..end], offset()),
                _ if at_home => slots.add(home, 1),
                key if holds_space(key) => {
                    count_parts(rest, index, *seed, &block[begin..end], offset());
                }
                key => slots.count(home, key, offset),
            }
        }
    }
}

/// Counts a segment that has no key or holds a Unicode space, split at such spaces: else a text without ASCII separators
/// would be segments that nobody has seen before.
fn count_parts(rest: &mut Run, index: &mut Index, seed: Seed, segment: &[u8], first: u64) {
    for (at, word) in text::split_at_spaces(segment) {
        let hash = seed.hash(word);
        match index.find(hash, |entry| rest.word(entry as usize) == word) {
            Ok(entry) => rest.increment(entry as usize),
            Err(vacant) => {
                index.insert(vacant, hash, rest.len());
                rest.push(word, 1, first + at as u64);
            }
        }
    }
}

/// Where the segments of `text`, whole steps of which the last is of separators, begin and end, in turn.
fn find_borders(text: &[u8], borders: &mut Vec<usize>) {
    borders.clear();
    let mut carry = 0;
    for (number, step) in text.as_chunks::<STEP>().0.iter().enumerate() {
        let words = words(step);
        let mut changes = words ^ (words << 1 | carry);
        carry = words >> (STEP - 1);
        while changes != 0 {
            borders.push(number * STEP + changes.trailing_zeros() as usize);
            changes &= changes - 1;
        }
    }
}

/// The bytes that belong to words, as bits.
fn words(step: &[u8; STEP]) -> u64 {
    let bit = |(place, &byte): (usize, &u8)| u64::from(!text::is_separator(byte)) << place;
    step.iter().enumerate().map(bit).fold(0, |words, bit| words | bit)
}

/// Up to [`KEY`] bytes of the block, padded with zeros, first byte lowest.
fn key(block: &[u8], begin: usize, end: usize) -> u128 {
    let bytes = block[begin..].first_chunk().expect("a step behind the last segment");
    u128::from_le_bytes(*bytes) & (u128::MAX >> (8 * (KEY - (end - begin))))
}

impl Partial for Segments {
    fn add(&mut self, chunk: &str, start: u64) {
        let mut rest = chunk.as_bytes();
        while !rest.is_empty() {
            let offset = start + (chunk.len() - rest.len()) as u64;
            let (block, behind) = rest.split_at(text::next_border(rest, BLOCK));
            self.add_block(block, offset);
            rest = behind;
        }
    }

    fn finish(partials: Vec<Self>, executor: &dyn Executor) -> Result<Counts, Error> {
        let distinct = partials.len() == 1;
        let runs = partials.into_iter().flat_map(|partial| [partial.slots.into(), partial.rest]);
        Counts::from_runs(runs.collect(), distinct, executor)
    }
}
