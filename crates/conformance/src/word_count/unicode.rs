//! Generated Unicode text: every white space, every letter with a case, every trap in any order.

use kernels_core::Backend;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{assert_counts, check, counters, naive};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("words_of_every_character", every_character),
    Case::new("words_of_generated_text", generated),
];

/// Characters that make or break words, with their neighbours in the tables of Unicode.
pub(super) const TRAPS: &[char] = &[
    'a', 'b', 'Z', 'é', 'É', 'ß', 'ẞ', 'İ', 'I', 'ı', 'Σ', 'σ', 'ς', 'Α', 'Ω', '\u{2126}',
    '\u{212a}', 'Ǆ', 'ǅ', '\u{301}', '\u{307}', '\u{ad}', '\u{b7}', '’', '_', '&', '+', '~', '|',
    '\\', '\0', '\u{1b}', '\u{1c}', '\u{1f}', '\u{20}', '\t', '\n', '\r', '\u{b}', '\u{c}',
    '\u{7f}', '\u{85}', '\u{a0}', '\u{1680}', '\u{180e}', '\u{2000}', '\u{200a}', '\u{200b}',
    '\u{2028}', '\u{2029}', '\u{202f}', '\u{205f}', '\u{2060}', '\u{3000}', '\u{feff}', '𐐀', '𐐨',
    '😀', '.', ',', '-', '\'', '"', '(', ']', '/', '$', '5',
];

/// Every character of the first two planes and some of each other, between two letters and at the end of a
/// word.
fn every_character(backend: &dyn Backend) {
    let step = if backend.capabilities().software { 16 } else { 1 };
    let low = ('\0'..='\u{1ffff}').step_by(step);
    let high = ('\u{20000}'..=char::MAX).step_by(97 * step);
    let text: String = low.chain(high).flat_map(|c| ['A', c, 'Σ', ' ', c, '\n']).collect();
    check(backend, &text);
}

/// Words of a few characters, mostly traps, so that they repeat and merge.
pub(super) fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => proptest::sample::select(TRAPS),
        4 => Just(' '),
        2 => proptest::char::range('a', 'f'),
        1 => any::<char>(),
    ];
    proptest::collection::vec(character, 0..300).prop_map(String::from_iter)
}

/// A runner whose cases are the same on every machine.
pub(super) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn generated(backend: &dyn Backend) {
    let mut counters = counters(backend);
    let cases = if backend.capabilities().software { 50 } else { 400 };
    let property = |text: String| {
        let expected = naive::count(&text);
        for (algorithm, counter) in &mut counters {
            let found = counter.count(text.as_bytes());
            assert_counts(&found, &expected, format_args!("{algorithm}, {text:?}"));
        }
        Ok(())
    };
    let property = std::cell::RefCell::new(property);
    let outcome = runner(cases).run(&text(), |text| (property.borrow_mut())(text));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
