//! Axes: where a number lies, and which numbers are written beside.

/// Ticks that still leave room for their labels.
const MOST_TICKS: usize = 8;

/// An axis from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Axis {
    /// A logarithmic axis with room for all values, which are above 0.
    pub(super) fn log(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(0.0, f64::max);
        Self { low: low / 1.6, high: high * 1.6, is_log: true }
    }

    /// A linear axis from 0 with room for all values, which are above 0.
    pub(super) fn from_zero(values: impl Iterator<Item = f64>) -> Self {
        Self { low: 0.0, high: 1.08 * values.fold(0.0, f64::max), is_log: false }
    }

    /// Where `x` lies: 0 at the low end, 1 at the high one.
    pub(super) fn place(&self, x: f64) -> f64 {
        if self.is_log {
            (x / self.low).ln() / (self.high / self.low).ln()
        } else {
            (x - self.low) / (self.high - self.low)
        }
    }

    /// Round numbers on the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let mut ticks = if self.is_log { self.log_ticks(&[1.0, 2.0, 5.0]) } else { self.steps() };
        if ticks.len() > MOST_TICKS {
            ticks = self.log_ticks(&[1.0]);
        }
        let every = ticks.len().div_ceil(MOST_TICKS).max(1);
        ticks.into_iter().step_by(every).collect()
    }

    fn log_ticks(&self, mantissas: &[f64]) -> Vec<f64> {
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let ticks = decades.flat_map(|decade| {
            mantissas.iter().map(move |mantissa| format!("{mantissa}e{decade}"))
        });
        // Parsed, since 10^-7 computed is not 1e-7.
        ticks.filter_map(|tick| tick.parse().ok()).filter(|tick| self.holds(*tick)).collect()
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    fn steps(&self) -> Vec<f64> {
        let decade = 10f64.powf((self.high / MOST_TICKS as f64).log10().floor());
        let fits = |factor: &&f64| self.high / (**factor * decade) < MOST_TICKS as f64;
        let step = decade * [1.0, 2.0, 5.0].iter().find(fits).unwrap_or(&10.0);
        (0..MOST_TICKS).map(|i| i as f64 * step).filter(|tick| self.holds(*tick)).collect()
    }

    fn holds(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x)
    }
}

/// A number on an axis: `0`, `0.5`, `20`, `50 k`, `1e-13`.
pub(super) fn label(x: f64) -> String {
    const PREFIXES: [(f64, &str); 4] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    if x != 0.0 && x < 1e-3 {
        return format!("{x:e}");
    }
    let (scale, prefix) = PREFIXES.into_iter().find(|(scale, _)| x >= *scale).unwrap_or((1.0, ""));
    let number = (x / scale * 1e6).round() / 1e6;
    format!("{number}{prefix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let log = |low, high| Axis::log([low, high].into_iter()).ticks();
        assert_eq!(log(10.0, 300.0), [10.0, 20.0, 50.0, 100.0, 200.0]);
        assert_eq!(log(1e-16, 1e-3).len(), 7);
        assert_eq!(log(3e5, 2e6), [2e5, 5e5, 1e6, 2e6]);
        assert_eq!(Axis::from_zero([2.6].into_iter()).ticks(), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        assert_eq!(
            Axis::from_zero([12.0].into_iter()).ticks(),
            [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
        );
    }

    #[test]
    fn places_run_from_0_to_1() {
        let log = Axis::log([1.0, 100.0].into_iter());
        assert!((log.place(10.0) - 0.5).abs() < 1e-12);
        assert!(log.place(1.0) > 0.0 && log.place(100.0) < 1.0);
        assert_eq!(Axis::from_zero([1.0].into_iter()).place(0.54), 0.5);
    }

    #[test]
    fn labels_are_short() {
        let labels = [0.0, 0.5, 20.0, 5e4, 1e9, 1e-13, 0.30000000000000004].map(label);
        assert_eq!(labels, ["0", "0.5", "20", "50 k", "1 G", "1e-13", "0.3"]);
    }
}
