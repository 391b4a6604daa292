//! Merging runs: a word that is in several runs, or twice in one, becomes one entry.
//!
//! Nothing is moved: one entry of a word keeps all its counts and the least first offset, the others are
//! left vacant. Three kinds of pairs meet, each where it costs least:
//!
//! 1. Slots with slots ([`tables`]): both lie in the order of the hash, so that one pass over both finds
//!    all pairs in memory that is at hand.
//! 2. Lists with lists (here): each is read once in order and leaves 8 bytes per word, hash tag and
//!    number, in one of many shards. Each shard finds its duplicates with an index that fits the cache
//!    and looks at an entry only where two tags are equal.
//! 3. Lists with slots: each word that slots may hold is looked up in them.
//!
//! Cost: O(words) sequential reads and cached probes, and a random read per duplicate.

mod tables;

use std::sync::Mutex;

use super::hash::Seed;
use super::index::Index;
use super::{Run, unicode};
use crate::phase::{self, Phase};
use crate::{Error, Executor};

/// A word of a shard: the upper half of its hash and its number in its run.
type Tagged = (u32, u32);

/// The words of a shard that one run has.
type Bucket = Vec<Tagged>;

/// A new count for an entry, 0 to drop it.
type Change = (u32, u64);

/// A word that several entries of a shard hold.
struct Group {
    /// Run and number of the entry that first appears.
    winner: (usize, u32),
    first: u64,
    count: u64,
}

/// Words per shard: their tags, numbers and index stay in a second-level cache.
const SHARD: usize = 1 << 15;

/// The words that `runs` of raw segments hold, split and lower-cased, each once.
///
/// `distinct` says that no segment is in two runs or twice in one.
pub(super) fn finish(
    mut runs: Vec<Run>,
    distinct: bool,
    executor: &dyn Executor,
) -> Result<Vec<Run>, Error> {
    let changed = phase::within(Phase::Validate, || finish_segments(&mut runs, executor))?;
    let changed: Vec<Run> = changed.into_iter().filter(|run| !run.is_empty()).collect();
    let candidates = if distinct { Candidates::words_of(&changed) } else { Candidates::All };
    runs.extend(changed);
    phase::within(Phase::Merge, || unite(&mut runs, &candidates, executor));
    Ok(runs)
}

/// Makes one entry of those that hold one word, where the word is one of the `candidates`.
pub(super) fn unite(runs: &mut Vec<Run>, candidates: &Candidates, executor: &dyn Executor) {
    runs.retain(|run| run.words() > 0);
    runs.sort_by_key(|run| !run.is_hashed());
    let tables = runs.partition_point(Run::is_hashed);
    let (slots, lists) = runs.split_at_mut(tables);
    if let Candidates::All = candidates {
        tables::merge(slots, executor);
    }
    deduplicate(lists, candidates, executor);
    tables::absorb(slots, lists);
}

/// Which words may be held by several entries.
pub(super) enum Candidates {
    /// All of them.
    All,
    /// Those whose hash is in a set, of one bit per value of the lowest bits of the hash.
    Some(Vec<u64>),
    None,
}

impl Candidates {
    /// The words of these runs.
    fn words_of(runs: &[Run]) -> Self {
        let words: usize = runs.iter().map(Run::words).sum();
        if words == 0 {
            return Self::None;
        }
        // 16 bits a word: one in 16 of the others is taken for a candidate.
        let mut set = vec![0; (words / 4).next_power_of_two().max(1 << 10)];
        let mask = set.len() - 1;
        for run in runs {
            for hash in (0..run.len()).map(|entry| run.hash(entry, Seed::of_process())) {
                set[hash as usize >> 6 & mask] |= 1 << (hash & 63);
            }
        }
        Self::Some(set)
    }

    /// The hash of the word of an entry, if the word is one of them.
    #[inline]
    fn hash(&self, run: &Run, entry: usize, seed: Seed) -> Option<u64> {
        let hash = run.hash(entry, seed);
        let candidate = match self {
            Self::All => true,
            Self::Some(set) => set[hash as usize >> 6 & (set.len() - 1)] >> (hash & 63) & 1 == 1,
            Self::None => false,
        };
        candidate.then_some(hash)
    }
}

fn finish_segments(runs: &mut [Run], executor: &dyn Executor) -> Result<Vec<Run>, Error> {
    let results = each(runs, executor, |_, run| unicode::finish(run));
    let least = results.iter().filter_map(|result| match result {
        Err(Error::InvalidUtf8 { offset }) => Some(*offset),
        _ => None,
    });
    match least.min() {
        Some(offset) => Err(Error::InvalidUtf8 { offset }),
        None => results.into_iter().collect(),
    }
}

/// Makes one entry of those that hold one word, in lists.
fn deduplicate(lists: &mut [Run], candidates: &Candidates, executor: &dyn Executor) {
    if lists.is_empty() || matches!(candidates, Candidates::None) {
        return;
    }
    let words: usize = lists.iter().map(Run::words).sum();
    let bits = words.div_ceil(SHARD).max(executor.threads()).next_power_of_two().ilog2().min(10);
    let buckets = each(lists, executor, |_, run| buckets_of(run, bits, candidates));
    let mut shards: Vec<_> = (0..1 << bits).collect();
    let changes = each(&mut shards, executor, |_, shard| {
        duplicates(lists, buckets.iter().map(|buckets| &buckets[*shard]))
    });
    each(lists, executor, |number, run| {
        for &(entry, count) in changes.iter().flat_map(|shard| &shard[number]) {
            run.set_count(entry as usize, count);
        }
    });
}

/// The words of a run by shard: the lowest bits of the hash, since the tag is the highest.
fn buckets_of(run: &Run, bits: u32, candidates: &Candidates) -> Vec<Bucket> {
    let seed = Seed::of_process();
    let mask = (1 << bits) - 1;
    let mut buckets = vec![Bucket::new(); 1 << bits];
    for entry in (0..run.len()).filter(|&entry| run.count(entry) > 0) {
        if let Some(hash) = candidates.hash(run, entry, seed) {
            buckets[hash as usize & mask].push(((hash >> 32) as u32, entry as u32));
        }
    }
    buckets
}

/// What changes in each run when the duplicates of one shard are merged.
fn duplicates<'a>(
    runs: &[Run],
    buckets: impl Iterator<Item = &'a Bucket> + Clone,
) -> Vec<Vec<Change>> {
    let mut index = Index::with_capacity(buckets.clone().map(Vec::len).sum());
    // The entry that stands for a word, and its group where it has met another.
    let mut words: Vec<(u32, u32, u32)> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut changes = vec![Vec::new(); runs.len()];
    for (run, bucket) in buckets.enumerate() {
        for &(tag, entry) in bucket {
            let hash = u64::from(tag) << 32;
            let word = |number: u32| {
                let (run, entry, _) = words[number as usize];
                runs[run as usize].word(entry as usize)
            };
            match index.find(hash, |number| word(number) == runs[run].word(entry as usize)) {
                Err(vacant) => {
                    index.insert(vacant, hash, words.len());
                    words.push((run as u32, entry, u32::MAX));
                }
                Ok(number) => {
                    let (other_run, other, group) = &mut words[number as usize];
                    if *group == u32::MAX {
                        *group = groups.len() as u32;
                        groups.push(Group::of(runs, *other_run as usize, *other));
                    }
                    let loser = groups[*group as usize].join(Group::of(runs, run, entry));
                    changes[loser.0].push((loser.1, 0));
                }
            }
        }
    }
    for Group { winner, count, .. } in groups {
        changes[winner.0].push((winner.1, count));
    }
    changes
}

impl Group {
    fn of(runs: &[Run], run: usize, entry: u32) -> Self {
        let (count, first) = (runs[run].count(entry as usize), runs[run].first(entry as usize));
        Self { winner: (run, entry), first, count }
    }

    /// Takes in another entry of the same word; which of the two is to be dropped.
    fn join(&mut self, other: Self) -> (usize, u32) {
        self.count += other.count;
        if self.first <= other.first {
            return other.winner;
        }
        self.first = other.first;
        std::mem::replace(&mut self.winner, other.winner)
    }
}

/// What `work` gives for each item, the items being the units of `executor`.
pub(super) fn each<T: Send, R: Send>(
    items: &mut [T],
    executor: &dyn Executor,
    work: impl Fn(usize, &mut T) -> R + Sync,
) -> Vec<R> {
    let units: Vec<_> = items.iter_mut().map(|item| Mutex::new((item, None))).collect();
    executor.run(units.len(), &|unit| {
        let mut slot = units[unit].lock().expect("no unit has panicked");
        let (item, result) = &mut *slot;
        *result = Some(work(unit, item));
    });
    let results = units.into_iter().map(|unit| unit.into_inner().expect("no unit has panicked").1);
    results.map(|result| result.expect("every unit has run")).collect()
}
