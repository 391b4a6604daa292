//! The hash table: what is counted while the text is read.

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
const FEWEST: u32 = 14;

/// How many slots ahead of the one at hand are on their way to the cache.
const AHEAD: usize = 32;

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
        let slots = self.slots.get_mut();
        for ((start, end), &home) in block.words().zip(self.homes.iter()) {
            if end - start > 16 || has_nul && block.word(start, end).contains(&0) {
                self.rest.defer(block, start, end, self.seed);
            } else if count_key(slots, home, key(block, start, end), self.firsts.len()) {
                self.firsts.push(offset + start as u64);
            }
        }
        self.rest.count_deferred(block, offset);
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
        while 3 * (self.firsts.len() + words) > 2 * self.slots.len() {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        // Small tables grow faster: their words are moved less often, and their memory is little.
        let bits = self.slots.bits() + if self.slots.bits() < 20 { 2 } else { 1 };
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
        let slots = self.slots.get();
        let mut order = vec![0; self.firsts.len()];
        for (at, slot) in slots.iter().enumerate().filter(|(_, slot)| slot[2] > 0) {
            order[slot[3] as usize] = at as u32;
        }
        let mut run = Run::with_capacity(order.len());
        for (number, (&at, first)) in order.iter().zip(self.firsts).enumerate() {
            if let Some(&ahead) = order.get(number + AHEAD) {
                prefetch(&slots[ahead as usize]);
            }
            let slot = &slots[at as usize];
            run.push_key(key_of(slot), slot[2], first);
        }
        [run, self.rest.into_run()]
    }
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
