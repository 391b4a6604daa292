//! Finishing raw segments: the Unicode half of splitting and lower-casing, once per distinct segment.

use std::borrow::Cow;

use super::Run;
use crate::{Error, text};

/// Takes the segments out of `run` that Unicode splits or lower-cases, and gives the words they become,
/// which may be there more than once, in other runs too.
///
/// Validity is checked here, once per distinct segment: a text is UTF-8 if its segments are, since
/// the separators are ASCII. The least offset of an error in any segment is that in the text.
pub(super) fn finish(run: &mut Run) -> Result<Run, Error> {
    let mut changed = Run::default();
    let mut least: Option<u64> = None;
    for entry in run.not_ascii() {
        if let Err(offset) = finish_entry(run, entry, &mut changed) {
            least = Some(least.map_or(offset, |least| least.min(offset)));
        }
    }
    least.map_or(Ok(changed), |offset| Err(Error::InvalidUtf8 { offset }))
}

/// The offset of the error where the segment is not UTF-8.
fn finish_entry(run: &mut Run, entry: usize, changed: &mut Run) -> Result<(), u64> {
    let (count, first) = (run.count(entry), run.first(entry));
    let segment =
        std::str::from_utf8(run.word(entry)).map_err(|error| first + error.valid_up_to() as u64)?;
    match text::single_word(segment) {
        Some(Cow::Borrowed(_)) => return Ok(()),
        Some(Cow::Owned(word)) => changed.push(word.as_bytes(), count, first),
        None => {
            for (offset, word) in text::words(segment) {
                changed.push(text::lower(word).as_bytes(), count, first + offset as u64);
            }
        }
    }
    run.set_count(entry, 0);
    Ok(())
}
