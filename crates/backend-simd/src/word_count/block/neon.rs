//! NEON: two look-ups in 16 bytes classify 16 bytes.

use std::arch::aarch64::*;

use fearless_simd::{Neon, SimdBase, SimdInto, u8x16};

use super::{BY_HIGH_HALF, BY_LOW_HALF, Block, Classes, STEP, spread_bits};

/// The bit of each byte in its group of eight.
const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

fearless_simd::kernel!(
    pub(super) fn fill(neon: Neon, block: &mut Block, text: &[u8]) {
        let load = |bytes: &[u8; 16]| -> uint8x16_t { u8x16::load_array_ref(neon, bytes).into() };
        let (by_low, by_high, bits) = (load(&BY_LOW_HALF), load(&BY_HIGH_HALF), load(&BITS));
        let (half, case) = (vdupq_n_u8(0x0f), vdupq_n_u8(0x20));
        let classify_lanes = |step: &[u8; 16], lowered: &mut [u8; 16]| {
            let bytes = load(step);
            let capital = vcltq_u8(vsubq_u8(bytes, vdupq_n_u8(b'A')), vdupq_n_u8(26));
            let lower: u8x16<Neon> = vorrq_u8(bytes, vandq_u8(capital, case)).simd_into(neon);
            lower.store_array(lowered);
            // The look-up by the high half gives 0 for a byte >= 0x80.
            let class = vtstq_u8(
                vqtbl1q_u8(by_low, vandq_u8(bytes, half)),
                vqtbl1q_u8(by_high, vshrq_n_u8::<4>(bytes)),
            );
            (vandq_u8(class, bits), vceqzq_u8(bytes))
        };
        let classify = |step: &[u8; STEP], lowered: &mut [u8; STEP]| {
            let (step, lowered) = (step.as_chunks().0, lowered.as_chunks_mut().0);
            let (a, a_nul) = classify_lanes(&step[0], &mut lowered[0]);
            let (b, b_nul) = classify_lanes(&step[1], &mut lowered[1]);
            let (c, c_nul) = classify_lanes(&step[2], &mut lowered[2]);
            let (d, d_nul) = classify_lanes(&step[3], &mut lowered[3]);
            // Three rounds of pairwise sums gather the bits of eight bytes in one.
            let sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
            let sums = vpaddq_u8(sums, sums);
            let nul = vorrq_u8(vorrq_u8(a_nul, b_nul), vorrq_u8(c_nul, d_nul));
            Classes {
                separators: vgetq_lane_u64::<0>(vreinterpretq_u64_u8(sums)),
                nul: vmaxvq_u8(nul) != 0,
            }
        };
        block.fill_with(text, classify, spread_bits);
    }
);
