//! The hash of a word: folded multiplication, seeded once per process.
//!
//! `h(k) = fold((k_lo ^ a) (k_hi ^ b))`, where `k` is the word padded with zeros to 128 bits, `a` and
//! `b` are random, the product has 128 bits and `fold` is the exclusive or of its halves. One
//! multiplication hashes a word of up to 16 bytes. Longer words chain it over blocks of 16 bytes.
//!
//! Nobody who writes a text can know `a` and `b`, so nobody can choose words that collide: a text
//! made to collide under one seed is spread by every other.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// The secret numbers of the hash.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    a: u64,
    b: u64,
}

impl Seed {
    /// The seed of this process: random, the same at every call.
    #[must_use]
    pub fn of_process() -> Self {
        static SEED: LazyLock<Seed> = LazyLock::new(|| {
            let random = RandomState::new();
            Seed::new(random.hash_one(1), random.hash_one(2))
        });
        *SEED
    }

    /// A chosen seed, for tests.
    #[must_use]
    pub const fn new(a: u64, b: u64) -> Self {
        Self { a, b }
    }

    /// The secret numbers, a then b, for a hash of several words at a time.
    #[must_use]
    pub const fn halves(self) -> [u64; 2] {
        [self.a, self.b]
    }

    /// The hash of a word of up to 16 bytes, given padded with zeros, first byte lowest.
    #[must_use]
    #[inline(always)]
    pub const fn hash_key(self, key: u128) -> u64 {
        fold(key as u64 ^ self.a, (key >> 64) as u64 ^ self.b)
    }

    /// The hash of any word; of one that fits a key, that of the key.
    #[must_use]
    pub fn hash(self, word: &[u8]) -> u64 {
        let mut blocks = word.chunks(16);
        let first = self.hash_key(key_of(blocks.next().unwrap_or_default()));
        let chained = blocks.fold(first, |hash, block| {
            let key = key_of(block);
            fold(key as u64 ^ self.a ^ hash, (key >> 64) as u64 ^ self.b)
        });
        if word.len() > 16 { chained ^ (word.len() as u64) << 32 } else { chained }
    }
}

#[inline(always)]
const fn fold(x: u64, y: u64) -> u64 {
    let product = x as u128 * y as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Up to 16 bytes, padded with zeros.
pub(super) fn key_of(block: &[u8]) -> u128 {
    if let Ok(whole) = block.try_into() {
        return u128::from_le_bytes(whole);
    }
    let mut key = [0; 16];
    key[..block.len()].copy_from_slice(block);
    u128::from_le_bytes(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Index;

    #[test]
    fn a_word_hashes_as_its_key() {
        let seed = Seed::of_process();
        assert_eq!(seed.hash(b"word"), seed.hash_key(u128::from(u32::from_le_bytes(*b"word"))));
        assert_eq!(seed.hash(&[b'a'; 16]), seed.hash_key(u128::from_le_bytes([b'a'; 16])));
    }

    #[test]
    fn long_words_differ_by_length_and_every_block() {
        let seed = Seed::of_process();
        let words: [&[u8]; 4] = [&[b'a'; 17], &[b'a'; 18], &[b'a'; 40], &[b'b'; 40]];
        let mut hashes = words.map(|word| seed.hash(word)).to_vec();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), words.len());
    }

    /// Words whose last 8 bytes equal `b` all make the product zero.
    #[test]
    fn words_that_collide_under_a_known_seed_are_spread_by_another() {
        let known = Seed::new(1, u64::from_le_bytes(*b"attacked"));
        let words = 1 << if cfg!(miri) { 8 } else { 20 };
        let word = |i: u64| format!("{i:08x}attacked");
        let attack = (0..words).map(|i| key_of(word(i).as_bytes()));
        assert!(attack.clone().all(|key| known.hash_key(key) == 0));
        let mut slots = crate::counts::Slots::new(10, |_| {});
        let mut homes: Vec<_> = attack
            .enumerate()
            .map(|(first, key)| {
                slots.reserve(1);
                let home = Seed::of_process().hash_key(key) >> (64 - slots.bits());
                slots.open().count(home as u32, key, || first as u64);
                home
            })
            .collect();
        homes.sort_unstable();
        homes.dedup();
        // Of so many balls thrown at random into more bins most have a bin of their own.
        assert!(homes.len() as u64 > words / 2, "{} homes", homes.len());
        assert_eq!(crate::counts::Run::from(slots).words() as u64, words);
    }

    /// Words longer than a key whose last 8 bytes equal `b` have one hash, too.
    #[test]
    fn long_words_that_collide_under_a_known_seed_are_spread_by_another() {
        let known = Seed::new(1, u64::from_le_bytes(*b"attacked"));
        let words = 1 << if cfg!(miri) { 6 } else { 18 };
        let word = |i: u32| format!("{i:024x}attacked").into_bytes();
        assert!((1..words).all(|i| known.hash(&word(i)) == known.hash(&word(0))));
        let (seed, mut index) = (Seed::of_process(), Index::new(|_| {}));
        let mut homes: Vec<_> = (0..words).map(|i| seed.hash(&word(i)) >> 40).collect();
        for i in 0..words {
            let hash = seed.hash(&word(i));
            let vacant = index.find(hash, |number| number == i).expect_err("a new word");
            index.insert(vacant, hash, i as usize);
        }
        homes.sort_unstable();
        homes.dedup();
        assert!(homes.len() > words as usize / 2, "{} homes", homes.len());
        assert!(
            (0..words)
                .all(|i| index.find(seed.hash(&word(i)), |number| number == i).ok() == Some(i))
        );
    }

    /// Prints what a process hashes for the test below, which runs this one in others.
    #[test]
    #[expect(clippy::print_stdout, reason = "the other test reads it")]
    fn a_process_tells_its_hash() {
        println!("hash {:016x}", Seed::of_process().hash(b"word"));
        assert_eq!(Seed::of_process().hash(b"word"), Seed::of_process().hash(b"word"));
    }

    #[cfg(not(miri))]
    #[test]
    fn every_process_has_a_seed_of_its_own() {
        let hash = || {
            let this = std::env::current_exe().unwrap();
            let name = "counts::hash::tests::a_process_tells_its_hash";
            let mut child = std::process::Command::new(this);
            let output = child.args([name, "--exact", "--nocapture"]).output().unwrap();
            let output = String::from_utf8(output.stdout).unwrap();
            let start = output.find("hash ").expect("a hash") + 5;
            output[start..start + 16].to_owned()
        };
        assert_ne!(hash(), hash());
    }
}
