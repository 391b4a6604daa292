//! Invalid UTF-8: refused, with the least offset in the whole text.

use std::sync::atomic::{AtomicU64, Ordering};

use kernels_core::{Backend, Error, InTurn, Pieces};

use super::{assert_counts, count_pieces, counters, naive};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("invalid_utf8_of_every_kind_is_refused", kinds),
    Case::new("invalid_utf8_is_found_at_every_place", places),
    Case::new("invalid_utf8_is_found_in_any_piece", pieces),
    Case::new("least_invalid_offset_of_pieces_that_threads_take", taken_pieces),
    Case::new("invalid_text_is_not_read_to_its_end", endless),
    Case::new("invalid_utf8_far_into_a_long_text", far),
    Case::new("least_of_several_offsets_is_reported", least),
];

/// What is not UTF-8, one of each kind.
const INVALID: &[&[u8]] = &[
    b"\xff",
    b"\x80",
    b"\xc0\xaf",
    b"\xc3",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
];

fn kinds(backend: &dyn Backend) {
    for invalid in INVALID {
        for (before, after) in [("", ""), ("ab ", ""), ("", " ab"), ("Ä", " b"), ("a ", "b")] {
            let text = [before.as_bytes(), invalid, after.as_bytes()].concat();
            check(backend, &text, before.len());
        }
    }
}

/// Every place of a text that is wider than any register.
fn places(backend: &dyn Backend) {
    let clean = "word and wörd, ".repeat(10);
    for at in (0..clean.len()).filter(|&at| clean.is_char_boundary(at)) {
        for invalid in [&b"\xff"[..], b"\xe2\x82"] {
            let text = [&clean.as_bytes()[..at], invalid, &clean.as_bytes()[at..]].concat();
            check(backend, &text, at);
        }
    }
}

fn pieces(backend: &dyn Backend) {
    let good = "some wörds ";
    for (algorithm, mut counter) in counters(backend) {
        for bad in 0..5 {
            let mut added = Vec::new();
            let mut refused = Ok(());
            for piece in 0..5 {
                let text: &[u8] = if piece == bad { b"ab \xe2\x82 " } else { good.as_bytes() };
                added.push(text);
                refused = refused.and_then(|()| counter.add(text));
            }
            let refused = refused.and_then(|()| counter.finish().map(drop));
            let offset = (good.len() * bad + 3) as u64;
            assert_eq!(refused, Err(Error::InvalidUtf8 { offset }), "{algorithm}, piece {bad}");
            // The pieces behind the bad one were not added: the counter is as new.
            let counts = count_pieces(&mut *counter, [good.as_bytes()]);
            assert_counts(
                &counts,
                &naive::count(good),
                format_args!("{algorithm}, after an error"),
            );
        }
    }
}

/// Words that nobody has seen before, the first of which is not UTF-8, and no end.
#[derive(Default)]
struct Endless(AtomicU64);

impl Endless {
    /// How long a piece is.
    const PIECE: u64 = 1 << 16;
    /// More than any backend takes before it looks.
    const MANY: u64 = 2_000;
}

impl Pieces for Endless {
    fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
        let taken = self.0.fetch_add(1, Ordering::Relaxed);
        piece.clear();
        piece.extend_from_slice(if taken == 0 { b"ab\xff " } else { b"abcd " });
        let mut word = taken << 32;
        while (piece.len() as u64) < Self::PIECE {
            piece.extend_from_slice(format!("{word:015x} ").as_bytes());
            word += 1;
        }
        piece.truncate(Self::PIECE as usize);
        *piece.last_mut()? = b' ';
        (taken < Self::MANY).then_some(taken * Self::PIECE)
    }
}

fn endless(backend: &dyn Backend) {
    for (algorithm, mut counter) in counters(backend) {
        let text = Endless::default();
        let refused = counter.add_pieces(&text).and_then(|()| counter.finish().map(drop));
        assert_eq!(refused, Err(Error::InvalidUtf8 { offset: 2 }), "{algorithm}");
        let taken = text.0.into_inner();
        assert!(taken < Endless::MANY, "{algorithm} took all {taken} pieces");
    }
}

fn taken_pieces(backend: &dyn Backend) {
    let good = "some wörds ".repeat(50);
    for (algorithm, mut counter) in counters(backend) {
        for bad in [0, 1, 7, 30, 63] {
            // Every second piece from the first bad one on.
            let is_bad = |piece: usize| piece >= bad && (piece - bad).is_multiple_of(2);
            let piece = |piece| if is_bad(piece) { &b"ab \xe2\x82 "[..] } else { good.as_bytes() };
            let pieces: Vec<_> = (0..64).map(piece).collect();
            let refused = counter.add_pieces(&InTurn::new(&pieces));
            let refused = refused.and_then(|()| counter.finish().map(drop));
            let offset = (good.len() * bad + 3) as u64;
            assert_eq!(refused, Err(Error::InvalidUtf8 { offset }), "{algorithm}, piece {bad}");
            let counts = count_pieces(&mut *counter, [good.as_bytes()]);
            let expected = naive::count(&good);
            assert_counts(&counts, &expected, format_args!("{algorithm}, after an error"));
        }
    }
}

fn far(backend: &dyn Backend) {
    let clean = "Lorem ipsum dolor sit amet, ".repeat(20_000);
    for at in [1, clean.len() / 3, clean.len() / 2 + 7, clean.len() - 1, clean.len()] {
        let text = [&clean.as_bytes()[..at], b"\xff", &clean.as_bytes()[at..]].concat();
        check(backend, &text, at);
    }
}

/// Several threads may find one each.
fn least(backend: &dyn Backend) {
    let mut text = "one two three four ".repeat(1000).into_bytes();
    for at in (4_000..text.len()).step_by(1_001) {
        text[at] = 0xff;
    }
    check(backend, &text, 4_000);
}

fn check(backend: &dyn Backend, text: &[u8], offset: usize) {
    let expected = Err(Error::InvalidUtf8 { offset: offset as u64 });
    for (algorithm, mut counter) in counters(backend) {
        let found = counter.count(text).map(|counts| counts.len());
        let start = String::from_utf8_lossy(&text[..text.len().min(60)]);
        assert_eq!(found, expected, "{algorithm}, {} bytes {start:?}", text.len());
    }
}
