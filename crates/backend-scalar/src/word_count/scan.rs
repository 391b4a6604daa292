//! One pass over the bytes: find where a segment ends, lower-case it, look it up.
//!
//! The loop knows ASCII only. The few distinct segments that hold other bytes are split and lower-cased the
//! Unicode way when all is counted, by [`Counts::from_segments`].

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use kernels_core::{Counts, Error, text};

use super::Partial;

/// Every distinct segment between ASCII separators, ASCII letters lower-cased.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// The hash is seeded anew in every process.
    tallies: HashMap<Vec<u8>, Tally, RandomState>,
    /// The segment at hand, lower-cased.
    segment: Vec<u8>,
}

#[derive(Debug)]
struct Tally {
    count: u64,
    first: u64,
}

impl Segments {
    fn add_segment(&mut self, segment: &[u8], first: u64) {
        self.segment.clear();
        self.segment.extend(segment.iter().map(u8::to_ascii_lowercase));
        // A thread reads its text forwards, so the first offset is the least.
        let tally = self.tallies.entry_ref(&self.segment[..]).or_insert(Tally { count: 0, first });
        tally.count += 1;
    }
}

impl Partial for Segments {
    fn add(&mut self, chunk: &str, start: u64) {
        let bytes = chunk.as_bytes();
        let mut begin = 0;
        for segment in bytes.split(|&byte| text::is_separator(byte)) {
            if !segment.is_empty() {
                self.add_segment(segment, start + begin as u64);
            }
            begin += segment.len() + 1;
        }
    }

    fn finish(partials: Vec<Self>) -> Result<Counts, Error> {
        let segments = partials.iter().flat_map(|partial| &partial.tallies);
        Counts::from_segments(
            segments.map(|(segment, tally)| (&segment[..], tally.count, tally.first)),
        )
    }
}
