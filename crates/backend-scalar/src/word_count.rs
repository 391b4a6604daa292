//! Word count in plain Rust: a text is cut into one chunk per thread, each is counted by itself.
//!
//! Cost: [`scan`] reads each byte once and looks each word up once; [`replace`] copies the text 26 times;
//! [`regex`] runs an automaton over it. Error: none.
//! Literature: the word-count programs of the Python HPC lesson whose semantics are in
//! [`kernels_core::text`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernels_core::phase::{self, Phase};
use kernels_core::{Counts, Error, Executor, Pieces, WordCount, WordCountAlgorithm, text};

mod regex;
mod replace;
mod scan;

/// A counter of the given algorithm.
pub(crate) fn build(
    algorithm: WordCountAlgorithm,
    executor: Arc<dyn Executor>,
) -> Box<dyn WordCount> {
    match algorithm {
        WordCountAlgorithm::Scan => Box::new(Chunked::<scan::Segments>::new(executor)),
        WordCountAlgorithm::Replace => Box::new(Chunked::<replace::Words>::new(executor)),
        WordCountAlgorithm::Regex => Box::new(Chunked::<regex::Words>::new(executor)),
    }
}

/// What one thread has counted so far.
trait Partial: Default + Send {
    /// Counts `chunk`, which begins at `start` of the whole text.
    fn add(&mut self, chunk: &str, start: u64);

    /// The counts of all partials together.
    fn finish(partials: Vec<Self>, executor: &dyn Executor) -> Result<Counts, Error>;
}

/// Cuts each piece of the text into chunks, one for each thread, and gives each its own partial.
#[derive(Debug)]
struct Chunked<P> {
    partials: Vec<Mutex<P>>,
    executor: Arc<dyn Executor>,
    /// How many bytes were added.
    bytes: u64,
}

impl<P: Partial> Chunked<P> {
    fn new(executor: Arc<dyn Executor>) -> Self {
        let partials = fresh(executor.threads());
        Self { partials, executor, bytes: 0 }
    }

    /// Counts every chunk. Of several invalid ones the first is reported.
    fn add_chunks(&self, piece: &[u8]) -> Result<(), Error> {
        let cuts = cut(piece, self.partials.len());
        let outcomes: Vec<_> = self.partials.iter().map(|_| Mutex::new(Ok(()))).collect();
        self.executor.run(self.partials.len(), &|i| {
            let start = self.bytes + cuts[i] as u64;
            let chunk = &piece[cuts[i]..cuts[i + 1]];
            let outcome = phase::within(Phase::Validate, || text::validate(chunk, start));
            let counted = outcome.map(|chunk| lock(&self.partials[i]).add(chunk, start));
            *lock(&outcomes[i]) = counted;
        });
        outcomes.into_iter().try_for_each(into_inner)
    }

    fn take(&mut self) -> Vec<P> {
        self.bytes = 0;
        let used = std::mem::replace(&mut self.partials, fresh(self.executor.threads()));
        used.into_iter().map(into_inner).collect()
    }
}

impl<P: Partial> WordCount for Chunked<P> {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        let added = self.add_chunks(piece);
        if added.is_err() {
            self.take();
            return added;
        }
        self.bytes += piece.len() as u64;
        Ok(())
    }

    fn add_pieces(&mut self, pieces: &dyn Pieces) -> Result<(), Error> {
        let (base, end) = (self.bytes, AtomicU64::new(self.bytes));
        let invalid = AtomicU64::new(u64::MAX);
        self.executor.run(self.partials.len(), &|unit| {
            let mut partial = lock(&self.partials[unit]);
            let mut piece = Vec::new();
            // Each piece that was taken is checked, so the least offset is found.
            while invalid.load(Ordering::Relaxed) == u64::MAX
                && let Some(start) = pieces.next(&mut piece)
            {
                let start = base + start;
                match phase::within(Phase::Validate, || std::str::from_utf8(&piece)) {
                    Ok(piece) => partial.add(piece, start),
                    Err(error) => {
                        invalid.fetch_min(start + error.valid_up_to() as u64, Ordering::Relaxed);
                    }
                }
                end.fetch_max(start + piece.len() as u64, Ordering::Relaxed);
            }
        });
        self.bytes = end.into_inner();
        match invalid.into_inner() {
            u64::MAX => Ok(()),
            offset => {
                self.take();
                Err(Error::InvalidUtf8 { offset })
            }
        }
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        let partials = self.take();
        P::finish(partials, &*self.executor)
    }

    fn executor(&self) -> &dyn Executor {
        &*self.executor
    }
}

/// The borders of `chunks` chunks of about equal length that cut no word, from 0 to the length.
fn cut(piece: &[u8], chunks: usize) -> Vec<usize> {
    (0..=chunks)
        .map(|chunk| match chunk {
            0 => 0,
            _ => text::next_border(piece, piece.len() / chunks * chunk + piece.len() % chunks),
        })
        .collect()
}

fn fresh<P: Default>(partials: usize) -> Vec<Mutex<P>> {
    (0..partials).map(|_| Mutex::default()).collect()
}

/// Each mutex is locked by one unit only. Where a unit panicked the executor passes the panic on, so a
/// poisoned one is met only by a caller who caught it and went on.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_the_piece_and_cut_no_word() {
        let piece = b"one two three four five";
        for chunks in 1..30 {
            let cuts = cut(piece, chunks);
            assert_eq!((cuts[0], cuts[chunks], cuts.len()), (0, piece.len(), chunks + 1));
            assert!(cuts.is_sorted());
            let inner = cuts[1..chunks].iter().filter(|&&at| at < piece.len());
            assert!(inner.into_iter().all(|&at| piece[at] == b' '), "{cuts:?}");
        }
    }
}
