//! Finishing raw segments: the Unicode half of splitting and lower-casing, once per distinct segment.

use std::borrow::Cow;

use super::{Run, Seed};
use crate::{Error, text};

/// What finishing the segments of a run has left besides the run itself.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// Second and later words of segments that hold Unicode spaces.
    pub(super) split: Run,
    /// Hashes of the words of ASCII alone that came of segments with other bytes: a segment elsewhere
    /// may hold the same word.
    pub(super) ascii: Vec<u64>,
}

/// Splits and lower-cases the segments of `run` that are not ASCII, in place.
///
/// Validity is checked here, once per distinct segment: a text is UTF-8 if its segments are, since
/// the separators are ASCII. The least offset of an error in any segment is that in the text.
pub(super) fn finish(run: &mut Run) -> Result<Finished, Error> {
    let mut finished = Finished::default();
    let mut least: Option<u64> = None;
    for entry in 0..run.len() {
        if run.is_ascii(entry) {
            continue;
        }
        if let Err(offset) = finish_entry(run, entry, &mut finished) {
            least = Some(least.map_or(offset, |least| least.min(offset)));
        }
    }
    run.drop_empty();
    least.map_or(Ok(finished), |offset| Err(Error::InvalidUtf8 { offset }))
}

/// The offset of the error where the segment is not UTF-8.
fn finish_entry(run: &mut Run, entry: usize, finished: &mut Finished) -> Result<(), u64> {
    let (count, first) = (run.count(entry), run.first(entry));
    let segment =
        std::str::from_utf8(run.word(entry)).map_err(|error| first + error.valid_up_to() as u64)?;
    let words = match text::single_word(segment) {
        Some(Cow::Borrowed(_)) => return Ok(()),
        Some(Cow::Owned(word)) => vec![(first, word)],
        None => text::words(segment)
            .map(|(offset, word)| (first + offset as u64, text::lower(word).into_owned()))
            .collect(),
    };
    let ascii = words.iter().filter(|(_, word)| word.is_ascii());
    finished.ascii.extend(ascii.map(|(_, word)| Seed::of_process().hash(word.as_bytes())));
    let mut words = words.iter().map(|(first, word)| (word.as_bytes(), *first));
    match words.next() {
        None => run.set_count(entry, 0),
        Some((word, first)) => run.replace(entry, word, first),
    }
    words.for_each(|(word, first)| finished.split.push(word, count, first));
    Ok(())
}
