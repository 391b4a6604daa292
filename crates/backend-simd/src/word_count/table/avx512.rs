//! Eight words at a time: their keys and those of the slots where they should lie, in vectors of halves.

use std::arch::x86_64::*;

use fearless_simd::{Avx512, SimdBase, SimdInto, u8x16, u16x8, u32x8, u64x8};
use kernels_core::counts::{Entry, Open, Seed};

use super::super::block::Block;
use super::batch::{Batch, LANES, LookUp, Others};
use super::prefetch;

impl LookUp for Avx512 {
    fn hash(self, block: &Block, seed: Seed, bits: u32, entries: &[Entry], batch: &mut Batch) {
        hash(self, block, seed, bits, entries, batch);
    }

    fn count_at_home(self, words: usize, batch: &mut Batch, slots: &mut Open<'_>) -> Others {
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
            let length = _mm_sub_epi16(load(end), load(start));
            let text = halves(avx512, start.map(|start| block.key(usize::from(start))));
            let [first, last] = keys_of(avx512, text, length);
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
    /// The keys of words that are as long as given, in halves: 16 bytes each of the text with
    /// zeros for those behind the word, and 0 for words of more than 16 bytes.
    #[inline]
    fn keys_of(avx512: Avx512, text: [__m512i; 2], length: __m128i) -> [__m512i; 2] {
        let _ = avx512;
        let [first, last] = text;
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
    ) -> Others {
        let load = |half| -> __m512i { u64x8::load_array_ref(avx512, half).into() };
        let Batch { low, high, homes, fresh, elsewhere } = batch;
        let keys = low.as_chunks().0.iter().zip(high.as_chunks().0);
        let mut others = Others::default();
        for (group, ((low, high), homes)) in keys.zip(homes.as_chunks().0).enumerate() {
            let from = group * LANES;
            if from >= words {
                break;
            }
            let (low, high) = (load(low), load(high));
            let entries = slots.entries();
            let there = homes.map(|home| &entries[home as usize & (entries.len() - 1)][0]);
            let [there_low, there_high] = halves(avx512, there);
            let lanes = (0xff_u32 >> LANES.saturating_sub(words - from)) as u8;
            let keyed = _mm512_mask_test_epi64_mask(lanes, low, low);
            let alike = _mm512_mask_cmpeq_epi64_mask(keyed, low, there_low);
            let at_home = _mm512_mask_cmpeq_epi64_mask(alike, high, there_high);
            for (lane, &home) in homes.iter().enumerate() {
                slots.add(home, u64::from(at_home >> lane & 1));
            }
            let free = _mm512_mask_testn_epi64_mask(keyed, there_low, there_low);
            let numbers =
                _mm_add_epi16(_mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7), _mm_set1_epi16(from as i16));
            let list = |chosen: u8, list: &mut [u16], len: &mut usize| {
                let numbers: u16x8<Avx512> =
                    _mm_maskz_compress_epi16(chosen, numbers).simd_into(avx512);
                numbers.store_slice(&mut list[*len..*len + LANES]);
                *len += chosen.count_ones() as usize;
            };
            list(free, fresh, &mut others.fresh);
            list(lanes & !at_home & !free, elsewhere, &mut others.elsewhere);
        }
        others
    }
);

fearless_simd::kernel!(
    /// The first and the last 8 bytes of eight keys.
    #[inline]
    fn halves(avx512: Avx512, keys: [&[u8; 16]; LANES]) -> [__m512i; 2] {
        let load = |key: &[u8; 16]| -> __m128i { u8x16::load_array_ref(avx512, key).into() };
        let four = |keys: &[&[u8; 16]]| {
            let two = _mm512_inserti64x2::<1>(_mm512_castsi128_si512(load(keys[0])), load(keys[1]));
            let three = _mm512_inserti64x2::<2>(two, load(keys[2]));
            _mm512_inserti64x2::<3>(three, load(keys[3]))
        };
        let (here, there) = (four(&keys[..4]), four(&keys[4..]));
        let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
        let odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
        [_mm512_permutex2var_epi64(here, even, there), _mm512_permutex2var_epi64(here, odd, there)]
    }
);
