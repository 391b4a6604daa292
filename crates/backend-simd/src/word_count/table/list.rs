//! A dense list of words and an index: those that have no key, longer than 16 bytes or with a NUL, and all
//! words of a text in which most are new.
//!
//! A new word costs 8 bytes anywhere in memory and 32 at the end of the list, where slots of 32 bytes at a load
//! of 1/2 touch 64 anywhere; a known one costs two lines of the cache instead of one.

use kernels_core::counts::{Index, Run, Seed, Slots, holds_space, is_utf8};
use kernels_core::text;

use super::super::block::Block;
use super::batch::Batch;
use super::{huge_pages, prefetch};

/// A table of words of any length, in order of first appearance but for those that [`List::take_in`] took.
pub(super) struct List {
    /// The words, [`RUN`] in each run but the last.
    runs: Vec<Run>,
    index: Index,
    has_invalid: bool,
    /// Words of the block at hand, their places in the index on the way to the cache.
    deferred: Vec<Deferred>,
}

struct Deferred {
    hash: u64,
    start: usize,
    end: usize,
}

/// Words of a run: 64 MB, so that a list that grows copies nothing and lies in huge pages.
const RUN: usize = 1 << 21;

/// So many words ahead the index is asked for, and half as many the entry.
const AHEAD: usize = 64;

impl List {
    pub(super) fn new() -> Self {
        let index = Index::new(huge_pages::request);
        Self { runs: Vec::new(), index, has_invalid: false, deferred: Vec::new() }
    }

    /// Takes over the words of a table. Some of them may be in the list, from between Unicode spaces.
    pub(super) fn take_in(&mut self, slots: Slots, seed: Seed) {
        self.has_invalid |= slots.has_invalid();
        let words = Run::from(slots);
        self.index.reserve(words.words());
        for entry in (0..words.len()).filter(|&entry| words.count(entry) > 0) {
            let (key, count, first) = (words.key(entry), words.count(entry), words.first(entry));
            match self.find(seed.hash_key(key), |run, entry| run.key(entry) == key) {
                Some((run, entry)) => run.add(entry, count, first),
                None => self.last_run().push_key(key, count, first),
            }
        }
    }

    /// Counts the words of a block, which begins at `offset` of the text. The homes of the batch are the upper
    /// halves of the hashes.
    pub(super) fn count_block(&mut self, block: &Block, batch: &Batch, seed: Seed, offset: u64) {
        let tops = &batch.homes[..block.words().len()];
        let hash = |number: usize| tops.get(number).map(|&top| u64::from(top) << 32);
        (0..AHEAD).filter_map(hash).for_each(|hash| self.prefetch_place(hash));
        for number in 0..tops.len() {
            if let Some(hash) = hash(number + AHEAD) {
                self.prefetch_place(hash);
            }
            if let Some(hash) = hash(number + AHEAD / 2) {
                self.prefetch_entry(hash);
            }
            match (batch.key(number), hash(number)) {
                (key, Some(hash)) if key as u64 != 0 && !holds_space(key) => {
                    self.count_key(key, hash, offset + block.start(number));
                }
                _ => self.defer(block, number, seed),
            }
        }
    }

    fn count_key(&mut self, key: u128, hash: u64, first: u64) {
        match self.find(hash, |run, entry| run.key(entry) == key) {
            Some((run, entry)) => run.increment(entry),
            None => {
                self.has_invalid |= !is_utf8(key);
                self.last_run().push_key(key, 1, first);
            }
        }
    }

    /// Remembers a word of a block for [`List::count_deferred`]. Such words are rare: their code stays
    /// out of the loop.
    #[inline(never)]
    pub(super) fn defer(&mut self, block: &Block, number: usize, seed: Seed) {
        let Some((start, end)) = block.words().nth(number) else { return };
        // Else a text without ASCII separators would be words that nobody has seen before.
        for (at, part) in text::split_at_spaces(block.word(start, end)) {
            let hash = seed.hash(part);
            self.prefetch_place(hash);
            self.deferred.push(Deferred { hash, start: start + at, end: start + at + part.len() });
        }
    }

    /// Counts the deferred words of a block that begins at `offset` of the text.
    pub(super) fn count_deferred(&mut self, block: &Block, offset: u64) {
        for word in &self.deferred {
            self.prefetch_entry(word.hash);
        }
        let mut deferred = std::mem::take(&mut self.deferred);
        // New words and others were looked through one after the other; who comes first is the first.
        deferred.sort_by_key(|word| word.start);
        for Deferred { hash, start, end } in deferred.drain(..) {
            self.count(block.word(start, end), hash, offset + start as u64);
        }
        self.deferred = deferred;
    }

    /// Counts a word, which may stand in front of one that was counted before it.
    pub(super) fn count(&mut self, word: &[u8], hash: u64, first: u64) {
        match self.find(hash, |run, entry| run.word(entry) == word) {
            Some((run, entry)) => run.add(entry, 1, first),
            None => {
                self.has_invalid |= std::str::from_utf8(word).is_err();
                self.last_run().push(word, 1, first);
            }
        }
    }

    /// Whether a word is no UTF-8.
    pub(super) fn has_invalid(&self) -> bool {
        self.has_invalid
    }

    /// The entry with this hash that is `same`. Where there is none the index expects the next word of the
    /// list to be it.
    #[inline]
    fn find(&mut self, hash: u64, same: impl Fn(&Run, usize) -> bool) -> Option<(&mut Run, usize)> {
        let Self { runs, index, .. } = self;
        let found = index.find(hash, |number| {
            let number = number as usize;
            same(&runs[number / RUN], number % RUN)
        });
        match found {
            Ok(number) => Some((&mut runs[number as usize / RUN], number as usize % RUN)),
            Err(vacant) => {
                index.insert(vacant, hash, index.len());
                None
            }
        }
    }

    /// The run that takes the next word. Only lists of many words begin further ones.
    fn last_run(&mut self) -> &mut Run {
        match self.runs.last().map(Run::len) {
            None => self.runs.push(Run::default()),
            Some(RUN) => self.runs.push(Run::prepared(RUN, huge_pages::request)),
            Some(_) => {}
        }
        self.runs.last_mut().expect("one was pushed")
    }

    fn prefetch_place(&self, hash: u64) {
        if let Some(place) = self.index.place(hash) {
            prefetch(place);
        }
    }

    fn prefetch_entry(&self, hash: u64) {
        let entry = self.index.guess(hash);
        if let Some(entry) = entry.and_then(|number| self.runs[number / RUN].place(number % RUN)) {
            prefetch(entry);
        }
    }

    pub(super) fn into_runs(self) -> Vec<Run> {
        self.runs
    }
}
