//! The hash table: what is counted while the text is read.
//!
//! # Layout and why
//!
//! Open addressing with linear probing. A slot is 32 bytes: the word itself, padded with zeros to 16
//! bytes, its count and its number. So a word of English (99.8 % have at most 16 bytes) is found with
//! one cache line and two comparisons of 64 bits, without a length, a pointer or a stored hash: the
//! hash is made again from the key when the table grows, one multiplication per word. Padding leaves no
//! doubt, since words that hold a NUL go with the long ones to [`rest`], a dense array with an index.
//!
//! - **Load** at most 1/2, growing fourfold: fewer words are searched beyond their home, and fewer are
//!   moved (2/3 and twofold growth: 1.17 times the time of 250 MB with 3.4 million distinct words). The
//!   place of a word is the top of its hash, so the old slots are read and the new ones written in order.
//!   Room is made before a block is counted, so the places that were prefetched stay good.
//! - **Batches**: first the homes of all words of a block, with a prefetch each; then the counts. What
//!   is kept between the two is 4 bytes a word: the key is loaded again, which is cheaper than storing it.
//! - **First offsets** lie beside the slots, in order of insertion. Within one table this is the order
//!   of the text, so a word found again touches its count and nothing else, and the result needs no
//!   sort by offset: the numbers in the slots bring the words back in order.
//! - **Hash**: one folded 64 x 64 bit multiplication, seeded per process ([`Seed`]).
//!
//! # What was tried and rejected
//!
//! CPU seconds of the whole program on one core, on a loaded machine, each against the C++ program
//! that marks the limit of this design in the same run.
//!
//! | tried | text | limit | tried | kept |
//! |---|---|---|---|---|
//! | a small table (2^14 / 2^16 / 2^18 slots) for the first words, dense entries and an index of 8-byte slots for the rest | 1 GB of books | 1.68 | 4.98 / 4.02 / 3.16 | 2.06 |
//! | the same with 2^20 / 2^22 / 2^24 slots | 1 GB, 5.8 million distinct | 2.68 | 8.2 / 6.7 / - | - |
//! | the same in huge pages, 2^22 / 2^24 slots | 1 GB, 5.8 million distinct | 2.68 | 4.96 / 3.50 | - |
//! | slots in pages of 4 KB (huge pages by the allocator in the other column) | 1 GB of books | 1.36 | 2.10 | 1.80 |
//! | a hash that is called, not inlined | 1 GB of books | 2.29 / 1.50 | 2.67 | 1.79 |
//! | a front of buckets of four words (64 bytes for words of 8 bytes, 128 for 16), the rarest displaced, misses to partitions by hash | 163 MB of books | 0.45 | 0.87 | 0.52 |
//! | 2^20 slots, and words that find no room in partitions by hash that are counted in batches | 250 MB, 3.4 million distinct | - | 2.82 | 1.86 |
//!
//! The front loses because it takes 193 instructions a word for 117; the second level and the partitions
//! because each of their words costs two cache lines, of the second level two page walks as well, on top
//! of a failed search whose length no branch predictor knows.

mod rest;
mod slots;

use kernels_core::counts::{Run, Seed};

use super::block::{Block, WORDS};
use rest::Rest;
use slots::{Slot, Slots};

/// Words with their counts.
pub(super) struct Table {
    seed: Seed,
    slots: Slots,
    /// First offsets of the words in the slots, in order of insertion.
    firsts: Vec<u64>,
    rest: Rest,
    /// Where the search for each word of a block begins.
    homes: Box<[u32; WORDS]>,
}

/// log2 of the slots of a new table: half a megabyte, which holds the words of a chapter.
const FEWEST: u32 = 10;

/// `KEEP[n]` keeps the first n bytes of a key.
static KEEP: [u128; 17] = keep();

const fn keep() -> [u128; 17] {
    let mut masks = [u128::MAX; 17];
    let mut bytes = 0;
    while bytes < 16 {
        masks[bytes] = (1 << (8 * bytes)) - 1;
        bytes += 1;
    }
    masks
}

impl Table {
    pub(super) fn new() -> Self {
        Self::with_seed(Seed::of_process())
    }

    fn with_seed(seed: Seed) -> Self {
        let slots = Slots::new(FEWEST);
        Self { seed, slots, firsts: Vec::new(), rest: Rest::default(), homes: Box::new([0; WORDS]) }
    }

    /// Counts the words of a block, which begins at `offset` of the text.
    #[inline(always)]
    pub(super) fn count(&mut self, block: &Block, offset: u64) {
        self.reserve(block.words().len());
        self.find_homes(block);
        let has_nul = block.has_nul();
        let Self { seed, slots, firsts, rest, homes } = self;
        let slots = slots.get_mut();
        for ((start, end), &home) in block.words().zip(homes.iter()) {
            if end - start > 16 || has_nul && block.word(start, end).contains(&0) {
                rest.defer(block, start, end, *seed);
            } else if count_key(slots, home, key(block, start, end), firsts.len()) {
                push_cold(firsts, offset + start as u64);
            }
        }
        rest.count_deferred(block, offset);
    }

    /// Counts one lower-cased word of more than 16 bytes.
    pub(super) fn count_long(&mut self, word: &[u8], first: u64) {
        self.rest.count(word, self.seed.hash(word), first);
    }

    /// Brings the slots of the words of a block on the way to the cache.
    #[inline(always)]
    fn find_homes(&mut self, block: &Block) {
        let shift = 64 - self.slots.bits();
        let slots = self.slots.get();
        for ((start, end), home) in block.words().zip(self.homes.iter_mut()) {
            let hash = self.seed.hash_key(key(block, start, end));
            *home = (hash >> shift) as u32;
            prefetch(&slots[*home as usize & (slots.len() - 1)]);
        }
    }

    /// Makes room for so many new words, at a load of at most 2/3.
    fn reserve(&mut self, words: usize) {
        while 2 * (self.firsts.len() + words) > self.slots.len() {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        // Small tables grow faster: their words are moved less often, and their memory is little.
        let bits = self.slots.bits() + 2;
        let old = std::mem::replace(&mut self.slots, Slots::new(bits));
        let slots = self.slots.get_mut();
        // The position is the top of the hash: the new slots are filled in order.
        for slot in old.get().iter().filter(|slot| slot[2] > 0) {
            let home = self.seed.hash_key(key_of(slot)) >> (64 - bits);
            let free = probe(slots.len(), home as u32).find(|&at| slots[at][2] == 0);
            slots[free.expect("a load below 1")] = *slot;
        }
    }

    /// The words, in order of first appearance in each run.
    pub(super) fn into_runs(self) -> [Run; 2] {
        let taken = self.slots.get().iter().filter(|slot| slot[2] > 0);
        let words = taken.map(|slot| (slot[3] as usize, key_of(slot), slot[2]));
        [Run::numbered(words, &self.firsts), self.rest.into_run()]
    }
}

/// New words are rare: their code stays out of the loop.
#[cold]
#[inline(never)]
fn push_cold(firsts: &mut Vec<u64>, first: u64) {
    firsts.push(first);
}

/// Counts a word in its slot; whether it is new and now has this `number`.
#[inline(always)]
fn count_key(slots: &mut [Slot], home: u32, key: u128, number: usize) -> bool {
    let mask = slots.len() - 1;
    let (low, high) = (key as u64, (key >> 64) as u64);
    let mut at = home as usize;
    loop {
        let slot = &mut slots[at & mask];
        if (slot[0] ^ low) | (slot[1] ^ high) == 0 {
            slot[2] += 1;
            return false;
        }
        if slot[2] == 0 {
            *slot = [low, high, 1, number as u64];
            return true;
        }
        at += 1;
    }
}

/// The places where a word with this home may be, in order.
fn probe(slots: usize, home: u32) -> impl Iterator<Item = usize> {
    (home as usize..).map(move |at| at & (slots - 1))
}

/// The first 16 bytes of a word, padded with zeros.
#[inline(always)]
fn key(block: &Block, start: usize, end: usize) -> u128 {
    block.key(start) & KEEP[(end - start).min(16)]
}

fn key_of(slot: &Slot) -> u128 {
    u128::from(slot[0]) | u128::from(slot[1]) << 64
}

/// Asks for the cache line of `place`.
#[inline(always)]
fn prefetch<T>(place: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    #[expect(unsafe_code, reason = "a prefetch takes a pointer; it is worth a quarter of the time")]
    // SAFETY: a prefetch reads nothing that the program can see, and `place` is a valid address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = place;
}

#[cfg(test)]
mod tests;
