//! The lesson's first program: one pass over the text for each delimiter, which becomes a space; then
//! split at white space, lower-case each word, look it up.

use kernels_core::{Counts, Error, Executor, text};

use super::Partial;

/// The words counted so far.
#[derive(Debug, Default)]
pub(super) struct Words(pub(super) Counts);

impl Partial for Words {
    fn add(&mut self, chunk: &str, start: u64) {
        let mut spaced = chunk.to_owned();
        for delimiter in text::DELIMITERS.chars() {
            spaced = spaced.replace(delimiter, " ");
        }
        let mut offset = start;
        for word in spaced.split_inclusive(text::is_space) {
            let trimmed = word.trim_end_matches(text::is_space);
            if !trimmed.is_empty() {
                self.0.add(&text::lower(trimmed), 1, offset);
            }
            offset += word.len() as u64;
        }
    }

    fn finish(partials: Vec<Self>, _: &dyn Executor) -> Result<Counts, Error> {
        let merge = |mut all: Counts, part: Self| {
            all.merge(part.0);
            all
        };
        Ok(partials.into_iter().fold(Counts::new(), merge))
    }
}
