//! A word count that is obviously right: split, lower-case, look up, one word after another.

use std::collections::HashMap;

use kernels_core::{Counts, text};

/// The counts of a whole text.
pub(super) fn count(whole: &str) -> Counts {
    let mut words: HashMap<String, (u64, u64)> = HashMap::new();
    for (offset, word) in split(whole) {
        let (count, _) = words.entry(word.to_lowercase()).or_insert((0, offset as u64));
        *count += 1;
    }
    let mut counts = Counts::new();
    for (word, (count, first)) in &words {
        counts.add(word, *count, *first);
    }
    counts
}

/// The words with their offsets. Not [`text::words`], which the backends use.
fn split(whole: &str) -> Vec<(usize, &str)> {
    let splits = |c: char| text::DELIMITERS.contains(c) || text::is_space(c);
    let mut words = Vec::new();
    let mut start = None;
    for (offset, c) in whole.char_indices() {
        match start {
            None if !splits(c) => start = Some(offset),
            Some(begin) if splits(c) => {
                words.push((begin, &whole[begin..offset]));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|begin| (begin, &whole[begin..])));
    words
}
