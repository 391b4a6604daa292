//! Quantities as people read them: three digits and a unit.

/// A number with three significant digits and an SI prefix.
pub(crate) fn si(x: f64) -> String {
    const PREFIXES: [(f64, &str); 5] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
    let (scale, prefix) =
        PREFIXES.into_iter().find(|(scale, _)| x.abs() >= 0.9995 * scale).unwrap_or((1.0, ""));
    format!("{} {prefix}", digits(x / scale))
}

/// A rate, such as `1.25 GB/s` or `1.25 G interactions/s`.
pub(crate) fn rate(per_second: f64, unit: &str) -> String {
    match (si(per_second), unit.len()) {
        (number, 1) => format!("{number}{unit}/s"),
        (number, _) => format!("{} {unit}/s", number.trim_end()),
    }
}

/// A time in the unit in which `like` has one to three digits before the point, unless it is a
/// thousand times as long.
pub(crate) fn seconds_like(x: f64, like: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let unit_of = |x: f64| UNITS.into_iter().find(|(scale, _)| x.abs() >= 0.9995 * scale);
    let (scale, unit) = match unit_of(like).unwrap_or(UNITS[3]) {
        (scale, _) if x >= 999.5 * scale => unit_of(x).unwrap_or(UNITS[3]),
        unit => unit,
    };
    format!("{} {unit}", digits(x / scale))
}

/// A time.
pub(crate) fn seconds(x: f64) -> String {
    seconds_like(x, x)
}

/// Three significant digits, and no exponent for what is below 1000.
pub(crate) fn digits(x: f64) -> String {
    match x.abs() {
        x_abs if x_abs >= 99.95 => format!("{x:.0}"),
        x_abs if x_abs >= 9.995 => format!("{x:.1}"),
        _ => format!("{x:.2}"),
    }
}

/// A ratio of times and its deviation, to the third digit of the ratio.
pub(crate) fn ratio(value: f64, spread: f64) -> String {
    let decimals = (2.0 - value.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$} ± {spread:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        assert_eq!(seconds(0.0123), "12.3 ms");
        assert_eq!(seconds(0.9999), "1.00 s");
        assert_eq!(seconds(3.2e-7), "320 ns");
        assert_eq!(seconds(0.0), "0.00 ns");
        assert_eq!(seconds_like(0.000_12, 0.0123), "0.12 ms");
        assert_eq!(seconds_like(0.9, 0.000_5), "900 ms");
        assert_eq!(rate(2.5e9, "interactions"), "2.50 G interactions/s");
        assert_eq!(rate(2.5, "interactions"), "2.50 interactions/s");
        assert_eq!(rate(1.25e9, "B"), "1.25 GB/s");
        assert_eq!(rate(999_999.0, "B"), "1.00 MB/s");
        assert_eq!(rate(12.0, "B"), "12.0 B/s");
    }

    #[test]
    fn a_small_ratio_keeps_its_digits() {
        assert_eq!(ratio(0.001_234, 0.000_056), "0.00123 ± 0.00006");
        assert_eq!(ratio(1.0, 0.0), "1.00 ± 0.00");
        assert_eq!(ratio(4.04, 0.123), "4.04 ± 0.12");
        assert_eq!(ratio(1234.4, 56.0), "1234 ± 56");
        assert_eq!(ratio(0.0, 0.0), "0.000000000 ± 0.000000000");
    }
}
