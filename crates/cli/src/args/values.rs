//! Numbers on the command line, each checked for its range.

use std::num::NonZeroUsize;
use std::str::FromStr;

use perf_kernels::NBodyOptions;

/// A finite number above 0.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    number(text, |x| x > 0.0, "it must be a finite number above 0")
}

/// A finite number, at least 0.
pub(super) fn non_negative(text: &str) -> Result<f64, String> {
    number(text, |x| x >= 0.0, "it must be a finite number, at least 0")
}

/// An opening angle of the tree.
pub(super) fn opening(text: &str) -> Result<f64, String> {
    number(text, |x| x > 0.0 && x <= NBodyOptions::LARGEST_OPENING, "it must be above 0, at most 1")
}

/// A number from 0 to 1.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    number(text, |x| (0.0..=1.0).contains(&x), "it must be a number from 0 to 1")
}

fn number(text: &str, fits: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if f64::is_finite(x) && fits(x) => Ok(x),
        _ => Err(expected.to_owned()),
    }
}

/// A whole number.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "it must be a whole number, at least 0".to_owned())
}

/// A number of threads.
pub(super) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it must be a whole number above 0".to_owned())
}

/// A whole number above 0, with K, M or G for thousands, millions or milliards.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let expected = || "it must be a whole number above 0, such as 5000 or 200M".to_owned();
    let (digits, unit) = match text.char_indices().last() {
        Some((end, 'k' | 'K')) => (&text[..end], 1_000),
        Some((end, 'm' | 'M')) => (&text[..end], 1_000_000),
        Some((end, 'g' | 'G')) => (&text[..end], 1_000_000_000),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| expected())?;
    number.checked_mul(unit).filter(|&count| count > 0).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        for text in ["0", "-1", "nan", "inf", "1e999", "x", ""] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!(positive("1e-3"), Ok(0.001));
        assert_eq!(non_negative("0"), Ok(0.0));
        assert!(non_negative("-0.1").is_err());
        assert_eq!(fraction("1"), Ok(1.0));
        assert!(fraction("1.1").is_err());
        assert_eq!(whole::<u64>("0"), Ok(0));
        assert!(
            ["-1", "1.5", "99999999999999999999", ""].map(whole::<u64>).iter().all(Result::is_err)
        );
        assert_eq!(threads("2"), Ok(const { NonZeroUsize::new(2).unwrap() }));
        assert!(["0", "-1", "x", ""].map(threads).iter().all(Result::is_err));
    }

    #[test]
    fn counts_take_units() {
        assert_eq!(count("17"), Ok(17));
        assert_eq!(count("3k"), Ok(3_000));
        assert_eq!(count("2G"), Ok(2_000_000_000));
        for text in ["0", "-3", "1.5", "K", "18446744073709551615K", ""] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
