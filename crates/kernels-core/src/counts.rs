//! The counts of a text: every word with its number and the offset of its first appearance.
//!
//! `Counts` is a commutative monoid under [`Counts::merge`]: counts add, first offsets take the
//! minimum, the empty text is the identity. So a text may be counted in any pieces, in any order.
//!
//! The words lie in [`Run`]s of 32-byte entries, as the backends make them: a list, or the [`Slots`] of a
//! hash table as they are. Nothing is copied between a backend's table and the lines of the result:
//! duplicates are dropped in place, ranks are places in runs.

mod entry;
mod hash;
mod index;
mod merge;
mod ranking;
mod run;
mod slots;
mod unicode;

pub use entry::{Entry, holds_space, is_utf8};
pub use hash::Seed;
pub use index::{Index, Vacant};
pub use ranking::Ranking;
pub use run::Run;
pub use slots::{Open, Outlook, Prepare, Slots};

use crate::{Error, Executor, Serial};
use merge::Candidates;

/// The words of a text, each with its count and first offset, in no particular order.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// No word is in two runs or twice in one.
    runs: Vec<Run>,
    /// Where the words of the only run are found; empty until a word is added.
    index: Index,
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
    /// [`Error::InvalidUtf8`] with the least offset, where a segment is not UTF-8.
    pub fn from_segments<'a>(
        segments: impl IntoIterator<Item = (&'a [u8], u64, u64)>,
    ) -> Result<Self, Error> {
        let mut run = Run::default();
        for (segment, count, first) in segments {
            run.push(segment, count, first);
        }
        Self::from_runs(vec![run], false, &Serial)
    }

    /// Counts from runs of raw segments, as [`Counts::from_segments`], without copying them.
    /// `distinct` says that no segment is in two lists or two tables ([`Slots`]) or twice in one; a list may
    /// hold words of a table.
    ///
    /// # Errors
    /// As [`Counts::from_segments`].
    pub fn from_runs(
        runs: Vec<Run>,
        distinct: bool,
        executor: &dyn Executor,
    ) -> Result<Self, Error> {
        let runs = merge::finish(runs, distinct, executor)?;
        Ok(Self { runs, index: Index::default() })
    }

    /// Adds `count` occurrences of a lower-cased word, the first of them at `first`.
    pub fn add(&mut self, word: &str, count: u64, first: u64) {
        self.build_index();
        let (seed, run) = (Seed::of_process(), &mut self.runs[0]);
        let hash = seed.hash(word.as_bytes());
        match self.index.find(hash, |entry| run.word(entry as usize) == word.as_bytes()) {
            Ok(entry) => run.add(entry as usize, count, first),
            Err(vacant) => {
                self.index.insert(vacant, hash, run.len());
                run.push(word.as_bytes(), count, first);
            }
        }
    }

    /// Brings all words into one run and its index up to date.
    fn build_index(&mut self) {
        if self.runs.len() == 1 && self.index.len() == self.len() {
            return;
        }
        let mut all = Run::with_capacity(self.len());
        self.index = Index::with_capacity(self.len());
        for run in &self.runs {
            for entry in (0..run.len()).filter(|&entry| run.count(entry) > 0) {
                let hash = run.hash(entry, Seed::of_process());
                if let Err(vacant) = self.index.find(hash, |_| false) {
                    self.index.insert(vacant, hash, all.len());
                }
                all.push(run.word(entry), run.count(entry), run.first(entry));
            }
        }
        self.runs = vec![all];
    }

    /// Adds the counts of another part of the same text.
    pub fn merge(&mut self, other: Self) {
        self.runs.extend(other.runs);
        self.index = Index::default();
        merge::unite(&mut self.runs, &Candidates::All, &Serial);
    }

    /// The number of distinct words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(Run::words).sum()
    }

    /// Whether the text holds no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of words, each as often as it occurs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.runs.iter().map(Run::total).sum()
    }

    /// The distinct words, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = Count<'_>> {
        self.runs.iter().flat_map(|run| (0..run.len()).filter_map(|entry| run.get(entry)))
    }

    /// The words of at least `min_length` code points, by falling count, ties in order of first
    /// appearance.
    #[must_use]
    pub fn ranked(&self, min_length: usize) -> Ranking<'_> {
        self.ranked_on(min_length, &Serial)
    }

    /// As [`Counts::ranked`], by the units of `executor`.
    #[must_use]
    pub fn ranked_on(&self, min_length: usize, executor: &dyn Executor) -> Ranking<'_> {
        Ranking::new(self, min_length, executor)
    }
}

impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |counts: &Self| {
            let mut words: Vec<_> =
                counts.iter().map(|c| (c.first, c.count, c.word.to_owned())).collect();
            words.sort_unstable();
            words
        };
        self.len() == other.len() && sorted(self) == sorted(other)
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
