//! Eight words at a time, their keys and the slots where they should lie gathered.

use std::arch::x86_64::*;

use fearless_simd::{Avx512, SimdBase, SimdInto, u16x8, u32x8, u64x8};
use kernels_core::counts::{Entry, Open, Seed};

use super::super::block::{Block, gather};
use super::batch::{Batch, LANES, LookUp};
use super::prefetch;

impl LookUp for Avx512 {
    fn hash(self, block: &Block, seed: Seed, bits: u32, entries: &[Entry], batch: &mut Batch) {
        hash(self, block, seed, bits, entries, batch);
    }

    fn count_at_home(self, words: usize, batch: &mut Batch, slots: &mut Open<'_>) -> usize {
        count_at_home(self, words, batch, slots)
    }
}

fearless_simd::kernel!(
    fn hash(
        avx512: Avx512,
        block: &Block,
        seed: Seed,
        bits: u32,
        entries: &[Entry],
        batch: &mut Batch,
    ) {
        let shift = _mm_cvtsi32_si128(64 - bits as i32);
        let load = |list| -> __m128i { u16x8::load_array_ref(avx512, list).into() };
        let (starts, ends) = block.borders();
        let Batch { low, high, homes, .. } = batch;
        let lists = starts.iter().zip(ends);
        let keys = low.as_chunks_mut().0.iter_mut().zip(high.as_chunks_mut().0);
        let places = keys.zip(homes.as_chunks_mut().0);
        for ((start, end), ((low, high), homes)) in lists.zip(places) {
            let (start, end) = (load(start), load(end));
            let [first, last] = keys_of(avx512, block, start, _mm_sub_epi16(end, start));
            let home = _mm512_srl_epi64(top_of_hash(avx512, seed, first, last), shift);
            let home: u32x8<Avx512> = _mm512_cvtepi64_epi32(home).simd_into(avx512);
            let [first, last]: [u64x8<Avx512>; 2] =
                [first.simd_into(avx512), last.simd_into(avx512)];
            first.store_array(low);
            last.store_array(high);
            home.store_array(homes);
            for &home in &*homes {
                prefetch(&entries[home as usize & (entries.len() - 1)]);
            }
        }
    }
);

fearless_simd::kernel!(
    /// The keys of words that start and are as long as given, in halves: 16 bytes each of the text with
    /// zeros for those behind the word, and 0 for words of more than 16 bytes.
    #[inline]
    fn keys_of(avx512: Avx512, block: &Block, start: __m128i, length: __m128i) -> [__m512i; 2] {
        let [first, last] = gather(avx512, block, start);
        let bits = _mm512_slli_epi64::<3>(_mm512_cvtepu16_epi64(length));
        let (half, whole) = (_mm512_set1_epi64(64), _mm512_set1_epi64(128));
        let short = _mm512_cmple_epu64_mask(bits, whole);
        let ones = _mm512_set1_epi64(-1);
        let surplus = _mm512_max_epi64(_mm512_sub_epi64(half, bits), _mm512_setzero_si512());
        // A shift by 64 or more leaves 0: that of words without a last half.
        [
            _mm512_maskz_and_epi64(short, first, _mm512_srlv_epi64(ones, surplus)),
            _mm512_maskz_and_epi64(
                short,
                last,
                _mm512_srlv_epi64(ones, _mm512_sub_epi64(whole, bits)),
            ),
        ]
    }
);

fearless_simd::kernel!(
    /// [`Seed::hash_key`], of which the upper 32 bits are right: the product of 128 bits is put together
    /// from four of 32 bits, as by hand.
    #[inline]
    fn top_of_hash(avx512: Avx512, seed: Seed, low: __m512i, high: __m512i) -> __m512i {
        let _ = avx512;
        let [a, b] = seed.halves().map(|half| _mm512_set1_epi64(half as i64));
        let (x, y) = (_mm512_xor_si512(low, a), _mm512_xor_si512(high, b));
        let upper = |number| _mm512_srli_epi64::<32>(number);
        let lower = |number| _mm512_and_si512(number, _mm512_set1_epi64(0xffff_ffff));
        let (upper_x, upper_y) = (upper(x), upper(y));
        let crossed = _mm512_add_epi64(_mm512_mul_epu32(upper_x, y), upper(_mm512_mul_epu32(x, y)));
        let middle = _mm512_add_epi64(_mm512_mul_epu32(x, upper_y), lower(crossed));
        let carried = _mm512_add_epi64(upper(crossed), upper(middle));
        let product = _mm512_add_epi64(_mm512_mul_epu32(upper_x, upper_y), carried);
        _mm512_xor_si512(product, _mm512_slli_epi64::<32>(middle))
    }
);

fearless_simd::kernel!(
    fn count_at_home(
        avx512: Avx512,
        words: usize,
        batch: &mut Batch,
        slots: &mut Open<'_>,
    ) -> usize {
        let load = |half| -> __m512i { u64x8::load_array_ref(avx512, half).into() };
        let Batch { low, high, homes, elsewhere } = batch;
        let keys = low.as_chunks().0.iter().zip(high.as_chunks().0);
        let mut others = 0;
        for (group, ((low, high), homes)) in keys.zip(homes.as_chunks().0).enumerate() {
            let from = group * LANES;
            if from >= words {
                break;
            }
            let (low, high) = (load(low), load(high));
            let [there_low, there_high] = gather_slots(avx512, homes, slots.entries());
            let lanes = (0xff_u32 >> LANES.saturating_sub(words - from)) as u8;
            let keyed = _mm512_mask_test_epi64_mask(lanes, low, low);
            let alike = _mm512_mask_cmpeq_epi64_mask(keyed, low, there_low);
            let at_home = _mm512_mask_cmpeq_epi64_mask(alike, high, there_high);
            for (lane, &home) in homes.iter().enumerate() {
                slots.add(home, u64::from(at_home >> lane & 1));
            }
            let numbers =
                _mm_add_epi16(_mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7), _mm_set1_epi16(from as i16));
            let numbers: u16x8<Avx512> =
                _mm_maskz_compress_epi16(lanes & !at_home, numbers).simd_into(avx512);
            numbers.store_slice(&mut elsewhere[others..others + LANES]);
            others += (lanes & !at_home).count_ones() as usize;
        }
        others
    }
);

fearless_simd::kernel!(
    /// The halves of the words in these slots.
    #[inline]
    fn gather_slots(avx512: Avx512, homes: &[u32; LANES], entries: &[Entry]) -> [__m512i; 2] {
        const { assert!(size_of::<Entry>() == 32) };
        assert!(!entries.is_empty());
        let homes: __m256i = u32x8::load_array_ref(avx512, homes).into();
        let last = _mm512_set1_epi64(entries.len() as i64 - 1);
        let places = _mm512_and_si512(_mm512_cvtepu32_epi64(homes), last);
        let places = _mm512_slli_epi64::<2>(places);
        let start = entries.as_ptr().cast::<i64>();
        #[expect(
            unsafe_code,
            reason = "a gather takes a pointer; the vectors are worth a third of the time"
        )]
        // SAFETY: each place, in units of 8 bytes, is 4 times the number of an entry of 32 bytes: there is
        // one, and the mask leaves at most the last one's. The first 16 bytes of it are read.
        unsafe {
            [
                _mm512_i64gather_epi64::<8>(places, start),
                _mm512_i64gather_epi64::<8>(places, start.add(1)),
            ]
        }
    }
);
