//! Plain code: a table of classes, byte by byte.

use kernels_core::text;

use super::{Block, Classes, STEP, spread_bits};

pub(super) fn fill(block: &mut Block, text: &[u8]) {
    block.fill_with(text, classify, spread_bits);
}

#[inline(always)]
fn classify(step: &[u8; STEP], lowered: &mut [u8; STEP]) -> Classes {
    let mut separators = 0;
    for (place, &byte) in step.iter().enumerate() {
        separators |= u64::from(text::is_separator(byte)) << place;
    }
    *lowered = step.map(|byte| byte.to_ascii_lowercase());
    Classes { separators, nul: step.contains(&0) }
}
