//! One pass over the bytes: lower-case a block, find its segments, look them up.
//!
//! Finding and looking up are loops of their own. A lookup waits for the memory, and the processor
//! waits for several at once only where no guess about the length of a word comes between them.
//!
//! The loop knows ASCII only. The few distinct segments that hold other bytes are split and lower-cased the
//! Unicode way when all is counted, by [`Counts::from_runs`].

use kernels_core::counts::{Index, Run, Seed};
use kernels_core::{Counts, Error, Executor, text};

use super::Partial;

/// Bytes that are lower-cased at once: they stay in the first-level cache until they are counted.
const BLOCK: usize = 16 << 10;

/// Every distinct segment between ASCII separators, ASCII letters lower-cased.
#[derive(Debug)]
pub(super) struct Segments {
    run: Run,
    index: Index,
    /// Random, so that no text can be written to collide.
    seed: Seed,
    /// The block at hand, lower-cased.
    block: Vec<u8>,
    /// Its segments.
    found: Vec<Segment>,
}

/// A segment of the block at hand.
#[derive(Debug, Clone, Copy)]
struct Segment {
    begin: usize,
    end: usize,
    hash: u64,
    /// The entry that is almost surely its own.
    guess: Option<usize>,
}

impl Default for Segments {
    fn default() -> Self {
        Self {
            run: Run::default(),
            index: Index::default(),
            seed: Seed::of_process(),
            block: Vec::new(),
            found: Vec::new(),
        }
    }
}

impl Segments {
    /// Counts a block, which begins at `start` of the whole text and cuts no word.
    fn add_block(&mut self, block: &[u8], start: u64) {
        self.block.clear();
        self.block.extend_from_slice(block);
        self.block.make_ascii_lowercase();
        self.find();
        for segment in &mut self.found {
            segment.guess = self.index.guess(segment.hash);
        }
        for i in 0..self.found.len() {
            self.count(self.found[i], start);
        }
    }

    /// Finds the segments of the block.
    fn find(&mut self) {
        let Self { block, found, seed, .. } = self;
        found.clear();
        let mut begin = 0;
        for segment in block.split(|&byte| text::is_separator(byte)) {
            let end = begin + segment.len();
            if !segment.is_empty() {
                found.push(Segment { begin, end, hash: seed.hash(segment), guess: None });
            }
            begin = end + 1;
        }
    }

    /// Counts a segment. A thread reads its text forwards, so the first offset that comes is the least.
    fn count(&mut self, Segment { begin, end, hash, guess }: Segment, start: u64) {
        let Self { run, index, block, .. } = self;
        let segment = &block[begin..end];
        let same = |entry: usize| run.word(entry) == segment;
        if let Some(entry) = guess.filter(|&entry| same(entry)) {
            return run.increment(entry);
        }
        match index.find(hash, |entry| same(entry as usize)) {
            Ok(entry) => run.increment(entry as usize),
            Err(vacant) => {
                index.insert(vacant, hash, run.len());
                run.push(segment, 1, start + begin as u64);
            }
        }
    }
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
        let runs = partials.into_iter().map(|partial| partial.run).collect();
        Counts::from_runs(runs, distinct, executor)
    }
}
