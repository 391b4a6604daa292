//! Kinetic and potential energy, in f64 whatever the precision of the forces.
//!
//! ```text
//! T = 1/2 sum m v^2        U = - sum over pairs of m m / sqrt(|x_j - x_i|^2 + eps^2)
//! ```
//!
//! Cost: n^2/2 reciprocal square roots. Error: a few units in the last place, since the lanes sum over
//! at most [`RUN`] blocks before a compensated sum takes over.

use std::sync::{Mutex, PoisonError};

use fearless_simd::prelude::*;
use kernels_core::nbody::CompensatedSum;
use kernels_core::{Bodies, Energies, Executor};

use super::lanes::Lanes;
use super::pairs::{Begun, Block, begin};

/// How many blocks are summed lane by lane without compensation.
const RUN: usize = 64;

/// How many blocks of bodies make a unit.
const UNIT: usize = 8;

/// The energies of `bodies` at the softening `eps`.
pub(super) fn energies<S: Lanes>(
    simd: S,
    executor: &dyn Executor,
    bodies: &Bodies,
    eps: f64,
) -> Energies {
    let blocks = blocks(simd, bodies);
    let units = blocks.len().div_ceil(UNIT);
    let sums: Vec<_> = (0..units).map(|_| Mutex::new(CompensatedSum::default())).collect();
    executor.run(units, &|unit| {
        let mut sum = sums[unit].lock().unwrap_or_else(PoisonError::into_inner);
        for first in unit * UNIT..blocks.len().min((unit + 1) * UNIT) {
            block_potential(simd, &blocks, first, eps * eps, &mut sum);
        }
    });
    let mut potential = CompensatedSum::default();
    for sum in sums {
        potential.absorb(sum.into_inner().unwrap_or_else(PoisonError::into_inner));
    }
    Energies { kinetic: Energies::kinetic_of(bodies), potential: -potential.value() }
}

/// The bodies in blocks. The lanes that are left over are massless, outside the system and apart.
fn blocks<S: Lanes>(simd: S, bodies: &Bodies) -> Vec<Block<S::f64s>> {
    let (positions, masses) = (bodies.position_rows(), bodies.mass_slice());
    let extent = positions.iter().flatten().fold(1.0, |extent: f64, x| extent.max(x.abs()));
    let position = |body: usize, axis: usize| match positions.get(body) {
        Some(position) => position[axis],
        None => extent * (2 + body - positions.len()) as f64,
    };
    let width = S::f64s::LEN;
    let block = |first: usize| Block {
        position: [0, 1, 2].map(|axis| S::f64s::from_fn(simd, |k| position(first + k, axis))),
        mass: S::f64s::from_fn(simd, |k| masses.get(first + k).copied().unwrap_or(0.0)),
    };
    (0..bodies.len().div_ceil(width)).map(|b| block(b * width)).collect()
}

/// Adds `m m / r` of the pairs of one block's bodies with each other and with those of later blocks.
fn block_potential<S: Lanes>(
    simd: S,
    blocks: &[Block<S::f64s>],
    first: usize,
    eps2: f64,
    sum: &mut CompensatedSum,
) {
    let (block, later) = (&blocks[first], &blocks[first + 1..]);
    for lane in 0..S::f64s::LEN {
        let body = [0, 1, 2].map(|axis| block.position[axis].as_slice()[lane]);
        let mass = block.mass.as_slice()[lane];
        for other in lane + 1..S::f64s::LEN {
            let d = [0, 1, 2].map(|axis| block.position[axis].as_slice()[other] - body[axis]);
            let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + eps2;
            if r2 > 0.0 {
                sum.add(mass * block.mass.as_slice()[other] / r2.sqrt());
            }
        }
        for run in later.chunks(RUN) {
            let inverses = simd.vectorize(
                #[inline(always)]
                || run_potential(simd, run, body, eps2),
            );
            sum.add(mass * (inverses * S::INVERSE_WEIGHT_F64));
        }
    }
}

/// The sum of `m / r` over [`Lanes::INVERSE_WEIGHT_F64`] over the bodies of `run`, as seen from `body`, without those
/// that it has met.
#[inline(always)]
fn run_potential<S: Lanes>(simd: S, run: &[Block<S::f64s>], body: [f64; 3], eps2: f64) -> f64 {
    let from = [
        S::f64s::splat(simd, body[0]),
        S::f64s::splat(simd, body[1]),
        S::f64s::splat(simd, body[2]),
    ];
    let eps2 = S::f64s::splat(simd, eps2);
    let mut sum = S::f64s::splat(simd, 0.0);
    for block in run {
        let Begun { r2, seed, .. } = begin::<S, f64>(simd, &from, &block.position, eps2);
        let apart = r2.simd_gt(S::f64s::splat(simd, 0.0));
        let inverse = apart.select(simd.inverse_f64(r2, seed), S::f64s::splat(simd, 0.0));
        sum = block.mass.mul_add(inverse, sum);
    }
    sum.reduce_sum()
}
