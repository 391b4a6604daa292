//! A text whose words follow Zipf's law: the word of rank k is drawn with a probability ~ 1/k.
//!
//! Words are made of consonants and vowels in turn, the more frequent the shorter, so that a word is
//! about as long as an English one. Sentences begin with a capital and end with a full stop; commas,
//! quotes, hyphens and lines of some 70 characters come as in a book.
//!
//! Cost: O(1) a word, 13 bytes of memory a word of the vocabulary. Literature: Zipf, Human Behavior
//! and the Principle of Least Effort (1949); Chen & Asau, AIIE Transactions 6, 163 (1974) for the
//! draw by an indexed table.

use std::io;

use super::random::Random;
use crate::output::Sink;

/// Where a line is broken, in bytes.
const LINE: usize = 70;
/// Bytes written at once.
const PORTION: usize = 1 << 18;

/// The word of rank k spells the number FIRST + STRIDE k: in English, too, a word in running text has
/// between four and five letters, and a large vocabulary much longer ones.
const FIRST: usize = 126;
const STRIDE: usize = 97;

/// Letters of one script: consonants and vowels.
struct Script {
    consonants: &'static [char],
    vowels: &'static [char],
}

const ASCII: Script = Script {
    consonants: &[
        't', 'n', 's', 'h', 'r', 'd', 'l', 'c', 'm', 'w', 'f', 'g', 'p', 'b', 'v', 'k', 'j', 'x',
        'q', 'z',
    ],
    vowels: &['e', 'a', 'o', 'i', 'u', 'y'],
};

/// Greek, Cyrillic and accented Latin; no letter is shared with [`ASCII`]'s vowels.
const OTHERS: [Script; 3] = [
    Script {
        consonants: &['τ', 'ν', 'σ', 'ρ', 'κ', 'π', 'μ', 'λ', 'δ', 'γ', 'θ', 'χ', 'φ', 'β'],
        vowels: &['α', 'ο', 'ι', 'ε', 'η', 'υ', 'ω', 'ά', 'έ'],
    },
    Script {
        consonants: &['н', 'т', 'с', 'р', 'в', 'л', 'к', 'м', 'д', 'п', 'г', 'з', 'б', 'ч', 'ж'],
        vowels: &['о', 'е', 'а', 'и', 'у', 'ы', 'я', 'ю'],
    },
    Script {
        consonants: &['t', 'n', 's', 'r', 'l', 'ç', 'm', 'ş', 'g', 'ğ', 'b', 'v', 'k', 'z'],
        vowels: &['é', 'ä', 'ö', 'ü', 'â', 'ô', 'è'],
    },
];

/// The words to draw from.
pub(crate) struct Vocabulary {
    /// The script of each word, by rank: 0 is ASCII.
    scripts: Vec<u8>,
    /// The sum of 1/k over the ranks up to each.
    cumulative: Vec<f64>,
    /// For each of as many equal parts of the whole sum, the first rank that may be drawn from it.
    first: Vec<u32>,
}

impl Vocabulary {
    /// `words` different words, this part of them not ASCII.
    pub(crate) fn new(words: u64, non_ascii: f64, seed: u64) -> Self {
        let mut random = Random::new(seed, 1);
        let mut script = || match random.unit() < non_ascii {
            true => 1 + random.below(OTHERS.len() as u64) as u8,
            false => 0,
        };
        let scripts = (0..words).map(|_| script()).collect();
        let mut sum = 0.0;
        let mut add = |rank| {
            sum += 1.0 / rank as f64;
            sum
        };
        let cumulative: Vec<_> = (1..=words).map(&mut add).collect();
        let first = first_ranks(&cumulative);
        Self { scripts, cumulative, first }
    }

    /// A rank, from 0, drawn by Zipf's law.
    fn draw(&self, random: &mut Random) -> usize {
        let words = self.cumulative.len();
        let part = random.unit();
        let height = part * self.cumulative[words - 1];
        let mut rank = self.first[(part * words as f64) as usize] as usize;
        while self.cumulative[rank] <= height && rank + 1 < words {
            rank += 1;
        }
        rank
    }

    /// Appends the word of a rank.
    fn spell(&self, rank: usize, word: &mut String) {
        let script = match self.scripts[rank] {
            0 => &ASCII,
            other => &OTHERS[usize::from(other) - 1],
        };
        // A number in a system whose digits are consonants and vowels in turn; the last is a vowel,
        // and there are no leading zeros to make two numbers alike.
        let mut number = FIRST + STRIDE * rank;
        let mut letters = [' '; 32];
        let mut length = 0;
        loop {
            let digits = if length % 2 == 0 { script.vowels } else { script.consonants };
            letters[length] = digits[number % digits.len()];
            length += 1;
            number /= digits.len();
            if number == 0 {
                break;
            }
            number -= 1;
        }
        word.extend(letters[..length].iter().rev());
    }
}

/// For part `i` of `n` of the sum, the first rank whose cumulative sum is above the part's beginning.
fn first_ranks(cumulative: &[f64]) -> Vec<u32> {
    let words = cumulative.len();
    let total = cumulative[words - 1];
    let mut rank = 0;
    let mut first = |part: usize| {
        let beginning = part as f64 / words as f64 * total;
        while cumulative[rank] <= beginning && rank + 1 < words {
            rank += 1;
        }
        // One less, since the beginning is rounded.
        rank.saturating_sub(1) as u32
    };
    (0..words).map(&mut first).collect()
}

/// Writes a text of exactly `bytes` bytes.
pub(crate) fn write(
    vocabulary: &Vocabulary,
    bytes: u64,
    seed: u64,
    out: &mut Sink<'_>,
) -> io::Result<()> {
    let mut writer = Writer::new(vocabulary, seed);
    let mut left = bytes;
    while left > 0 {
        writer.text.clear();
        while writer.text.len() < PORTION && writer.add_word(left) {}
        if writer.text.is_empty() {
            // What is too short for another word.
            writer.text.extend((0..left).map(|_| '\n'));
        }
        out.write_all(writer.text.as_bytes())?;
        left -= writer.text.len() as u64;
    }
    Ok(())
}

/// A text on its way.
struct Writer<'a> {
    vocabulary: &'a Vocabulary,
    random: Random,
    text: String,
    word: String,
    /// The length of the line so far.
    line: usize,
    begins_sentence: bool,
}

impl<'a> Writer<'a> {
    fn new(vocabulary: &'a Vocabulary, seed: u64) -> Self {
        Self {
            vocabulary,
            random: Random::new(seed, 2),
            text: String::with_capacity(PORTION + LINE),
            word: String::new(),
            line: 0,
            begins_sentence: true,
        }
    }

    /// Appends a word with what follows it, if the text stays within `left` bytes, and tells so.
    fn add_word(&mut self, left: u64) -> bool {
        self.word.clear();
        let rank = self.vocabulary.draw(&mut self.random);
        self.vocabulary.spell(rank, &mut self.word);
        if self.begins_sentence {
            capitalise(&mut self.word);
        }
        self.punctuate();
        if (self.text.len() + self.word.len()) as u64 > left {
            return false;
        }
        self.text.push_str(&self.word);
        true
    }

    /// Ends the word with what separates it from the next.
    fn punctuate(&mut self) {
        let chance = self.random.below(120);
        self.begins_sentence = chance < 8;
        match chance {
            0 => self.word.push('!'),
            1 => self.word.push('?'),
            2..8 => self.word.push('.'),
            8..16 => self.word.push(','),
            16 => self.word.push(';'),
            17 => self.word.insert(0, '"'),
            18 => self.word.push('"'),
            _ => {}
        }
        self.line += self.word.len() + 1;
        let breaks = self.line > LINE;
        self.word.push(if breaks {
            '\n'
        } else if chance == 19 {
            '-'
        } else {
            ' '
        });
        if breaks {
            self.line = 0;
        }
    }
}

fn capitalise(word: &mut String) {
    if let Some(first) = word.chars().next() {
        let capital: String = first.to_uppercase().collect();
        word.replace_range(..first.len_utf8(), &capital);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn text(words: u64, non_ascii: f64, bytes: u64, seed: u64) -> String {
        let mut out = Vec::new();
        write(&Vocabulary::new(words, non_ascii, seed), bytes, seed, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_are_different() {
        for non_ascii in [0.0, 0.5, 1.0] {
            let vocabulary = Vocabulary::new(50_000, non_ascii, 1);
            let spell = |rank| {
                let mut word = String::new();
                vocabulary.spell(rank, &mut word);
                assert!(!word.is_empty());
                word
            };
            assert_eq!((0..50_000).map(spell).collect::<HashSet<_>>().len(), 50_000);
        }
    }

    #[test]
    fn texts_have_the_length_asked_for() {
        for bytes in [1, 2, 3, 10, 1000, 300_000] {
            assert_eq!(text(100, 0.5, bytes, 0).len() as u64, bytes);
        }
        assert_eq!(text(1, 0.0, 5, 0).len(), 5);
    }

    #[test]
    fn seeds_give_texts_of_their_own() {
        assert_eq!(text(100, 0.1, 1000, 1), text(100, 0.1, 1000, 1));
        assert_ne!(text(100, 0.1, 1000, 1), text(100, 0.1, 1000, 2));
    }

    #[test]
    fn ranks_follow_zipfs_law() {
        let vocabulary = Vocabulary::new(1000, 0.0, 0);
        let mut random = Random::new(9, 9);
        let mut counts = HashMap::new();
        for _ in 0..100_000 {
            *counts.entry(vocabulary.draw(&mut random)).or_insert(0) += 1;
        }
        let share = |rank: usize| f64::from(counts[&rank]) / 100_000.0;
        let harmonic: f64 = (1..=1000).map(|k| 1.0 / f64::from(k)).sum();
        for rank in [0, 1, 2, 9] {
            let expected = 1.0 / (rank + 1) as f64 / harmonic;
            assert!((share(rank) - expected).abs() < 0.1 * expected, "rank {rank}");
        }
    }

    #[test]
    fn the_part_that_is_not_ascii_is_the_one_asked_for() {
        let vocabulary = Vocabulary::new(10_000, 0.3, 2);
        let others = vocabulary.scripts.iter().filter(|&&script| script != 0).count();
        assert!((2_800..3_200).contains(&others), "{others}");
        assert!(text(100, 0.0, 5_000, 3).is_ascii());
    }
}
