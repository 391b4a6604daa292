//! Numbers as Python's format strings write them, where Rust's differ.

use std::time::Duration;

/// `{:.6e}`: an exponent has a sign and at least two digits.
pub(crate) fn exponent(x: f64) -> String {
    let text = format!("{x:.6e}");
    match text.split_once('e') {
        None => text.to_lowercase(),
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
    }
}

/// `{:+.10f}`: what is not a number has a sign too.
pub(crate) fn signed(x: f64) -> String {
    if x.is_nan() { "+nan".to_owned() } else { format!("{x:+.10}") }
}

/// `str(timedelta)` with microseconds: `H:MM:SS.ffffff`.
pub(crate) fn time_delta(duration: Duration) -> String {
    let (seconds, micros) = (duration.as_secs(), duration.subsec_micros());
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_have_two_digits() {
        assert_eq!(exponent(-7.8384), "-7.838400e+00");
        assert_eq!(exponent(1.5e-7), "1.500000e-07");
        assert_eq!(exponent(3e120), "3.000000e+120");
        assert_eq!(exponent(0.0), "0.000000e+00");
        assert_eq!(exponent(f64::NAN), "nan");
        assert_eq!(exponent(f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn signs_are_always_written() {
        assert_eq!(signed(0.5), "+0.5000000000");
        assert_eq!(signed(-1e-9), "-0.0000000010");
        assert_eq!(signed(f64::INFINITY), "+inf");
        assert_eq!(signed(f64::NAN), "+nan");
    }

    #[test]
    fn durations_are_written_as_pythons() {
        assert_eq!(time_delta(Duration::from_micros(7)), "0:00:00.000007");
        assert_eq!(time_delta(Duration::from_millis(3_723_450)), "1:02:03.450000");
    }
}
