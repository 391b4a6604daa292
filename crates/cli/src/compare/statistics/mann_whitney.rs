//! Whether two lists of times differ: the rank-sum test of Mann, Whitney and Wilcoxon.
//!
//! ```text
//! U = R_a - n_a (n_a + 1) / 2                    R_a: sum of the ranks of a in both lists together
//! z = (|U - n_a n_b / 2| - 1/2) / s              s^2 = n_a n_b / 12 (N + 1 - sum (t^3 - t) / (N (N - 1)))
//! p = erfc(z / sqrt 2)
//! ```
//!
//! with mean ranks for equal times, `t` of each. It asks nothing of the times' distribution and one
//! slow run weighs no more than a slightly slow one. The normal approximation with its correction for
//! continuity is good from about eight runs each; few runs can never find much ([`least_p_value`]): six
//! each are needed for 1 %. Cost: O(N log N).
//!
//! Literature: Mann & Whitney, Ann. Math. Stat. 18, 50 (1947); Hollander, Wolfe & Chicken,
//! Nonparametric Statistical Methods (Wiley 2014), 4.1.

/// The probability that lists which differ as much as these come from one distribution (two-sided).
pub(crate) fn p_value(a: &[f64], b: &[f64]) -> f64 {
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let n = n_a + n_b;
    let (rank_sum, ties) = rank_sum(a, b);
    let u = rank_sum - n_a * (n_a + 1.0) / 2.0;
    let variance = n_a * n_b / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
    two_sided((u - n_a * n_b / 2.0).abs(), variance)
}

/// What lists of so many times give where all of one are below all of the other.
pub(crate) fn least_p_value(n_a: usize, n_b: usize) -> f64 {
    let (n_a, n_b) = (n_a as f64, n_b as f64);
    two_sided(n_a * n_b / 2.0, n_a * n_b / 12.0 * (n_a + n_b + 1.0))
}

/// The probability that U is at least that far from its mean.
fn two_sided(distance: f64, variance: f64) -> f64 {
    let distance = (distance - 0.5).max(0.0);
    if distance == 0.0 {
        return 1.0;
    }
    libm::erfc(distance / variance.sqrt() / std::f64::consts::SQRT_2)
}

/// The sum of the ranks of `a`, from 1, and of `t^3 - t` over all groups of `t` equal times.
fn rank_sum(a: &[f64], b: &[f64]) -> (f64, f64) {
    let from_a = a.iter().map(|&time| (time, true));
    let mut all: Vec<_> = from_a.chain(b.iter().map(|&time| (time, false))).collect();
    all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (mut sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for group in all.chunk_by(|x, y| x.0 == y.0) {
        let size = group.len() as f64;
        let mean_rank = before + (size + 1.0) / 2.0;
        sum += mean_rank * group.iter().filter(|(_, is_a)| *is_a).count() as f64;
        ties += size * size * size - size;
        before += size;
    }
    (sum, ties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(a: &[f64], b: &[f64], p: f64) {
        assert!((p_value(a, b) - p).abs() < 1e-12 * p, "{:e}", p_value(a, b));
        assert_eq!(p_value(a, b), p_value(b, a));
    }

    #[test]
    fn probabilities_are_those_of_scipy() {
        // scipy.stats.mannwhitneyu(a, b, method="asymptotic").pvalue
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let b = [5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5];
        expect(&a, &b, 0.007_405_533_340_500_268);
        let tied = [1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 4.0];
        expect(&tied, &[2.0, 3.0, 3.0, 4.0, 4.0, 5.0], 0.103_961_334_079_119_37);
    }

    #[test]
    fn lists_of_one_distribution_do_not_differ() {
        assert_eq!(p_value(&[1.0, 4.0], &[2.0, 3.0]), 1.0);
        assert_eq!(p_value(&[1.0; 5], &[1.0; 7]), 1.0);
        assert_eq!(p_value(&[1.0], &[1.0]), 1.0);
    }

    #[test]
    fn six_runs_each_are_needed_for_one_percent() {
        assert!(least_p_value(5, 5) > 0.01 && least_p_value(6, 6) < 0.01);
        assert_eq!(least_p_value(2, 3), p_value(&[1.0, 2.0], &[3.0, 4.0, 5.0]));
        assert_eq!(least_p_value(1, 1), 1.0);
    }

    #[test]
    fn ten_runs_apart_are_certain() {
        let a: Vec<_> = (0..10).map(f64::from).collect();
        let b: Vec<_> = (10..20).map(f64::from).collect();
        assert!(p_value(&a, &b) < 2e-4);
    }
}
