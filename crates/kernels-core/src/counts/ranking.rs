//! The order of the result, and its lines.
//!
//! A word becomes one number of 64 bits, an [`item`]: its class, which falls as its count rises, its first
//! offset and where its entry lies. Sorted, these are the words by falling count, then first offset; the
//! class tells counts below 63 apart, the few words above are sorted by their counts afterwards.
//!
//! The items are split into ranges, each of one class and a stretch of the text, by shifts and without a
//! comparison. Each range is sorted by itself, in a cache and by any thread.
//!
//! Cost: O(words log words) time, 16 bytes per word.

mod item;
mod ranges;

use std::cmp::Reverse;
use std::ops::Range;

use super::merge::each;
use super::{Count, Counts, Entry, Run, entry};
use crate::{Executor, text};
use item::{Item, Layout};
use ranges::{Found, Ranges, cut, places};

/// The words of a [`Counts`] in the order of the result.
#[derive(Debug, Clone)]
pub struct Ranking<'a> {
    runs: &'a [Run],
    layout: Layout,
    /// The words in order.
    items: Vec<Item>,
    total: u64,
}

/// Words from which on a ranking is worth several threads.
const PARALLEL: usize = 1 << 15;

/// Lines that one unit formats.
const BLOCK: usize = 1 << 13;

/// Entries whose memory is asked for at a time.
const GATHER: usize = 64;

impl<'a> Ranking<'a> {
    pub(super) fn new(counts: &'a Counts, min_length: usize, executor: &dyn Executor) -> Self {
        let runs = &counts.runs[..];
        let layout = Layout::of(runs);
        let threads = if counts.len() < PARALLEL { 1 } else { executor.threads() };
        let ranges = Ranges::of(runs, &layout);
        let mut parts = parts(runs, threads);
        let found = each(&mut parts, executor, |_, (run, entries)| {
            Found::in_entries(runs, &layout, (*run, entries.clone()), min_length, &ranges)
        });
        let total = found.iter().map(|found| found.total).sum();
        let mut items = vec![0; found.iter().map(|found| found.items.len()).sum()];
        let mut parts: Vec<_> = found.iter().zip(places(&mut items, &found)).collect();
        each(&mut parts, executor, |_, (found, places)| found.split(&layout, &ranges, places));
        let sizes =
            (0..ranges.number).map(|range| found.iter().map(|found| found.sizes[range]).sum());
        each(&mut cut(&mut items, sizes), executor, |range, items| match range {
            0 => sort_frequent(runs, &layout, items),
            _ => sort(runs, &layout, items),
        });
        Self { runs, layout, items, total }
    }

    /// The number of ranked words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether no word was long enough.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The sum of the counts of the ranked words: what the percentages refer to.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The words, the most frequent first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Count<'a>> {
        self.items.iter().map(|item| {
            let (run, entry) = self.layout.place(*item);
            self.runs[run].get(entry).expect("an entry that is not vacant")
        })
    }

    /// Appends the lines `word count percentage` of the first `top` words to `out`.
    ///
    /// The percentage is `count / total * 100`, in this order of operations, as Python's `repr`.
    pub fn write_lines(&self, top: usize, out: &mut Vec<u8>) {
        self.write_block(0..top.min(self.len()), out);
    }

    /// The lines of [`Ranking::write_lines`] in blocks, made by the units of `executor` while `write`
    /// takes the blocks before them.
    ///
    /// # Errors
    /// The first error of `write`.
    pub fn write_lines_on<E: Send>(
        &self,
        top: usize,
        executor: &dyn Executor,
        write: &mut (dyn FnMut(&[u8]) -> Result<(), E> + Send),
    ) -> Result<(), E> {
        let top = top.min(self.len());
        let at_once = if executor.threads() == 1 { 1 } else { 2 * executor.threads() };
        let mut ready: Vec<Vec<u8>> = Vec::new();
        let mut next: Vec<Vec<u8>> = Vec::new();
        let mut from = 0;
        while from < top || !ready.is_empty() {
            let blocks = (top - from).div_ceil(BLOCK).min(at_once);
            next.resize_with(blocks, Vec::new);
            let write_ready = || ready.iter().try_for_each(|block| write(block));
            overlap(write_ready, &mut next, executor, |number, block| {
                let start = from + number * BLOCK;
                block.clear();
                self.write_block(start..top.min(start + BLOCK), block);
            })?;
            from = top.min(from + blocks * BLOCK);
            std::mem::swap(&mut ready, &mut next);
        }
        Ok(())
    }

    /// Appends the lines of the words of these ranks.
    fn write_block(&self, ranks: Range<usize>, out: &mut Vec<u8>) {
        let tables: Vec<&[Entry]> = self.runs.iter().map(Run::entries).collect();
        let (mut words, mut tail) = ([(0, 0); GATHER], Tail::default());
        for items in self.items[ranks].chunks(GATHER) {
            // First what lies anywhere in memory, so that the processor waits for as much as it can at once.
            for (word, item) in words.iter_mut().zip(items) {
                let (run, entry) = self.layout.place(*item);
                let entry = &tables[run][entry];
                *word = (entry::key(entry), entry::count(entry));
            }
            for (item, &(key, count)) in items.iter().zip(&words) {
                if count != tail.count {
                    tail = Tail::new(count, self.total);
                }
                self.runs[self.layout.place(*item).0].append_word(key, out);
                tail.append_to(out);
            }
        }
    }
}

/// What follows the word on the lines of the words that occur `count` times.
struct Tail {
    count: u64,
    /// Padded: a copy of a fixed size is fastest. 20 digits and 24 for the percentage fit.
    text: [u8; 48],
    len: usize,
}

impl Default for Tail {
    /// That of no word.
    fn default() -> Self {
        Self { count: 0, text: [0; 48], len: 0 }
    }
}

impl Tail {
    fn new(count: u64, total: u64) -> Self {
        let percentage = count as f64 / total as f64 * 100.0;
        let line = format!(" {count} {}\n", text::python_repr(percentage));
        let mut text = [0; 48];
        text[..line.len()].copy_from_slice(line.as_bytes());
        Self { count, text, len: line.len() }
    }

    #[inline]
    fn append_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
        out.truncate(out.len() - self.text.len() + self.len);
    }
}

/// Runs `job` as one unit beside those that do `work` on each item.
fn overlap<T: Send, E: Send>(
    job: impl FnMut() -> Result<(), E> + Send,
    items: &mut [T],
    executor: &dyn Executor,
    work: impl Fn(usize, &mut T) + Sync,
) -> Result<(), E> {
    enum Unit<J, I> {
        Job(J),
        Item(I),
    }
    let mut units: Vec<_> =
        std::iter::once(Unit::Job(job)).chain(items.iter_mut().map(Unit::Item)).collect();
    let results = each(&mut units, executor, |unit, job| match job {
        Unit::Job(job) => job(),
        Unit::Item(item) => {
            work(unit - 1, item);
            Ok(())
        }
    });
    results.into_iter().collect()
}

/// What the units of a ranking read: entries of a run.
fn parts(runs: &[Run], threads: usize) -> Vec<(usize, Range<usize>)> {
    let per_run = if threads > 1 { 4 * threads } else { 1 };
    let of_run = |(run, len): (usize, usize)| {
        let border = move |part: usize| len * part / per_run;
        (0..per_run).map(move |part| (run, border(part)..border(part + 1)))
    };
    runs.iter().map(Run::len).enumerate().flat_map(of_run).collect()
}

/// Sorts the words of a range.
fn sort(runs: &[Run], layout: &Layout, items: &mut [Item]) {
    items.sort_unstable();
    if !layout.is_exact() {
        let first = |item: &Item| {
            let (run, entry) = layout.place(*item);
            runs[run].first(entry)
        };
        for close in items.chunk_by_mut(|a, b| layout.offset(*a) == layout.offset(*b)) {
            close.sort_by_key(first);
        }
    }
}

/// Sorts the words whose counts their items do not tell.
fn sort_frequent(runs: &[Run], layout: &Layout, items: &mut [Item]) {
    sort(runs, layout, items);
    items.sort_by_cached_key(|item| {
        let (run, entry) = layout.place(*item);
        Reverse(runs[run].count(entry))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Serial;

    /// Runs its units one after the other, the last one first, and says that it has threads.
    #[derive(Debug)]
    struct Backwards;

    impl Executor for Backwards {
        fn threads(&self) -> usize {
            3
        }

        fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync)) {
            (0..units).rev().for_each(unit);
        }

        fn enter(&self, job: &mut (dyn FnMut() + Send)) {
            job();
        }
    }

    /// Counts of many words in two runs, frequent and rare, in no order of offsets.
    fn counts(words: u64, scale: u64) -> Counts {
        let mut runs = [Run::default(), Run::default()];
        for i in 0..words {
            let (random, first) = (i * 7919 % words, (i * 104_729 % words) * scale);
            runs[(i % 2) as usize].push(format!("word{i}").as_bytes(), words / (random + 1), first);
        }
        Counts::from_runs(runs.into(), true, &Serial).unwrap()
    }

    #[test]
    fn words_are_ranked_alike_by_any_number_of_threads() {
        let words = PARALLEL as u64 + 1;
        // Offsets of the second text do not fit an item.
        for scale in [1, u64::MAX / words] {
            let counts = counts(words, scale);
            let mut expected: Vec<_> = counts.iter().collect();
            expected.sort_by_key(|word| (Reverse(word.count), word.first));
            for executor in [&Serial as &dyn Executor, &Backwards] {
                let ranking = counts.ranked_on(0, executor);
                assert!(ranking.iter().eq(expected.iter().copied()));
                assert_eq!(ranking.total(), counts.total());
            }
        }
    }

    #[test]
    fn blocks_of_lines_are_those_of_the_whole() {
        let counts = counts(2 * BLOCK as u64 + 77, 1);
        let ranking = counts.ranked(6);
        for top in [0, 1, BLOCK, BLOCK + 1, usize::MAX] {
            let (mut whole, mut blocks) = (Vec::new(), Vec::new());
            ranking.write_lines(top, &mut whole);
            let mut write = |block: &[u8]| {
                blocks.extend_from_slice(block);
                Ok::<_, crate::Error>(())
            };
            ranking.write_lines_on(top, &Backwards, &mut write).unwrap();
            assert_eq!(whole.split(|&byte| byte == b'\n').count() - 1, top.min(ranking.len()));
            assert!(blocks == whole);
        }
    }
}
