//! Splitting the items into ranges: each is found and given its place without a comparison.

use std::ops::Range;

use super::super::{Run, entry};
use super::item::{CLASSES, Item, Layout};

/// Items of a range, unless it becomes more than [`MOST_RANGES`].
const RANGE: usize = 1 << 8;

/// About as many ranges are there at most: a processor knows the places of so many pages at once.
const MOST_RANGES: usize = 1 << 11;

/// Entries that are looked at before the ranges are chosen.
const SAMPLES: usize = 1 << 12;

/// Entries that are looked at in turn for whether they hold words.
const CHUNK: usize = 1 << 10;

/// Where the items are cut: the frequent words are one range, those of another class lie in one or more, each
/// of a stretch of the text.
pub(super) struct Ranges {
    /// Of each class: how far an item is shifted, and what is added then, to give the number of its range.
    classes: [(u32, usize); CLASSES as usize + 1],
    pub(super) number: usize,
}

impl Ranges {
    /// Ranges of about [`RANGE`] words, as far as a sample tells, or few enough.
    pub(super) fn of(runs: &[Run], layout: &Layout) -> Self {
        let mut words = [0; CLASSES as usize + 1];
        let all: usize = runs.iter().map(Run::len).sum();
        let step = all.div_ceil(SAMPLES).max(1);
        for run in runs {
            for word in run.entries().iter().step_by(step).filter(|word| entry::count(word) > 0) {
                words[layout.class(layout.item(word, 0, 0))] += step;
            }
        }
        let size = RANGE.max(words.iter().sum::<usize>() / MOST_RANGES);
        let (mut classes, mut number) = ([(0, 0); CLASSES as usize + 1], 0_usize);
        for (class, (range, words)) in classes.iter_mut().zip(words).enumerate() {
            let bits = (words / size).next_power_of_two().ilog2();
            let bits = if class == 0 { 0 } else { bits.min(layout.offset_bits()) };
            let shift = layout.offset_bits() - bits + layout.place_bits();
            *range = (shift, number.wrapping_sub(class << bits));
            number += 1 << bits;
        }
        Self { classes, number }
    }

    #[inline]
    fn range(&self, layout: &Layout, item: Item) -> usize {
        let (shift, first) = self.classes[layout.class(item)];
        first.wrapping_add((item >> shift) as usize)
    }
}

/// The words of some entries as items.
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    /// How many belong to each range.
    pub(super) sizes: Vec<usize>,
    /// The sum of the counts.
    pub(super) total: u64,
}

impl Found {
    /// The words of at least `min_length` code points.
    pub(super) fn in_entries(
        runs: &[Run],
        layout: &Layout,
        (run, entries): (usize, Range<usize>),
        min_length: usize,
        ranges: &Ranges,
    ) -> Self {
        let (mut items, mut sizes, mut total) = (Vec::new(), vec![0; ranges.number], 0);
        let mut numbers = [0; CHUNK];
        for start in entries.clone().step_by(CHUNK) {
            let chunk = &runs[run].entries()[start..entries.end.min(start + CHUNK)];
            for &number in entry::taken(chunk, &mut numbers) {
                let (number, word) = (start + number as usize, &chunk[number as usize]);
                if runs[run].is_long(number, min_length) {
                    let item = layout.item(word, run, number);
                    sizes[ranges.range(layout, item)] += 1;
                    items.push(item);
                    total += entry::count(word);
                }
            }
        }
        Self { items, sizes, total }
    }

    /// Writes the items to the places of their ranges.
    pub(super) fn split(&self, layout: &Layout, ranges: &Ranges, places: &mut [&mut [Item]]) {
        let mut written = vec![0; places.len()];
        for &item in &self.items {
            let range = ranges.range(layout, item);
            places[range][written[range]] = item;
            written[range] += 1;
        }
    }
}

/// Of each part of what was found, the places for its items of each range: those of a range are together.
pub(super) fn places<'a>(items: &'a mut [Item], found: &[Found]) -> Vec<Vec<&'a mut [Item]>> {
    let ranges = found.first().map_or(0, |found| found.sizes.len());
    let sizes = (0..ranges).flat_map(|range| found.iter().map(move |found| found.sizes[range]));
    let mut places: Vec<_> = found.iter().map(|_| Vec::with_capacity(ranges)).collect();
    for (number, place) in cut(items, sizes).into_iter().enumerate() {
        places[number % found.len()].push(place);
    }
    places
}

/// Cuts `items` into pieces of these sizes.
pub(super) fn cut(items: &mut [Item], sizes: impl Iterator<Item = usize>) -> Vec<&mut [Item]> {
    let mut rest = items;
    let piece = |size| rest.split_off_mut(..size).expect("the sizes of what was found");
    sizes.map(piece).collect()
}
