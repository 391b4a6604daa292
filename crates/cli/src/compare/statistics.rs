//! What a list of running times says.
//!
//! Times are not normal: they have a sharp lower edge and a long tail upwards, where something else
//! used the machine. So the centre is the median and the spread is the median absolute deviation
//!
//! ```text
//! MAD = median |t_i - median(t)|          spread = 1.4826 MAD
//! ```
//!
//! which for normal numbers is the standard deviation, and which half of the times may be outliers
//! without harming. A run is an outlier by its modified z-score, `M_i = 0.6745 (t_i - median) / MAD`.
//! Mean and standard deviation are there as well, since other programs read them.
//!
//! Literature: Iglewicz & Hoaglin, How to Detect and Handle Outliers (ASQC 1993) for the z-score;
//! Hampel, J. Am. Stat. Assoc. 69, 383 (1974) for the MAD; Georges, Buytaert & Eeckhout, Statistically
//! Rigorous Java Performance Evaluation (OOPSLA 2007) for what is wrong with less.

pub(crate) mod mann_whitney;

/// The MAD of normal numbers is their standard deviation over this.
const NORMAL_MAD: f64 = 1.4826;
/// The mean absolute deviation of normal numbers is their standard deviation over this.
const NORMAL_MEAN_DEVIATION: f64 = 1.2533;
/// A modified z-score beyond this makes an outlier: ten robust standard deviations, as in hyperfine.
///
/// The 3.5 of the literature is meant for normal numbers. Of 32 lists of 100 times (both kernels, four
/// backends, four sizes, on a quiet machine of two cores, 2026-11-22) it finds outliers in 30 and warns
/// of nothing by that; ten finds them in 9, 0.6 % of the runs.
const OUTLIER: f64 = 10.0;

/// Centre and spread of a list of times, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) mean: f64,
    /// The standard deviation of the sample; a single run has none.
    pub(crate) stddev: Option<f64>,
    pub(crate) median: f64,
    /// 1.4826 MAD
    pub(crate) spread: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// How many times are outliers.
    pub(crate) outliers: usize,
}

impl Summary {
    /// # Panics
    /// Where there is no time.
    pub(crate) fn of(times: &[f64]) -> Self {
        assert!(!times.is_empty(), "a summary needs at least one time");
        let median = median(times);
        Self {
            mean: mean(times),
            stddev: standard_deviation(times),
            median,
            spread: NORMAL_MAD * median_deviation(times, median),
            min: times.iter().copied().fold(f64::INFINITY, f64::min),
            max: times.iter().copied().fold(0.0, f64::max),
            outliers: outliers(times),
        }
    }
}

/// A quotient of two medians and its spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) value: f64,
    pub(crate) spread: f64,
}

impl Ratio {
    /// `a / b`. The relative errors add in squares, as for independent errors that are small:
    /// `s = (a / b) sqrt((s_a / a)^2 + (s_b / b)^2)`.
    pub(crate) fn new((a, s_a): (f64, f64), (b, s_b): (f64, f64)) -> Self {
        let value = a / b;
        Self { value, spread: value * (s_a / a).hypot(s_b / b) }
    }
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn standard_deviation(x: &[f64]) -> Option<f64> {
    let mean = mean(x);
    let squares: f64 = x.iter().map(|x| (x - mean) * (x - mean)).sum();
    (x.len() > 1).then(|| (squares / (x.len() - 1) as f64).sqrt())
}

fn median(x: &[f64]) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
}

fn median_deviation(x: &[f64], median: f64) -> f64 {
    self::median(&x.iter().map(|x| (x - median).abs()).collect::<Vec<_>>())
}

fn outliers(x: &[f64]) -> usize {
    let median = median(x);
    let scale = match NORMAL_MAD * median_deviation(x, median) {
        // More than half of the times are equal.
        0.0 => {
            let deviations: Vec<_> = x.iter().map(|x| (x - median).abs()).collect();
            NORMAL_MEAN_DEVIATION * mean(&deviations)
        }
        scale => scale,
    };
    x.iter().filter(|&&x| (x - median).abs() > OUTLIER * scale).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_those_of_scipy() {
        // numpy.mean, numpy.std(ddof=1), numpy.median, scipy.stats.median_abs_deviation
        let summary = Summary::of(&[2.0, 4.0, 4.0, 5.0, 7.0, 9.0]);
        assert!((summary.mean - 5.166_666_666_666_667).abs() < 1e-15);
        assert!((summary.stddev.unwrap() - 2.483_277_404_291_89).abs() < 1e-15);
        assert_eq!((summary.median, summary.min, summary.max), (4.5, 2.0, 9.0));
        assert_eq!(summary.spread, NORMAL_MAD * 1.5);
    }

    #[test]
    fn a_single_time_has_no_standard_deviation() {
        let summary = Summary::of(&[3.0]);
        assert_eq!((summary.mean, summary.stddev, summary.median), (3.0, None, 3.0));
        assert_eq!((summary.spread, summary.outliers), (0.0, 0));
    }

    #[test]
    fn one_slow_run_is_an_outlier_and_moves_nothing() {
        let summary = Summary::of(&[1.0, 1.01, 0.99, 1.02, 0.98, 30.0]);
        assert_eq!(summary.outliers, 1);
        assert!((summary.median - 1.005).abs() < 1e-12);
        assert!(summary.spread < 0.03);
        assert_eq!(Summary::of(&[1.0, 1.01, 0.99, 1.02, 0.98, 1.05]).outliers, 0);
    }

    #[test]
    fn equal_times_have_no_outliers_but_one_that_is_far_off() {
        assert_eq!(Summary::of(&[1.0; 9]).outliers, 0);
        let mut times = [1.0; 40];
        times[7] = 9.0;
        assert_eq!(Summary::of(&times).outliers, 1);
    }

    #[test]
    fn errors_of_a_ratio_add_in_squares() {
        let ratio = Ratio::new((6.0, 0.3), (2.0, 0.24));
        assert_eq!(ratio.value, 3.0);
        assert!((ratio.spread - 3.0 * 0.13).abs() < 1e-15, "{ratio:?}");
    }
}
