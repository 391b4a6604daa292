//! The words that have no key, longer than 16 bytes or with a NUL: dense entries and an index.

use kernels_core::counts::{Index, Run, Seed};
use kernels_core::text;

use super::super::block::Block;
use super::prefetch;

/// A table of words of any length, in order of first appearance.
#[derive(Default)]
pub(super) struct Rest {
    run: Run,
    index: Index,
    /// Words of the block at hand, their places in the index on the way to the cache.
    deferred: Vec<Deferred>,
}

struct Deferred {
    hash: u64,
    start: usize,
    end: usize,
}

impl Rest {
    /// Remembers a word of a block for [`Rest::count_deferred`]. Such words are rare: their code stays
    /// out of the loop.
    #[inline(never)]
    pub(super) fn defer(&mut self, block: &Block, number: usize, seed: Seed) {
        let Some((start, end)) = block.words().nth(number) else { return };
        // Else a text without ASCII separators would be words that nobody has seen before.
        for (at, part) in text::split_at_spaces(block.word(start, end)) {
            let hash = seed.hash(part);
            if let Some(place) = self.index.place(hash) {
                prefetch(place);
            }
            self.deferred.push(Deferred { hash, start: start + at, end: start + at + part.len() });
        }
    }

    /// Counts the deferred words of a block that begins at `offset` of the text.
    pub(super) fn count_deferred(&mut self, block: &Block, offset: u64) {
        for word in &self.deferred {
            if let Some(place) = self.index.guess(word.hash).and_then(|entry| self.run.place(entry))
            {
                prefetch(place);
            }
        }
        let mut deferred = std::mem::take(&mut self.deferred);
        for Deferred { hash, start, end } in deferred.drain(..) {
            self.count(block.word(start, end), hash, offset + start as u64);
        }
        self.deferred = deferred;
    }

    /// Counts a word.
    pub(super) fn count(&mut self, word: &[u8], hash: u64, first: u64) {
        let Self { run, index, .. } = self;
        match index.find(hash, |entry| run.word(entry as usize) == word) {
            Ok(entry) => run.increment(entry as usize),
            Err(vacant) => {
                index.insert(vacant, hash, run.len());
                run.push(word, 1, first);
            }
        }
    }

    pub(super) fn into_run(self) -> Run {
        self.run
    }
}
