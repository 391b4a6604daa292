//! Word count on the device: exact, the counts of every other backend.
//!
//! The text goes to the device in chunks that end between two words. There it is split at ASCII
//! separators, and the segments, their ASCII letters lower-cased, are counted in a hash table that
//! holds places in the text instead of words (`shaders/word_count.wgsl`). The host takes the distinct
//! segments of each chunk, adds them up in 64 bits, and at the end treats those with other bytes the
//! Unicode way. While the device counts one chunk, the host uploads the next and takes the last; pieces
//! that come one by one are gathered for that.
//!
//! Cost: O(bytes) on the device, O(distinct words) a chunk on the host. Error: none.
//! Segments above [`crate::shaders::LONGEST`] bytes and what a full table does not take are added up on
//! the host. Where too much is left, the table grows and the chunk is counted again; where the adapter
//! has no room for a larger one, the chunk is cut in two. A single word longer than a chunk never gets
//! to the device.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kernels_core::{Counts, Error, Pieces, WordCount, text};

use crate::device::Device;
use crate::device::adapter::Adapter;

mod table;

use table::{Outcome, Pipelines, Running, Table, Tally};

/// The bytes of a chunk on a real GPU: long enough to pay for taking the words of it.
const CHUNK: usize = 32 << 20;

/// The bytes of a chunk on a processor, which counts ten of them a second.
const SOFTWARE_CHUNK: usize = 1 << 20;

/// How many chunks are gathered before they are counted: while the device counts one, the other is uploaded.
const TOGETHER: usize = 2;

/// The bytes that a table has room for at least, so that a few more do not need another one.
const LEAST: usize = 1 << 16;

/// The bytes of the largest table for each byte of a chunk: half as many slots of 12 bytes.
const TABLE: u64 = 8;

/// By how much a table grows.
const GROWTH: u32 = 4;

/// The word counter of a GPU.
#[derive(Debug)]
pub(crate) struct GpuWordCount {
    adapter: Arc<Adapter>,
    chunk: usize,
    counter: Option<Counter>,
    segments: Segments,
    /// The bytes of the text so far.
    start: u64,
}

impl GpuWordCount {
    /// A counter of nothing so far.
    pub(crate) fn new(adapter: Arc<Adapter>, software: bool) -> Self {
        let chunk = if software { SOFTWARE_CHUNK } else { CHUNK };
        Self { adapter, chunk, counter: None, segments: Segments::default(), start: 0 }
    }

    fn try_add(&mut self, piece: &[u8]) -> Result<(), Error> {
        if piece.is_empty() {
            return Ok(());
        }
        if simdutf8::basic::from_utf8(piece).is_err() {
            text::validate(piece, self.start)?;
        }
        let device = self.adapter.device()?;
        let mut chunks = self.chunks(piece, device.limits().max_storage_buffer_binding_size);
        let mut counted = self.count(piece, &mut chunks);
        let again = |counter: Counter| counter.device.may_be_replaced();
        if counted.is_err() && self.counter.take().is_some_and(again) {
            // What was taken so far is right; the rest of the chunks is counted on a fresh device.
            counted = self.count(piece, &mut chunks);
        }
        self.start += piece.len() as u64;
        counted
    }

    /// The borders of chunks, each of which ends between two words, such that the largest table for one
    /// fits into a buffer of `limit` bytes. A word that is longer is counted at once.
    fn chunks(&mut self, piece: &[u8], limit: u64) -> VecDeque<(usize, usize)> {
        let fitting = 1_u64 << (limit / TABLE).max(1).ilog2();
        let longest = usize::try_from(fitting).map_or(self.chunk, |most| most.min(self.chunk));
        let mut chunks = VecDeque::new();
        let mut from = 0;
        while piece.len() - from > longest {
            let words = text::last_border(&piece[from..from + longest]);
            if words > 0 {
                chunks.push_back((from, from + words));
                from += words;
            } else {
                let behind = text::next_border(piece, from + longest);
                self.segments.add_one(
                    &piece[from..behind].to_ascii_lowercase(),
                    1,
                    self.start + from as u64,
                );
                from = behind;
            }
        }
        if from < piece.len() {
            chunks.push_back((from, piece.len()));
        }
        chunks
    }

    /// Counts chunks, taking each from the list when its words are added up.
    fn count(&mut self, piece: &[u8], chunks: &mut VecDeque<(usize, usize)>) -> Result<(), Error> {
        let Some(longest) = chunks.iter().map(|(from, to)| to - from).max() else {
            return Ok(());
        };
        let counter = match self.counter.take().filter(|counter| counter.holds(longest)) {
            Some(counter) => counter,
            None => Counter::new(self.adapter.device()?, longest.next_power_of_two().max(LEAST))?,
        };
        let counter = self.counter.insert(counter);
        let mut running: Option<Running> = None;
        let mut turn = 0;
        while let Some(&(from, to)) = chunks.front() {
            let chunk = &piece[from..to];
            let current = running.take().unwrap_or_else(|| counter.start(turn, chunk));
            let next = chunks.get(1).map(|&(from, to)| &piece[from..to]);
            running = next.map(|next| counter.start(turn + 1, next));
            match counter.take(turn, current, chunk)? {
                Outcome::Counted(tallies) => {
                    self.segments.add(chunk, self.start + from as u64, &tallies);
                    chunks.pop_front();
                    turn += 1;
                }
                Outcome::Overflow => {
                    if let Some((running, next)) = running.take().zip(next) {
                        counter.take(turn + 1, running, next)?;
                    }
                    if !counter.grow()? && !halve(piece, chunks) {
                        let reason = "it finds more words than one in a single word";
                        return Err(counter.device.give_up(reason));
                    }
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.segments = Segments::default();
        self.start = 0;
    }
}

/// Gives `add` the pieces in lots of at most `most` bytes, larger pieces alone.
fn gather(
    pieces: &dyn Pieces,
    most: usize,
    mut add: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut piece, mut gathered) = (Vec::new(), Vec::new());
    while pieces.next(&mut piece).is_some() {
        if gathered.len() + piece.len() > most {
            add(&gathered)?;
            gathered.clear();
        }
        gathered.extend_from_slice(&piece);
    }
    add(&gathered)
}

/// Cuts the first chunk in two, unless it is a single word.
fn halve(piece: &[u8], chunks: &mut VecDeque<(usize, usize)>) -> bool {
    let middle = chunks.front().and_then(|&(from, to)| middle(&piece[from..to]));
    let Some((middle, (from, to))) = middle.zip(chunks.front().copied()) else { return false };
    chunks[0] = (from + middle, to);
    chunks.push_front((from, from + middle));
    true
}

/// The border next to the middle, behind it where there is one: neither part is empty.
fn middle(chunk: &[u8]) -> Option<usize> {
    let half = chunk.len() / 2;
    let behind = text::next_border(chunk, half.max(1));
    let border = if behind < chunk.len() { behind } else { text::last_border(&chunk[..half]) };
    (border > 0).then_some(border)
}

impl WordCount for GpuWordCount {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        let added = self.try_add(piece);
        if added.is_err() {
            self.restart();
        }
        added
    }

    fn add_pieces(&mut self, pieces: &dyn Pieces) -> Result<(), Error> {
        gather(pieces, TOGETHER * self.chunk, |gathered| self.add(gathered))
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        let counts = self.segments.counts();
        self.restart();
        counts
    }
}

/// Two tables on a device: one counts while the other is filled or taken.
#[derive(Debug)]
struct Counter {
    device: Arc<Device>,
    pipelines: Pipelines,
    tables: [Table; 2],
    longest: usize,
    slots: u32,
}

impl Counter {
    fn new(device: Arc<Device>, longest: usize) -> Result<Self, Error> {
        let pipelines = Pipelines::new(&device)?;
        let slots = table::usual_slots(longest);
        let tables = tables(&device, &pipelines, longest, slots)?;
        Ok(Self { device, pipelines, tables, longest, slots })
    }

    fn holds(&self, bytes: usize) -> bool {
        bytes <= self.longest && !self.device.is_lost()
    }

    /// Takes larger tables, and tells whether there are any.
    fn grow(&mut self) -> Result<bool, Error> {
        let slots = table::most_slots(self.longest).min(self.slots.saturating_mul(GROWTH));
        if slots == self.slots {
            return Ok(false);
        }
        match tables(&self.device, &self.pipelines, self.longest, slots) {
            Ok(larger) => {
                (self.tables, self.slots) = (larger, slots);
                Ok(true)
            }
            // No room: smaller chunks do too.
            Err(_) => self.device.check().map(|()| false),
        }
    }

    fn start(&self, turn: usize, chunk: &[u8]) -> Running {
        self.tables[turn % 2].start(&self.device, &self.pipelines, chunk)
    }

    fn take(&self, turn: usize, running: Running, chunk: &[u8]) -> Result<Outcome, Error> {
        self.tables[turn % 2].take(&self.device, running, chunk)
    }
}

fn tables(
    device: &Device,
    pipelines: &Pipelines,
    bytes: usize,
    slots: u32,
) -> Result<[Table; 2], Error> {
    let table = || Table::new(device, pipelines, bytes, slots);
    Ok([table()?, table()?])
}

/// The segments of the text so far, with their number and least offset.
#[derive(Debug, Default)]
struct Segments {
    all: HashMap<Box<[u8]>, (u64, u64)>,
}

impl Segments {
    /// Adds what the device made of a chunk, which begins at `start` in the text.
    fn add(&mut self, chunk: &[u8], start: u64, tallies: &[Tally]) {
        let mut lowered = Vec::new();
        for tally in tallies {
            lower(segment(chunk, tally.place), &mut lowered);
            self.add_one(&lowered, u64::from(tally.count), start + u64::from(tally.first));
        }
    }

    fn add_one(&mut self, segment: &[u8], count: u64, first: u64) {
        if let Some(known) = self.all.get_mut(segment) {
            *known = (known.0 + count, known.1.min(first));
        } else {
            self.all.insert(segment.into(), (count, first));
        }
    }

    fn counts(&self) -> Result<Counts, Error> {
        Counts::from_segments(self.all.iter().map(|(segment, &(n, first))| (&**segment, n, first)))
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
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn the_middle_is_a_border_that_parts_something() {
        assert_eq!(middle(b"one two"), Some(3));
        assert_eq!(middle(b" one"), Some(1), "in front of a word that goes on to the end");
        assert_eq!(middle(b"a b c dddddddddddd"), Some(6));
        assert_eq!(middle(b"dddddddddddd a b c"), Some(12));
        assert_eq!([middle(b"one"), middle(b"o"), middle(b" ")], [None; 3]);
    }

    #[test]
    fn a_chunk_is_halved_between_words() {
        let mut chunks = VecDeque::from([(0, 11), (11, 12)]);
        assert!(halve(b"one two six ", &mut chunks));
        assert_eq!(chunks, [(0, 7), (7, 11), (11, 12)]);
    }

    #[test]
    fn halving_comes_to_single_words() {
        for text in [&b"a b c dddddddddddd"[..], b"dddddddddddd a b c", b"  a  bb", b"a "] {
            let mut chunks = VecDeque::from([(0, text.len())]);
            while let Some(&(from, to)) = chunks.front() {
                assert!(from < to, "an empty chunk of {text:?}");
                if !halve(text, &mut chunks) {
                    let word = text[from..to].trim_ascii();
                    assert!(!word.contains(&b' '), "{word:?}");
                    chunks.pop_front();
                }
            }
        }
    }

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
            lots.push(lot.to_vec());
            Ok(())
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

    fn sorted(segments: &Segments) -> Vec<(String, u64, u64)> {
        let counts = segments.counts().expect("UTF-8");
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
        assert_eq!(sorted(&segments), [("one".to_owned(), 2, 100), ("two".to_owned(), 2, 104)]);
    }

    #[test]
    fn counts_go_on_above_two_to_the_32() {
        let mut segments = Segments::default();
        let full = Tally { place: 0, count: u32::MAX, first: 0 };
        (0..3).for_each(|chunk| segments.add(b"a", chunk << 33, &[full]));
        assert_eq!(sorted(&segments), [("a".to_owned(), 3 * u64::from(u32::MAX), 0)]);
    }

    #[test]
    fn a_word_longer_than_a_chunk_is_counted_at_once() {
        let mut counter = GpuWordCount::new(Arc::default(), true);
        counter.chunk = 8;
        let chunks = counter.chunks(b"to be Abcdefghijkl or", u64::MAX);
        assert_eq!(chunks, [(0, 6), (18, 21)]);
        assert_eq!(sorted(&counter.segments), [("abcdefghijkl".to_owned(), 1, 6)]);
        let chunks = counter.chunks(b"to be or not", 4 * TABLE);
        assert_eq!(chunks, [(0, 3), (3, 6), (6, 9), (9, 12)], "a table has to fit into a buffer");
    }
}
