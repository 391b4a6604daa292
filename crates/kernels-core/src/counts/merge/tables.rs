//! Runs that are the slots of hash tables: in the order of the hash, but for words that were searched
//! beyond their home.
//!
//! All tables are cut into as many chunks, each chunk at a vacant slot, so that no cluster of words is
//! cut. A unit takes one chunk of every table and looks up each word of a table in those before it: all
//! it touches lies in as many short stretches of memory. The few words whose home in another table lies
//! in another chunk are looked up when all chunks are done.

use super::super::entry::{self, Entry};
use super::super::slots::{home, probe};
use super::{Run, each};
use crate::Executor;
use crate::counts::Seed;

/// Slots of a chunk: with those of another table they stay in a second-level cache.
const CHUNK: usize = 1 << 14;

/// The chunks of one unit, one of each table.
struct Unit<'a>(Vec<Chunk<'a>>);

/// Neighbouring slots of a table.
struct Chunk<'a> {
    slots: &'a mut [Entry],
    /// Where in its table it begins.
    start: usize,
    /// log2 of the slots of the whole table.
    bits: u32,
}

/// A word that a unit could not look up: table and slot.
type Stray = (usize, usize);

/// What a unit has found.
#[derive(Default)]
struct Found {
    /// How many words of each table were dropped, since another table holds them.
    dropped: Vec<usize>,
    strays: Vec<Stray>,
}

/// Drops the words of each table that one before it holds, which then has all their counts.
pub(super) fn merge(tables: &mut [Run], executor: &dyn Executor) {
    if tables.len() < 2 {
        return;
    }
    let longest = tables.iter().map(Run::len).max().unwrap_or_default();
    let mut units = units(tables, longest.div_ceil(CHUNK));
    let found = each(&mut units, executor, |_, unit| unit.merge());
    for (table, run) in tables.iter_mut().enumerate() {
        run.note_dropped(found.iter().map(|found| found.dropped[table]).sum());
    }
    for (table, slot) in found.into_iter().flat_map(|found| found.strays) {
        let (before, rest) = tables.split_at_mut(table);
        absorb_entry(before, &mut rest[0], slot);
    }
}

/// Drops the words of lists that a table holds, which then has all their counts.
pub(super) fn absorb(tables: &mut [Run], lists: &mut [Run]) {
    if tables.is_empty() {
        return;
    }
    for list in lists {
        for number in 0..list.len() {
            if list.count(number) > 0 && entry::is_inline(list.key(number)) {
                absorb_entry(tables, list, number);
            }
        }
    }
}

/// Drops a word of `run` where one of the tables holds it.
fn absorb_entry(tables: &mut [Run], run: &mut Run, number: usize) {
    let (key, count, first) = (run.key(number), run.count(number), run.first(number));
    let hash = Seed::of_process().hash_key(key);
    for table in tables {
        let slots = table.entries_mut();
        let home = home(hash, slots.len().ilog2());
        if let Search::At(place) = search(key, slots, probe(slots.len(), home)) {
            entry::add(&mut slots[place], count, first);
            return run.set_count(number, 0);
        }
    }
}

/// How the search for a word ends.
enum Search {
    At(usize),
    Nowhere,
    /// The places end before it is known.
    Elsewhere,
}

/// Searches for a word at these places, in order.
fn search(key: u128, slots: &[Entry], places: impl Iterator<Item = usize>) -> Search {
    for place in places {
        let slot = &slots[place];
        if entry::key(slot) == key {
            // Vacant with a key: another table has the word, or Unicode has changed it.
            return if entry::count(slot) > 0 { Search::At(place) } else { Search::Nowhere };
        }
        if entry::key(slot) == 0 {
            return Search::Nowhere;
        }
    }
    Search::Elsewhere
}

/// The chunks of all tables by unit.
fn units(tables: &mut [Run], units: usize) -> Vec<Unit<'_>> {
    let mut by_unit: Vec<_> = (0..units).map(|_| Unit(Vec::with_capacity(tables.len()))).collect();
    for table in tables {
        let mut slots = table.entries_mut();
        let (len, bits) = (slots.len(), slots.len().ilog2());
        let mut start = 0;
        for (number, unit) in by_unit.iter_mut().enumerate() {
            let end = (len * (number + 1) / units).max(start);
            let to_vacant = slots[end - start..].iter().position(|slot| entry::key(slot) == 0);
            let end = if number + 1 == units { len } else { end + to_vacant.unwrap_or(len - end) };
            let (chunk, rest) = slots.split_at_mut(end - start);
            unit.0.push(Chunk { slots: chunk, start, bits });
            (slots, start) = (rest, end);
        }
    }
    by_unit
}

impl Unit<'_> {
    /// Drops the words of each chunk that one before it holds.
    fn merge(&mut self) -> Found {
        let mut found = Found { dropped: vec![0; self.0.len()], strays: Vec::new() };
        for table in 1..self.0.len() {
            let (before, rest) = self.0.split_at_mut(table);
            let chunk = &mut rest[0];
            for (number, slot) in chunk.slots.iter_mut().enumerate() {
                if entry::count(slot) == 0 {
                    continue;
                }
                match absorb_slot(before, slot) {
                    Some(true) => found.dropped[table] += 1,
                    Some(false) => {}
                    None => found.strays.push((table, chunk.start + number)),
                }
            }
        }
        found
    }
}

/// Drops the word of a slot where one of the chunks holds it, and tells whether; nothing where a chunk
/// does not hold all places where it may be.
fn absorb_slot(chunks: &mut [Chunk<'_>], slot: &mut Entry) -> Option<bool> {
    let (key, count, first) = (entry::key(slot), entry::count(slot), entry::first(slot));
    let hash = Seed::of_process().hash_key(key);
    for chunk in chunks {
        let home = home(hash, chunk.bits).checked_sub(chunk.start)?;
        match search(key, chunk.slots, home..chunk.slots.len()) {
            Search::At(place) => {
                entry::add(&mut chunk.slots[place], count, first);
                entry::set_count(slot, 0);
                return Some(true);
            }
            Search::Nowhere => {}
            Search::Elsewhere => return None,
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Serial;
    use crate::counts::Slots;

    type Words = HashMap<u128, (u64, u64)>;

    /// A table that counts the words of these numbers, each at the offset given.
    fn table(bits: u32, words: impl Iterator<Item = (u64, u64)>) -> Run {
        let mut slots = Slots::new(bits, |_| {});
        for (number, first) in words {
            slots.reserve(1);
            let key = u128::from(number) << 8 | 1;
            let home = home(Seed::of_process().hash_key(key), slots.bits());
            slots.open().count(home as u32, key, || first);
        }
        slots.into()
    }

    /// The words of all runs with count and first offset. None is there twice.
    fn words(runs: &[Run]) -> Words {
        let mut words = Words::new();
        for run in runs {
            let alive: Vec<_> = (0..run.len()).filter(|&i| run.count(i) > 0).collect();
            assert_eq!(run.words(), alive.len());
            for i in alive {
                assert_eq!(words.insert(run.key(i), (run.count(i), run.first(i))), None);
            }
        }
        words
    }

    /// Three tables of different sizes with many words in common, the offsets of each in another
    /// order, and what they hold together.
    fn tables() -> (Vec<Run>, Words) {
        let n = if cfg!(miri) { 100 } else { 60_000 };
        let parts: [Vec<(u64, u64)>; 3] = [
            (0..n).map(|i| (i, 5 * n + i)).collect(),
            (0..2 * n).map(|i| (2 * i, i)).collect(),
            (0..n / 2).map(|i| (3 * i, 3 * n - i)).collect(),
        ];
        let mut expected = Words::new();
        for (number, first) in parts.iter().flatten() {
            let (count, least) =
                expected.entry(u128::from(*number) << 8 | 1).or_insert((0, u64::MAX));
            (*count, *least) = (*count + 1, *first.min(least));
        }
        (parts.map(|part| table(4, part.into_iter())).into(), expected)
    }

    #[test]
    fn words_that_several_tables_hold_end_in_one() {
        let (mut runs, expected) = tables();
        merge(&mut runs, &Serial);
        assert_eq!(words(&runs), expected);
    }

    #[test]
    fn full_tables_whose_words_wrap_around_their_ends_merge() {
        for count in 1..=8 {
            let numbers = || (0..count).map(|i| (i * 7, 10 - i));
            let mut runs = vec![table(4, numbers()), table(5, numbers()), table(4, numbers())];
            merge(&mut runs, &Serial);
            let found = words(&runs);
            assert_eq!(found.len() as u64, count);
            assert!(found.values().all(|&(count, _)| count == 3));
        }
    }

    #[test]
    fn words_of_lists_go_to_the_tables_that_hold_them() {
        let mut runs =
            vec![table(4, [(1, 10), (2, 11)].into_iter()), table(4, [(3, 12)].into_iter())];
        let mut list = Run::default();
        list.push(&[1, 3], 4, 2);
        list.push(&[1, 9], 1, 3);
        list.push(b"a word of more than 16 bytes", 1, 7);
        absorb(&mut runs, std::slice::from_mut(&mut list));
        assert_eq!(words(&runs)[&(3 << 8 | 1)], (5, 2));
        assert_eq!((list.words(), list.count(0)), (2, 0));
    }
}
