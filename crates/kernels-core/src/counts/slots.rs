//! A hash table whose slots are a run: what is counted while a text is read is handed over as it lies.
//!
//! Open addressing with linear probing. The place of a word is the top of its hash, so that a table is
//! in the order of the hash but for words that were searched beyond their home: growing reads the old
//! slots and writes the new ones in order, and two tables merge by a pass over both.
//!
//! - **Load** at most 1/2, growing fourfold: few words lie beyond their home, few are moved. Large tables
//!   are filled to 2/3, the largest grow twofold: what costs most there is memory that nobody has touched.
//! - **Foresight**: where the text is known to end before twice the slots are half full, there are twice the slots,
//!   not four times, and they are filled to 3/4 should there be more words than expected ([`Outlook`]).
//! - **Frequent words first**: a table that grows places those with high counts first, so they lie at
//!   home, where the search for them ends at once, whatever else has the same home.
//!
//! Cost: 64 to 256 bytes a word, of large tables 48 to 192, of the largest 48 to 96, and the old slots while a table grows; a
//! cache line a search.

use super::entry::{self, Entry};
use super::{Run, Seed};

/// Words of 1 to 16 bytes without NUL, each with its count and first offset.
///
/// ```
/// use kernels_core::counts::{Run, Seed, Slots};
///
/// let mut slots = Slots::new(4, |_| {});
/// let key = u128::from(u32::from_le_bytes(*b"word"));
/// for offset in [0, 5] {
///     slots.reserve(1);
///     let home = Seed::of_process().hash_key(key) >> (64 - slots.bits());
///     slots.open().count(home as u32, key, || offset);
/// }
/// assert_eq!(Run::from(slots).words(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Slots {
    seed: Seed,
    /// The halves of the entries and what aligns them.
    memory: Vec<[u8; 16]>,
    /// Where in `memory` the first entry begins.
    start: usize,
    /// The number of slots is 2^bits.
    bits: u32,
    words: usize,
    /// Whether they are filled to 3/4, since the text was expected to end before.
    dense: bool,
    /// The highest first offset.
    latest: u64,
    /// The words that are not ASCII.
    foreign: Vec<u128>,
    has_invalid: bool,
    prepare: Prepare,
}

/// How much of a text has been counted when a table grows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outlook {
    /// The bytes up to here were counted, by this table or others.
    pub offset: u64,
    /// Where the text ends, if that is known.
    pub end: Option<u64>,
}

impl Outlook {
    /// About how many words there will be in a table that has so many now: they grow as a power of the length
    /// (H. S. Heaps, Information Retrieval, 1978), of prose as that of 0.5 to 0.6, of texts in many languages faster: of 61
    /// books 357,000 come of the 131,000 in their first 8 MB, where 0.75 expects 230,000. Too few cost another growth, if that.
    fn words(self, now: usize) -> Option<usize> {
        const EXPONENT: f64 = 0.75;
        let growth = self.end? as f64 / self.offset.max(1) as f64;
        Some((now as f64 * growth.powf(EXPONENT)) as usize)
    }
}

/// Is shown memory that is new and about to be used, for example to ask the system for huge pages.
pub type Prepare = fn(&[u8]);

/// Larger tables begin at a multiple of this, so that huge pages cover them wholly.
const HUGE_PAGE: usize = 2 << 20;

/// The smallest pages of memory.
const PAGE: usize = 4 << 10;

/// log2 of the slots from which on fresh memory costs more than a longer search: 128 MB.
const LARGE: u32 = 22;

/// The same for moving the words once more: 512 MB.
const HUGE: u32 = 24;

/// A word with at least this count is frequent when a table grows.
const FREQUENT: u64 = 32;

/// Slots that are moved at a time: they and their new places stay in a second-level cache.
const CHUNK: usize = 1 << 12;

impl Slots {
    /// A table of 2^bits slots, which shows its memory to `prepare` before it writes to it, now and
    /// whenever it grows.
    #[must_use]
    pub fn new(bits: u32, prepare: Prepare) -> Self {
        Self::with_seed(bits, Seed::of_process(), prepare)
    }

    fn with_seed(bits: u32, seed: Seed, prepare: Prepare) -> Self {
        let large = size_of::<Entry>() << bits >= HUGE_PAGE;
        let align = if large { HUGE_PAGE } else { size_of::<Entry>() };
        let slack = align / size_of::<[u8; 16]>() - 1;
        // Zeros from the allocator are pages that nobody has touched: they can still become huge.
        let memory = vec![[0; 16]; (2 << bits) + slack];
        prepare(memory.as_flattened());
        let start = memory.as_ptr().align_offset(align).min(slack);
        let (words, dense, latest) = (0, false, 0);
        let (foreign, has_invalid) = (Vec::new(), false);
        Self { seed, memory, start, bits, words, dense, latest, foreign, has_invalid, prepare }
    }

    /// The number of slots is 2 to the power of this.
    #[must_use]
    #[inline(always)]
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The slots, for prefetching them. The search for a word begins at the slot whose number is the top
    /// [`Slots::bits`] of its hash.
    #[must_use]
    #[inline(always)]
    pub fn entries(&self) -> &[Entry] {
        self.memory[self.start..][..2 << self.bits].as_chunks().0
    }

    /// Whether a word lies in this slot, given padded with zeros.
    #[must_use]
    #[inline(always)]
    pub fn is_at(&self, slot: u32, key: u128) -> bool {
        entry::key(&self.entries()[slot as usize]) == key
    }

    /// The slots, for counting words in them.
    #[inline(always)]
    pub fn open(&mut self) -> Open<'_> {
        let entries = self.memory[self.start..][..2 << self.bits].as_chunks_mut().0;
        let Self { words, latest, foreign, has_invalid, .. } = self;
        Open { entries, words, latest, foreign, has_invalid }
    }

    /// Makes room for so many new words.
    pub fn reserve(&mut self, words: usize) {
        self.reserve_in(words, Outlook::default());
    }

    /// The same in a text of which something is known.
    pub fn reserve_in(&mut self, words: usize, outlook: Outlook) {
        while !self.has_room(words) {
            self.grow(outlook);
        }
    }

    /// Whether so many new words fit without growing.
    #[must_use]
    #[inline(always)]
    pub fn has_room(&self, words: usize) -> bool {
        self.words + words <= self.room()
    }

    /// The number of words.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words
    }

    /// Whether a word is no UTF-8.
    #[must_use]
    pub fn has_invalid(&self) -> bool {
        self.has_invalid
    }

    /// How many words the slots take at most.
    fn room(&self) -> usize {
        let slots = 1 << self.bits;
        match self.bits {
            _ if self.dense => slots / 4 * 3,
            ..LARGE => slots / 2,
            LARGE.. => slots / 3 * 2,
        }
    }

    /// log2 of the slots of the table that follows, and whether it is dense.
    fn next_size(&self, outlook: Outlook) -> (u32, bool) {
        let twofold = self.bits + 1;
        let ends = outlook.words(self.words).is_some_and(|words| words <= (1 << twofold) / 2);
        match self.bits {
            HUGE.. => (twofold, false),
            // More words than expected: what follows is half full at most.
            _ if self.dense => (twofold, false),
            _ if ends => (twofold, true),
            _ => (self.bits + 2, false),
        }
    }

    #[cold]
    fn grow(&mut self, outlook: Outlook) {
        let (bits, dense) = self.next_size(outlook);
        let seed = self.seed;
        let mut larger = Self::with_seed(bits, seed, self.prepare);
        let places = larger.open().entries;
        let mut numbers = vec![0; CHUNK];
        let room = CHUNK << (bits - self.bits);
        for (number, chunk) in self.entries().chunks(CHUNK).enumerate() {
            touch(places.chunks_mut(room).nth(number).expect("room for every chunk"));
            let words = entry::taken(chunk, &mut numbers);
            for frequent in [true, false] {
                let alike = |slot: &&Entry| (entry::count(slot) >= FREQUENT) == frequent;
                for slot in words.iter().map(|&number| &chunk[number as usize]).filter(alike) {
                    let home = home(seed.hash_key(entry::key(slot)), bits);
                    let free = probe(places.len(), home).find(|&at| places[at] == entry::VACANT);
                    places[free.expect("a load below 1")] = *slot;
                }
            }
        }
        let foreign = std::mem::take(&mut self.foreign);
        let Self { words, latest, has_invalid, .. } = *self;
        *self = Self { words, dense, latest, foreign, has_invalid, ..larger };
    }
}

/// Writes to each page of new memory, without a change. A page that is read first, as by the search for a free slot,
/// is the system's page of zeros; the first write is then a second fault, which interrupts all threads of the process.
fn touch(slots: &mut [Entry]) {
    for page in slots.chunks_mut(PAGE / size_of::<Entry>()) {
        page[0][0][0] |= std::hint::black_box(0);
    }
}

/// The slots of a table, for counting words in them.
#[derive(Debug)]
pub struct Open<'a> {
    entries: &'a mut [Entry],
    words: &'a mut usize,
    latest: &'a mut u64,
    foreign: &'a mut Vec<u128>,
    has_invalid: &'a mut bool,
}

impl Open<'_> {
    /// The slots as they are.
    #[must_use]
    #[inline(always)]
    pub fn entries(&self) -> &[Entry] {
        self.entries
    }

    /// Whether a word lies in this slot, given padded with zeros.
    #[must_use]
    #[inline(always)]
    pub fn is_at(&self, slot: u32, key: u128) -> bool {
        entry::key(&self.entries[slot as usize]) == key
    }

    /// Whether no word lies in this slot.
    #[must_use]
    #[inline(always)]
    pub fn is_free(&self, slot: u32) -> bool {
        entry::key(&self.entries[slot as usize]) as u64 == 0
    }

    /// Counts the word of a slot so many times more, further on in the text.
    #[inline(always)]
    pub fn add(&mut self, slot: u32, occurrences: u64) {
        let slot = &mut self.entries[slot as usize];
        entry::set_count(slot, entry::count(slot) + occurrences);
    }

    /// Counts a word, given padded with zeros, that occurs at `offset`, which is asked for where it is
    /// new. `home` is the top of its hash, or a slot behind it where those before are known to hold other words.
    ///
    /// Room for it has been made by [`Slots::reserve`]. What [`holds_space`](super::holds_space) should be split first.
    #[inline(always)]
    pub fn count(&mut self, home: u32, key: u128, offset: impl FnOnce() -> u64) {
        let mask = self.entries.len() - 1;
        let [low, high] = [key as u64, (key >> 64) as u64];
        let mut at = home as usize;
        loop {
            let slot = &mut self.entries[at & mask];
            let word = entry::key(slot);
            if (word as u64 ^ low) | ((word >> 64) as u64 ^ high) == 0 {
                return entry::set_count(slot, entry::count(slot) + 1);
            }
            if word as u64 == 0 {
                let first = offset();
                *slot = entry::new(key, 1, first);
                *self.words += 1;
                *self.latest = first.max(*self.latest);
                if !entry::is_ascii(key) {
                    self.note_foreign(key);
                }
                return;
            }
            at += 1;
        }
    }

    /// Rare: its code stays out of the loop.
    #[cold]
    #[inline(never)]
    fn note_foreign(&mut self, key: u128) {
        self.foreign.push(key);
        *self.has_invalid |= !entry::is_utf8(key);
    }
}

impl From<Slots> for Run {
    fn from(slots: Slots) -> Self {
        let mut memory = slots.memory;
        memory.truncate(slots.start + (2 << slots.bits));
        Self::of_slots(memory, slots.start, slots.words, slots.latest, slots.foreign)
    }
}

/// Where the search for a word begins in a table of 2^bits slots.
pub(super) fn home(hash: u64, bits: u32) -> usize {
    (hash >> (64 - bits)) as usize
}

/// The places where a word with this home may be, in order.
pub(super) fn probe(slots: usize, home: usize) -> impl Iterator<Item = usize> {
    (home..).map(move |at| at & (slots - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> u128 {
        u128::from(number) << 8 | 1
    }

    /// A table into which each word of `numbers` is counted in turn.
    fn filled(bits: u32, seed: Seed, numbers: impl Iterator<Item = u64>) -> Slots {
        let mut slots = Slots::with_seed(bits, seed, |_| {});
        for (first, number) in numbers.enumerate() {
            slots.reserve(1);
            let home = home(seed.hash_key(key(number)), slots.bits());
            slots.open().count(home as u32, key(number), || first as u64);
        }
        slots
    }

    #[test]
    fn words_are_counted_however_the_table_grows() {
        let numbers = if cfg!(miri) { 50 } else { 3000 };
        let slots = filled(2, Seed::of_process(), (0..3 * numbers).map(|i| i % numbers));
        assert!(2 * numbers as usize <= slots.entries().len());
        let run = Run::from(slots);
        assert_eq!(run.words(), numbers as usize);
        let mut firsts: Vec<_> = (0..run.len()).filter(|&i| run.count(i) > 0).collect();
        assert!(firsts.iter().all(|&i| run.count(i) == 3 && run.key(i) == key(run.first(i))));
        firsts.sort_by_key(|&i| run.first(i));
        assert_eq!(firsts.len(), numbers as usize);
    }

    #[test]
    fn frequent_words_lie_at_home_when_the_table_has_grown() {
        // All words have the home 0 under this seed; the last one is the frequent one.
        let seed = Seed::new(0, 0);
        let last = std::iter::repeat_n(8, FREQUENT as usize);
        let mut slots = filled(5, seed, (1..=8).chain(last));
        slots.grow(Outlook::default());
        assert_eq!(entry::key(&slots.entries()[0]), key(8));
        assert_eq!(Run::from(slots).words(), 8);
    }

    #[test]
    fn a_table_grows_less_where_the_text_ends_soon_and_goes_on_where_it_does_not() {
        let grown = |outlook| {
            let mut slots = filled(6, Seed::of_process(), 0..32);
            slots.reserve_in(1, outlook);
            slots.bits()
        };
        assert_eq!(grown(Outlook { offset: 100, end: None }), 8);
        assert_eq!(grown(Outlook { offset: 100, end: Some(1000) }), 8);
        assert_eq!(grown(Outlook { offset: 100, end: Some(200) }), 7);
        let mut slots = filled(6, Seed::of_process(), 0..32);
        slots.reserve_in(1, Outlook { offset: 100, end: Some(200) });
        assert!(slots.has_room(96 - 32) && !slots.has_room(97 - 32));
        slots.reserve(97 - 32);
        assert_eq!((slots.bits(), slots.words()), (8, 32));
    }

    #[test]
    fn words_that_collide_are_told_apart() {
        let seed = Seed::new(0, 0);
        assert!((1..=100).all(|number| seed.hash_key(key(number)) == 0));
        let run = Run::from(filled(8, seed, (1..=100).chain(1..=100)));
        assert_eq!(run.words(), 100);
        assert!((0..100).all(|i| run.count(i) == 2 && run.key(i) == key(i as u64 + 1)));
    }

    #[test]
    fn counts_pass_32_bits() {
        let mut slots = filled(4, Seed::of_process(), std::iter::once(1));
        let at = slots.entries().iter().position(|slot| entry::count(slot) == 1).unwrap();
        entry::set_count(&mut slots.open().entries[at], u64::from(u32::MAX));
        slots.open().count(at as u32, key(1), || 1 << 33);
        let run = Run::from(slots);
        assert_eq!((run.count(at), run.first(at)), (1 << 32, 0));
    }

    #[test]
    fn no_slot_crosses_a_cache_line() {
        for bits in if cfg!(miri) { 4..6 } else { 4..18 } {
            let slots = Slots::new(bits, |_| {});
            assert_eq!(slots.entries().len(), 1 << bits);
            assert!(slots.entries().iter().all(|slot| *slot == entry::VACANT));
            assert!(cfg!(miri) || slots.entries().as_ptr().addr().is_multiple_of(32));
        }
    }
}
