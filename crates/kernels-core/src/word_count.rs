//! Word-frequency count: how often each word of a text occurs. What a word is: [`crate::text`].
//!
//! A way to be exact and fast at once, which every backend but the lesson's own variants takes: split
//! on **ASCII** separators only, lower-case ASCII letters only, count these raw segments with the least
//! offset of each, and treat the few *distinct* segments that hold other bytes the Unicode way when
//! all is counted ([`Counts::from_segments`]). It works in chunks, threads and on a GPU alike, since
//! partial counts merge: addition of the counts, minimum of the offsets.
//!
//! Cost: O(bytes) + O(distinct words). Error: none, every backend gives equal counts.

use std::fmt;
use std::slice;
use std::sync::{Mutex, PoisonError};

use crate::{Counts, Error, Executor, Serial};

/// A word counter of one backend: add the pieces of a text, then take the counts.
///
/// ```
/// # use kernels_core::{Counts, Error, WordCount};
/// fn most_common(counter: &mut dyn WordCount, text: &str) -> Result<Option<String>, Error> {
///     let counts = counter.count(text.as_bytes())?;
///     Ok(counts.ranked(1).iter().next().map(|top| top.word.to_owned()))
/// }
/// ```
pub trait WordCount: Send {
    /// Counts `piece`, which continues the text added before.
    ///
    /// A border between two pieces must not cut a word: end every piece but the last behind an ASCII
    /// separator ([`crate::text::last_border`] finds one) or a Unicode space
    /// ([`crate::text::last_space`]). Pieces of a megabyte or more keep every backend busy.
    ///
    /// # Errors
    /// [`Error::InvalidUtf8`] with the offset from the start of the whole text, here or at the latest
    /// from [`WordCount::finish`], and of a GPU the errors of its device. After an error the counter
    /// starts afresh.
    fn add(&mut self, piece: &[u8]) -> Result<(), Error>;

    /// Counts pieces as [`WordCount::add`] does, each taken by whichever unit is free. So reading a
    /// piece and counting it are done by one thread, one after the other in its own cache, while other
    /// threads do the same.
    ///
    /// # Errors
    /// As [`WordCount::add`].
    fn add_pieces(&mut self, pieces: &dyn Pieces) -> Result<(), Error> {
        let mut piece = Vec::new();
        while pieces.next(&mut piece).is_some() {
            self.add(&piece)?;
        }
        Ok(())
    }

    /// The counts of everything added. The counter starts afresh.
    ///
    /// # Errors
    /// [`Error::InvalidUtf8`] with the least offset where [`WordCount::add`] has not checked, and of a
    /// GPU the errors of its device.
    fn finish(&mut self) -> Result<Counts, Error>;

    /// Counts one whole text.
    ///
    /// # Errors
    /// As [`WordCount::add`] and [`WordCount::finish`].
    fn count(&mut self, text: &[u8]) -> Result<Counts, Error> {
        self.add(text)?;
        self.finish()
    }

    /// What runs this counter's units; ranking and formatting the counts may use it too.
    fn executor(&self) -> &dyn Executor {
        &Serial
    }
}

/// The pieces of a text, for several threads to take one after the other.
///
/// ```
/// # use std::sync::Mutex;
/// # use kernels_core::Pieces;
/// struct Lines<'a>(Mutex<(std::str::Lines<'a>, u64)>);
///
/// impl Pieces for Lines<'_> {
///     fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
///         let (lines, offset) = &mut *self.0.lock().ok()?;
///         piece.clear();
///         piece.extend_from_slice(lines.next()?.as_bytes());
///         piece.push(b'\n');
///         let start = *offset;
///         *offset += piece.len() as u64;
///         Some(start)
///     }
/// }
/// ```
pub trait Pieces: Sync {
    /// Puts the next piece in the place of what `piece` holds, and gives its offset from the first
    /// piece's start; none at the end of the text. A piece ends as [`WordCount::add`] wants it, and is
    /// best small enough to stay in a second-level cache.
    fn next(&self, piece: &mut Vec<u8>) -> Option<u64>;

    /// How many bytes all pieces have together, where that is known beforehand. A hint: tables grow by it, the counts
    /// are right whatever it says.
    fn bytes(&self) -> Option<u64> {
        None
    }
}

/// The pieces of a text in memory, for threads to take in turn.
///
/// ```
/// # use kernels_core::{Counts, Error, InTurn, WordCount};
/// fn count_lines(counter: &mut dyn WordCount, lines: &[&[u8]]) -> Result<Counts, Error> {
///     counter.add_pieces(&InTurn::new(lines))?;
///     counter.finish()
/// }
/// ```
#[derive(Debug)]
pub struct InTurn<'a> {
    /// The pieces that nobody took yet, and the offset of the next one.
    left: Mutex<(slice::Iter<'a, &'a [u8]>, u64)>,
    bytes: u64,
}

impl<'a> InTurn<'a> {
    /// All of the pieces.
    #[must_use]
    pub fn new(pieces: &'a [&'a [u8]]) -> Self {
        let bytes = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { left: Mutex::new((pieces.iter(), 0)), bytes }
    }
}

impl Pieces for InTurn<'_> {
    fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
        let (pieces, end) = &mut *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        piece.clear();
        piece.extend_from_slice(pieces.next()?);
        let start = *end;
        *end += piece.len() as u64;
        Some(start)
    }

    fn bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }
}

/// What a word counter is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordCountOptions {
    /// How the text is split.
    pub algorithm: WordCountAlgorithm,
}

/// How a text is split into words. All give the same counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WordCountAlgorithm {
    /// One pass over the bytes.
    #[default]
    Scan,
    /// The lesson's first program: one pass over the text per delimiter, each replaced by a space.
    Replace,
    /// The lesson's second program: one regular expression, its range bug mended.
    Regex,
}

impl WordCountAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Scan, Self::Replace, Self::Regex];

    /// The word that selects it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Replace => "replace",
            Self::Regex => "regex",
        }
    }
}

impl fmt::Display for WordCountAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
