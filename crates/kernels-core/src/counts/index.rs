//! An open-addressing index from hashes to the numbers of dense entries.
//!
//! A slot is 8 bytes: the upper half of the hash as a tag and the number of the entry plus one. The
//! position is the top of the tag, so growing reads no entry and writes the new slots in order. With
//! 32 bits of tag an entry is looked at only when it is almost surely the one.
//!
//! Cost: 1.5 probes of a found word and 2.5 of a new one at the highest load of 1/2 (D. E. Knuth, The Art of
//! Computer Programming 3, 6.4), 8 slots a cache line.

use super::slots::Prepare;

/// Where the numbers of entries are found by hash.
#[derive(Debug, Clone)]
pub struct Index {
    /// Empty, or a power of two of slots, numbers of 64 bits; a slot of 0 is free.
    slots: Vec<[u8; 8]>,
    len: usize,
    prepare: Prepare,
}

impl Default for Index {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

/// A free slot, good until the index changes.
#[derive(Debug, Clone, Copy)]
pub struct Vacant(usize);

const SMALLEST: usize = 64;

/// Slots from which on an index grows twofold, not fourfold: fresh memory costs more than placing them again.
const LARGE: usize = 1 << 24;

impl Index {
    /// An index that shows its memory to `prepare` before it writes to it, whenever it grows.
    #[must_use]
    pub fn new(prepare: Prepare) -> Self {
        Self { slots: Vec::new(), len: 0, prepare }
    }

    /// An index that takes `entries` without growing.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        let mut index = Self::default();
        index.reserve(entries);
        index
    }

    /// Makes room for so many more entries. Without it, entries that come in the order of their hashes crowd
    /// the front of an index that grows under them.
    pub fn reserve(&mut self, entries: usize) {
        let entries = self.len + entries;
        let slots = (2 * entries + 1).next_power_of_two().max(SMALLEST);
        if slots > self.slots.len() {
            self.resize(slots);
        }
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of the entry with this hash that is `same`, or where to insert it.
    ///
    /// # Errors
    /// The vacant slot where there is no such entry.
    #[inline]
    pub fn find(&mut self, hash: u64, same: impl Fn(u32) -> bool) -> Result<u32, Vacant> {
        if 2 * self.len >= self.slots.len() {
            let growth = if self.slots.len() < LARGE { 4 } else { 2 };
            self.resize((growth * self.slots.len()).max(SMALLEST));
        }
        let mut at = self.home(hash);
        loop {
            let slot = u64::from_le_bytes(self.slots[at]);
            if slot == 0 {
                return Err(Vacant(at));
            }
            if slot >> 32 == hash >> 32 && same(slot as u32 - 1) {
                return Ok(slot as u32 - 1);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The memory in which the search for a hash begins, for prefetching it.
    #[must_use]
    #[inline]
    pub fn place(&self, hash: u64) -> Option<&[u8; 8]> {
        self.slots.get(self.home(hash))
    }

    /// The entry with which the search for a hash begins, if its tag is equal.
    #[must_use]
    #[inline]
    pub fn guess(&self, hash: u64) -> Option<usize> {
        let slot = u64::from_le_bytes(*self.place(hash)?);
        (slot != 0 && slot >> 32 == hash >> 32).then(|| slot as u32 as usize - 1)
    }

    /// Fills the slot that [`Index::find`] gave for this hash.
    ///
    /// # Panics
    /// Where `entry` is beyond 2^32 - 2.
    #[inline]
    pub fn insert(&mut self, vacant: Vacant, hash: u64, entry: usize) {
        let number = u32::try_from(entry + 1).expect("fewer than 2^32 distinct words");
        self.slots[vacant.0] = (hash >> 32 << 32 | u64::from(number)).to_le_bytes();
        self.len += 1;
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        // Without slots, any place: there is nothing behind it.
        (hash >> (64 - self.slots.len().trailing_zeros()).min(63)) as usize
    }

    fn resize(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![[0; 8]; slots]);
        (self.prepare)(self.slots.as_flattened());
        for slot in old.into_iter().filter(|&slot| slot != [0; 8]) {
            let mut at = self.home(u64::from_le_bytes(slot));
            while self.slots[at] != [0; 8] {
                at = (at + 1) & (slots - 1);
            }
            self.slots[at] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many as fit two thirds of a power of two, so that an index that grew under them would be slow and
    /// one that did not make room would be full.
    #[test]
    fn entries_in_the_order_of_their_hashes_find_room() {
        let entries = if cfg!(miri) { 40 } else { 40_000 };
        let hash = |entry: usize| (entry as u64 + 1) * (u64::MAX / (entries as u64 + 2));
        let mut index = Index::default();
        index.reserve(entries);
        let slots = index.slots.len();
        for entry in 0..entries {
            let vacant = index.find(hash(entry), |_| false).unwrap_err();
            index.insert(vacant, hash(entry), entry);
        }
        assert_eq!((index.len(), index.slots.len()), (entries, slots));
        for entry in 0..entries {
            let found = index.find(hash(entry), |number| number as usize == entry).ok();
            assert_eq!(found, Some(entry as u32));
        }
    }

    #[test]
    fn an_index_shows_the_memory_that_it_takes() {
        let mut index = Index::new(|memory| {
            assert!(memory.len() % 8 == 0 && memory.iter().all(|&byte| byte == 0))
        });
        for entry in 0..100 {
            let hash = (entry as u64) << 40;
            let vacant = index.find(hash, |number| number as usize == entry).unwrap_err();
            index.insert(vacant, hash, entry);
        }
        assert_eq!(index.find(77 << 40, |number| number == 77).ok(), Some(77));
    }
}
