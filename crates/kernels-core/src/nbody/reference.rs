//! Accelerations and energies in double-double arithmetic: what every backend is measured against.
//!
//! Each number is an unevaluated sum `hi + lo` of two f64, about 32 digits. Slow (about 30 times a
//! plain loop) and as plain as can be.
//!
//! Literature: Dekker, Numer. Math. 18, 224 (1971); Knuth, TAOCP 2, 4.2.2; Hida, Li & Bailey,
//! Library for Double-Double and Quad-Double Arithmetic (2007).

use ndarray::{Array2, ArrayView2};

use super::Energies;
use crate::Bodies;

/// `hi + lo`, with `|lo|` at most half a unit in the last place of `hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct DoubleDouble {
    hi: f64,
    lo: f64,
}

impl DoubleDouble {
    const ZERO: Self = Self { hi: 0.0, lo: 0.0 };

    fn from(x: f64) -> Self {
        Self { hi: x, lo: 0.0 }
    }

    /// Knuth's two-sum: `a + b` and its rounding error.
    fn sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        let b_part = hi - a;
        Self { hi, lo: (a - (hi - b_part)) + (b - b_part) }
    }

    fn add(self, other: Self) -> Self {
        let high = Self::sum(self.hi, other.hi);
        let low = Self::sum(self.lo, other.lo);
        let first = Self::sum(high.hi, high.lo + low.hi);
        Self::sum(first.hi, first.lo + low.lo)
    }

    fn mul(self, other: Self) -> Self {
        let hi = self.hi * other.hi;
        let error = self.hi.mul_add(other.hi, -hi);
        Self::sum(hi, error + (self.hi * other.lo + self.lo * other.hi))
    }

    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }

    /// `1 / sqrt(self)`: the f64 value and two Newton steps in double-double.
    fn reciprocal_sqrt(self) -> Self {
        let mut y = Self::from(1.0 / self.hi.sqrt());
        for _ in 0..2 {
            let residual = Self::from(1.0).add(self.mul(y).mul(y).neg());
            y = y.add(y.mul(residual).mul(Self::from(0.5)));
        }
        y
    }
}

/// The accelerations of all bodies, shape `(n, 3)`, each rounded once from double-double.
#[must_use]
pub fn reference_accelerations(bodies: &Bodies, softening: f64) -> Array2<f64> {
    let all: Vec<_> = (0..bodies.len()).collect();
    reference_accelerations_of(bodies, &all, softening)
}

/// The accelerations of the bodies of these indices, shape `(targets.len(), 3)`, as
/// [`reference_accelerations`]: a sample of a system too large for all pairs.
///
/// # Panics
/// Where there is no body of an index.
#[must_use]
pub fn reference_accelerations_of(
    bodies: &Bodies,
    targets: &[usize],
    softening: f64,
) -> Array2<f64> {
    let (positions, masses) = (bodies.position_rows(), bodies.mass_slice());
    let mut out = Array2::zeros((targets.len(), 3));
    for (&i, mut row) in targets.iter().zip(out.rows_mut()) {
        let mut sum = [DoubleDouble::ZERO; 3];
        for j in (0..bodies.len()).filter(|&j| j != i) {
            let (d, y) = separation(positions[i], positions[j], softening);
            let factor = y.mul(y).mul(y).mul(DoubleDouble::from(masses[j]));
            for k in 0..3 {
                sum[k] = sum[k].add(factor.mul(d[k]));
            }
        }
        (0..3).for_each(|k| row[k] = sum[k].hi);
    }
    out
}

/// The energies, each rounded once from double-double.
#[must_use]
pub fn reference_energies(bodies: &Bodies, softening: f64) -> Energies {
    let (positions, masses) = (bodies.position_rows(), bodies.mass_slice());
    let (mut kinetic, mut potential) = (DoubleDouble::ZERO, DoubleDouble::ZERO);
    for i in 0..bodies.len() {
        let mass = DoubleDouble::from(masses[i]);
        for v in bodies.velocity_rows()[i].map(DoubleDouble::from) {
            kinetic = kinetic.add(mass.mul(v.mul(v)));
        }
        for j in 0..i {
            let (_, y) = separation(positions[i], positions[j], softening);
            potential = potential.add(mass.mul(DoubleDouble::from(masses[j])).mul(y).neg());
        }
    }
    Energies { kinetic: 0.5 * kinetic.hi, potential: potential.hi }
}

/// `x_j - x_i` and `1 / sqrt(|x_j - x_i|^2 + eps^2)`.
fn separation(a: [f64; 3], b: [f64; 3], softening: f64) -> ([DoubleDouble; 3], DoubleDouble) {
    let d: [DoubleDouble; 3] = std::array::from_fn(|k| DoubleDouble::sum(b[k], -a[k]));
    let eps = DoubleDouble::from(softening);
    let r2 = d.iter().fold(eps.mul(eps), |sum, x| sum.add(x.mul(*x)));
    (d, r2.reciprocal_sqrt())
}

/// `rms(a - reference) / rms(reference)` over all components; 0 where the two are equal, even if both
/// vanish.
///
/// # Panics
/// Where the shapes differ.
#[must_use]
pub fn rms_error(a: ArrayView2<'_, f64>, reference: ArrayView2<'_, f64>) -> f64 {
    let square = |x: f64| x * x;
    let error: f64 = (&a - &reference).iter().copied().map(square).sum();
    let scale: f64 = reference.iter().copied().map(square).sum();
    if error == 0.0 { 0.0 } else { (error / scale).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocal_square_root_has_thirty_digits() {
        let two = DoubleDouble::from(2.0);
        let y = two.reciprocal_sqrt();
        let residual = y.mul(y).mul(two).add(DoubleDouble::from(-1.0));
        assert!(residual.hi.abs() < 1e-31, "{residual:?}");
    }

    #[test]
    fn two_bodies_attract_by_the_inverse_square() {
        let bodies = Bodies::from_rows(
            vec![2.0, 8.0],
            vec![[0.0; 3], [0.0, 4.0, 0.0]],
            vec![[3.0, 0.0, 0.0], [0.0; 3]],
        )
        .unwrap();
        let a = reference_accelerations(&bodies, 0.0);
        assert_eq!(a, ndarray::array![[0.0, 0.5, 0.0], [0.0, -0.125, 0.0]]);
        let energies = reference_energies(&bodies, 3.0);
        assert_eq!(energies, Energies { kinetic: 9.0, potential: -3.2 });
    }

    #[test]
    fn a_sample_is_a_part_of_all() {
        let positions = vec![[0.0; 3], [1.0, 2.0, 3.0], [-4.0, 0.5, 1.0], [7.0, 7.0, -2.0]];
        let bodies = Bodies::from_rows(vec![1.0; 4], positions, vec![[0.0; 3]; 4]).unwrap();
        let all = reference_accelerations(&bodies, 0.1);
        let sample = reference_accelerations_of(&bodies, &[3, 1], 0.1);
        assert_eq!((sample.row(0), sample.row(1)), (all.row(3), all.row(1)));
    }

    #[test]
    fn cancellation_keeps_its_digits() {
        // Two far heavy bodies pull the middle one apart with forces equal but for the last digits.
        let near = 1.0 + f64::EPSILON;
        let bodies = Bodies::from_rows(
            vec![1.0; 3],
            vec![[-1.0, 0.0, 0.0], [0.0; 3], [near, 0.0, 0.0]],
            vec![[0.0; 3]; 3],
        )
        .unwrap();
        let a = reference_accelerations(&bodies, 0.0)[[1, 0]];
        let exact = -2.0 * f64::EPSILON + 3.0 * f64::EPSILON * f64::EPSILON;
        assert!(((a - exact) / exact).abs() < 1e-15, "{a:e}");
    }
}
