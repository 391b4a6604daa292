//! The counts of a text: every word with its number and the offset of its first appearance.
//!
//! `Counts` is a commutative monoid under [`Counts::merge`]: counts add, first offsets take the
//! minimum, the empty text is the identity. So a text may be counted in any pieces, in any order.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::text;

/// The words of a text, each with its count and first offset, in no particular order.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    entries: HashMap<Box<str>, Tally>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tally {
    count: u64,
    first: u64,
}

/// One word with its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<'a> {
    /// The word, lower-cased.
    pub word: &'a str,
    /// How often it occurs, at least once.
    pub count: u64,
    /// Byte offset of its first appearance in the text.
    pub first: u64,
}

impl Counts {
    /// The counts of the empty text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts from raw segments: pieces of text between ASCII separators, ASCII letters lower-cased,
    /// each with its number and the least byte offset at which it begins. A segment may come more than
    /// once. Segments with other bytes are split and lower-cased here, the Unicode way.
    ///
    /// # Errors
    /// [`crate::Error::InvalidUtf8`] where a segment is not UTF-8.
    pub fn from_segments<'a>(
        segments: impl IntoIterator<Item = (&'a [u8], u64, u64)>,
    ) -> Result<Self, crate::Error> {
        let mut counts = Self::new();
        for (segment, count, first) in segments {
            let segment = text::validate(segment, first)?;
            if segment.is_ascii() {
                counts.add(segment, count, first);
                continue;
            }
            for (offset, word) in text::words(segment) {
                counts.add(&text::lower(word), count, first + offset as u64);
            }
        }
        Ok(counts)
    }

    /// Adds `count` occurrences of a lower-cased word, the first of them at `first`.
    pub fn add(&mut self, word: &str, count: u64, first: u64) {
        if let Some(tally) = self.entries.get_mut(word) {
            tally.count += count;
            tally.first = tally.first.min(first);
        } else {
            self.entries.insert(word.into(), Tally { count, first });
        }
    }

    /// Adds the counts of another part of the same text.
    pub fn merge(&mut self, other: Self) {
        for (word, Tally { count, first }) in other.entries {
            match self.entries.entry(word) {
                Slot::Vacant(slot) => {
                    slot.insert(Tally { count, first });
                }
                Slot::Occupied(mut slot) => {
                    slot.get_mut().count += count;
                    slot.get_mut().first = slot.get().first.min(first);
                }
            }
        }
    }

    /// The number of distinct words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the text holds no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of words, each as often as it occurs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.entries.values().map(|tally| tally.count).sum()
    }

    /// The distinct words, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = Count<'_>> {
        self.entries.iter().map(|(word, tally)| Count {
            word,
            count: tally.count,
            first: tally.first,
        })
    }

    /// The words of at least `min_length` code points, by falling count, ties in order of first
    /// appearance.
    #[must_use]
    pub fn ranked(&self, min_length: usize) -> Ranking<'_> {
        let long = |count: &Count<'_>| {
            count.word.len() >= min_length && count.word.chars().count() >= min_length
        };
        let mut words: Vec<_> = self.iter().filter(long).collect();
        words.sort_unstable_by_key(|count| (std::cmp::Reverse(count.count), count.first));
        let total = words.iter().map(|count| count.count).sum();
        Ranking { words, total }
    }
}

impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

/// The words of a [`Counts`] in the order of the result.
#[derive(Debug, Clone)]
pub struct Ranking<'a> {
    words: Vec<Count<'a>>,
    total: u64,
}

impl<'a> Ranking<'a> {
    /// The number of ranked words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether no word was long enough.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The sum of the counts of the ranked words: what the percentages refer to.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The words, the most frequent first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Count<'a>> {
        self.words.iter().copied()
    }

    /// Appends the lines `word count percentage` of the first `top` words to `out`.
    ///
    /// The percentage is `count / total * 100`, in this order of operations, as Python's `repr`.
    pub fn write_lines(&self, top: usize, out: &mut Vec<u8>) {
        let mut tail = (0, String::new());
        for count in self.words.iter().take(top) {
            if tail.0 != count.count {
                let percentage = count.count as f64 / self.total as f64 * 100.0;
                tail =
                    (count.count, format!(" {} {}\n", count.count, text::python_repr(percentage)));
            }
            out.extend_from_slice(count.word.as_bytes());
            out.extend_from_slice(tail.1.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(counts: &Counts, min_length: usize) -> String {
        let mut out = Vec::new();
        counts.ranked(min_length).write_lines(usize::MAX, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_ranked_by_count_then_first_appearance() {
        let segments = [(&b"b"[..], 1, 4), (b"a", 1, 9), (b"the", 2, 0)];
        let counts = Counts::from_segments(segments).unwrap();
        assert_eq!(lines(&counts, 0), "the 2 50.0\nb 1 25.0\na 1 25.0\n");
        assert_eq!(lines(&counts, 2), "the 2 100.0\n");
        assert_eq!(lines(&counts, 4), "");
    }

    #[test]
    fn segments_are_finished_the_unicode_way() {
        let segments = [("ΑΣ\u{2003}É".as_bytes(), 3, 10), ("é".as_bytes(), 1, 2)];
        let counts = Counts::from_segments(segments).unwrap();
        assert_eq!(lines(&counts, 0), "é 4 57.14285714285714\nας 3 42.857142857142854\n");
        let first: Vec<_> = counts.ranked(0).iter().map(|count| count.first).collect();
        assert_eq!(first, [2, 10]);
    }

    #[test]
    fn length_is_counted_in_code_points() {
        let counts = Counts::from_segments([("éé".as_bytes(), 1, 0)]).unwrap();
        assert_eq!(counts.ranked(2).len(), 1);
        assert_eq!(counts.ranked(3).len(), 0);
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_least_offset() {
        let mut left = Counts::from_segments([(&b"a"[..], 2, 5)]).unwrap();
        let right = Counts::from_segments([(&b"a"[..], 1, 3), (b"b", 1, 0)]).unwrap();
        left.merge(right);
        let both = Counts::from_segments([(&b"b"[..], 1, 0), (b"a", 3, 3)]).unwrap();
        assert_eq!(left, both);
        assert_eq!(left.total(), 4);
    }
}
