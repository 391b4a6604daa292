//! Two tables on a device, and the chunks of a text on their way through them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use kernels_core::{Error, text};

use super::table::{self, Outcome, Pipelines, Running, Table};
use crate::device::Device;
use crate::device::stream::{Pace, TARGET};

/// By how much a table grows.
const GROWTH: u32 = 4;

/// How many chunks are on the device at once: while one is counted, another is uploaded or taken.
pub(super) const TOGETHER: usize = 2;

/// A part of a text that begins and ends between two words.
#[derive(Debug)]
pub(super) struct Chunk<'t> {
    pub(super) text: Cow<'t, [u8]>,
    /// Where it begins in the whole text.
    pub(super) start: u64,
    /// What the device does with it, and since when.
    running: Option<(Running, usize, Instant)>,
}

impl<'t> Chunk<'t> {
    /// A part that begins there.
    pub(super) fn new(text: Cow<'t, [u8]>, start: u64) -> Self {
        Self { text, start, running: None }
    }
}

/// Chunks that are not counted yet, in the order of the text.
pub(super) type Line<'t> = VecDeque<Chunk<'t>>;

/// Forgets what the device does with the chunks: they are counted from the start.
pub(super) fn forget(line: &mut Line<'_>) {
    line.iter_mut().for_each(|chunk| chunk.running = None);
}

/// Cuts the first chunk in two, unless it is a single word.
pub(super) fn halve(line: &mut Line<'_>) -> bool {
    let Some(chunk) = line.front_mut() else { return false };
    let Some(middle) = middle(&chunk.text) else { return false };
    let (behind, start) = (chunk.text[middle..].to_vec(), chunk.start + middle as u64);
    chunk.text = Cow::Owned(chunk.text[..middle].to_vec());
    line.insert(1, Chunk::new(Cow::Owned(behind), start));
    true
}

/// The border next to the middle, behind it where there is one: neither part is empty.
fn middle(chunk: &[u8]) -> Option<usize> {
    let half = chunk.len() / 2;
    let behind = text::next_border(chunk, half.max(1));
    let border = if behind < chunk.len() { behind } else { text::last_border(&chunk[..half]) };
    (border > 0).then_some(border)
}

/// Two tables on a device: one counts while the other is filled or taken.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) device: Arc<Device>,
    pipelines: Pipelines,
    tables: [Table; TOGETHER],
    /// Which table is the next.
    turn: usize,
    /// When the device was done with the last chunk, where that is known.
    done: Option<Instant>,
    longest: usize,
    slots: u32,
}

impl Counter {
    /// Tables for chunks of so many bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Device`].
    pub(super) fn new(device: Arc<Device>, longest: usize) -> Result<Self, Error> {
        let pipelines = Pipelines::new(&device)?;
        let slots = table::usual_slots(longest);
        let tables = tables(&device, &pipelines, longest, slots)?;
        Ok(Self { device, pipelines, tables, turn: 0, done: None, longest, slots })
    }

    /// Whether its tables take chunks of so many bytes and its device is in order.
    pub(super) fn holds(&self, bytes: usize) -> bool {
        bytes <= self.longest && !self.device.is_lost()
    }

    /// Takes larger tables, and tells whether there are any.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn grow(&mut self) -> Result<bool, Error> {
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

    /// Hands the first chunks to the device, as many as it has tables for.
    pub(super) fn start(&mut self, line: &mut Line<'_>) {
        for chunk in line.iter_mut().take(TOGETHER).filter(|chunk| chunk.running.is_none()) {
            let since = Instant::now();
            let table = &self.tables[self.turn];
            let running = table.start(&self.device, &self.pipelines, &chunk.text);
            chunk.running = Some((running, self.turn, since));
            self.turn = (self.turn + 1) % TOGETHER;
        }
    }

    /// Hands chunks to the device and waits for what it makes of the first one; none of no chunk. `pace` learns
    /// how long that took.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn first(
        &mut self,
        line: &mut Line<'_>,
        pace: &mut Pace,
    ) -> Result<Option<Outcome>, Error> {
        self.start(line);
        let Some(chunk) = line.front_mut() else { return Ok(None) };
        let Some((running, table, since)) = chunk.running.take() else { return Ok(None) };
        let asked = Instant::now();
        let (outcome, took) = self.tables[table].take(&self.device, running, &chunk.text)?;
        match took {
            Some(took) => pace.learn(chunk.text.len() as u64, took),
            None => self.learn(chunk.text.len(), since, asked, pace),
        }
        Ok(Some(outcome))
    }

    /// A chunk that was handed over at `since` is done, for which the host has waited since it `asked`: what is
    /// known of the time that a device without a clock took.
    fn learn(&mut self, bytes: usize, since: Instant, asked: Instant, pace: &mut Pace) {
        let now = Instant::now();
        let took = now - self.done.take().map_or(since, |done| done.max(since));
        // Where the device was done before somebody asked, it took less than that.
        let is_exact = now - asked > took / 4;
        if is_exact || took < TARGET {
            pace.learn(bytes as u64, took);
        }
        self.done = is_exact.then_some(now);
    }
}

fn tables(
    device: &Device,
    pipelines: &Pipelines,
    bytes: usize,
    slots: u32,
) -> Result<[Table; TOGETHER], Error> {
    let table = || Table::new(device, pipelines, bytes, slots);
    Ok([table()?, table()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_a_border_that_parts_something() {
        assert_eq!(middle(b"one two"), Some(3));
        assert_eq!(middle(b" one"), Some(1), "in front of a word that goes on to the end");
        assert_eq!(middle(b"a b c dddddddddddd"), Some(6));
        assert_eq!(middle(b"dddddddddddd a b c"), Some(12));
        assert_eq!([middle(b"one"), middle(b"o"), middle(b" ")], [None; 3]);
    }

    fn line(text: &[u8]) -> Line<'_> {
        Line::from([Chunk::new(text.into(), 7)])
    }

    #[test]
    fn a_chunk_is_halved_between_words() {
        let mut line = line(b"one two six ");
        line.push_back(Chunk::new(b"ten"[..].into(), 19));
        assert!(halve(&mut line));
        let parts: Vec<_> = line.iter().map(|chunk| (&*chunk.text, chunk.start)).collect();
        assert_eq!(parts, [(&b"one two"[..], 7), (b" six ", 14), (b"ten", 19)]);
    }

    #[test]
    fn halving_comes_to_single_words() {
        for text in [&b"a b c dddddddddddd"[..], b"dddddddddddd a b c", b"  a  bb", b"a "] {
            let mut line = line(text);
            while let Some(chunk) = line.front() {
                assert!(!chunk.text.is_empty(), "an empty chunk of {text:?}");
                if !halve(&mut line) {
                    let last = line.pop_front().unwrap();
                    let word = last.text.trim_ascii();
                    assert!(!word.contains(&b' '), "{word:?}");
                }
            }
        }
    }
}
