//! Input that several benchmarks share.
#![allow(dead_code, reason = "every benchmark uses a part of it")]

use kernels_core::Bodies;

/// Whether each benchmark only runs once, to show that it can: `-- --test`.
pub(crate) fn is_test() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// The word of a number: its digits in base 20, as letters from `first` on.
pub(crate) fn word(mut number: u64, first: char) -> String {
    let mut word = String::new();
    loop {
        word.extend(char::from_u32(first as u32 + (number % 20) as u32));
        number /= 20;
        if number == 0 {
            return word;
        }
    }
}

/// So many numbers below 2^14, n about as often as 1/n, in a fixed order that looks random.
pub(crate) fn zipf(words: u64) -> impl Iterator<Item = u64> {
    (0..words).map(|i| {
        let random = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        (random as f64 / (1_u64 << 53) as f64 * f64::from(1 << 14).ln()).exp() as u64
    })
}

/// Bodies of equal mass at rest, spread evenly over a cube: the fractional parts of multiples of three
/// irrational numbers.
pub(crate) fn cube(bodies: usize) -> Bodies {
    let irrational = [2.0_f64.sqrt(), 3.0_f64.sqrt(), 5.0_f64.sqrt()];
    let place = |body: usize| irrational.map(|x| (body as f64 * x).fract());
    let masses = vec![1.0 / bodies as f64; bodies];
    Bodies::from_rows(masses, (0..bodies).map(place).collect(), vec![[0.0; 3]; bodies])
        .expect("no two multiples have one fractional part")
}
