//! Counting a text: every thread reads a piece and counts it, while it is still in its cache.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use perf_kernels::{Counts, Error, Pieces, WordCount};
use tracing::info_span;

use crate::failure::FileError;
use crate::progress::Progress;
use crate::readers::text::Text;

/// The pieces of all threads together, where memory is to be kept small.
const STREAMED: usize = 32 << 20;

/// A text that has been counted.
pub(crate) struct Counted {
    pub(crate) counts: Counts,
    pub(crate) bytes: u64,
    /// The time spent reading, the mean of the threads.
    pub(crate) read: Duration,
    pub(crate) count: Duration,
}

/// Counts the text, of so many `bytes` where that is known.
pub(crate) fn count(
    mut text: Text,
    bytes: Option<u64>,
    counter: &mut dyn WordCount,
    stream: bool,
    progress: &mut Progress,
) -> anyhow::Result<Counted> {
    let start = Instant::now();
    let threads = counter.executor().threads();
    if stream {
        text.limit_pieces(STREAMED / threads);
    }
    let reading = Reading { text, progress, time: Duration::ZERO, failure: None };
    let pieces = InTurn { reading: Mutex::new(reading), bytes };
    let added = info_span!("tokenise + count").in_scope(|| counter.add_pieces(&pieces));
    let reading = pieces.reading.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Finished even where the reading failed: what comes first in the text is told.
    let counts = added.and_then(|()| info_span!("finish").in_scope(|| counter.finish()));
    let counts = counts.or_else(|error| named(error, &reading.text))?;
    reading.failure.map_or(Ok(()), Err)?;
    let read = reading.time / u32::try_from(threads)?;
    let count = start.elapsed().saturating_sub(read);
    Ok(Counted { counts, bytes: reading.text.position(), read, count })
}

/// The text as one thread after the other reads it.
struct InTurn<'a> {
    reading: Mutex<Reading<'a>>,
    /// The size of the whole text, where it can be told.
    bytes: Option<u64>,
}

struct Reading<'a> {
    text: Text,
    progress: &'a mut Progress,
    time: Duration,
    /// Why there is no more to read.
    failure: Option<FileError>,
}

impl Pieces for InTurn<'_> {
    fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
        let mut reading = self.lock();
        if reading.failure.is_some() {
            return None;
        }
        let start = Instant::now();
        let offset = reading.text.position();
        let more = info_span!("read").in_scope(|| reading.text.read(piece));
        reading.time += start.elapsed();
        reading.progress.at(offset);
        match more {
            Ok(more) => more.then_some(offset),
            Err(failure) => {
                reading.failure = Some(failure);
                None
            }
        }
    }

    fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

impl<'a> InTurn<'a> {
    fn lock(&self) -> MutexGuard<'_, Reading<'a>> {
        // Where a thread has panicked the whole count fails by it.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error with the name of the file and the offset in it, where it tells one of the whole text.
fn named<T>(error: Error, text: &Text) -> anyhow::Result<T> {
    match error {
        Error::InvalidUtf8 { offset } => {
            let (name, offset) = text.locate(offset);
            Err(Error::InvalidUtf8 { offset }).context(name.to_owned())
        }
        other => Err(other.into()),
    }
}
