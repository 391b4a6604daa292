//! The distinct segments of a text, added up on the host in 64 bits.

use std::mem;

use kernels_core::counts::{Index, Run, Seed};
use kernels_core::{Counts, Error, Serial, text};

use super::table::Tally;

/// The segments of the text so far, with their number and least offset.
#[derive(Debug, Default)]
pub(super) struct Segments {
    run: Run,
    index: Index,
}

impl Segments {
    /// Adds what the device made of a chunk, which begins at `start` in the text.
    pub(super) fn add(&mut self, chunk: &[u8], start: u64, tallies: &[Tally]) {
        let mut lowered = Vec::new();
        for tally in tallies {
            lower(segment(chunk, tally.place), &mut lowered);
            self.add_segment(&lowered, u64::from(tally.count), start + u64::from(tally.first));
        }
    }

    /// Adds what lies between the Unicode spaces of a segment: a text that such spaces separate is made of segments that
    /// nobody has seen before.
    pub(super) fn add_segment(&mut self, segment: &[u8], count: u64, first: u64) {
        for (at, word) in text::split_at_spaces(segment) {
            self.add_word(word, count, first + at as u64);
        }
    }

    fn add_word(&mut self, word: &[u8], count: u64, first: u64) {
        let (run, hash) = (&mut self.run, Seed::of_process().hash(word));
        match self.index.find(hash, |entry| run.word(entry as usize) == word) {
            Ok(entry) => run.add(entry as usize, count, first),
            Err(vacant) => {
                self.index.insert(vacant, hash, run.len());
                run.push(word, count, first);
            }
        }
    }

    /// The counts of all, of which nothing stays here.
    pub(super) fn take(&mut self) -> Result<Counts, Error> {
        let Self { run, .. } = mem::take(self);
        Counts::from_runs(vec![run], true, &Serial)
    }
}

/// The segment that begins at `place`.
fn segment(chunk: &[u8], place: u32) -> &[u8] {
    let from = place as usize;
    &chunk[from..text::next_border(chunk, from)]
}

fn lower(segment: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(segment.iter().map(u8::to_ascii_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut segments: Segments) -> Vec<(String, u64, u64)> {
        let counts = segments.take().expect("UTF-8");
        let mut all: Vec<_> =
            counts.iter().map(|c| (c.word.to_owned(), c.count, c.first)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn tallies_of_one_segment_add_up() {
        let mut segments = Segments::default();
        let two = Tally { place: 4, count: 2, first: 4 };
        let one = Tally { place: 0, count: 1, first: 0 };
        segments.add(b"One two TWO", 100, &[two, one]);
        segments.add(b"one", 111, &[one]);
        assert_eq!(sorted(segments), [("one".to_owned(), 2, 100), ("two".to_owned(), 2, 104)]);
    }

    #[test]
    fn counts_go_on_above_two_to_the_32() {
        let mut segments = Segments::default();
        let full = Tally { place: 0, count: u32::MAX, first: 0 };
        (0..3).for_each(|chunk| segments.add(b"a", chunk << 33, &[full]));
        assert_eq!(sorted(segments), [("a".to_owned(), 3 * u64::from(u32::MAX), 0)]);
    }
}
