//! A word to be ranked as one number: `class | first offset | run | entry`, highest bits first.

use super::super::{Entry, Run, entry};

/// A word. Those of a class are in order of first appearance, the classes in order of falling count.
pub(super) type Item = u64;

/// The bits of a class, which is 0 of frequent words and [`CLASSES`] less their count of others.
const CLASS_BITS: u32 = 6;
pub(super) const CLASSES: u64 = (1 << CLASS_BITS) - 1;

/// How many bits each part of an item has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    entry_bits: u32,
    run_bits: u32,
    /// Those of the first offset that are kept.
    offset_bits: u32,
    /// How many low bits of the first offset are left out, in texts of many gigabytes.
    left_out: u32,
}

impl Layout {
    /// A layout for the words of these runs.
    pub(super) fn of(runs: &[Run]) -> Self {
        let bits = |numbers: u64| 64 - numbers.saturating_sub(1).leading_zeros();
        let entry_bits = bits(runs.iter().map(Run::len).max().unwrap_or_default() as u64);
        let run_bits = bits(runs.len() as u64);
        let latest = runs.iter().map(Run::latest).max().unwrap_or_default();
        let offset_bits = u64::BITS - latest.leading_zeros();
        let left_out = (CLASS_BITS + offset_bits + run_bits + entry_bits).saturating_sub(64);
        Self { entry_bits, run_bits, offset_bits: offset_bits.saturating_sub(left_out), left_out }
    }

    #[inline]
    pub(super) fn item(&self, word: &Entry, run: usize, entry: usize) -> Item {
        let class = CLASSES - entry::count(word).min(CLASSES);
        let offset = entry::first(word).unbounded_shr(self.left_out);
        let place = (run as u64) << self.entry_bits | entry as u64;
        (class << self.offset_bits | offset) << self.place_bits() | place
    }

    /// 0 of a frequent word, whose count the item does not tell.
    #[inline]
    pub(super) fn class(&self, item: Item) -> usize {
        (item >> (self.offset_bits + self.place_bits())) as usize
    }

    /// How many bits tell the first offset.
    pub(super) fn offset_bits(&self) -> u32 {
        self.offset_bits
    }

    /// How many bits tell run and entry.
    pub(super) fn place_bits(&self) -> u32 {
        self.run_bits + self.entry_bits
    }

    /// Number of the run and entry.
    #[inline]
    pub(super) fn place(&self, item: Item) -> (usize, usize) {
        let low = |item: u64, bits: u32| item & ((1 << bits) - 1);
        (low(item >> self.entry_bits, self.run_bits) as usize, low(item, self.entry_bits) as usize)
    }

    /// Class and what is there of the first offset.
    pub(super) fn offset(&self, item: Item) -> u64 {
        item >> self.place_bits()
    }

    /// Whether the item tells the whole first offset.
    pub(super) fn is_exact(&self) -> bool {
        self.left_out == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_in_order_of_count_then_offset_and_tell_the_place() {
        let mut run = Run::default();
        for (count, first) in [(1, 9), (62, 9), (2, 8), (63, 7), (1000, 8)] {
            run.push(b"word", count, first);
        }
        let runs = [Run::default(), run];
        let layout = Layout::of(&runs);
        let mut items: Vec<_> =
            (0..5).map(|entry| layout.item(&runs[1].entries()[entry], 1, entry)).collect();
        items.sort_unstable();
        let places: Vec<_> = items.iter().map(|item| layout.place(*item)).collect();
        assert_eq!(places, [(1, 3), (1, 4), (1, 1), (1, 2), (1, 0)]);
        let classes: Vec<_> = items.iter().map(|item| layout.class(*item)).collect();
        assert_eq!(classes, [0, 0, 1, 61, 62]);
    }

    #[test]
    fn offsets_that_do_not_fit_lose_their_lowest_bits() {
        let mut run = Run::default();
        run.push(b"word", 1, u64::MAX);
        run.push(b"next", 1, u64::MAX - 1);
        let runs = [run];
        let layout = Layout::of(&runs);
        let [word, next] = [0, 1].map(|entry| layout.item(&runs[0].entries()[entry], 0, entry));
        assert!(!layout.is_exact());
        assert_eq!(layout.offset(word), layout.offset(next));
        assert_eq!([word, next].map(|item| layout.place(item)), [(0, 0), (0, 1)]);
    }
}
