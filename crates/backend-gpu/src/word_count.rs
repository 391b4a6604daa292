//! Word count on the device: exact, the counts of every other backend.
//!
//! The text goes to the device in chunks that end between two words. There it is split at ASCII
//! separators, and the segments, their ASCII letters lower-cased, are counted in a hash table that
//! holds places in the text instead of words (`shaders/word_count.wgsl`). The host takes the distinct
//! segments of each chunk, adds them up in 64 bits, and at the end treats those with other bytes the
//! Unicode way. While the device counts one chunk, the host reads and uploads the next and takes the last; pieces
//! that come one by one are gathered for that. Chunks grow until the device takes some 50 ms for one.
//!
//! Cost: O(bytes) on the device, O(distinct words) a chunk on the host. Error: none.
//! Segments above [`crate::shaders::LONGEST`] bytes and what a full table does not take are added up on
//! the host. Where too much is left, the table grows and the chunk is counted again; where the adapter
//! has no room for a larger one, the chunk is cut in two. A single word longer than a chunk never gets
//! to the device.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use kernels_core::{Counts, Error, Pieces, WordCount, text};

use crate::device::Device;
use crate::device::adapter::Adapter;
use crate::device::stream::Pace;

mod counter;
mod segments;
mod table;

use counter::{Chunk, Counter, Line, TOGETHER, forget, halve};
use segments::Segments;
use table::Outcome;

/// The bytes of a chunk at most: more of them do not pay any more for taking the words.
const LONGEST: usize = 32 << 20;

/// The bytes of the first chunk, which a processor that plays a GPU counts in some 20 ms.
const FIRST: u64 = 1 << 18;

/// The bytes that a table has room for at least, so that a few more do not need another one.
const LEAST: usize = 1 << 16;

/// The bytes of the largest table for each byte of a chunk: half as many slots of 12 bytes.
const TABLE: u64 = 8;

/// The word counter of a GPU.
#[derive(Debug)]
pub(crate) struct GpuWordCount {
    adapter: Arc<Adapter>,
    longest: usize,
    pace: Pace,
    counter: Option<Counter>,
    segments: Segments,
    /// The bytes of the text so far.
    start: u64,
}

impl GpuWordCount {
    /// A counter of nothing so far.
    pub(crate) fn new(adapter: Arc<Adapter>) -> Self {
        let (pace, segments) = (Pace::of(FIRST), Segments::default());
        Self { adapter, longest: LONGEST, pace, counter: None, segments, start: 0 }
    }

    /// The bytes of the next chunk: such that a submission is short, and that the largest table for it fits into
    /// a buffer of `limit` bytes.
    fn length(&self, limit: u64) -> usize {
        let fitting = 1_u64 << (limit / TABLE).max(1).ilog2();
        let length = fitting.min(self.pace.budget().max(LEAST as u64));
        usize::try_from(length).map_or(self.longest, |length| length.min(self.longest))
    }

    /// Puts a text into the line, chunk by chunk, and counts what is before it in the meantime. Gives the bytes
    /// of the next chunk.
    fn push<'t>(&mut self, line: &mut Line<'t>, mut text: Cow<'t, [u8]>) -> Result<usize, Error> {
        if simdutf8::basic::from_utf8(&text).is_err() {
            text::validate(&text, self.start)?;
        }
        let limit = self.adapter.device()?.limits().max_storage_buffer_binding_size;
        let (mut from, behind) = (0, text.len());
        while from < behind {
            let (end, is_word) = next_chunk(&text[from..], self.length(limit));
            let to = from + end;
            if is_word {
                let word = text[from..to].to_ascii_lowercase();
                self.segments.add_segment(&word, 1, self.start);
            } else {
                let chunk = match &mut text {
                    Cow::Borrowed(text) => Cow::Borrowed(&text[from..to]),
                    Cow::Owned(text) if (from, to) == (0, behind) => Cow::Owned(mem::take(text)),
                    Cow::Owned(text) => Cow::Owned(text[from..to].to_vec()),
                };
                self.queue(line, Chunk::new(chunk, self.start))?;
            }
            self.start += end as u64;
            from = to;
        }
        Ok(self.length(limit))
    }

    /// Puts a chunk into the line when there is room, and hands it to the device.
    fn queue<'t>(&mut self, line: &mut Line<'t>, chunk: Chunk<'t>) -> Result<(), Error> {
        let bytes = chunk.text.len();
        let holds = |counter: &Option<Counter>| counter.as_ref().is_some_and(|c| c.holds(bytes));
        while line.len() >= TOGETHER || !line.is_empty() && !holds(&self.counter) {
            self.count_first(line)?;
        }
        line.push_back(chunk);
        self.with_counter(line, |counter, line, _| {
            counter.start(line);
            Ok(())
        })
    }

    /// Counts the first chunk, or makes room for it.
    fn count_first(&mut self, line: &mut Line<'_>) -> Result<(), Error> {
        let outcome = self.with_counter(line, Counter::first)?;
        match (outcome, line.front()) {
            (Some(Outcome::Counted(tallies)), Some(chunk)) => {
                self.segments.add(&chunk.text, chunk.start, &tallies);
                line.pop_front();
                Ok(())
            }
            _ => self.with_counter(line, |counter, line, _| {
                forget(line);
                if counter.grow()? || halve(line) {
                    return Ok(());
                }
                let reason = "it finds more words than one in a single word";
                Err(counter.device.give_up_adapter(reason))
            }),
        }
    }

    /// Counts all that is in the line.
    fn drain(&mut self, line: &mut Line<'_>) -> Result<(), Error> {
        while !line.is_empty() {
            self.count_first(line)?;
        }
        Ok(())
    }

    /// Does `job` with a counter for the chunks. Where that loses the device, once more on a fresh one: what was
    /// taken so far is right, and what is in the line is counted from the start.
    fn with_counter<'t, T>(
        &mut self,
        line: &mut Line<'t>,
        job: impl Fn(&mut Counter, &mut Line<'t>, &mut Pace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let longest = line.iter().map(|chunk| chunk.text.len()).max().unwrap_or(0);
        let present = self.counter.as_ref().filter(|counter| counter.holds(longest));
        let own = present.map(|counter| Arc::clone(&counter.device));
        let adapter = Arc::clone(&self.adapter);
        adapter.with_device(own, |device| {
            let done = self.attempt(device, longest, line, &job);
            self.counter = self.counter.take().filter(|_| done.is_ok());
            done
        })
    }

    /// Does `job` on a device.
    fn attempt<'t, T>(
        &mut self,
        device: &Arc<Device>,
        longest: usize,
        line: &mut Line<'t>,
        job: impl Fn(&mut Counter, &mut Line<'t>, &mut Pace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let counter = match self.counter.take().filter(|counter| counter.holds(longest)) {
            Some(counter) => counter,
            None => {
                forget(line);
                Counter::new(Arc::clone(device), longest.next_power_of_two().max(LEAST))?
            }
        };
        job(self.counter.insert(counter), line, &mut self.pace)
    }

    /// Starts afresh after an error.
    fn settled<T>(&mut self, result: Result<T, Error>) -> Result<(), Error> {
        if result.is_err() {
            self.restart();
        }
        result.map(drop)
    }

    fn restart(&mut self) {
        self.segments = Segments::default();
        self.start = 0;
    }
}

/// The end of the next chunk of at most `longest` bytes, and whether it is a single word, which is longer.
fn next_chunk(text: &[u8], longest: usize) -> (usize, bool) {
    if text.len() <= longest {
        return (text.len(), false);
    }
    match text::last_border(&text[..longest]) {
        0 => (text::next_border(text, longest), true),
        border => (border, false),
    }
}

/// Gives `add` the pieces in lots, larger pieces alone: the first of at most `most` bytes, each other one of what
/// it gave for the one before.
fn gather(
    pieces: &dyn Pieces,
    mut most: usize,
    mut add: impl FnMut(Vec<u8>) -> Result<usize, Error>,
) -> Result<(), Error> {
    let (mut piece, mut gathered) = (Vec::new(), Vec::new());
    while pieces.next(&mut piece).is_some() {
        if !gathered.is_empty() && gathered.len() + piece.len() > most {
            most = add(mem::take(&mut gathered))?;
        }
        gathered.extend_from_slice(&piece);
    }
    add(gathered).map(drop)
}

impl WordCount for GpuWordCount {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        let mut line = Line::new();
        let pushed = self.push(&mut line, Cow::Borrowed(piece));
        let added = pushed.and_then(|_| self.drain(&mut line));
        self.settled(added)
    }

    fn add_pieces(&mut self, pieces: &dyn Pieces) -> Result<(), Error> {
        let mut line = Line::new();
        let first = self.pace.budget() as usize;
        let pushed = gather(pieces, first, |lot| self.push(&mut line, Cow::Owned(lot)));
        let added = pushed.and_then(|()| self.drain(&mut line));
        self.settled(added)
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        let counts = self.segments.take();
        self.restart();
        counts
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Pieces of these lengths, of which each holds its number.
    struct Numbered(Mutex<Vec<usize>>);

    impl Pieces for Numbered {
        fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
            let mut lengths = self.0.lock().expect("no panic");
            let length = lengths.pop()?;
            *piece = vec![lengths.len() as u8; length];
            Some(0)
        }
    }

    #[test]
    fn pieces_are_gathered_to_lots() {
        let pieces = Numbered(Mutex::new(vec![1, 9, 3, 3, 3, 3, 3]));
        let mut lots = Vec::new();
        let added = gather(&pieces, 6, |lot| {
            lots.push(lot);
            Ok(6)
        });
        assert_eq!(added, Ok(()));
        let lengths: Vec<_> = lots.iter().map(Vec::len).collect();
        assert_eq!(lengths, [6, 6, 3, 9, 1]);
        assert!(lots.concat().is_sorted_by(|a, b| a >= b), "in their order");
    }

    #[test]
    fn a_lot_that_fails_is_the_last() {
        let pieces = Numbered(Mutex::new(vec![3; 5]));
        let failed = gather(&pieces, 6, |_| Err(Error::InvalidUtf8 { offset: 0 }));
        assert_eq!(failed, Err(Error::InvalidUtf8 { offset: 0 }));
        assert_eq!(pieces.0.lock().expect("no panic").len(), 2);
    }

    #[test]
    fn a_chunk_ends_between_two_words() {
        let text = b"to be Abcdefghijkl or";
        assert_eq!(next_chunk(text, 8), (6, false));
        assert_eq!(next_chunk(&text[6..], 8), (12, true), "a word longer than a chunk");
        assert_eq!(next_chunk(&text[18..], 8), (3, false));
    }

    #[test]
    fn a_table_has_to_fit_into_a_buffer() {
        let mut counter = GpuWordCount::new(Arc::default());
        assert_eq!(counter.length(u64::MAX), FIRST as usize);
        assert_eq!(counter.length(5 * TABLE), 4);
        counter.longest = 8;
        assert_eq!(counter.length(u64::MAX), 8);
    }
}
