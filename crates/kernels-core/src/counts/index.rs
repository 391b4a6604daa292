//! An open-addressing index from hashes to the numbers of dense entries.
//!
//! A slot is 8 bytes: the upper half of the hash as a tag and the number of the entry plus one. The
//! position is the top of the tag, so growing reads no entry and writes the new slots in order. With
//! 32 bits of tag an entry is looked at only when it is almost surely the one.
//!
//! Cost: 2 probes of a found word and 5 of a new one at the highest load of 2/3, 8 slots a cache line.

/// Where the numbers of entries are found by hash.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// Empty, or a power of two of slots; a slot of 0 is free.
    slots: Vec<u64>,
    len: usize,
}

/// A free slot, good until the index changes.
#[derive(Debug, Clone, Copy)]
pub struct Vacant(usize);

const SMALLEST: usize = 64;

impl Index {
    /// An index that takes `entries` without growing.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        let mut index = Self::default();
        index.resize((entries + entries / 2 + 1).next_power_of_two().max(SMALLEST));
        index
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
        if 3 * self.len >= 2 * self.slots.len() {
            self.resize((2 * self.slots.len()).max(SMALLEST));
        }
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
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
    pub fn place(&self, hash: u64) -> Option<&u64> {
        self.slots.get(self.home(hash))
    }

    /// The entry with which the search for a hash begins, if its tag is equal.
    #[must_use]
    #[inline]
    pub fn guess(&self, hash: u64) -> Option<usize> {
        let slot = *self.place(hash)?;
        (slot != 0 && slot >> 32 == hash >> 32).then(|| slot as u32 as usize - 1)
    }

    /// Fills the slot that [`Index::find`] gave for this hash.
    ///
    /// # Panics
    /// Where `entry` is beyond 2^32 - 2.
    #[inline]
    pub fn insert(&mut self, vacant: Vacant, hash: u64, entry: usize) {
        let number = u32::try_from(entry + 1).expect("fewer than 2^32 distinct words");
        self.slots[vacant.0] = hash >> 32 << 32 | u64::from(number);
        self.len += 1;
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        // Without slots, any place: there is nothing behind it.
        (hash >> (64 - self.slots.len().trailing_zeros()).min(63)) as usize
    }

    fn resize(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for slot in old.into_iter().filter(|&slot| slot != 0) {
            let mut at = self.home(slot);
            while self.slots[at] != 0 {
                at = (at + 1) & (slots - 1);
            }
            self.slots[at] = slot;
        }
    }
}
