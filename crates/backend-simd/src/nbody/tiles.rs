//! The forces between many blocks, tile by tile.
//!
//! The bodies of a tile are broadcast one after the other against the lanes of one block or two. Their
//! own sums are kept lane by lane in the first-level cache until the tile is done; the sums of the
//! blocks stay in registers. No processor looks far enough ahead by itself to hide some 60 cycles of
//! latency a body. So the loop is software-pipelined: differences and seed of the next body are begun before
//! the force of this one is finished. Where the seed is long and registers are few, the loop is cut into
//! passes of less latency instead.

use fearless_simd::prelude::*;

use super::lanes::{Lanes, Real, Vector};
use super::pairs::{
    Begun, Block, Triple, WIDEST, accumulate, add, begin, block_with_block, block_with_itself,
    difference, guard, lane_sums, no_guard, subtract, zero,
};

/// How many bodies a tile holds.
const TILE: usize = 32;

/// The pairs of one body with `N` blocks, begun.
type Group<S, T, const N: usize> = [Begun<Vector<S, T>>; N];

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

impl<'a, V> Row<'a, V> {
    /// `bodies` bodies in `blocks`.
    #[inline(always)]
    pub(super) fn new<S: Simd>(blocks: &'a [Block<V>], bodies: usize) -> Self
    where
        V: SimdBase<S>,
    {
        Self { blocks, full: bodies / V::LEN, rest: bodies % V::LEN }
    }
}

/// The bodies of one tile and the forces on them, each still spread over lanes.
pub(super) struct Tile<S: Lanes, T: Real> {
    simd: S,
    eps2: Vector<S, T>,
    len: usize,
    /// After the last body comes the first again.
    positions: [[T; TILE + 1]; 3],
    masses: [T; TILE],
    sums: [Triple<Vector<S, T>>; TILE],
    /// What [`Tile::in_passes`] keeps of each body's pairs from one pass to the next: `r^2` and `r^-1`,
    /// then `r^-3`.
    squares: [Vector<S, T>; TILE],
    inverses: [Vector<S, T>; TILE],
}

impl<S: Lanes, T: Real> Tile<S, T> {
    /// How many blocks make a tile.
    const BLOCKS: usize = TILE / Vector::<S, T>::LEN;

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
            squares: [zero::<S, T>(simd)[0]; TILE],
            inverses: [zero::<S, T>(simd)[0]; TILE],
        }
    }

    /// How many tiles `row` has: those of its full blocks, and one of the rest.
    #[inline(always)]
    pub(super) fn count(&self, row: Row<'_, Vector<S, T>>) -> usize {
        row.full.div_ceil(Self::BLOCKS) + usize::from(row.rest > 0)
    }

    /// The forces of the bodies of some tiles, written to `out`, a triple a block. See [`Tile::sum`].
    #[inline(always)]
    pub(super) fn sum_all(
        &mut self,
        row: Row<'_, Vector<S, T>>,
        tiles: impl Iterator<Item = usize>,
        out: &mut [Triple<Vector<S, T>>],
    ) {
        out.fill(zero::<S, T>(self.simd));
        // No `for_each`: a closure that is not inlined would lose the level's instructions.
        for number in tiles {
            self.sum(row, number, out);
        }
    }

    /// The forces of the bodies of tile `number` with each other and with all full blocks behind it, or,
    /// of the rest, with all before it, added to `out`.
    #[inline(always)]
    fn sum(&mut self, row: Row<'_, Vector<S, T>>, number: usize, out: &mut [Triple<Vector<S, T>>]) {
        let first = number * Self::BLOCKS;
        let (full, rest) = row.blocks.split_at(row.full);
        let (on_full, on_rest) = out.split_at_mut(row.full);
        if first >= full.len() {
            let guard = guard::<S, T>(self.simd, row.rest);
            let own = block_with_itself::<S, T>(self.simd, self.eps2, &rest[0], guard);
            add(&mut on_rest[0], &own);
            return self.with_others(rest, row.rest, on_rest, full, on_full);
        }
        let len = Self::BLOCKS.min(full.len() - first);
        let (blocks, others) = full[first..].split_at(len);
        let (on_blocks, on_others) = on_full[first..].split_at_mut(len);
        self.own_pairs(blocks, on_blocks);
        self.with_others(blocks, len * Vector::<S, T>::LEN, on_blocks, others, on_others);
    }

    /// The forces between the first `len` bodies of `blocks` and all of `others`.
    #[inline(always)]
    fn with_others(
        &mut self,
        blocks: &[Block<Vector<S, T>>],
        len: usize,
        on_blocks: &mut [Triple<Vector<S, T>>],
        others: &[Block<Vector<S, T>>],
        on_others: &mut [Triple<Vector<S, T>>],
    ) {
        if !others.is_empty() {
            self.load(blocks, len);
            self.with_blocks(others, on_others);
            self.add_sums(on_blocks);
        }
    }

    /// Takes the first `len` bodies of `blocks`.
    #[inline(always)]
    fn load(&mut self, blocks: &[Block<Vector<S, T>>], len: usize) {
        let width = Vector::<S, T>::LEN;
        self.len = len;
        self.sums[..len.next_multiple_of(width)].fill(zero::<S, T>(self.simd));
        for (b, block) in blocks.iter().enumerate() {
            let lanes = b * width..(b + 1) * width;
            for axis in 0..3 {
                block.position[axis].store_slice(&mut self.positions[axis][lanes.clone()]);
            }
            block.mass.store_slice(&mut self.masses[lanes]);
        }
        for axis in &mut self.positions {
            axis[len] = axis[0];
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

    /// The forces between all bodies of the blocks that make up a tile.
    #[inline(always)]
    fn own_pairs(&self, blocks: &[Block<Vector<S, T>>], out: &mut [Triple<Vector<S, T>>]) {
        let none = no_guard::<S, T>(self.simd);
        for k in 0..blocks.len() {
            let own = block_with_itself::<S, T>(self.simd, self.eps2, &blocks[k], none);
            add(&mut out[k], &own);
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
        if T::in_passes::<S>() {
            for (block, out) in blocks.iter().zip(out) {
                self.in_passes(block, out);
            }
            return;
        }
        let paired = if S::MANY_REGISTERS { blocks.len() / 2 * 2 } else { 0 };
        let (pairs, blocks) = blocks.split_at(paired);
        let (on_pairs, out) = out.split_at_mut(paired);
        self.with_each::<2>(pairs.as_chunks().0, on_pairs.as_chunks_mut().0);
        self.with_each::<1>(blocks.as_chunks().0, out.as_chunks_mut().0);
    }

    /// The pairs of the tile's bodies with one block, in three passes over the bodies. Each pass is short
    /// enough for the registers and for what the processor looks ahead; differences are computed twice.
    #[inline(always)]
    fn in_passes(&mut self, block: &Block<Vector<S, T>>, out: &mut Triple<Vector<S, T>>) {
        // A copy, which the compiler knows to stay what it is.
        let (len, block) = (self.len.min(TILE), *block);
        for body in 0..len {
            let pair = begin::<S, T>(self.simd, &self.position(body), &block.position, self.eps2);
            (self.squares[body], self.inverses[body]) = (pair.r2, pair.seed);
        }
        for (&r2, inverse) in self.squares[..len].iter().zip(&mut self.inverses) {
            *inverse = T::inverse_cube(self.simd, r2, *inverse);
        }
        let mut reaction = zero::<S, T>(self.simd);
        for body in 0..len {
            let d = difference(&self.position(body), &block.position);
            let mass = Vector::<S, T>::splat(self.simd, self.masses[body]);
            accumulate(&mut self.sums[body], self.inverses[body] * block.mass, &d);
            accumulate(&mut reaction, self.inverses[body] * mass, &d);
        }
        subtract(out, &reaction);
    }

    /// The pairs of the tile's bodies with every `N` blocks.
    #[inline(always)]
    fn with_each<const N: usize>(
        &mut self,
        groups: &[[Block<Vector<S, T>>; N]],
        out: &mut [[Triple<Vector<S, T>>; N]],
    ) {
        let Some(first) = groups.first() else { return };
        let mut ahead = self.begin::<N>(0, first);
        for (k, out) in out.iter_mut().enumerate() {
            let next = groups.get(k + 1).unwrap_or(first);
            ahead = self.with::<N>(ahead, [&groups[k], next], out);
        }
    }

    /// The pairs of the tile's bodies with `N` blocks, the first body's already begun. Begins those of
    /// the first body with the next blocks.
    #[inline(always)]
    fn with<const N: usize>(
        &mut self,
        mut even: Group<S, T, N>,
        [blocks, next]: [&[Block<Vector<S, T>>; N]; 2],
        out: &mut [Triple<Vector<S, T>>; N],
    ) -> Group<S, T, N> {
        let len = self.len.min(TILE);
        let mut reaction = [zero::<S, T>(self.simd); N];
        let upcoming = |body: usize| if body < len { blocks } else { next };
        let mut body = 0;
        // Two bodies a turn, so that what was begun need not be moved to where it is finished.
        while body + 1 < len {
            let odd = self.finish(body, &even, [blocks, blocks], &mut reaction);
            even = self.finish(body + 1, &odd, [blocks, upcoming(body + 2)], &mut reaction);
            body += 2;
        }
        if body < len {
            even = self.finish(body, &even, [blocks, next], &mut reaction);
        }
        for k in 0..N {
            subtract(&mut out[k], &reaction[k]);
        }
        even
    }

    /// Begins the pairs of one body with `N` blocks.
    #[inline(always)]
    fn begin<const N: usize>(
        &self,
        body: usize,
        blocks: &[Block<Vector<S, T>>; N],
    ) -> Group<S, T, N> {
        let from = self.position(body);
        let mut group = [begin::<S, T>(self.simd, &from, &blocks[0].position, self.eps2); N];
        for k in 1..N {
            group[k] = begin::<S, T>(self.simd, &from, &blocks[k].position, self.eps2);
        }
        group
    }

    /// Finishes the pairs of one body with `N` blocks, and begins those of the next body with the blocks
    /// that are up then.
    #[inline(always)]
    fn finish<const N: usize>(
        &mut self,
        body: usize,
        begun: &Group<S, T, N>,
        [blocks, upcoming]: [&[Block<Vector<S, T>>; N]; 2],
        reaction: &mut [Triple<Vector<S, T>>; N],
    ) -> Group<S, T, N> {
        let next = self.position(body + 1);
        let mut ahead = *begun;
        let mut cubes = [begun[0].r2; N];
        for k in 0..N {
            ahead[k] = begin::<S, T>(self.simd, &next, &upcoming[k].position, self.eps2);
            cubes[k] = T::inverse_cube(self.simd, begun[k].r2, begun[k].seed);
        }
        let mass = Vector::<S, T>::splat(self.simd, self.masses[body]);
        let mut sum = self.sums[body];
        for k in 0..N {
            accumulate(&mut sum, cubes[k] * blocks[k].mass, &begun[k].d);
            accumulate(&mut reaction[k], cubes[k] * mass, &begun[k].d);
        }
        self.sums[body] = sum;
        ahead
    }

    /// Adds the sums of the tile, over their lanes, to the forces on its bodies.
    #[inline(always)]
    fn add_sums(&mut self, out: &mut [Triple<Vector<S, T>>]) {
        for (sums, out) in self.sums.chunks(Vector::<S, T>::LEN).zip(out) {
            for axis in 0..3 {
                let mut rows = [sums[0][axis]; WIDEST];
                for lane in 1..Vector::<S, T>::LEN {
                    rows[lane] = sums[lane][axis];
                }
                out[axis] += lane_sums::<S, T>(&mut rows);
            }
        }
    }
}
