//! SSE4.2: two look-ups in 16 bytes classify 16 bytes.

use std::arch::x86_64::*;

use fearless_simd::{SimdBase, SimdInto, Sse4_2, u8x16};

use super::{BY_HIGH_HALF, BY_LOW_HALF, Block, Classes, STEP, spread_bits};

fearless_simd::kernel!(
    pub(super) fn fill(sse4_2: Sse4_2, block: &mut Block, text: &[u8]) {
        let load = |bytes: &[u8; 16]| -> __m128i { u8x16::load_array_ref(sse4_2, bytes).into() };
        let (by_low, by_high) = (load(&BY_LOW_HALF), load(&BY_HIGH_HALF));
        let (half, zero) = (_mm_set1_epi8(0x0f), _mm_setzero_si128());
        let (before_a, behind_z, case) =
            (_mm_set1_epi8(b'A' as i8 - 1), _mm_set1_epi8(b'Z' as i8 + 1), _mm_set1_epi8(0x20));
        // A byte >= 0x80 is negative, so it is no capital, and its look-up by the low half gives 0.
        let classify_lanes = |step: &[u8; 16], lowered: &mut [u8; 16]| {
            let bytes = load(step);
            let capital =
                _mm_and_si128(_mm_cmpgt_epi8(bytes, before_a), _mm_cmpgt_epi8(behind_z, bytes));
            let lower: u8x16<Sse4_2> =
                _mm_or_si128(bytes, _mm_and_si128(capital, case)).simd_into(sse4_2);
            lower.store_array(lowered);
            let high_half = _mm_and_si128(_mm_srli_epi16::<4>(bytes), half);
            let class = _mm_and_si128(
                _mm_shuffle_epi8(by_low, bytes),
                _mm_shuffle_epi8(by_high, high_half),
            );
            let others = _mm_movemask_epi8(_mm_cmpeq_epi8(class, zero)) as u16;
            (!others, _mm_cmpeq_epi8(bytes, zero))
        };
        let classify = |step: &[u8; STEP], lowered: &mut [u8; STEP]| {
            let mut classes = Classes { separators: 0, nul: false };
            let mut nul = zero;
            let lanes = step.as_chunks().0.iter().zip(lowered.as_chunks_mut().0);
            for (number, (step, lowered)) in lanes.enumerate() {
                let (separators, nul_here) = classify_lanes(step, lowered);
                classes.separators |= u64::from(separators) << (16 * number);
                nul = _mm_or_si128(nul, nul_here);
            }
            classes.nul = _mm_movemask_epi8(nul) != 0;
            classes
        };
        block.fill_with(text, classify, spread_bits);
    }
);
