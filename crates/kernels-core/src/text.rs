//! What a text, a word and a line of the result are: the semantics of the lesson's `wordcount.py`,
//! equal byte for byte to what Python 3 writes.
//!
//! - A text is UTF-8.
//! - 26 ASCII [`DELIMITERS`] count as spaces.
//! - Words are split as Python's `str.split()` does: at Unicode `White_Space` and U+001C..U+001F.
//! - Each word is lower-cased as Python's `str.lower()` does, with the final sigma decided within the
//!   word and `İ` becoming two code points.
//! - A percentage is printed as Python's `repr` of a float.
//!
//! Python 3.11 knows Unicode 14, Rust 1.95 Unicode 17: 55 code points that were unassigned in Unicode 14
//! have another lower case, and 252 more, U+0295 and U+1171E among them, decide otherwise whether a sigma
//! beside them is final.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::Error;

/// The ASCII characters that separate words besides white space.
pub const DELIMITERS: &str = ".,;:?$@^<>#%`!*-=()[]{}/\"'";

/// Whether an ASCII byte separates words: a delimiter or white space. No byte >= 0x80 does.
#[must_use]
#[inline]
pub const fn is_separator(byte: u8) -> bool {
    SEPARATORS[byte as usize]
}

/// [`is_separator`] of every byte, for backends that look classes up.
pub const SEPARATORS: [bool; 256] = separators();

const fn separators() -> [bool; 256] {
    let mut table = [false; 256];
    let mut i = 0;
    while i < DELIMITERS.len() {
        table[DELIMITERS.as_bytes()[i] as usize] = true;
        i += 1;
    }
    let mut byte = 0;
    while byte < 128 {
        table[byte] |= is_space(byte as u8 as char);
        byte += 1;
    }
    table
}

/// Whether Python's `str.split()` splits at `c`.
#[must_use]
pub const fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// The words of `text` before lower-casing, each with its byte offset.
///
/// ```
/// let words: Vec<_> = kernels_core::text::words("Don't\u{2003}stop").collect();
/// assert_eq!(words, [(0, "Don"), (4, "t"), (8, "stop")]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let splits = |c: char| if c.is_ascii() { is_separator(c as u8) } else { is_space(c) };
    text.split(splits)
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

/// `word` as Python's `str.lower()` gives it.
#[must_use]
pub fn lower(word: &str) -> Cow<'_, str> {
    if !word.is_ascii() {
        Cow::Owned(word.to_lowercase())
    } else if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    }
}

/// A segment without ASCII separators as `str.lower()` gives it, where it is a single word: where it
/// is not empty and holds no Unicode space.
#[must_use]
pub fn single_word(segment: &str) -> Option<Cow<'_, str>> {
    let mut lowered = true;
    for c in segment.chars() {
        if is_plain(c) {
            continue;
        }
        if is_space(c) {
            return None;
        }
        lowered &= c.to_lowercase().eq([c]);
    }
    let word = if lowered { Cow::Borrowed(segment) } else { lower(segment) };
    (!segment.is_empty()).then_some(word)
}

/// Whether `c` is surely no space and its own lower case: most characters of most texts, looked up in a
/// table below U+0800 (the alphabets of Europe and the Near East), and the typographic dashes and quotes.
fn is_plain(c: char) -> bool {
    static PLAIN: LazyLock<[bool; 0x800]> = LazyLock::new(|| {
        std::array::from_fn(|point| {
            let c = char::from_u32(point as u32).unwrap_or(' ');
            !is_space(c) && c.to_lowercase().eq([c])
        })
    });
    match PLAIN.get(c as usize) {
        Some(&plain) => plain,
        None => matches!(c, '\u{2010}'..='\u{2027}'),
    }
}

/// The number of code points of UTF-8 `text`: the bytes that continue none.
#[must_use]
pub fn code_points(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The text as a string. `start` is the offset of its first byte in the whole text.
///
/// # Errors
/// [`Error::InvalidUtf8`] with the offset in the whole text.
pub fn validate(text: &[u8], start: u64) -> Result<&str, Error> {
    std::str::from_utf8(text)
        .map_err(|error| Error::InvalidUtf8 { offset: start + error.valid_up_to() as u64 })
}

/// Where the last word that may still go on begins: just behind the last ASCII separator of `text`,
/// or 0 where there is none. Cut there, a text is cut between two words.
#[must_use]
pub fn last_border(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| is_separator(byte)).map_or(0, |last| last + 1)
}

/// The first place at or behind `from` where a text may be cut between two words.
#[must_use]
pub fn next_border(text: &[u8], from: usize) -> usize {
    let from = from.min(text.len());
    text[from..]
        .iter()
        .position(|&byte| is_separator(byte))
        .map_or(text.len(), |separator| from + separator)
}

/// Where the last word that may still go on begins, as far as Unicode spaces tell: just behind the last one,
/// or 0 where there is none. For a text without ASCII separators, where [`last_border`] finds nothing.
#[must_use]
pub fn last_space(text: &[u8]) -> usize {
    let behind =
        |start: usize| Some(start + space_length(&text[start..])).filter(|&end| end > start);
    (0..text.len()).rev().find_map(behind).unwrap_or(0)
}

/// The parts of a segment between its Unicode spaces, each with its offset, whether UTF-8 or not.
pub fn split_at_spaces(segment: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    // The first bytes of all Unicode spaces. Most segments hold none.
    let maybe = segment.iter().any(|byte| matches!(byte, 0xc2 | 0xe1 | 0xe2 | 0xe3));
    let space = move |at: usize| if maybe { space_length(&segment[at..]) } else { 0 };
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < segment.len() && space(at) > 0 {
            at += space(at);
        }
        let start = at;
        at = (start..segment.len()).find(|&at| space(at) > 0).unwrap_or(segment.len());
        (start < at).then(|| (start, &segment[start..at]))
    })
}

/// Whether a segment holds a Unicode space.
pub(crate) fn has_space(segment: &[u8]) -> bool {
    (0..segment.len()).any(|at| space_length(&segment[at..]) > 0)
}

/// How many bytes the Unicode space has with which `text` begins, 0 where it begins with none or an ASCII one.
const fn space_length(text: &[u8]) -> usize {
    match text {
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [0xe1, 0x9a, 0x80, ..]
        | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..]
        | [0xe2, 0x81, 0x9f, ..]
        | [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// A float as Python's `repr` writes it: the shortest digits that read back as the same number, with
/// an exponent below 1e-4 and from 1e16 on.
///
/// ```
/// use kernels_core::text::python_repr;
///
/// assert_eq!(python_repr(100.0), "100.0");
/// assert_eq!(python_repr(1.9912100025646784e-05), "1.9912100025646784e-05");
/// ```
#[must_use]
pub fn python_repr(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() {
            "nan"
        } else if x > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    // Rust's `{:e}` has the shortest digits and its `{}` never an exponent.
    let scientific = format!("{x:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if x != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = x.to_string();
    if plain.contains('.') { plain } else { plain + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_the_lessons() {
        let separators: Vec<u8> = (0..=255).filter(|&byte| is_separator(byte)).collect();
        assert_eq!(separators.len(), 26 + 10);
        assert!(separators.iter().all(u8::is_ascii));
        for byte in *b"_&+~|\\\0\x1b\x7f" {
            assert!(!is_separator(byte), "{byte:#x}");
        }
        for byte in *b" \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f-'\"" {
            assert!(is_separator(byte), "{byte:#x}");
        }
    }

    #[test]
    fn unicode_spaces_are_found_in_bytes() {
        for c in ('\u{80}'..=char::MAX).chain(['a', ' ']) {
            let expected = if !c.is_ascii() && is_space(c) { c.len_utf8() } else { 0 };
            assert_eq!(space_length(c.to_string().as_bytes()), expected, "{c:?}");
        }
        let text = "\u{a0}ab\u{3000}\u{2003}é\u{85}";
        let parts: Vec<_> = split_at_spaces(text.as_bytes()).collect();
        assert_eq!(parts, [(2, &b"ab"[..]), (10, "é".as_bytes())]);
        assert_eq!(split_at_spaces(b"\xff\xe2\x80").count(), 1);
        assert_eq!(split_at_spaces("\u{2003}".as_bytes()).count(), 0);
        assert_eq!(last_space(text.as_bytes()), text.len());
        assert_eq!(last_space("a\u{3000}b".as_bytes()), 4);
        assert_eq!(last_space(b"a b\xe3\x80"), 0);
    }

    #[test]
    fn spaces_are_pythons() {
        // ''.join(c for c in map(chr, range(0x110000)) if c.isspace()) of Python 3
        let spaces = "\t\n\u{b}\u{c}\r\u{1c}\u{1d}\u{1e}\u{1f} \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
        let ours: String = ('\0'..=char::MAX).filter(|&c| is_space(c)).collect();
        assert_eq!(ours, spaces);
    }

    #[test]
    fn words_are_lowered_as_python_does() {
        assert_eq!(lower("ΑΣ"), "ας");
        assert_eq!(lower("Σ"), "σ");
        assert_eq!(lower("İ"), "i\u{307}");
        assert_eq!(lower("THE"), "the");
        assert!(matches!(lower("the"), Cow::Borrowed("the")));
    }

    #[test]
    fn final_sigma_is_decided_within_the_word() {
        let lowered: Vec<_> = words("ΑΣ.Β").map(|(_, word)| lower(word).into_owned()).collect();
        assert_eq!(lowered, ["ας", "β"]);
    }

    #[test]
    fn borders_lie_between_words() {
        assert_eq!(last_border(b"one two"), 4);
        assert_eq!(last_border(b"one "), 4);
        assert_eq!(last_border(b"one"), 0);
        assert_eq!(next_border(b"one two", 1), 3);
        assert_eq!(next_border(b"one two", 3), 3);
        assert_eq!(next_border(b"one two", 4), 7);
        assert_eq!(next_border(b"one", 9), 3);
    }

    #[test]
    fn invalid_utf8_is_found_where_it_is() {
        assert_eq!(validate("ä".as_bytes(), 7), Ok("ä"));
        assert_eq!(validate(b"ab\xff", 100), Err(Error::InvalidUtf8 { offset: 102 }));
        assert_eq!(validate(b"\xc3", 0), Err(Error::InvalidUtf8 { offset: 0 }));
    }

    #[test]
    fn floats_are_written_as_python_does() {
        for (x, repr) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (200.0 / 3.0, "66.66666666666667"),
            (1e-4, "0.0001"),
            (9.999e-5, "9.999e-05"),
            (1e-5, "1e-05"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (5e-324, "5e-324"),
            (-2.5, "-2.5"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(python_repr(x), repr);
        }
    }
}
