//! A run: distinct words with their counts, in order of first appearance.
//!
//! An entry is 32 bytes. Words of up to 16 bytes lie in it; longer ones, and the rare ones that hold a
//! NUL, lie in an arena behind it. Nothing is allocated per word.

use super::Count;
use super::hash::{Seed, key_of};
use crate::text;

/// Distinct words or raw segments of a text, each with its count and the offset of its first
/// appearance.
#[derive(Debug, Clone)]
pub struct Run {
    entries: Vec<Entry>,
    /// The words that do not fit an entry, one behind the other.
    arena: Vec<u8>,
    /// Whether the first offsets rise.
    sorted: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The word padded with zeros, or `[0, o1, ..., o7, l0, ..., l7]`: offset and length in the arena.
    key: [u8; 16],
    count: u64,
    first: u64,
}

impl Entry {
    fn is_inline(&self) -> bool {
        self.key[0] != 0
    }

    /// Where in the arena the word lies.
    fn place(&self) -> std::ops::Range<usize> {
        let key = u128::from_le_bytes(self.key);
        let start = (key as u64 >> 8) as usize;
        start..start + (key >> 64) as usize
    }
}

impl Default for Run {
    fn default() -> Self {
        Self { entries: Vec::new(), arena: Vec::new(), sorted: true }
    }
}

impl Run {
    /// No words, and room for `words`.
    #[must_use]
    pub fn with_capacity(words: usize) -> Self {
        Self { entries: Vec::with_capacity(words), ..Self::default() }
    }

    /// A run of entries that are not there in order: `words` gives number, padded word (as
    /// [`Run::push_key`] takes it) and count of each, `firsts` the rising first offset of each number.
    #[must_use]
    pub fn numbered(words: impl Iterator<Item = (usize, u128, u64)>, firsts: &[u64]) -> Self {
        let mut entries = vec![Entry { key: [0; 16], count: 0, first: 0 }; firsts.len()];
        for (number, key, count) in words {
            entries[number] = Entry { key: key.to_le_bytes(), count, first: firsts[number] };
        }
        Self { entries, arena: Vec::new(), sorted: firsts.is_sorted() }
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends a word that is not in the run.
    pub fn push(&mut self, word: &[u8], count: u64, first: u64) {
        let key = self.key_for(word);
        self.push_entry(Entry { key, count, first });
    }

    /// Appends a word of 1 to 16 bytes without NUL, padded with zeros, first byte lowest.
    #[inline]
    pub fn push_key(&mut self, key: u128, count: u64, first: u64) {
        debug_assert_ne!(key & 0xff, 0, "an empty word or one with NUL");
        self.push_entry(Entry { key: key.to_le_bytes(), count, first });
    }

    #[inline]
    fn push_entry(&mut self, entry: Entry) {
        self.sorted &= self.entries.last().is_none_or(|last| last.first <= entry.first);
        self.entries.push(entry);
    }

    /// The key of `word`, which goes to the arena where it does not fit.
    fn key_for(&mut self, word: &[u8]) -> [u8; 16] {
        if (1..=16).contains(&word.len()) && !word.contains(&0) {
            return key_of(word).to_le_bytes();
        }
        let start = self.arena.len() as u128;
        self.arena.extend_from_slice(word);
        (start << 8 | (word.len() as u128) << 64).to_le_bytes()
    }

    /// The word of an entry.
    #[must_use]
    #[inline]
    pub fn word(&self, entry: usize) -> &[u8] {
        let entry = &self.entries[entry];
        if entry.is_inline() {
            let zeros = u128::from_le_bytes(entry.key).leading_zeros() / 8;
            &entry.key[..16 - zeros as usize]
        } else {
            &self.arena[entry.place()]
        }
    }

    /// Appends the word of an entry to `out`.
    #[inline]
    pub(super) fn append_word(&self, entry: usize, out: &mut Vec<u8>) {
        let entry = &self.entries[entry];
        if entry.is_inline() {
            // All 16 bytes, since a copy of a fixed size is fastest, then off with the zeros.
            let zeros = u128::from_le_bytes(entry.key).leading_zeros() / 8;
            out.extend_from_slice(&entry.key);
            out.truncate(out.len() - zeros as usize);
        } else {
            out.extend_from_slice(&self.arena[entry.place()]);
        }
    }

    /// The word of an entry as [`Run::push_key`] takes it; of a word in the arena, no word's key.
    #[must_use]
    #[inline]
    pub fn key(&self, entry: usize) -> u128 {
        u128::from_le_bytes(self.entries[entry].key)
    }

    /// The memory of an entry, for prefetching it.
    #[must_use]
    #[inline]
    pub fn place(&self, entry: usize) -> Option<&u64> {
        self.entries.get(entry).map(|entry| &entry.count)
    }

    /// Whether the word of an entry is ASCII.
    #[must_use]
    #[inline]
    pub fn is_ascii(&self, entry: usize) -> bool {
        const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
        let key = self.key(entry);
        if key as u8 != 0 { key & HIGH == 0 } else { self.word(entry).is_ascii() }
    }

    /// How often the word of an entry occurs.
    #[must_use]
    #[inline]
    pub fn count(&self, entry: usize) -> u64 {
        self.entries[entry].count
    }

    /// Where the word of an entry first occurs.
    #[must_use]
    #[inline]
    pub fn first(&self, entry: usize) -> u64 {
        self.entries[entry].first
    }

    /// Counts the word of an entry once more, further on in the text.
    #[inline]
    pub fn increment(&mut self, entry: usize) {
        self.entries[entry].count += 1;
    }

    /// Adds `count` occurrences of the word of an entry, the first of them at `first`.
    pub fn add(&mut self, entry: usize, count: u64, first: u64) {
        let entry = &mut self.entries[entry];
        entry.count += count;
        self.sorted &= entry.first <= first;
        entry.first = entry.first.min(first);
    }

    /// An entry of a finished run as the public type.
    ///
    /// # Panics
    /// Where the word is not UTF-8: in a run of raw segments.
    pub(super) fn get(&self, entry: usize) -> Count<'_> {
        let word = std::str::from_utf8(self.word(entry)).expect("finished words are UTF-8");
        Count { word, count: self.count(entry), first: self.first(entry) }
    }

    /// The hash of the word of an entry.
    pub(super) fn hash(&self, entry: usize, seed: Seed) -> u64 {
        let key = self.key(entry);
        if key as u8 != 0 { seed.hash_key(key) } else { seed.hash(self.word(entry)) }
    }

    pub(super) fn set_count(&mut self, entry: usize, count: u64) {
        self.entries[entry].count = count;
    }

    /// Takes another word and first offset for an entry.
    pub(super) fn replace(&mut self, entry: usize, word: &[u8], first: u64) {
        let key = self.key_for(word);
        let entry = &mut self.entries[entry];
        (entry.key, entry.first) = (key, first);
    }

    /// Drops the entries whose count was set to 0.
    pub(super) fn drop_empty(&mut self) {
        self.entries.retain(|entry| entry.count > 0);
    }

    /// Whether the first offsets rise.
    pub(super) fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// The number of entries before the first that begins at or behind `offset`, of a sorted run.
    pub(super) fn before(&self, offset: u64) -> usize {
        self.entries.partition_point(|entry| entry.first < offset)
    }

    /// The sum of the counts.
    pub(super) fn total(&self) -> u64 {
        self.entries.iter().map(|entry| entry.count).sum()
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
    fn the_order_of_first_appearance_is_kept_track_of() {
        let mut run = Run::default();
        run.push(b"a", 1, 5);
        run.push(b"b", 1, 9);
        assert!(run.is_sorted());
        assert_eq!((run.before(5), run.before(6)), (0, 1));
        run.add(1, 2, 3);
        assert!(!run.is_sorted());
        assert_eq!((run.count(1), run.first(1)), (3, 3));
    }

    #[test]
    fn entries_are_small() {
        assert_eq!(size_of::<Entry>(), 32);
    }
}
