//! Texts with the bytes that the lesson's program writes for them.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use kernels_core::Backend;

use super::{counters, excerpt, lines, oracle};
use crate::need::shared;
use crate::{Case, Need};

pub(super) const CASES: &[Case] = &[
    Case::new("words_of_border_cases", border_cases),
    Case::needing(&[Need::Shared], "words_of_the_golden_files", golden_files),
    Case::needing(&[Need::Shared, Need::Python], "words_of_the_61_books", books),
];

/// A text, and its lines without the percentages.
const BORDER_CASES: &[(&str, &str)] = &[
    ("", ""),
    (" ., \r\n\t--\n", ""),
    ("word", "word 1"),
    ("x", "x 1"),
    ("b a c a b c d e\n", "b 2|a 2|c 2|d 1|e 1"),
    (
        "a\\b a|b a&b a+b a_b a~b don't rock-n-roll x=1 $5.00\n",
        "a\\b 1|a|b 1|a&b 1|a+b 1|a_b 1|a~b 1|don 1|t 1|rock 1|n 1|roll 1|x 1|1 1|5 1|00 1",
    ),
    // A byte-order mark is part of a word.
    ("\u{feff}The the \u{feff}the\n", "\u{feff}the 2|the 1"),
    // Separators of ASCII, and a space of Latin-1.
    ("a\u{1c}b\u{1d}c\u{1e}d\u{1f}e a\u{85}b\n", "a 2|b 2|c 1|d 1|e 1"),
    ("one\rtwo\r\nthree\n\rfour\u{b}five\u{c}six", "one 1|two 1|three 1|four 1|five 1|six 1"),
    // Letters whose lower case is another block's letter: kelvin, angstrom, ohm.
    ("\u{212a} k K \u{212b} å Å \u{2126} ω ǅ ǆ Ǆ Ⅷ ⅷ Ⓐ ⓐ", "k 3|å 3|ǆ 3|ω 2|ⅷ 2|ⓐ 2"),
    ("a\0b a\0B ab \0 a\0\n", "a\0b 2|ab 1|\0 1|a\0 1"),
    ("𐐀𐐨 😀 𞤀𞤢", "𐐨𐐨 1|😀 1|𞤢𞤢 1"),
    ("STRASSE straße STRAẞE ẞ ß\n", "straße 2|ß 2|strasse 1"),
    // Final sigma.
    (
        "ΣΑΣ Σ ΑΣ ΑΣΒ ΑΣ’ Α’Σ ΑΣ1 1Σ ΑΣ.Β Α.Σ ΑΣ\u{ad}Β ΑΣ\u{301} ΑΣ\u{301}Β Σ\u{301} ΟΔΟΣ οδος ΟΔΟς ΑΣ_ ΑΣ·Β ΣΣ ΣΣΣ",
        "οδος 3|σ 2|ας 2|σας 1|ασβ 1|ας’ 1|α’ς 1|ας1 1|1σ 1|β 1|α 1|ασ\u{ad}β 1|ας\u{301} 1|ασ\u{301}β 1|σ\u{301} 1|ας_ 1|ασ·β 1|σς 1|σσς 1",
    ),
    // A capital I with a dot becomes two code points.
    (
        "İSTANBUL istanbul i\u{307}stanbul ISPARTA ısparta I ı İ",
        "i\u{307}stanbul 2|istanbul 1|isparta 1|ısparta 1|i 1|ı 1|i\u{307} 1",
    ),
    // Spaces beyond ASCII, and four characters that only look like spaces.
    (
        "a\u{a0}b\u{1680}c\u{2000}d\u{200a}e\u{2028}f\u{2029}g\u{202f}h\u{205f}i\u{3000}j\u{200b}k\u{180e}l\u{2060}m\u{feff}n",
        "a 1|b 1|c 1|d 1|e 1|f 1|g 1|h 1|i 1|j\u{200b}k\u{180e}l\u{2060}m\u{feff}n 1",
    ),
];

fn border_cases(backend: &dyn Backend) {
    for &(text, expected) in BORDER_CASES {
        for (algorithm, mut counter) in counters(backend) {
            let counts = counter.count(text.as_bytes()).expect("UTF-8");
            let ranking = counts.ranked(0);
            let words: Vec<_> = ranking.iter().map(|w| format!("{} {}", w.word, w.count)).collect();
            assert_eq!(words.join("|"), expected, "{algorithm}, {}", excerpt(text));
        }
    }
}

fn golden_files(backend: &dyn Backend) {
    let mut compared = 0;
    for path in files("golden", "dat") {
        let expected = fs::read(&path).expect("a golden result");
        let text = fs::read(path.with_extension("txt")).expect("a golden text");
        for (algorithm, mut counter) in counters(backend) {
            let found = lines(&counter.count(&text).expect("UTF-8"));
            assert!(found == expected, "{algorithm}, {}", path.display());
        }
        compared += 1;
    }
    assert!(compared > 10, "only {compared} golden results found");
}

/// All books as one text: 5 million words, 364,463 of them distinct.
fn books(backend: &dyn Backend) {
    let text = all_books();
    for (algorithm, mut counter) in counters(backend) {
        let counts = counter.count(text).expect("UTF-8");
        assert_eq!((counts.len(), counts.total()), (364_463, 5_022_072), "{algorithm}");
        assert!(lines(&counts) == *lines_of_the_books(), "{algorithm}: other lines than Python's");
    }
}

fn all_books() -> &'static [u8] {
    static BOOKS: OnceLock<Vec<u8>> = OnceLock::new();
    BOOKS.get_or_init(|| {
        let books = files("data/books", "txt");
        assert_eq!(books.len(), 61);
        books.iter().flat_map(|path| fs::read(path).expect("a book")).collect()
    })
}

fn lines_of_the_books() -> &'static [u8] {
    static LINES: OnceLock<Vec<u8>> = OnceLock::new();
    LINES.get_or_init(|| oracle::python(oracle::WORD_COUNT, all_books()))
}

/// The files of a shared folder with an extension, in the order of their names.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = shared().join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths
}
