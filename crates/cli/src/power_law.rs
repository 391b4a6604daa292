//! The power law of word counts, fitted by maximum likelihood.
//!
//! ```text
//! P(count = k) = k^-b / zeta(b, k_min)     k >= k_min
//! log L(b)     = -n ln zeta(b, k_min) - b sum ln k_i
//! ```
//!
//! The count at rank r then falls as r^-s with Zipf's exponent s = 1/(b - 1). The standard error of b
//! is 1/sqrt(n d²/db² ln zeta(b, k_min)). `k_min` is the one whose fit is nearest to the counts by the
//! distance of Kolmogorov and Smirnov. Regression through the logarithms of counts and ranks, the
//! usual way, is biased.
//!
//! Cost: O(distinct counts) for each candidate of `k_min`. Error: zeta by Euler and Maclaurin to
//! about 1e-12, the exponent to 1e-8, far below its standard error.
//!
//! Literature: Clauset, Shalizi & Newman, SIAM Review 51, 661 (2009), equations 3.5, 3.6 and 3.9;
//! Moreno-Sánchez, Font-Clos & Corral, PLoS ONE 11, e0147073 (2016), for words.

/// Exponents are looked for between these.
const EXPONENTS: (f64, f64) = (1.01, 8.0);
/// Fewer words than this say nothing about a law.
const FEWEST_WORDS: usize = 50;

/// A fitted law.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PowerLaw {
    /// `b`: the part of the words with k occurrences falls as k^-b.
    pub(crate) exponent: f64,
    /// Its standard error.
    pub(crate) error: f64,
    /// `k_min`: the law holds for counts from here on.
    pub(crate) least_count: u64,
    /// The words that have at least so many occurrences.
    pub(crate) words: usize,
}

impl PowerLaw {
    /// The law of these counts, which fall; none where there are too few or they are all the same.
    pub(crate) fn fit(counts: &[u64]) -> Option<Self> {
        let bins = bins(counts);
        let candidates = (0..bins.len()).filter_map(|first| {
            let law = Self::fit_tail(&bins[first..])?;
            Some((distance(&law, &bins[first..]), law))
        });
        candidates.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, law)| law)
    }

    /// How the count falls with the rank.
    pub(crate) fn zipf_exponent(&self) -> f64 {
        1.0 / (self.exponent - 1.0)
    }

    /// How many words have at least this many occurrences: the rank of the last of them.
    pub(crate) fn rank(&self, count: f64) -> f64 {
        let tail = |least: f64| zeta(self.exponent, least);
        self.words as f64 * tail(count) / tail(self.least_count as f64)
    }

    fn fit_tail(bins: &[Bin]) -> Option<Self> {
        let least_count = bins.first()?.count;
        let words: usize = bins.iter().map(|bin| bin.words).sum();
        if words < FEWEST_WORDS || bins.len() < 2 {
            return None;
        }
        let n = words as f64;
        let mean_log =
            bins.iter().map(|bin| bin.words as f64 * (bin.count as f64).ln()).sum::<f64>() / n;
        let loss = |b: f64| zeta(b, least_count as f64).ln() + b * mean_log;
        let exponent = minimum(loss, EXPONENTS);
        let h = 1e-3;
        let curvature = (loss(exponent + h) - 2.0 * loss(exponent) + loss(exponent - h)) / (h * h);
        Some(Self { exponent, error: 1.0 / (n * curvature).sqrt(), least_count, words })
    }
}

/// The words that have the same count.
#[derive(Debug, Clone, PartialEq)]
struct Bin {
    count: u64,
    words: usize,
}

/// The words by rising count.
fn bins(falling: &[u64]) -> Vec<Bin> {
    let groups = falling.chunk_by(|a, b| a == b).rev();
    groups.map(|group| Bin { count: group[0], words: group.len() }).collect()
}

/// The greatest difference between the cumulated parts of the words and those of the law.
fn distance(law: &PowerLaw, bins: &[Bin]) -> f64 {
    let whole = zeta(law.exponent, law.least_count as f64);
    let mut below = 0.0;
    let mut greatest: f64 = 0.0;
    for bin in bins {
        below += bin.words as f64 / law.words as f64;
        let expected = 1.0 - zeta(law.exponent, (bin.count + 1) as f64) / whole;
        greatest = greatest.max((below - expected).abs());
    }
    greatest
}

/// Hurwitz's zeta function, the sum of (q + k)^-s over k >= 0, for s > 1 and q >= 1.
fn zeta(s: f64, q: f64) -> f64 {
    // From here on the corrections, which fall with x, are all that is needed.
    const FAR: f64 = 12.0;
    let direct = (FAR - q).ceil().max(0.0) as u32;
    let head: f64 = (0..direct).map(|k| (q + f64::from(k)).powf(-s)).sum();
    let x = q + f64::from(direct);
    let power = x.powf(-s);
    // B_2j/(2j)! s (s+1) ... (s+2j-2) x^-(2j-1) for j = 1 to 4.
    let coefficients = [1.0 / 12.0, -1.0 / 720.0, 1.0 / 30_240.0, -1.0 / 1_209_600.0];
    let mut product = s / x;
    let mut corrections = 0.0;
    for (j, coefficient) in coefficients.into_iter().enumerate() {
        corrections += coefficient * product;
        let next = s + 2.0 * j as f64 + 1.0;
        product *= next * (next + 1.0) / (x * x);
    }
    head + power * (x / (s - 1.0) + 0.5 + corrections)
}

/// Where a function with one minimum has it: golden-section search.
fn minimum(f: impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let inner = |low: f64, high: f64| (high - golden * (high - low), low + golden * (high - low));
    while high - low > 1e-8 {
        let (left, right) = inner(low, high);
        if f(left) < f(right) { high = right } else { low = left }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeta_has_its_known_values() {
        let pi = std::f64::consts::PI;
        assert!((zeta(2.0, 1.0) - pi * pi / 6.0).abs() < 1e-12);
        assert!((zeta(4.0, 1.0) - pi.powi(4) / 90.0).abs() < 1e-12);
        assert!((zeta(1.5, 1.0) - 2.612_375_348_685_488).abs() < 1e-11);
        assert!((zeta(2.0, 3.0) - (pi * pi / 6.0 - 1.25)).abs() < 1e-12);
    }

    /// Counts whose numbers follow the law as exactly as whole numbers can.
    fn lawful(exponent: f64, least: u64, words: f64) -> Vec<u64> {
        let whole = zeta(exponent, least as f64);
        let mut counts = Vec::new();
        for count in least..100_000 {
            let part = (count as f64).powf(-exponent) / whole;
            counts.extend(std::iter::repeat_n(count, (words * part).round() as usize));
        }
        counts.reverse();
        counts
    }

    #[test]
    fn the_exponent_of_lawful_counts_is_found_again() {
        let law = PowerLaw::fit(&lawful(1.9, 1, 1e6)).unwrap();
        assert!((law.exponent - 1.9).abs() < 0.03, "{law:?}");
        assert!((law.zipf_exponent() - 1.0 / 0.9).abs() < 0.04);
        assert!(law.error > 0.0 && law.error < 0.01);
    }

    #[test]
    fn a_law_may_begin_behind_counts_that_do_not_keep_it() {
        let mut counts = lawful(2.5, 10, 1e5);
        counts.extend([3; 5_000]);
        let law = PowerLaw::fit(&counts).unwrap();
        assert_eq!(law.least_count, 10, "{law:?}");
        assert!((law.exponent - 2.5).abs() < 0.05);
    }

    #[test]
    fn too_little_to_fit_gives_no_law() {
        assert_eq!(PowerLaw::fit(&[]), None);
        assert_eq!(PowerLaw::fit(&[1; 100]), None);
        assert_eq!(PowerLaw::fit(&[3, 2, 1]), None);
    }
}
