//! Up to three blocks of bodies, advanced by many steps without leaving registers and first-level cache.

use fearless_simd::prelude::*;

use super::lanes::{Lanes, Real, Vector};
use super::motion::{Motion, Moving};
use super::pairs::{
    Block, Rows, Triple, WIDEST, accumulate, add, begin, block_with_block, block_with_itself,
    filled, guard, lane_sums, no_guard, subtract, zero,
};
use super::system::System;

/// Up to how many bodies of the last block are broadcast against the others, since rotating their block
/// past them would take longer.
const FEW: usize = 5;

/// `count` times the accelerations and `motion`, where the system is small enough. Returns whether it is.
#[inline(always)]
pub(super) fn run<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    system: &mut System<S, T>,
    motion: Motion,
    count: u64,
) -> bool {
    let row = system.row();
    match (row.blocks.len(), row.rest) {
        (1, 0) => repeat::<S, T, 1, true>(simd, eps2, system, motion, count),
        (1, _) => repeat::<S, T, 1, false>(simd, eps2, system, motion, count),
        (2, 0) => repeat::<S, T, 2, true>(simd, eps2, system, motion, count),
        (2, _) => repeat::<S, T, 2, false>(simd, eps2, system, motion, count),
        (3, 0) => repeat::<S, T, 3, true>(simd, eps2, system, motion, count),
        (3, _) => repeat::<S, T, 3, false>(simd, eps2, system, motion, count),
        _ => return false,
    }
    true
}

/// [`run`] for `B` blocks, the last of them full or not.
#[inline(always)]
fn repeat<S: Lanes, T: Real, const B: usize, const FULL: bool>(
    simd: S,
    eps2: Vector<S, T>,
    system: &mut System<S, T>,
    motion: Motion,
    count: u64,
) {
    let rest = system.row().rest;
    let mut blocks = [system.blocks[0]; B];
    let mut velocities = [system.velocities[0]; B];
    let mut accelerations = [system.accelerations[0]; B];
    blocks.copy_from_slice(&system.blocks);
    velocities.copy_from_slice(&system.velocities);
    let filled = filled::<S, T>(simd, if FULL { Vector::<S, T>::LEN } else { rest });
    for _ in 0..count {
        accelerations = forces::<S, T, B, FULL>(simd, eps2, &blocks, rest);
        Moving::<S, T> {
            blocks: &mut blocks,
            velocities: &mut velocities,
            accelerations: &mut accelerations,
            filled,
        }
        .advance(simd, motion);
    }
    system.blocks.copy_from_slice(&blocks);
    system.velocities.copy_from_slice(&velocities);
    system.accelerations.copy_from_slice(&accelerations);
}

#[inline(always)]
fn forces<S: Lanes, T: Real, const B: usize, const FULL: bool>(
    simd: S,
    eps2: Vector<S, T>,
    blocks: &[Block<Vector<S, T>>; B],
    rest: usize,
) -> [Triple<Vector<S, T>>; B] {
    let none = no_guard::<S, T>(simd);
    let guard = if FULL { none } else { guard::<S, T>(simd, rest) };
    let mut out = [zero::<S, T>(simd); B];
    for k in 0..B {
        let last = k == B - 1;
        if FULL || !last || rest > 1 {
            let guard = if last { guard } else { none };
            out[k] = block_with_itself::<S, T>(simd, eps2, &blocks[k], guard);
        }
    }
    for k in 1..B {
        let few = !FULL && k == B - 1 && rest <= FEW;
        let guard = if k == B - 1 { guard } else { none };
        for earlier in 0..k {
            let pair = [&blocks[earlier], &blocks[k]];
            let [pull, push] = if few {
                block_with_few::<S, T>(simd, eps2, pair, rest)
            } else {
                block_with_block::<S, T>(simd, eps2, pair, guard)
            };
            add(&mut out[earlier], &pull);
            subtract(&mut out[k], &push);
        }
    }
    out
}

/// The forces between a full block and the first `few` bodies of another: on the first, and on the
/// second with the opposite sign.
#[inline(always)]
fn block_with_few<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    blocks: [&Block<Vector<S, T>>; 2],
    few: usize,
) -> [Triple<Vector<S, T>>; 2] {
    let [block, others] = blocks;
    let mut sum = zero::<S, T>(simd);
    let mut rows: [Rows<Vector<S, T>>; 3] = [[sum[0]; WIDEST]; 3];
    for body in 0..few {
        let other = Block {
            position: [
                Vector::<S, T>::splat(simd, others.position[0].as_slice()[body]),
                Vector::<S, T>::splat(simd, others.position[1].as_slice()[body]),
                Vector::<S, T>::splat(simd, others.position[2].as_slice()[body]),
            ],
            mass: Vector::<S, T>::splat(simd, others.mass.as_slice()[body]),
        };
        let pair = begin::<S, T>(simd, &block.position, &other.position, eps2);
        let cube = T::inverse_cube(simd, pair.r2, pair.seed);
        let push = cube * block.mass;
        accumulate(&mut sum, cube * other.mass, &pair.d);
        for axis in 0..3 {
            rows[axis][body] = push * pair.d[axis];
        }
    }
    let [x, y, z] = &mut rows;
    [sum, [lane_sums::<S, T>(x), lane_sums::<S, T>(y), lane_sums::<S, T>(z)]]
}
