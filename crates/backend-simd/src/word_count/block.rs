//! The tokeniser: where the words of a block of text begin and end, and the block in lower case.
//!
//! 64 bytes at a time, each level finds the separators as a bit mask `s`. With the words `w = !s`, the
//! mask moved up by one byte `w' = w << 1 | carry` says which bytes follow a byte of a word: words begin
//! at `w & !w'` and end before `s & w'`. Bytes >= 0x80 belong to words. Cost: 0.3 to 1 cycles a byte.
//!
//! Classes: with VBMI one look-up in 128 bytes (`vpermi2b`); elsewhere two look-ups in 16 bytes, by the
//! low half of a byte, which of the eight possible high halves make a separator, and by the high half,
//! its bit (`pshufb`, `tbl`).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sse4_2;

use crate::Level;

/// Bytes of text per block: the words of 4 KB keep enough slots of the table in flight, and all of
/// their state stays in the first-level cache.
pub(super) const BLOCK: usize = 4096;

/// Most words of a block.
pub(super) const WORDS: usize = BLOCK / 2;

/// Bytes that a level handles at a time.
const STEP: usize = 64;

/// Most words that begin in a step.
const STEP_WORDS: usize = STEP / 2;

/// A block of text after tokenising.
pub(super) struct Block {
    /// The text, ASCII letters in lower case, and what keys may read behind it.
    text: [u8; BLOCK + STEP],
    starts: [u16; WORDS + STEP_WORDS],
    ends: [u16; WORDS + STEP_WORDS],
    words: usize,
    len: usize,
    has_nul: bool,
}

/// What a level finds in 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Classes {
    separators: u64,
    nul: bool,
}

impl Block {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            text: [b' '; BLOCK + STEP],
            starts: [0; WORDS + STEP_WORDS],
            ends: [0; WORDS + STEP_WORDS],
            words: 0,
            len: 0,
            has_nul: false,
        })
    }

    /// Tokenises up to [`BLOCK`] bytes; a word at their end is taken to end there.
    pub(super) fn fill(&mut self, level: Level, text: &[u8]) {
        let detected = fearless_simd::Level::new();
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => match detected.as_avx512() {
                Some(token) => avx512::fill(token, self, text),
                None => portable::fill(self, text),
            },
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => match detected.as_avx2() {
                Some(token) => avx2::fill(token, self, text),
                None => portable::fill(self, text),
            },
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => match detected.as_sse4_2() {
                Some(token) => sse4_2::fill(token, self, text),
                None => portable::fill(self, text),
            },
            #[cfg(target_arch = "aarch64")]
            Level::Neon => match detected.as_neon() {
                Some(token) => neon::fill(token, self, text),
                None => portable::fill(self, text),
            },
            _ => portable::fill(self, text),
        }
    }

    /// Where the word that the end of the block cuts begins, if one reaches it.
    pub(super) fn cut_word(&self) -> Option<usize> {
        let last = self.words.checked_sub(1)?;
        (usize::from(self.ends[last]) == self.len).then_some(usize::from(self.starts[last]))
    }

    /// Drops the words that begin at `end` or behind it.
    pub(super) fn keep_before(&mut self, end: usize) {
        if self.words > 0 && usize::from(self.starts[self.words - 1]) >= end {
            self.words -= 1;
        }
    }

    /// Start and end of each word, in order.
    #[inline(always)]
    pub(super) fn words(&self) -> impl ExactSizeIterator<Item = (usize, usize)> {
        let words = self.starts[..self.words].iter().zip(&self.ends[..self.words]);
        words.map(|(&start, &end)| (usize::from(start), usize::from(end)))
    }

    /// Starts and ends, eight words at a time; of words behind the last one any place in the block.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn borders(&self) -> (&[[u16; 8]], &[[u16; 8]]) {
        let eights =
            |list| -> &[[u16; 8]] { &<[u16]>::as_chunks(list).0[..self.words.div_ceil(8)] };
        (eights(&self.starts), eights(&self.ends))
    }

    /// Where a word begins.
    #[inline(always)]
    pub(super) fn start(&self, word: usize) -> u64 {
        u64::from(self.starts[word])
    }

    /// The 16 bytes from `start` on.
    #[inline(always)]
    pub(super) fn key(&self, start: usize) -> &[u8; 16] {
        // `start` is below BLOCK; the mask spares a check of bounds.
        let start = start & (BLOCK - 1);
        self.text[start..start + 16].try_into().expect("16 bytes")
    }

    /// The bytes of a word.
    pub(super) fn word(&self, start: usize, end: usize) -> &[u8] {
        &self.text[start..end]
    }

    /// Whether a word may hold a NUL.
    pub(super) fn has_nul(&self) -> bool {
        self.has_nul
    }

    /// Tokenises with what a level offers: `classify` gives the classes of 64 bytes and writes their
    /// lower case, `spread` appends the places of the bits of a mask to a list, plus a base.
    #[inline(always)]
    fn fill_with(
        &mut self,
        text: &[u8],
        classify: impl Fn(&[u8; STEP], &mut [u8; STEP]) -> Classes,
        spread: impl Fn(u64, u16, &mut [u16]),
    ) {
        let (steps, rest) = text.as_chunks::<STEP>();
        let mut last = [b' '; STEP];
        last[..rest.len()].copy_from_slice(rest);
        let padded = if rest.is_empty() { &[][..] } else { std::slice::from_ref(&last) };
        let (mut starts, mut ends, mut carry, mut nul) = (0, 0, 0, false);
        let lowered = self.text.as_chunks_mut::<STEP>().0;
        for (number, (step, lowered)) in steps.iter().chain(padded).zip(lowered).enumerate() {
            let classes = classify(step, lowered);
            let words = !classes.separators;
            let follows = words << 1 | carry;
            carry = words >> 63;
            let base = (number * STEP) as u16;
            let (starting, ending) = (words & !follows, !words & follows);
            spread(starting, base, &mut self.starts[starts..]);
            spread(ending, base, &mut self.ends[ends..]);
            starts += starting.count_ones() as usize;
            ends += ending.count_ones() as usize;
            nul |= classes.nul;
        }
        if carry > 0 {
            self.ends[ends] = text.len() as u16;
        }
        (self.words, self.len, self.has_nul) = (starts, text.len(), nul);
    }
}

/// Appends the places of the bits of `mask` to `list`, plus `base`: eight at a time, of which some may be
/// too many. How many bits there are is what a processor cannot guess.
#[inline(always)]
fn spread_bits(mut mask: u64, base: u16, list: &mut [u16]) {
    for places in list[..STEP_WORDS].as_chunks_mut::<8>().0 {
        for place in places {
            *place = base + mask.trailing_zeros() as u16;
            mask &= mask.wrapping_sub(1);
        }
        if mask == 0 {
            return;
        }
    }
}

/// For each low half of a byte, the high halves below 8 that make it a separator, as bits.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const BY_LOW_HALF: [u8; 16] = by_low_half();

/// For each high half of a byte, its bit in [`BY_LOW_HALF`].
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const BY_HIGH_HALF: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const fn by_low_half() -> [u8; 16] {
    let mut table = [0; 16];
    let mut byte = 0;
    while byte < 128 {
        if kernels_core::text::is_separator(byte) {
            table[byte as usize & 15] |= 1 << (byte >> 4);
        }
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests;
