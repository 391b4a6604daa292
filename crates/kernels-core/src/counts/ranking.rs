//! The order of the result, and its lines.
//!
//! The text is cut into ranges of first offsets, one or a few per thread. The words that first appear
//! in a range are brought in order of first appearance (each run has them so already) and then, by a
//! counting sort, in order of falling count. The result is the words of the highest count of the first
//! range, of the second range, ..., the words of the next count of the first range, and so on: it is
//! read off in place.
//!
//! Cost: O(words) time, 24 bytes of scratch and 8 bytes kept per word.

use std::cmp::Reverse;
use std::ops::Range;

use super::merge::each;
use super::{Count, Counts, Run};
use crate::{Executor, text};

/// The words of a [`Counts`] in the order of the result.
#[derive(Debug, Clone)]
pub struct Ranking<'a> {
    runs: &'a [Run],
    /// One list per range of offsets, by falling count, then first offset.
    lists: Vec<Vec<Place>>,
    /// By falling count, then list; none is empty.
    groups: Vec<Group>,
    len: usize,
    total: u64,
}

/// Run and number of an entry.
type Place = (u32, u32);

/// The words of one list that occur equally often.
#[derive(Debug, Clone, Copy)]
struct Group {
    count: u64,
    list: usize,
    /// Where the group begins in its list.
    start: usize,
    /// The number of its words.
    len: usize,
    /// The number of words in all groups before it.
    rank: usize,
}

/// Counts below this are sorted by counting.
const SMALL: u64 = 1 << 12;

/// Words from which on a ranking is worth several threads.
const PARALLEL: usize = 1 << 15;

/// Lines that one unit formats.
const BLOCK: usize = 1 << 14;

impl<'a> Ranking<'a> {
    pub(super) fn new(counts: &'a Counts, min_length: usize, executor: &dyn Executor) -> Self {
        let runs = &counts.runs[..];
        let mut ranges: Vec<_> = ranges(runs, executor.threads());
        let ranked = each(&mut ranges, executor, |_, range| rank(runs, range, min_length));
        let (lists, groups): (Vec<_>, Vec<_>) = ranked.into_iter().unzip();
        let mut groups: Vec<Group> = (groups.into_iter().enumerate())
            .flat_map(|(list, groups)| groups.into_iter().map(move |group| Group { list, ..group }))
            .collect();
        groups.sort_by_key(|group| Reverse(group.count));
        let mut len = 0;
        for group in &mut groups {
            group.rank = len;
            len += group.len;
        }
        let total = groups.iter().map(|group| group.count * group.len as u64).sum();
        Self { runs, lists, groups, len, total }
    }

    /// The number of ranked words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no word was long enough.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sum of the counts of the ranked words: what the percentages refer to.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The words, the most frequent first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Count<'a>> {
        let mut places = self.groups.iter().flat_map(|group| self.places(group));
        let mut next =
            move || places.next().map(|&(run, entry)| self.runs[run as usize].get(entry as usize));
        (0..self.len).map(move |_| next().expect("as many words as the groups hold"))
    }

    fn places(&self, group: &Group) -> &[Place] {
        &self.lists[group.list][group.start..group.start + group.len]
    }

    /// Appends the lines `word count percentage` of the first `top` words to `out`.
    ///
    /// The percentage is `count / total * 100`, in this order of operations, as Python's `repr`.
    pub fn write_lines(&self, top: usize, out: &mut Vec<u8>) {
        self.write_block(0..top.min(self.len), out);
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
        let top = top.min(self.len);
        let mut ready: Vec<Vec<u8>> = Vec::new();
        let mut next: Vec<Vec<u8>> = vec![Vec::new(); 2 * executor.threads()];
        let mut from = 0;
        while from < top || !ready.is_empty() {
            let blocks = (top - from).div_ceil(BLOCK).min(2 * executor.threads());
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
        let mut tail = (0, String::new());
        let first = self.groups.partition_point(|group| group.rank + group.len <= ranks.start);
        for group in self.groups[first..].iter().take_while(|group| group.rank < ranks.end) {
            if tail.0 != group.count {
                tail = (group.count, self.tail(group.count));
            }
            let skip = ranks.start.saturating_sub(group.rank);
            let end = group.len.min(ranks.end - group.rank);
            for &(run, entry) in &self.places(group)[skip..end] {
                self.runs[run as usize].append_word(entry as usize, out);
                out.extend_from_slice(tail.1.as_bytes());
            }
        }
    }

    /// What follows the word on the lines of the words that occur `count` times.
    fn tail(&self, count: u64) -> String {
        let percentage = count as f64 / self.total as f64 * 100.0;
        format!(" {count} {}\n", text::python_repr(percentage))
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

/// Ranges of first offsets that hold about equally many words.
fn ranges(runs: &[Run], threads: usize) -> Vec<Range<u64>> {
    let words: usize = runs.iter().map(Run::len).sum();
    let longest = runs.iter().max_by_key(|run| run.len());
    let parts = if threads > 1 && words >= PARALLEL && runs.iter().all(Run::is_sorted) {
        4 * threads
    } else {
        1
    };
    let border = |part: usize| match longest {
        Some(run) if part > 0 && part < parts => run.first(run.len() * part / parts),
        _ if part == 0 => 0,
        _ => u64::MAX,
    };
    (0..parts).map(|part| border(part)..border(part + 1)).collect()
}

/// The words that first appear in `range`, by falling count, then first offset.
fn rank(runs: &[Run], range: &Range<u64>, min_length: usize) -> (Vec<Place>, Vec<Group>) {
    by_falling_count(runs, &by_first(runs, range, min_length))
}

/// The words of at least `min_length` code points that first appear in `range`, in this order.
fn by_first(runs: &[Run], range: &Range<u64>, min_length: usize) -> Vec<(u64, Place)> {
    let within = |run: &Run| match (range.start, range.end) {
        (0, u64::MAX) => 0..run.len(),
        (start, end) => run.before(start)..run.before(end),
    };
    let mut words = Vec::with_capacity(runs.iter().map(|run| within(run).len()).sum());
    for (number, run) in runs.iter().enumerate() {
        let long = within(run).filter(|&entry| run.is_long(entry, min_length));
        words.extend(long.map(|entry| (run.first(entry), (number as u32, entry as u32))));
    }
    // Rising stretches, one per run, are found and merged.
    words.sort_by_key(|&(first, _)| first);
    words
}

/// A stable sort by falling count.
fn by_falling_count(runs: &[Run], words: &[(u64, Place)]) -> (Vec<Place>, Vec<Group>) {
    let count = |&(run, entry): &Place| runs[run as usize].count(entry as usize);
    let mut frequent: Vec<Place> = Vec::new();
    let mut sizes = vec![0; SMALL as usize];
    for (_, place) in words {
        match sizes.get_mut(count(place) as usize) {
            Some(size) => *size += 1,
            None => frequent.push(*place),
        }
    }
    frequent.sort_by_key(|place| Reverse(count(place)));
    let mut groups = Vec::new();
    let mut start = 0;
    let mut group = |count, len| {
        groups.push(Group { count, list: 0, start, len, rank: 0 });
        start += len;
        start - len
    };
    for equal in frequent.chunk_by(|a, b| count(a) == count(b)) {
        group(count(&equal[0]), equal.len());
    }
    for (count, size) in sizes.iter_mut().enumerate().rev().filter(|(_, size)| **size > 0) {
        *size = group(count as u64, *size);
    }
    frequent.resize(words.len(), (0, 0));
    for (_, place) in words {
        if let Some(at) = sizes.get_mut(count(place) as usize) {
            frequent[*at] = *place;
            *at += 1;
        }
    }
    (frequent, groups)
}
