//! The words of a block on their way to the table.

use kernels_core::counts::{Entry, Open, Seed};

use super::super::block::{Block, WORDS};
use super::prefetch;

/// Words that a level looks up at a time, at most.
pub(super) const LANES: usize = 8;

/// The words of a block, those of up to 16 bytes without NUL as keys.
pub(in super::super) struct Batch {
    /// The first and the last 8 bytes of each, padded with zeros, first byte lowest; 0 of the others.
    pub(super) low: [u64; WORDS],
    pub(super) high: [u64; WORDS],
    /// Where the search for each begins: the top of its hash.
    pub(super) homes: [u32; WORDS],
    /// The numbers of the words whose home is free, so that they are new.
    pub(super) fresh: [u16; WORDS + LANES],
    /// The numbers of the other words that do not lie at home, and of those without a key.
    pub(super) elsewhere: [u16; WORDS + LANES],
}

/// How many words do not lie at home.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Others {
    pub(super) fresh: usize,
    pub(super) elsewhere: usize,
}

/// The two steps that are worth instructions of a level.
pub(in super::super) trait LookUp: Copy {
    /// Makes the keys of a block's words, hashes them, of which the top `bits` are kept, at most 32, and brings
    /// these of the `entries` on the way to the cache.
    fn hash(self, block: &Block, seed: Seed, bits: u32, entries: &[Entry], batch: &mut Batch);

    /// Counts the words that lie at home. The number of the others, which are listed.
    fn count_at_home(self, words: usize, batch: &mut Batch, slots: &mut Open<'_>) -> Others;
}

/// Word by word, by whatever instructions the caller is compiled for.
#[derive(Clone, Copy)]
pub(in super::super) struct OneByOne;

/// `KEEP[n]` keeps the first n bytes of a key, and of a word that has more than 16 nothing.
static KEEP: [u128; 18] = keep();

const fn keep() -> [u128; 18] {
    let mut masks = [0; 18];
    let mut bytes = 1;
    while bytes <= 16 {
        masks[bytes] = u128::MAX >> (128 - 8 * bytes);
        bytes += 1;
    }
    masks
}

impl LookUp for OneByOne {
    #[inline(always)]
    fn hash(self, block: &Block, seed: Seed, bits: u32, entries: &[Entry], batch: &mut Batch) {
        let shift = 64 - bits;
        let Batch { low, high, homes, .. } = batch;
        let places = low.iter_mut().zip(high).zip(homes);
        for ((start, end), ((low, high), home)) in block.words().zip(places) {
            let key = u128::from_le_bytes(*block.key(start)) & KEEP[(end - start).min(17)];
            (*low, *high) = (key as u64, (key >> 64) as u64);
            *home = (seed.hash_key(key) >> shift) as u32;
            prefetch(&entries[*home as usize & (entries.len() - 1)]);
        }
    }

    #[inline(always)]
    fn count_at_home(self, words: usize, batch: &mut Batch, slots: &mut Open<'_>) -> Others {
        let mut others = Others::default();
        for number in 0..words.min(WORDS) {
            let (key, home) = (batch.key(number), batch.homes[number]);
            let is_keyed = key as u64 != 0;
            if is_keyed & slots.is_at(home, key) {
                slots.add(home, 1);
            } else {
                // Which of the two it is no processor can guess.
                let is_fresh = is_keyed & slots.is_free(home);
                batch.fresh[others.fresh] = number as u16;
                others.fresh += usize::from(is_fresh);
                batch.elsewhere[others.elsewhere] = number as u16;
                others.elsewhere += usize::from(!is_fresh);
            }
        }
        others
    }
}

impl Batch {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            low: [0; WORDS],
            high: [0; WORDS],
            homes: [0; WORDS],
            fresh: [0; WORDS + LANES],
            elsewhere: [0; WORDS + LANES],
        })
    }

    /// A word padded with zeros, first byte lowest.
    #[inline(always)]
    pub(super) fn key(&self, number: usize) -> u128 {
        u128::from(self.low[number]) | u128::from(self.high[number]) << 64
    }

    /// Takes their keys from words that hold a NUL, which would be taken for padding.
    #[cold]
    pub(super) fn drop_keys_with_nul(&mut self, block: &Block) {
        for (low, (start, end)) in self.low.iter_mut().zip(block.words()) {
            if block.word(start, end).contains(&0) {
                *low = 0;
            }
        }
    }
}
