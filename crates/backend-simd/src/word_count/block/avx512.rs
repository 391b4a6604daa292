//! AVX-512 with VBMI and VBMI2: one look-up classifies 64 bytes, one compression lists their borders.

use std::arch::x86_64::*;

use fearless_simd::{Avx512, SimdBase, SimdInto, u8x64, u16x32};
use kernels_core::text;

use super::{Block, Classes, STEP, STEP_WORDS};

/// 0x80 for the separators among the 128 bytes of ASCII.
const CLASSES: [[u8; STEP]; 2] = [classes(0), classes(STEP)];

const PLACES: [u8; STEP] = places();

const fn classes(from: usize) -> [u8; STEP] {
    let mut classes = [0; STEP];
    let mut i = 0;
    while i < STEP {
        classes[i] = if text::is_separator((from + i) as u8) { 0x80 } else { 0 };
        i += 1;
    }
    classes
}

const fn places() -> [u8; STEP] {
    let mut places = [0; STEP];
    let mut i = 0;
    while i < STEP {
        places[i] = i as u8;
        i += 1;
    }
    places
}

fearless_simd::kernel!(
    pub(super) fn fill(avx512: Avx512, block: &mut Block, text: &[u8]) {
        let load = |bytes: &[u8; STEP]| -> __m512i { u8x64::load_array_ref(avx512, bytes).into() };
        let (low, high, places) = (load(&CLASSES[0]), load(&CLASSES[1]), load(&PLACES));
        let (letter_a, letters, case) =
            (_mm512_set1_epi8(b'A' as i8), _mm512_set1_epi8(26), _mm512_set1_epi8(0x20));
        let classify = |step: &[u8; STEP], lowered: &mut [u8; STEP]| {
            let bytes = load(step);
            let capital = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, letter_a), letters);
            let lower: u8x64<Avx512> =
                _mm512_mask_add_epi8(bytes, capital, bytes, case).simd_into(avx512);
            lower.store_array(lowered);
            let ascii = _mm512_movepi8_mask(_mm512_permutex2var_epi8(low, bytes, high));
            Classes {
                separators: ascii & !_mm512_movepi8_mask(bytes),
                nul: _mm512_testn_epi8_mask(bytes, bytes) != 0,
            }
        };
        let spread = |mask: u64, base: u16, list: &mut [u16]| {
            let places = _mm512_maskz_compress_epi8(mask, places);
            let places = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places));
            let places: u16x32<Avx512> =
                _mm512_add_epi16(places, _mm512_set1_epi16(base as i16)).simd_into(avx512);
            places.store_slice(&mut list[..STEP_WORDS]);
        };
        block.fill_with(text, classify, spread);
    }
);
