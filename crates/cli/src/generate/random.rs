//! Random numbers that are the same everywhere and in every version.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers: ChaCha with 8 rounds.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The stream of this number of a seed: streams are independent.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&stream.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        const SPACING: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * SPACING
    }

    /// Uniform in [-1, 1).
    pub(super) fn signed(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// Uniform in 0..end; the bias is below end / 2^64.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// Uniform in or on the unit ball, by rejection.
    pub(super) fn direction(&mut self) -> [f64; 3] {
        loop {
            let point = [self.signed(), self.signed(), self.signed()];
            let r2: f64 = point.iter().map(|x| x * x).sum();
            if r2 > 1e-6 && r2 <= 1.0 {
                return point.map(|x| x / r2.sqrt());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_chacha8() {
        // The first 64 bits of ChaCha8 with the zero key and nonce (draft-strombergson-chacha-test-vectors).
        let mut random = Random::new(0, 0);
        assert_eq!(
            random.0.next_u64(),
            u64::from_le_bytes([0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6])
        );
    }

    #[test]
    fn numbers_stay_in_their_ranges() {
        let mut random = Random::new(7, 1);
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&random.unit()));
            assert!(random.below(3) < 3);
            let length: f64 = random.direction().iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-15);
        }
    }
}
