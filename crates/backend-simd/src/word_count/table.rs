//! The hash table: what is counted while the text is read.

use kernels_core::counts::{Index, Run, Seed};

use super::block::{Block, WORDS};

/// Words with their counts.
pub(super) struct Table {
    seed: Seed,
    hot: Hot,
    rest: Rest,
    keys: Box<[(u128, u64); WORDS]>,
}

/// Words of up to 16 bytes without NUL, found in their slot.
struct Hot {
    slots: Vec<Slot>,
    /// First offsets in order of insertion.
    firsts: Vec<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(32))]
struct Slot {
    key: [u64; 2],
    /// 0 of a free slot.
    count: u64,
    /// Its number in order of insertion.
    number: u64,
}

/// All other words: dense entries in order of first appearance and an index.
#[derive(Default)]
struct Rest {
    run: Run,
    index: Index,
}

const FEWEST_SLOTS: usize = 1 << 14;
const MOST_SLOTS: usize = 1 << 20;

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
        let hot = Hot { slots: vec![Slot::default(); FEWEST_SLOTS], firsts: Vec::new() };
        let keys = vec![(0, 0); WORDS].try_into().expect("as many as a block has words");
        Self { seed: Seed::of_process(), hot, rest: Rest::default(), keys }
    }

    /// Counts the words of a block, which begins at `offset` of the text.
    pub(super) fn count(&mut self, block: &Block, offset: u64) {
        self.hash(block);
        let has_nul = block.has_nul();
        for ((start, end), &(key, hash)) in block.words().zip(self.keys.iter()) {
            let first = offset + start as u64;
            if end - start > 16 || has_nul && block.word(start, end).contains(&0) {
                self.rest.count_word(block.word(start, end), self.seed, first);
            } else if !self.hot.count(key, hash, first) {
                self.rest.count_key(key, hash, first);
            }
        }
    }

    /// Counts one lower-cased word of any length.
    pub(super) fn count_long(&mut self, word: &[u8], first: u64) {
        self.rest.count_word(word, self.seed, first);
    }

    /// Keys and hashes of the words of a block, their slots on the way to the cache.
    #[inline(always)]
    fn hash(&mut self, block: &Block) {
        for ((start, end), slot) in block.words().zip(self.keys.iter_mut()) {
            let key = block.key(start) & KEEP[(end - start).min(16)];
            let hash = self.seed.hash_key(key);
            *slot = (key, hash);
            prefetch(&self.hot.slots[self.hot.home(hash)]);
        }
    }

    /// The words, each in one run.
    pub(super) fn into_runs(self) -> [Run; 2] {
        [self.hot.into_run(), self.rest.run]
    }
}

impl Hot {
    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        (hash >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// Whether the word is or could be counted here.
    #[inline(always)]
    fn count(&mut self, key: u128, hash: u64, first: u64) -> bool {
        let key = [key as u64, (key >> 64) as u64];
        let mut at = self.home(hash);
        loop {
            let mask = self.slots.len() - 1;
            let slot = &mut self.slots[at & mask];
            if slot.key == key {
                slot.count += 1;
                return true;
            }
            if slot.count == 0 {
                return self.insert(at & mask, key, first);
            }
            at += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, at: usize, key: [u64; 2], first: u64) -> bool {
        if 2 * self.firsts.len() >= MOST_SLOTS {
            return false;
        }
        self.slots[at] = Slot { key, count: 1, number: self.firsts.len() as u64 };
        self.firsts.push(first);
        if 2 * self.firsts.len() > self.slots.len() && self.slots.len() < MOST_SLOTS {
            self.grow();
        }
        true
    }

    fn grow(&mut self) {
        let slots = vec![Slot::default(); 4 * self.slots.len()];
        let old = std::mem::replace(&mut self.slots, slots);
        let (seed, mask) = (Seed::of_process(), self.slots.len() - 1);
        for slot in old.into_iter().filter(|slot| slot.count > 0) {
            let key = u128::from(slot.key[0]) | u128::from(slot.key[1]) << 64;
            let mut at = self.home(seed.hash_key(key));
            while self.slots[at].count > 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }

    /// The words in order of first appearance.
    fn into_run(self) -> Run {
        let mut order = vec![0; self.firsts.len()];
        for (at, slot) in self.slots.iter().enumerate().filter(|(_, slot)| slot.count > 0) {
            order[slot.number as usize] = at as u32;
        }
        let mut run = Run::with_capacity(order.len());
        for (at, first) in order.into_iter().zip(self.firsts) {
            let slot = &self.slots[at as usize];
            let key = u128::from(slot.key[0]) | u128::from(slot.key[1]) << 64;
            run.push_key(key, slot.count, first);
        }
        run
    }
}

impl Rest {
    fn count_word(&mut self, word: &[u8], seed: Seed, first: u64) {
        let Self { run, index } = self;
        let hash = seed.hash(word);
        match index.find(hash, |entry| run.word(entry as usize) == word) {
            Ok(entry) => run.increment(entry as usize),
            Err(vacant) => {
                index.insert(vacant, hash, run.len());
                run.push(word, 1, first);
            }
        }
    }

    fn count_key(&mut self, key: u128, hash: u64, first: u64) {
        let Self { run, index } = self;
        match index.find(hash, |entry| run.key(entry as usize) == key) {
            Ok(entry) => run.increment(entry as usize),
            Err(vacant) => {
                index.insert(vacant, hash, run.len());
                run.push_key(key, 1, first);
            }
        }
    }
}

/// Asks for the cache line of `place`.
#[inline(always)]
fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "a prefetch takes a pointer")]
    // SAFETY: a prefetch reads nothing that the program can see, and `place` is a valid address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
