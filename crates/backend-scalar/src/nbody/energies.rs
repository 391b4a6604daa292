//! Kinetic and potential energy in f64, whatever the precision of the forces.
//!
//! The sums are compensated ([`CompensatedSum`]), so their error does not grow with the number of bodies.

use std::sync::{Mutex, PoisonError};

use kernels_core::nbody::CompensatedSum;
use kernels_core::{Bodies, Energies, Executor};

/// Bodies of a unit of work.
const ROWS: usize = 32;

/// The energies of a system.
pub(super) fn energies(bodies: &Bodies, softening: f64, executor: &dyn Executor) -> Energies {
    let potential = potential(bodies, softening * softening, executor);
    Energies { kinetic: Energies::kinetic_of(bodies), potential }
}

/// The units sum over the pairs of their bodies with earlier ones; their sums are added in order.
fn potential(bodies: &Bodies, softening2: f64, executor: &dyn Executor) -> f64 {
    let units = bodies.len().div_ceil(ROWS);
    let sums: Vec<_> = (0..units).map(|_| Mutex::new(0.0)).collect();
    executor.run(units, &|unit| {
        let rows = unit * ROWS..bodies.len().min((unit + 1) * ROWS);
        let pairs = rows.flat_map(|i| (0..i).map(move |j| (i, j)));
        let sum: CompensatedSum = pairs.map(|(i, j)| pair(bodies, i, j, softening2)).collect();
        *sums[unit].lock().unwrap_or_else(PoisonError::into_inner) = sum.value();
    });
    let sums = sums.into_iter().map(|sum| sum.into_inner().unwrap_or_else(PoisonError::into_inner));
    sums.collect::<CompensatedSum>().value()
}

/// `- m_i m_j / sqrt(|x_j - x_i|^2 + eps^2)`, and 0 of bodies that have met.
fn pair(bodies: &Bodies, i: usize, j: usize, softening2: f64) -> f64 {
    let (masses, positions) = (bodies.mass_slice(), bodies.position_rows());
    let d: [f64; 3] = std::array::from_fn(|axis| positions[j][axis] - positions[i][axis]);
    let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + softening2;
    if r2 > 0.0 { -masses[i] * masses[j] / r2.sqrt() } else { 0.0 }
}
