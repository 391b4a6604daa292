//! AVX2: two look-ups in 16 bytes classify 32 bytes.

use std::arch::x86_64::*;

use fearless_simd::{Avx2, SimdBase, SimdInto, u8x16, u8x32};

use super::{BY_HIGH_HALF, BY_LOW_HALF, Block, Classes, STEP, spread_bits};

/// Bytes of a vector.
const LANES: usize = STEP / 2;

fearless_simd::kernel!(
    pub(super) fn fill(avx2: Avx2, block: &mut Block, text: &[u8]) {
        let table = |bytes: &[u8; 16]| {
            _mm256_broadcastsi128_si256(u8x16::load_array_ref(avx2, bytes).into())
        };
        let (by_low, by_high) = (table(&BY_LOW_HALF), table(&BY_HIGH_HALF));
        let (half, zero) = (_mm256_set1_epi8(0x0f), _mm256_setzero_si256());
        let (before_a, behind_z, case) = (
            _mm256_set1_epi8(b'A' as i8 - 1),
            _mm256_set1_epi8(b'Z' as i8 + 1),
            _mm256_set1_epi8(0x20),
        );
        // A byte >= 0x80 is negative, so it is no capital, and its look-up by the low half gives 0.
        let classify_lanes = |step: &[u8; LANES], lowered: &mut [u8; LANES]| {
            let bytes: __m256i = u8x32::load_array_ref(avx2, step).into();
            let capital = _mm256_and_si256(
                _mm256_cmpgt_epi8(bytes, before_a),
                _mm256_cmpgt_epi8(behind_z, bytes),
            );
            let lower: u8x32<Avx2> =
                _mm256_or_si256(bytes, _mm256_and_si256(capital, case)).simd_into(avx2);
            lower.store_array(lowered);
            let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half);
            let class = _mm256_and_si256(
                _mm256_shuffle_epi8(by_low, bytes),
                _mm256_shuffle_epi8(by_high, high_half),
            );
            let others = _mm256_movemask_epi8(_mm256_cmpeq_epi8(class, zero)) as u32;
            (!others, _mm256_cmpeq_epi8(bytes, zero))
        };
        let classify = |step: &[u8; STEP], lowered: &mut [u8; STEP]| {
            let (step, lowered) = (step.as_chunks().0, lowered.as_chunks_mut().0);
            let (first, first_nul) = classify_lanes(&step[0], &mut lowered[0]);
            let (second, second_nul) = classify_lanes(&step[1], &mut lowered[1]);
            Classes {
                separators: u64::from(first) | u64::from(second) << 32,
                nul: _mm256_movemask_epi8(_mm256_or_si256(first_nul, second_nul)) != 0,
            }
        };
        // A closure is compiled for this level, with the instructions for single bits.
        block.fill_with(text, classify, |mask, base, list: &mut [u16]| {
            spread_bits(mask, base, list)
        });
    }
);
