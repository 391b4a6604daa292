use kernels_core::text::is_separator;

use super::*;

/// Byte by byte, as the words are defined.
fn naive(text: &[u8]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (place, &byte) in text.iter().chain(b" ").enumerate() {
        match (is_separator(byte), start) {
            (true, Some(first)) => {
                words.push((first, place));
                start = None;
            }
            (false, None) => start = Some(place),
            _ => {}
        }
    }
    words
}

fn assert_tokenised(level: Level, block: &mut Block, text: &[u8]) {
    block.fill(level, text);
    let words: Vec<_> = block.words().collect();
    assert_eq!(words, naive(text), "{level}, {text:?}");
    assert_eq!(block.text[..text.len()], *text.to_ascii_lowercase(), "{level}, {text:?}");
    assert_eq!(block.has_nul(), text.contains(&0), "{level}, {text:?}");
}

/// Bytes of a fixed sequence that looks random (PCG's multiplier), a third of them separators.
fn noise(len: usize, mut state: u64) -> Vec<u8> {
    let mut byte = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..len).map(|_| if byte() < 85 { b' ' } else { byte() }).collect()
}

#[test]
fn every_level_finds_the_words_at_every_length_and_alignment() {
    let noise = noise(600, 1);
    let letters = [b'Q'; 600];
    let lengths = if cfg!(miri) { 60..70 } else { 0..300 };
    for level in Level::available() {
        let mut block = Block::new();
        for len in lengths.clone() {
            for text in [&noise[len..2 * len], &letters[..len], &[b' '; 300][..len]] {
                assert_tokenised(level, &mut block, text);
            }
        }
    }
}

#[test]
fn every_level_classifies_every_byte_and_fills_a_block() {
    let bytes: Vec<u8> = (0..=255).collect();
    let full = noise(BLOCK, 2);
    let dense: Vec<u8> = b"a ".repeat(WORDS);
    for level in Level::available() {
        let mut block = Block::new();
        assert_tokenised(level, &mut block, &bytes);
        if !cfg!(miri) {
            assert_tokenised(level, &mut block, &full);
            assert_tokenised(level, &mut block, &dense);
        }
    }
}

#[test]
fn a_word_at_the_end_is_cut_there() {
    let mut block = Block::new();
    for level in Level::available() {
        block.fill(level, b"one two");
        assert_eq!(block.cut_word(), Some(4));
        block.keep_before(4);
        assert_eq!(block.words().collect::<Vec<_>>(), [(0, 3)]);
        block.fill(level, b"one two ");
        assert_eq!(block.cut_word(), None);
        block.fill(level, b"");
        assert_eq!(block.cut_word(), None);
    }
}
