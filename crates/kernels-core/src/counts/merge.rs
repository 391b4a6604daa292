//! Merging runs: words that are in several runs, or twice in one, become one entry.
//!
//! Nothing is moved. Each run is read once in order and leaves 8 bytes per word, hash tag and number,
//! in one of many shards. Each shard finds its duplicates with an index that fits the cache and looks
//! at an entry only where two tags are equal. The entry with the least first offset keeps all counts,
//! the others get 0 and are dropped; so every run stays in order of first appearance.
//!
//! Cost: O(words) sequential reads and cached probes, and a random read per duplicate.

use std::sync::Mutex;

use super::Run;
use super::hash::Seed;
use super::index::Index;
use super::unicode::{self, Finished};
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
    let finished = phase::within(Phase::Validate, || finish_segments(&mut runs, executor))?;
    let mut candidates = if distinct { Candidates::none() } else { Candidates::All };
    for Finished { split, ascii } in finished {
        ascii.into_iter().for_each(|hash| candidates.insert(hash));
        runs.push(split);
    }
    runs.retain(|run| !run.is_empty());
    phase::within(Phase::Merge, || deduplicate(&mut runs, &candidates, executor));
    Ok(runs)
}

/// Which words may be held by several entries.
pub(super) enum Candidates {
    /// All of them.
    All,
    /// Those that are not ASCII, and those whose hash is in a set, of one bit per 16 bits of hash.
    Other(Vec<u64>),
}

impl Candidates {
    fn none() -> Self {
        Self::Other(vec![0; 1 << 10])
    }

    fn insert(&mut self, hash: u64) {
        if let Self::Other(set) = self {
            set[hash as usize >> 6 & 0x3ff] |= 1 << (hash & 63);
        }
    }

    /// The hash of the word of an entry, if the word is one of them.
    #[inline]
    fn hash(&self, run: &Run, entry: usize, seed: Seed) -> Option<u64> {
        let hash = run.hash(entry, seed);
        let candidate = match self {
            Self::All => true,
            Self::Other(set) => {
                set[hash as usize >> 6 & 0x3ff] >> (hash & 63) & 1 == 1 || !run.is_ascii(entry)
            }
        };
        candidate.then_some(hash)
    }
}

fn finish_segments(runs: &mut [Run], executor: &dyn Executor) -> Result<Vec<Finished>, Error> {
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

/// Makes one entry of those that hold one word.
pub(super) fn deduplicate(runs: &mut [Run], candidates: &Candidates, executor: &dyn Executor) {
    let words: usize = runs.iter().map(Run::len).sum();
    let bits = words.div_ceil(SHARD).max(executor.threads()).next_power_of_two().ilog2().min(8);
    let buckets = each(runs, executor, |_, run| buckets_of(run, bits, candidates));
    let mut shards: Vec<_> = (0..1 << bits).collect();
    let changes = each(&mut shards, executor, |_, shard| {
        duplicates(runs, buckets.iter().map(|buckets| &buckets[*shard]))
    });
    each(runs, executor, |number, run| {
        let changed = changes.iter().flat_map(|shard| &shard[number]);
        let mut drops = false;
        for &(entry, count) in changed {
            run.set_count(entry as usize, count);
            drops |= count == 0;
        }
        if drops {
            run.drop_empty();
        }
    });
}

/// The words of a run by shard: the lowest bits of the hash, since the tag is the highest.
fn buckets_of(run: &Run, bits: u32, candidates: &Candidates) -> Vec<Bucket> {
    let seed = Seed::of_process();
    let mask = (1 << bits) - 1;
    let mut buckets = vec![Bucket::new(); 1 << bits];
    for entry in 0..run.len() {
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
    let mut index = Index::with_capacity(buckets.clone().map(Vec::len).max().unwrap_or(0));
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
