//! Word-frequency count.

use std::sync::Arc;

use kernels_core::{Counts, Error, Executor, WordCount, WordCountOptions, text};

use crate::Level;

/// The counter for `level`, its units run by `executor`.
pub(crate) fn build(
    _level: Level,
    _options: &WordCountOptions,
    executor: Arc<dyn Executor>,
) -> Box<dyn WordCount> {
    Box::new(Counter { counts: Counts::new(), offset: 0, executor })
}

struct Counter {
    counts: Counts,
    offset: u64,
    executor: Arc<dyn Executor>,
}

impl WordCount for Counter {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        let valid = text::validate(piece, self.offset).inspect_err(|_| {
            (self.counts, self.offset) = (Counts::new(), 0);
        })?;
        for (at, word) in text::words(valid) {
            self.counts.add(&text::lower(word), 1, self.offset + at as u64);
        }
        self.offset += piece.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        self.offset = 0;
        Ok(std::mem::take(&mut self.counts))
    }

    fn executor(&self) -> &dyn Executor {
        &*self.executor
    }
}
