//! The forces between many blocks, tile by tile.
//!
//! The bodies of a tile are broadcast one after the other against the lanes of one block or two. Their
//! own sums are kept lane by lane in the first-level cache until the tile is done; the sums of the
//! blocks stay in registers. The loop is software-pipelined: differences and seed of the next body are
//! begun before the force of this one is finished, since no processor looks far enough ahead by itself
//! to hide some 60 cycles of latency.

use fearless_simd::prelude::*;

use super::lanes::{Lanes, Real, Vector};
use super::pairs::{
    Begun, Block, Triple, accumulate, add, begin, block_with_block, block_with_itself, guard,
    lane_sums, no_guard, subtract, zero,
};

/// How many bodies a tile holds.
const TILE: usize = 32;

/// Bodies in blocks, the last block perhaps with fewer bodies than lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a, V> {
    /// The blocks.
    pub(super) blocks: &'a [Block<V>],
    /// How many of them are full: all, or all but one.
    pub(super) full: usize,
    /// How many bodies the last block holds if it is not full, else 0.
    pub(super) rest: usize,
}

/// The bodies of one tile and the forces on them, each still spread over lanes.
pub(super) struct Tile<S: Lanes, T: Real> {
    simd: S,
    eps2: Vector<S, T>,
    len: usize,
    /// One more than `len` is read, though not used.
    positions: [[T; TILE + 1]; 3],
    masses: [T; TILE],
    sums: [Triple<Vector<S, T>>; TILE],
}

impl<S: Lanes, T: Real> Tile<S, T> {
    /// An empty tile. `eps2` is the square of the softening.
    #[inline(always)]
    pub(super) fn new(simd: S, eps2: T) -> Self {
        Self {
            simd,
            eps2: Vector::<S, T>::splat(simd, eps2),
            len: 0,
            positions: [[T::default(); TILE + 1]; 3],
            masses: [T::default(); TILE],
            sums: [zero::<S, T>(simd); TILE],
        }
    }

    /// The forces between the bodies of one row, written to `out`, a triple a block.
    #[inline(always)]
    pub(super) fn within(&mut self, row: Row<'_, Vector<S, T>>, out: &mut [Triple<Vector<S, T>>]) {
        let (full, last) = out.split_at_mut(row.full);
        let none = no_guard::<S, T>(self.simd);
        for (block, out) in row.blocks.iter().zip(full.iter_mut()) {
            *out = block_with_itself::<S, T>(self.simd, self.eps2, block, none);
        }
        let mut rest = &row.blocks[..row.full];
        let mut out = &mut *full;
        while !rest.is_empty() {
            let (tile, others) = rest.split_at(rest.len().min(TILE / Vector::<S, T>::LEN));
            let (on_tile, on_others) = out.split_at_mut(tile.len());
            self.own_pairs(tile, on_tile);
            if !others.is_empty() {
                self.load(tile, tile.len() * Vector::<S, T>::LEN);
                self.with_blocks(others, on_others);
                self.add_sums(on_tile);
            }
            (rest, out) = (others, on_others);
        }
        if row.rest > 0 {
            let guard = guard::<S, T>(self.simd, row.rest);
            last[0] = block_with_itself::<S, T>(self.simd, self.eps2, &row.blocks[row.full], guard);
            self.rest_with(row, &row.blocks[..row.full], &mut last[0], full);
        }
    }

    /// The forces between the bodies of two rows, the first of full blocks only, added to `out`.
    #[inline(always)]
    pub(super) fn between(
        &mut self,
        rows: [Row<'_, Vector<S, T>>; 2],
        out: [&mut [Triple<Vector<S, T>>]; 2],
    ) {
        let [first, second] = rows;
        let [on_first, on_second] = out;
        let (full, last) = on_second.split_at_mut(second.full);
        let blocks = TILE / Vector::<S, T>::LEN;
        for (tile, on_tile) in first.blocks.chunks(blocks).zip(on_first.chunks_mut(blocks)) {
            self.load(tile, tile.len() * Vector::<S, T>::LEN);
            self.with_blocks(&second.blocks[..second.full], full);
            self.add_sums(on_tile);
        }
        if second.rest > 0 {
            self.rest_with(second, first.blocks, &mut last[0], on_first);
        }
    }

    /// The forces between the bodies of the last block of `row` and full blocks.
    #[inline(always)]
    fn rest_with(
        &mut self,
        row: Row<'_, Vector<S, T>>,
        blocks: &[Block<Vector<S, T>>],
        on_rest: &mut Triple<Vector<S, T>>,
        on_blocks: &mut [Triple<Vector<S, T>>],
    ) {
        self.load(&row.blocks[row.full..], row.rest);
        self.with_blocks(blocks, on_blocks);
        self.add_sums(std::slice::from_mut(on_rest));
    }

    /// Takes the first `len` bodies of `blocks`.
    #[inline(always)]
    fn load(&mut self, blocks: &[Block<Vector<S, T>>], len: usize) {
        let width = Vector::<S, T>::LEN;
        self.len = len;
        self.sums[..len].fill(zero::<S, T>(self.simd));
        for (b, block) in blocks.iter().enumerate() {
            let lanes = b * width..(b + 1) * width;
            for axis in 0..3 {
                block.position[axis].store_slice(&mut self.positions[axis][lanes.clone()]);
            }
            block.mass.store_slice(&mut self.masses[lanes]);
        }
    }

    /// The position of a body in every lane.
    #[inline(always)]
    fn position(&self, body: usize) -> Triple<Vector<S, T>> {
        [
            Vector::<S, T>::splat(self.simd, self.positions[0][body]),
            Vector::<S, T>::splat(self.simd, self.positions[1][body]),
            Vector::<S, T>::splat(self.simd, self.positions[2][body]),
        ]
    }

    /// The forces between every two of the blocks that make up a tile.
    #[inline(always)]
    fn own_pairs(&self, blocks: &[Block<Vector<S, T>>], out: &mut [Triple<Vector<S, T>>]) {
        let none = no_guard::<S, T>(self.simd);
        for k in 1..blocks.len() {
            for earlier in 0..k {
                let pair = [&blocks[earlier], &blocks[k]];
                let [pull, push] = block_with_block::<S, T>(self.simd, self.eps2, pair, none);
                add(&mut out[earlier], &pull);
                subtract(&mut out[k], &push);
            }
        }
    }

    /// The pairs of the tile's bodies with every one of `blocks`.
    #[inline(always)]
    fn with_blocks(&mut self, blocks: &[Block<Vector<S, T>>], out: &mut [Triple<Vector<S, T>>]) {
        let paired = if S::MANY_REGISTERS { blocks.len() / 2 * 2 } else { 0 };
        let (pairs, blocks) = blocks.split_at(paired);
        let (on_pairs, out) = out.split_at_mut(paired);
        let (pairs, on_pairs) = (pairs.as_chunks().0, on_pairs.as_chunks_mut().0);
        for (pair, out) in pairs.iter().zip(on_pairs) {
            self.with::<2>(pair, out);
        }
        let (blocks, out) = (blocks.as_chunks().0, out.as_chunks_mut().0);
        for (block, out) in blocks.iter().zip(out) {
            self.with::<1>(block, out);
        }
    }

    /// The pairs of the tile's bodies with `N` blocks.
    #[inline(always)]
    fn with<const N: usize>(
        &mut self,
        blocks: &[Block<Vector<S, T>>; N],
        out: &mut [Triple<Vector<S, T>>; N],
    ) {
        let (simd, eps2) = (self.simd, self.eps2);
        let mut reaction = [zero::<S, T>(simd); N];
        let mut ahead = [begin::<S, T>(simd, &self.position(0), &blocks[0].position, eps2); N];
        for k in 1..N {
            ahead[k] = begin::<S, T>(simd, &self.position(0), &blocks[k].position, eps2);
        }
        for i in 0..self.len.min(TILE) {
            let mass = Vector::<S, T>::splat(simd, self.masses[i]);
            let next = self.position(i + 1);
            for k in 0..N {
                let Begun { d, r2, seed } = ahead[k];
                ahead[k] = begin::<S, T>(simd, &next, &blocks[k].position, eps2);
                let cube = T::inverse_cube(simd, r2, seed);
                accumulate(&mut self.sums[i], cube * blocks[k].mass, &d);
                accumulate(&mut reaction[k], cube * mass, &d);
            }
        }
        for k in 0..N {
            subtract(&mut out[k], &reaction[k]);
        }
    }

    /// Adds the sums of the tile, over their lanes, to the forces on its bodies.
    #[inline(always)]
    fn add_sums(&mut self, out: &mut [Triple<Vector<S, T>>]) {
        let width = Vector::<S, T>::LEN;
        for (sums, out) in self.sums[..self.len].chunks(width).zip(out) {
            for axis in 0..3 {
                let mut rows = [Vector::<S, T>::splat(self.simd, T::default()); 16];
                for (row, sum) in rows.iter_mut().zip(sums) {
                    *row = sum[axis];
                }
                out[axis] += lane_sums::<S, T>(&mut rows);
            }
        }
    }
}
