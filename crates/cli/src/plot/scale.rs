//! From numbers to places on an axis, and where its ticks are.

/// More ticks than this are hard to read.
const MOST_TICKS: f64 = 8.0;

/// An axis from its low end, place 0, to its high end, place 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// Between two ticks; of a logarithmic scale, in decades.
    step: f64,
    logarithmic: bool,
}

/// A number worth a label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) place: f64,
    pub(super) label: String,
}

impl Scale {
    /// A linear scale from the least to the greatest of the numbers.
    pub(super) fn linear(numbers: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(numbers);
        let step = round_step((high - low) / MOST_TICKS);
        Self { low, high, step, logarithmic: false }
    }

    /// A logarithmic scale that holds all the numbers above 0, over whole decades.
    pub(super) fn logarithmic(numbers: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(numbers.filter(|&x| x > 0.0).map(f64::log10));
        let (low, high) = (low.floor(), high.ceil());
        let step = ((high - low) / MOST_TICKS).ceil().max(1.0);
        Self { low, high, step, logarithmic: true }
    }

    /// Two linear scales on which a unit is equally long, for axes of these lengths.
    pub(super) fn same_units(x: (f64, f64), y: (f64, f64), lengths: (f64, f64)) -> (Self, Self) {
        let unit = f64::max((x.1 - x.0) / lengths.0, (y.1 - y.0) / lengths.1);
        let unit = if unit > 0.0 { 1.05 * unit } else { 1.0 / lengths.0 };
        let step = round_step(unit * lengths.1 / MOST_TICKS);
        let around = |(low, high): (f64, f64), length: f64| {
            let (middle, half) = ((low + high) / 2.0, unit * length / 2.0);
            Self { low: middle - half, high: middle + half, step, logarithmic: false }
        };
        (around(x, lengths.0), around(y, lengths.1))
    }

    /// Where a number is, from 0 to 1.
    pub(super) fn place(&self, x: f64) -> f64 {
        let x = if self.logarithmic { x.log10() } else { x };
        (x - self.low) / (self.high - self.low)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let first = (self.low / self.step - 1e-9).ceil() as i64;
        let last = (self.high / self.step + 1e-9).floor() as i64;
        let tick = |index: i64| {
            let x = index as f64 * self.step;
            Tick { place: (x - self.low) / (self.high - self.low), label: self.label(x) }
        };
        (first..=last).map(tick).collect()
    }

    fn label(&self, x: f64) -> String {
        if self.logarithmic {
            return power_of_ten(x as i64);
        }
        if x == 0.0 {
            return "0".to_owned();
        }
        if x.abs() >= 1e6 || self.step < 1e-4 {
            return format!("{x:.1e}");
        }
        let decimals = (-self.step.log10().floor()).max(0.0) as usize;
        format!("{x:.decimals$}")
    }
}

/// The least and the greatest number, never the same; 0 and 1 where there is none.
fn range(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = numbers.filter(|x| x.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = if low == high { f64::max(low.abs(), 1.0) / 2.0 } else { 0.0 };
    (low - room, high + room)
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= least * 0.999);
    factor.unwrap_or(10.0) * power
}

/// `1000` as it is, larger and smaller powers as `10⁶`.
fn power_of_ten(exponent: i64) -> String {
    match exponent {
        0 => "1".to_owned(),
        1..=4 => format!("1{}", "0".repeat(exponent as usize)),
        _ => format!("10{}", exponent.to_string().chars().map(superscript).collect::<String>()),
    }
}

fn superscript(character: char) -> char {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match character.to_digit(10) {
        Some(digit) => DIGITS[digit as usize],
        None => '⁻',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn linear_scales_have_round_ticks() {
        let scale = Scale::linear([0.0, 9.7].into_iter());
        assert_eq!(labels(&scale), ["0", "2", "4", "6", "8"]);
        assert_eq!(scale.place(4.85), 0.5);
        let small = Scale::linear([-0.012, 0.03].into_iter());
        assert_eq!(labels(&small), ["-0.01", "0", "0.01", "0.02", "0.03"]);
    }

    #[test]
    fn logarithmic_scales_have_decades_and_pass_over_zero() {
        let scale = Scale::logarithmic([0.0, 3e-7, 0.02].into_iter());
        assert_eq!(labels(&scale), ["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]);
        assert_eq!(scale.place(1e-4), 0.5);
        assert_eq!(
            labels(&Scale::logarithmic([1.0, 150.0].into_iter())),
            ["1", "10", "100", "1000"]
        );
    }

    #[test]
    fn one_number_or_none_still_makes_a_scale() {
        for scale in [
            Scale::linear([0.0].into_iter()),
            Scale::linear([f64::NAN, -3.0].into_iter()),
            Scale::linear(std::iter::empty()),
            Scale::logarithmic([1.0].into_iter()),
            Scale::logarithmic(std::iter::empty()),
        ] {
            assert!(scale.high > scale.low && scale.ticks().len() > 1, "{scale:?}");
        }
    }

    #[test]
    fn a_unit_is_equally_long_on_both_axes() {
        let (x, y) = Scale::same_units((0.0, 1.0), (-4.0, 4.0), (600.0, 400.0));
        let unit = |scale: &Scale, length: f64| (scale.place(1.0) - scale.place(0.0)) * length;
        assert!((unit(&x, 600.0) - unit(&y, 400.0)).abs() < 1e-9);
        assert!(y.place(4.0) < 1.0 && y.place(-4.0) > 0.0);
        let (point, _) = Scale::same_units((1.0, 1.0), (2.0, 2.0), (600.0, 400.0));
        assert!(point.place(1.0) == 0.5);
    }
}
