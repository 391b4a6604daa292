//! A run: distinct words with their counts and the offsets of their first appearance.
//!
//! An entry is 32 bytes ([`Entry`]). Words of up to 16 bytes lie in it; longer ones, and the rare ones
//! that hold a NUL, lie in an arena behind it. Nothing is allocated per word. An entry whose count is 0
//! is vacant: so the slots of a hash table are a run as they are, and dropping a word moves none.

use super::Count;
use super::entry::{self, Entry};
use super::hash::{Seed, key_of};
use super::slots::{self, Prepare};
use crate::text;

/// Distinct words or raw segments of a text, each with its count and the offset of its first
/// appearance.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The halves of the entries, from `start` on.
    halves: Vec<[u8; 16]>,
    start: usize,
    /// How many entries are not vacant.
    words: usize,
    /// The words that do not fit an entry, one behind the other.
    arena: Vec<u8>,
    /// No word begins behind this offset.
    latest: u64,
    /// Where the entries are the slots of a hash table, its words that are not ASCII.
    foreign: Option<Vec<u128>>,
}

impl Run {
    /// No words, and room for `words`.
    #[must_use]
    pub fn with_capacity(words: usize) -> Self {
        Self { halves: Vec::with_capacity(2 * words), ..Self::default() }
    }

    /// No words, and room for `words` in memory that nobody has touched and that is shown to `prepare`.
    #[must_use]
    pub fn prepared(words: usize, prepare: Prepare) -> Self {
        let mut halves = vec![[0; 16]; 2 * words];
        prepare(halves.as_flattened());
        halves.clear();
        Self { halves, ..Self::default() }
    }

    /// The slots of a hash table, [`super::Slots`], with the highest of their first offsets and the words
    /// that are not ASCII.
    pub(super) fn of_slots(
        halves: Vec<[u8; 16]>,
        start: usize,
        words: usize,
        latest: u64,
        foreign: Vec<u128>,
    ) -> Self {
        let foreign = Some(foreign);
        Self { halves, start, words, latest, foreign, ..Self::default() }
    }

    #[inline(always)]
    pub(super) fn entries(&self) -> &[Entry] {
        self.halves[self.start..].as_chunks().0
    }

    #[inline(always)]
    pub(super) fn entries_mut(&mut self) -> &mut [Entry] {
        self.halves[self.start..].as_chunks_mut().0
    }

    /// The number of entries, with the vacant ones.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.halves.len() - self.start) / 2
    }

    /// Whether the run has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of words.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words
    }

    /// Whether the entries are the slots of a hash table.
    pub(super) fn is_hashed(&self) -> bool {
        self.foreign.is_some()
    }

    /// No word begins behind this offset.
    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    /// Appends a word that is not in the run, to one that is no hash table.
    pub fn push(&mut self, word: &[u8], count: u64, first: u64) {
        let key = self.key_for(word);
        self.push_key(key, count, first);
    }

    /// The same with a word of 1 to 16 bytes without NUL, given padded with zeros, first byte lowest.
    #[inline]
    pub fn push_key(&mut self, key: u128, count: u64, first: u64) {
        debug_assert!(!self.is_hashed(), "words are added to a table by their hash");
        self.halves.extend_from_slice(&entry::new(key, count, first));
        self.words += 1;
        self.latest = self.latest.max(first);
    }

    /// The key of `word`, which goes to the arena where it does not fit.
    fn key_for(&mut self, word: &[u8]) -> u128 {
        if (1..=16).contains(&word.len()) && !word.contains(&0) {
            return key_of(word);
        }
        let start = self.arena.len() as u128;
        self.arena.extend_from_slice(word);
        start << 8 | (word.len() as u128) << 64
    }

    /// The word of an entry that is not vacant.
    #[must_use]
    #[inline]
    pub fn word(&self, entry: usize) -> &[u8] {
        let entry = &self.entries()[entry];
        match entry::key(entry) {
            key if entry::is_inline(key) => &entry[0][..entry::length(key)],
            key => &self.arena[entry::place(key)],
        }
    }

    /// Appends the word with this key to `out`.
    #[inline]
    pub(super) fn append_word(&self, key: u128, out: &mut Vec<u8>) {
        if entry::is_inline(key) {
            // All 16 bytes, since a copy of a fixed size is fastest, then off with the zeros.
            out.extend_from_slice(&key.to_le_bytes());
            out.truncate(out.len() - 16 + entry::length(key));
        } else {
            out.extend_from_slice(&self.arena[entry::place(key)]);
        }
    }

    /// The word of an entry padded with zeros, first byte lowest; of a word in the arena, no word's key.
    #[must_use]
    #[inline]
    pub fn key(&self, entry: usize) -> u128 {
        entry::key(&self.entries()[entry])
    }

    /// The memory of an entry, for prefetching it.
    #[must_use]
    #[inline]
    pub fn place(&self, entry: usize) -> Option<&Entry> {
        self.entries().get(entry)
    }

    /// The entries whose words are not ASCII.
    pub(super) fn not_ascii(&self) -> Vec<usize> {
        if let Some(foreign) = &self.foreign {
            return foreign.iter().filter_map(|&key| self.slot(key)).collect();
        }
        let is_ascii = |entry: &Entry| match entry::key(entry) {
            key if entry::is_inline(key) => entry::is_ascii(key),
            key => self.arena[entry::place(key)].is_ascii(),
        };
        let numbered = self.entries().iter().enumerate();
        numbered.filter(|(_, entry)| !is_ascii(entry)).map(|(number, _)| number).collect()
    }

    /// The slot of a word in a hash table.
    fn slot(&self, key: u128) -> Option<usize> {
        let home = slots::home(Seed::of_process().hash_key(key), self.len().ilog2());
        slots::probe(self.len(), home).find(|&slot| self.key(slot) == key)
    }

    /// How often the word of an entry occurs; 0 of a vacant one.
    #[must_use]
    #[inline]
    pub fn count(&self, entry: usize) -> u64 {
        entry::count(&self.entries()[entry])
    }

    /// Where the word of an entry first occurs.
    #[must_use]
    #[inline]
    pub fn first(&self, entry: usize) -> u64 {
        entry::first(&self.entries()[entry])
    }

    /// Counts the word of an entry once more, further on in the text.
    #[inline]
    pub fn increment(&mut self, entry: usize) {
        let entry = &mut self.entries_mut()[entry];
        entry::set_count(entry, entry::count(entry) + 1);
    }

    /// Adds `count` occurrences of the word of an entry, the first of them at `first`.
    pub fn add(&mut self, entry: usize, count: u64, first: u64) {
        entry::add(&mut self.entries_mut()[entry], count, first);
    }

    /// An entry of a finished run as the public type; none where it is vacant.
    ///
    /// # Panics
    /// Where the word is not UTF-8: in a run of raw segments.
    pub(super) fn get(&self, entry: usize) -> Option<Count<'_>> {
        let (count, first) = (self.count(entry), self.first(entry));
        let word = || std::str::from_utf8(self.word(entry)).expect("finished words are UTF-8");
        (count > 0).then(|| Count { word: word(), count, first })
    }

    /// The hash of the word of an entry.
    pub(super) fn hash(&self, entry: usize, seed: Seed) -> u64 {
        match self.key(entry) {
            key if entry::is_inline(key) => seed.hash_key(key),
            key => seed.hash(&self.arena[entry::place(key)]),
        }
    }

    /// Takes another count for a word, 0 to drop it. A dropped word stays a key of its hash table: the
    /// search for others goes on behind it.
    pub(super) fn set_count(&mut self, entry: usize, count: u64) {
        let entry = &mut self.entries_mut()[entry];
        let dropped = entry::count(entry) > 0 && count == 0;
        entry::set_count(entry, count);
        self.words -= usize::from(dropped);
    }

    /// Tells the run that so many of its words were dropped in [`Run::entries_mut`].
    pub(super) fn note_dropped(&mut self, words: usize) {
        self.words -= words;
    }

    /// The sum of the counts.
    pub(super) fn total(&self) -> u64 {
        self.entries().iter().map(entry::count).sum()
    }

    /// Whether a word has at least `length` code points.
    #[inline]
    pub(super) fn is_long(&self, entry: usize, length: usize) -> bool {
        length <= 1 || text::code_points(self.word(entry)) >= length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_whatever_they_hold() {
        let long = [b'x'; 300];
        let words: [&[u8]; 7] =
            [b"a", b"sixteen bytes...", b"seventeen bytes..", b"\0", b"a\0", &long, "é".as_bytes()];
        let mut run = Run::default();
        for (first, word) in words.iter().enumerate() {
            run.push(word, 1, first as u64);
        }
        let read: Vec<_> = (0..run.len()).map(|entry| run.word(entry)).collect();
        assert_eq!(read, words);
    }

    #[test]
    fn room_that_was_prepared_is_not_moved() {
        let mut run = Run::prepared(3, |memory| assert_eq!(memory, [0; 3 * 32]));
        assert!(run.is_empty());
        run.push(b"a", 2, 7);
        let place: *const Entry = run.place(0).unwrap();
        run.push(&[b'x'; 100], 1, 8);
        run.push_key(key_of(b"b"), 5, 9);
        assert_eq!(run.place(0).map(std::ptr::from_ref), Some(place));
        assert_eq!(
            (run.word(0), run.word(2), run.count(2), run.latest()),
            (&b"a"[..], &b"b"[..], 5, 9)
        );
    }

    #[test]
    fn a_dropped_word_leaves_a_vacant_entry() {
        let mut run = Run::default();
        run.push(b"a", 1, 5);
        run.push(b"b", 1, 9);
        run.add(1, 2, 3);
        run.set_count(0, 0);
        assert_eq!((run.len(), run.words(), run.latest()), (2, 1, 9));
        assert_eq!(run.get(0), None);
        assert_eq!(run.get(1), Some(Count { word: "b", count: 3, first: 3 }));
    }
}
