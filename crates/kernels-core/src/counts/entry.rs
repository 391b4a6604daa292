//! One word of a run: 32 bytes, half a cache line.
//!
//! Bytes rather than numbers, so that a word is borrowed from its entry as it lies, and rather than a
//! structure, so that a fresh table of them is memory that nobody has touched yet.

use crate::text;

/// The word padded with zeros, or `[0, o1, ..., o7, l0, ..., l7]`, offset and length in the arena of its
/// run; its count and the offset of its first appearance, little-endian.
pub type Entry = [[u8; 16]; 2];

/// An entry without a word: its count is 0.
pub(super) const VACANT: Entry = [[0; 16]; 2];

/// The entry of a word of 1 to 16 bytes without NUL, given padded with zeros, first byte lowest.
#[inline(always)]
pub(super) fn new(key: u128, count: u64, first: u64) -> Entry {
    [key.to_le_bytes(), (u128::from(count) | u128::from(first) << 64).to_le_bytes()]
}

#[inline(always)]
pub(super) fn key(entry: &Entry) -> u128 {
    u128::from_le_bytes(entry[0])
}

#[inline(always)]
pub(super) fn count(entry: &Entry) -> u64 {
    u128::from_le_bytes(entry[1]) as u64
}

#[inline(always)]
pub(super) fn first(entry: &Entry) -> u64 {
    (u128::from_le_bytes(entry[1]) >> 64) as u64
}

#[inline(always)]
pub(super) fn set_count(entry: &mut Entry, count: u64) {
    entry[1][..8].copy_from_slice(&count.to_le_bytes());
}

/// Adds occurrences, the first of them at `first`.
pub(super) fn add(entry: &mut Entry, occurrences: u64, at: u64) {
    let (sum, least) = (count(entry) + occurrences, first(entry).min(at));
    *entry = new(key(entry), sum, least);
}

/// The numbers of the entries that hold a word. Which do is what a processor cannot guess: there is no branch.
pub(super) fn taken<'a>(entries: &[Entry], numbers: &'a mut [u32]) -> &'a [u32] {
    let mut words = 0;
    for (number, entry) in entries.iter().enumerate() {
        numbers[words] = number as u32;
        words += usize::from(count(entry) > 0);
    }
    &numbers[..words]
}

/// Whether the word lies in the entry, and not in an arena.
#[inline(always)]
pub(super) fn is_inline(key: u128) -> bool {
    key as u8 != 0
}

/// Whether the word that is padded to `key` is ASCII.
#[inline(always)]
pub(super) fn is_ascii(key: u128) -> bool {
    const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
    key & HIGH == 0
}

/// Whether the segment that is padded to `key` holds a Unicode space, so that it is no word. A text whose words such spaces
/// separate is made of segments that nobody has seen before.
///
/// ```
/// use kernels_core::counts::holds_space;
///
/// assert!(holds_space(u128::from(u32::from_le_bytes(*b"a\xc2\xa0b"))));
/// assert!(!holds_space(u128::from(u32::from_le_bytes(*b"word"))));
/// ```
#[must_use]
#[inline(always)]
pub fn holds_space(key: u128) -> bool {
    !is_ascii(key) && foreign_holds_space(key)
}

/// Rare: its code stays out of the loop.
#[cold]
#[inline(never)]
fn foreign_holds_space(key: u128) -> bool {
    text::has_space(&key.to_le_bytes())
}

/// Whether the segment that is padded to `key` is UTF-8, so that a text which is none is told before it is counted to its end.
#[must_use]
#[inline(always)]
pub fn is_utf8(key: u128) -> bool {
    is_ascii(key) || foreign_is_utf8(key)
}

#[cold]
#[inline(never)]
fn foreign_is_utf8(key: u128) -> bool {
    std::str::from_utf8(&key.to_le_bytes()[..length(key)]).is_ok()
}

/// The length of the word that is padded to `key`.
#[inline(always)]
pub(super) fn length(key: u128) -> usize {
    16 - key.leading_zeros() as usize / 8
}

/// Where in the arena the word of such a key lies.
pub(super) fn place(key: u128) -> std::ops::Range<usize> {
    let start = (key as u64 >> 8) as usize;
    start..start + (key >> 64) as usize
}
