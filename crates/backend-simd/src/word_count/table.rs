//! The hash table: what is counted while the text is read.
//!
//! # Layout and why
//!
//! Words of up to 16 bytes without NUL, 99.8 % of those of English, lie in [`Slots`]: open addressing with
//! linear probing, 32 bytes each, the word itself padded with zeros, its count and its first offset. So
//! a word is found with one cache line and two comparisons of 64 bits, without a length, a pointer or a
//! stored hash: the hash is made again from the key when the table grows, one multiplication per word.
//! The other words go to a [`list`], dense entries with an index; padding leaves no doubt, since those
//! with a NUL are among them.
//!
//! - **Batches** ([`batch`]): first the keys and homes of all words of a block, with a prefetch each; then the
//!   words that lie at home are counted, nine of ten, then those whose home is free, which are new, and last the others
//!   are searched for: apart from each other a processor guesses the branches of both. Room is made before a block is
//!   counted, so the places that were prefetched stay good.
//! - **Eight words at a time** ([`avx512`]) where the processor has the vectors: keys put together from the text,
//!   hashed, and compared with eight slots, without a branch that depends on a word.
//! - **First offsets** are written once, when a word is new: a table reads its text forwards. Segments that hold Unicode spaces
//!   are split first, and their words counted behind the others of a block; in the list they may come before one, and
//!   the least offset stays.
//! - **The result** is the slots as they lie. Nothing is gathered, sorted or copied when the text ends:
//!   copying fresh entries in order of first appearance cost a fifth of the time of 33 MB.
//! - **Load** and growth: see [`Slots`]. **Huge pages**, from 2 MB on, and tables aligned to them: the
//!   first touch of a page of 4 KB takes 3 to 6 microseconds on the machine measured.
//! - **Texts of new words**: slots that would grow beyond 32 MB while the words in them came less than twice
//!   each give all words to the list, which touches less fresh memory and is in order of appearance already.
//! - **Hash**: one folded 64 x 64 bit multiplication, seeded per process ([`Seed`]).
//!
//! # What was tried and rejected
//!
//! CPU seconds of the whole program on one core, on a loaded machine, each against the C++ program
//! that marks the limit of this design in the same run.
//!
//! | tried | text | limit | tried | kept |
//! |---|---|---|---|---|
//! | a small table (2^14 / 2^16 / 2^18 slots) for the first words, dense entries and an index of 8-byte slots for the rest | 1 GB of books | 1.68 | 4.98 / 4.02 / 3.16 | 2.06 |
//! | the same with 2^20 / 2^22 / 2^24 slots | 1 GB, 5.8 million distinct | 2.68 | 8.2 / 6.7 / - | - |
//! | the same in huge pages, 2^22 / 2^24 slots | 1 GB, 5.8 million distinct | 2.68 | 4.96 / 3.50 | - |
//! | slots in pages of 4 KB (huge pages by the allocator in the other column) | 1 GB of books | 1.36 | 2.10 | 1.80 |
//! | a hash that is called, not inlined | 1 GB of books | 2.29 / 1.50 | 2.67 | 1.79 |
//! | a front of buckets of four words (64 bytes for words of 8 bytes, 128 for 16), the rarest displaced, misses to partitions by hash | 163 MB of books | 0.45 | 0.87 | 0.52 |
//! | 2^20 slots, and words that find no room in partitions by hash that are counted in batches | 250 MB, 3.4 million distinct | - | 2.82 | 1.86 |
//!
//! The front loses because it takes 193 instructions a word for 117; the second level and the partitions
//! because each of their words costs two cache lines, of the second level two page walks as well, on top
//! of a failed search whose length no branch predictor knows.
//!
//! Two tables in one process that took turns at 8 MB of the same text, 163 MB of books, median ratios of
//! the times, above 1 where the change is faster:
//!
//! | change | ratio |
//! |---|---|
//! | keys stored by the first loop instead of made again by the second | 1.05 (kept) |
//! | words without a key told by their stored key, not by length and NUL | 1.07 (kept) |
//! | frequent words placed first when the table grows | 1.02 (kept) |
//! | keys by two loads of 8 bytes, not one of 16 | 0.94 |
//! | one loop that hashes and prefetches 24 words ahead of the one it counts | 0.92 |
//! | lengths of words as a vector of bytes, made beside the borders | 0.98 |
//!
//! Whole programs of one thread in turn, 200 MB of books, nine and eight rounds (2 cores, AVX-512, 2026-11-23), median
//! ratios of the times to that of `wordcount.cpp`, above 1 where ours is faster:
//!
//! | change | before | after |
//! |---|---|---|
//! | eight words at a time by gathers, AVX-512 | 0.98 | 1.19 (kept; 1 GB: 0.99 and 1.32) |
//! | the same without checks of bounds | 0.98 | 1.26 (not worth the `unsafe`) |
//! | words at home first, the others listed, AVX2 | 0.79 | 0.85 (kept) |
//! | the same without a branch, AVX2 | 0.79 | 0.81 |
//! | tables from 8 MB on filled to 3/4 and doubled, 33 MB of books in half the memory | 1.02 | 0.98 |
//!
//! 0.98 GB of books on a quiet machine (2 cores of AMD's, AVX-512, 2026-11-27):
//!
//! | change | before | after |
//! |---|---|---|
//! | eight keys by eight loads and six insertions instead of two gathers, which needs no `unsafe` | 1.28 | 1.52 (kept) |
//! | the same, and words one slot behind their home eight at a time too | 1.52 | 1.43 |
//! | new words apart from displaced ones, 33 MB | 1.02 | 1.08 (kept) |
//!
//! Three layouts that spare memory, each in turn with this one and `wordcount.cpp` (AVX-512, one thread, same machine and
//! day, a loud host; median ratios to `wordcount.cpp`, of this one first). All list the words in order of first
//! appearance, so that ranking sorts nothing and writing reads forwards, which takes 20 ms off the 145 of 33 MB:
//!
//! | layout | 33 MB of books | 1 GB of books | 1 GB, 5.8 million distinct |
//! |---|---|---|---|
//! | slots of 32 bytes whose counts go to the list when the text ends | 1.00, 1.00 | 1.24, 1.12 | 1.39, 0.94 |
//! | slots of 8 bytes (tag and number), words and counts in the list | 0.96, 1.08 | 1.21, 1.01 | 1.60, 1.46 |
//! | 2^14 / 2^16 / 2^18 of these slots for the first words, the second layout for the others | 1.02, 0.65 / 0.72 / 0.83 | 1.29, - / 0.75 / 0.88 | - |
//!
//! The second layout is what [`list`] is: 200 MB of 21 million distinct words take it 0.66 of the time on one
//! thread and 0.7 on two (both ways in turn, three rounds). Its index at a load of at most 1/2, not 2/3, growing fourfold
//! at first, and asked for 64 words ahead rather than for a whole block: 2.46, 2.24 and 1.87 s of counting.
//!
//! The first loses what it gains to memory that is touched for the list and to one more pass over the slots; the second
//! clears, fills and moves a third of the memory, but its second line of the cache costs five cycles a word, which long
//! texts never win back.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod batch;
mod huge_pages;
mod list;

use kernels_core::counts::{Entry, Outlook, Run, Seed, Slots, holds_space};
use kernels_core::text;

use super::block::Block;
use batch::Batch;
use batch::LookUp;
pub(super) use batch::OneByOne;
use list::List;

/// Words with their counts.
pub(super) struct Table {
    seed: Seed,
    /// The words that have a key, as long as most words of the text are known ones.
    slots: Option<Slots>,
    /// The other words.
    list: List,
    batch: Box<Batch>,
    /// How many words were counted.
    occurrences: usize,
    /// Where the text ends, as far as that is known.
    end: Option<u64>,
}

/// log2 of the slots of a new table: 32 KB, which holds the words of a page. With 2^14 a text of a few
/// kilobytes takes five times as long.
const FEWEST: u32 = 10;

/// log2 of the slots that do not grow any more where most words are new: 32 MB.
const LISTED: u32 = 20;

impl Table {
    pub(super) fn new() -> Self {
        Self {
            seed: Seed::of_process(),
            slots: Some(Slots::new(FEWEST, huge_pages::request)),
            list: List::new(),
            batch: Batch::new(),
            occurrences: 0,
            end: None,
        }
    }

    /// Tells where the text that follows ends, if that is known.
    pub(super) fn expect_end(&mut self, end: Option<u64>) {
        self.end = end;
    }

    /// Counts the words of a block, which begins at `offset` of the text.
    #[inline(always)]
    pub(super) fn count(&mut self, look_up: impl LookUp, block: &Block, offset: u64) {
        let words = block.words().len();
        self.make_room(words, offset);
        let Self { seed, slots, list, batch, .. } = self;
        let Some(slots) = slots else {
            return self.count_in_list(look_up, block, offset);
        };
        look_up.hash(block, *seed, slots.bits(), slots.entries(), batch);
        if block.has_nul() {
            batch.drop_keys_with_nul(block);
        }
        let mut slots = slots.open();
        let others = look_up.count_at_home(words, batch, &mut slots);
        for &number in &batch.fresh[..others.fresh] {
            let (number, home) = (usize::from(number), batch.homes[usize::from(number)]);
            match batch.key(number) {
                key if holds_space(key) => list.defer(block, number, *seed),
                key => slots.count(home, key, || offset + block.start(number)),
            }
        }
        for &number in &batch.elsewhere[..others.elsewhere] {
            let (number, home) = (usize::from(number), batch.homes[usize::from(number)]);
            match batch.key(number) {
                key if key as u64 == 0 || holds_space(key) => list.defer(block, number, *seed),
                key => slots.count(home.wrapping_add(1), key, || offset + block.start(number)),
            }
        }
        list.count_deferred(block, offset);
    }

    /// Sees to it that so many new words fit, which begin at `offset` of the text. Slots that are full of words of which most
    /// were never seen again leave them to the list.
    fn make_room(&mut self, words: usize, offset: u64) {
        if let Some(slots) = &mut self.slots
            && !slots.has_room(words)
        {
            if slots.bits() >= LISTED && self.occurrences < 2 * slots.words() {
                self.list_words();
            } else {
                slots.reserve_in(words, Outlook { offset, end: self.end });
            }
        }
        self.occurrences += words;
    }

    #[cold]
    fn list_words(&mut self) {
        if let Some(slots) = self.slots.take() {
            self.list.take_in(slots, self.seed);
        }
    }

    /// The same as [`Table::count`] where all words are in the list.
    #[inline(never)]
    fn count_in_list(&mut self, look_up: impl LookUp, block: &Block, offset: u64) {
        let Self { seed, list, batch, .. } = self;
        look_up.hash(block, *seed, 32, &[Entry::default()], batch);
        if block.has_nul() {
            batch.drop_keys_with_nul(block);
        }
        list.count_block(block, batch, *seed, offset);
        list.count_deferred(block, offset);
    }

    /// Counts the words of one lower-cased segment, which is longer than a block.
    pub(super) fn count_giant(&mut self, segment: &[u8], first: u64) {
        for (at, word) in text::split_at_spaces(segment) {
            self.list.count(word, self.seed.hash(word), first + at as u64);
        }
    }

    /// Whether a word is no UTF-8.
    pub(super) fn has_invalid(&self) -> bool {
        self.list.has_invalid() || self.slots.as_ref().is_some_and(Slots::has_invalid)
    }

    /// The words, as they lie.
    pub(super) fn into_runs(self) -> Vec<Run> {
        let mut runs = self.list.into_runs();
        runs.extend(self.slots.map(Run::from));
        runs
    }
}

/// Asks for the cache line of `place`.
#[inline(always)]
fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "a prefetch takes a pointer; it is worth a quarter of the time")]
    // SAFETY: a prefetch reads nothing that the program can see, and `place` is a valid address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[cfg(test)]
mod tests;
