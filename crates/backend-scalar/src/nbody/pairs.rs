//! Every pair once: by Newton's third law the second body of a pair feels the opposite force.
//!
//! The lesson's program. Half the square roots and divisions of [`super::rows`], one pair at a time, on
//! one thread: two units could not add to the same body without changing the order of its sum.

use super::real::{Real, over_cube};
use super::system::Columns;

/// The accelerations of all bodies.
pub(super) fn accelerations<T: Real>(
    masses: &[T],
    positions: &Columns<T>,
    softening2: T,
    out: &mut Columns<T>,
) {
    out.iter_mut().for_each(|column| column.fill(T::default()));
    for i in 0..masses.len() {
        let mut sum = [T::default(); 3];
        for j in i + 1..masses.len() {
            let d: [T; 3] = std::array::from_fn(|axis| positions[axis][j] - positions[axis][i]);
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + softening2;
            let weight = over_cube(T::from_f64(1.0), r2);
            for axis in 0..3 {
                sum[axis] += masses[j] * weight * d[axis];
                out[axis][j] -= masses[i] * weight * d[axis];
            }
        }
        (0..3).for_each(|axis| out[axis][i] += sum[axis]);
    }
}
