//! Every directed interaction: the sum of all attractions, body by body.
//!
//! A few bodies are summed side by side. Their sums do not depend on each other, so a compiler may use
//! whatever lanes the processor has without changing the order of a sum.

use std::sync::{Mutex, PoisonError};

use kernels_core::Executor;

use super::real::{Real, over_cube};
use super::system::Columns;

/// Bodies of a unit of work. It fixes the cut for every number of threads.
const ROWS: usize = 32;

/// Bodies that are summed side by side.
const LANES: usize = 4;

/// Attracting bodies whose sum is formed before it is added to the rest: the rounding error then
/// grows with the tile and the number of tiles, not with their product.
const TILE: usize = 128;

/// The accelerations of all bodies.
pub(super) fn accelerations<T: Real>(
    masses: &[T],
    positions: &Columns<T>,
    softening2: T,
    out: &mut Columns<T>,
    executor: &dyn Executor,
) {
    let [x, y, z] = out.each_mut().map(|column| column.chunks_mut(ROWS));
    let units: Vec<_> = x.zip(y).zip(z).map(|((x, y), z)| Mutex::new([x, y, z])).collect();
    executor.run(units.len(), &|unit| {
        let mut out = units[unit].lock().unwrap_or_else(PoisonError::into_inner);
        for lane in (0..out[0].len()).step_by(LANES) {
            let at = gather(positions, unit * ROWS + lane);
            let sums = attraction(masses, positions, softening2, &at);
            for axis in 0..3 {
                let rest = &mut out[axis][lane..];
                rest.iter_mut().zip(sums[axis]).for_each(|(out, sum)| *out = sum);
            }
        }
    });
}

/// The positions of [`LANES`] bodies from `first` on; behind the last body, the last once more.
fn gather<T: Real>(positions: &Columns<T>, first: usize) -> [[T; LANES]; 3] {
    positions
        .each_ref()
        .map(|column| std::array::from_fn(|lane| column[(first + lane).min(column.len() - 1)]))
}

/// The acceleration at each of the points `at`.
fn attraction<T: Real>(
    masses: &[T],
    [x, y, z]: &Columns<T>,
    softening2: T,
    at: &[[T; LANES]; 3],
) -> [[T; LANES]; 3] {
    let mut total = [[T::default(); LANES]; 3];
    for start in (0..masses.len()).step_by(TILE) {
        let tile = start..masses.len().min(start + TILE);
        let bodies = masses[tile.clone()].iter().zip(&x[tile.clone()]);
        let bodies = bodies.zip(&y[tile.clone()]).zip(&z[tile]);
        let mut sum = [[T::default(); LANES]; 3];
        for (((&mass, &x), &y), &z) in bodies {
            add_attraction(mass, [x, y, z], softening2, at, &mut sum);
        }
        for axis in 0..3 {
            (0..LANES).for_each(|lane| total[axis][lane] += sum[axis][lane]);
        }
    }
    total
}

/// Adds `m d / (d^2 + eps^2)^(3/2)` for one attracting body.
#[inline(always)]
fn add_attraction<T: Real>(
    mass: T,
    body: [T; 3],
    softening2: T,
    at: &[[T; LANES]; 3],
    sum: &mut [[T; LANES]; 3],
) {
    for lane in 0..LANES {
        let d: [T; 3] = std::array::from_fn(|axis| body[axis] - at[axis][lane]);
        let weight = over_cube(mass, d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + softening2);
        (0..3).for_each(|axis| sum[axis][lane] += weight * d[axis]);
    }
}
