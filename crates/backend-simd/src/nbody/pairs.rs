//! The forces between blocks of bodies, a block being as many bodies as a vector has lanes.
//!
//! Every pair is computed once and serves both bodies. Bodies of a *tile* are broadcast one after the
//! other against the lanes of a block. Their own sums are kept lane by lane until the tile is done;
//! the sums of the block stay in registers. The loop is software-pipelined: differences and seed of
//! the next body are begun before the force of this one is finished, since the processor cannot look
//! far enough ahead by itself to hide some 60 cycles of latency.

use fearless_simd::prelude::*;

use super::lanes::{Lanes, Real, Vector};

/// How many bodies a tile holds: their lane-wise sums fit the first-level cache beside the blocks.
pub(super) const TILE: usize = 32;

/// A quantity with three components, in lanes.
pub(super) type Triple<V> = [V; 3];

/// Positions and masses of as many bodies as a vector has lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<V> {
    pub(super) position: Triple<V>,
    pub(super) mass: V,
}

/// Bodies to be broadcast one after the other. One more than `len` can be read.
struct Tile<T> {
    positions: [[T; TILE + 1]; 3],
    masses: [T; TILE],
    len: usize,
}

impl<T: Real> Tile<T> {
    #[inline(always)]
    fn new<S: Lanes>(blocks: &[Block<Vector<S, T>>], len: usize) -> Self {
        let mut tile =
            Self { positions: [[T::default(); TILE + 1]; 3], masses: [T::default(); TILE], len };
        let width = Vector::<S, T>::LEN;
        for (b, block) in blocks.iter().enumerate() {
            for axis in 0..3 {
                let lanes = &mut tile.positions[axis][b * width..(b + 1) * width];
                block.position[axis].store_slice(lanes);
            }
            block.mass.store_slice(&mut tile.masses[b * width..(b + 1) * width]);
        }
        tile
    }

    #[inline(always)]
    fn position<S: Lanes>(&self, simd: S, body: usize) -> Triple<Vector<S, T>> {
        [
            Vector::<S, T>::splat(simd, self.positions[0][body]),
            Vector::<S, T>::splat(simd, self.positions[1][body]),
            Vector::<S, T>::splat(simd, self.positions[2][body]),
        ]
    }
}

/// A pair of each lane, begun: `x_j - x_i`, its square and the seed of the reciprocal distance.
#[derive(Clone, Copy)]
struct Begun<V> {
    d: Triple<V>,
    r2: V,
    seed: V,
}

#[inline(always)]
fn begin<S: Lanes, T: Real>(
    simd: S,
    from: &Triple<Vector<S, T>>,
    to: &Triple<Vector<S, T>>,
    eps2: Vector<S, T>,
) -> Begun<Vector<S, T>> {
    let d = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
    let r2 = d[0].mul_add(d[0], d[1].mul_add(d[1], d[2].mul_add(d[2], eps2)));
    Begun { d, r2, seed: T::seed(simd, r2) }
}

/// Adds to `sums` what `blocks` do to the bodies of the tile, lane by lane, and returns what the tile
/// does to the blocks, with the opposite sign.
#[inline(always)]
fn tile_with<S: Lanes, T: Real, const N: usize>(
    simd: S,
    eps2: Vector<S, T>,
    tile: &Tile<T>,
    sums: &mut [Triple<Vector<S, T>>],
    blocks: &[Block<Vector<S, T>>; N],
) -> [Triple<Vector<S, T>>; N] {
    let zero = Vector::<S, T>::splat(simd, T::default());
    let mut reaction = [[zero; 3]; N];
    let first = tile.position(simd, 0);
    let mut ahead = [Begun { d: [zero; 3], r2: zero, seed: zero }; N];
    for k in 0..N {
        ahead[k] = begin::<S, T>(simd, &first, &blocks[k].position, eps2);
    }
    for (i, sum) in sums.iter_mut().enumerate() {
        let mass = Vector::<S, T>::splat(simd, tile.masses[i]);
        let next = tile.position(simd, i + 1);
        for k in 0..N {
            let Begun { d, r2, seed } = ahead[k];
            ahead[k] = begin::<S, T>(simd, &next, &blocks[k].position, eps2);
            let cube = T::inverse_cube(simd, r2, seed);
            let (pull, push) = (cube * blocks[k].mass, cube * mass);
            for axis in 0..3 {
                sum[axis] = pull.mul_add(d[axis], sum[axis]);
                reaction[k][axis] = push.mul_add(d[axis], reaction[k][axis]);
            }
        }
    }
    reaction
}

/// The pairs of the tile with every one of `blocks`.
#[inline(always)]
fn tile_with_all<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    tile: &Tile<T>,
    sums: &mut [Triple<Vector<S, T>>],
    blocks: &[Block<Vector<S, T>>],
    out: &mut [Triple<Vector<S, T>>],
) {
    let mut from = 0;
    if S::MANY_REGISTERS {
        let (pairs, _) = blocks.as_chunks::<2>();
        for pair in pairs {
            let reaction = tile_with::<S, T, 2>(simd, eps2, tile, sums, pair);
            subtract(&mut out[from], &reaction[0]);
            subtract(&mut out[from + 1], &reaction[1]);
            from += 2;
        }
    }
    for (block, out) in blocks[from..].iter().zip(&mut out[from..]) {
        let [reaction] = tile_with::<S, T, 1>(simd, eps2, tile, sums, &[*block]);
        subtract(out, &reaction);
    }
}

#[inline(always)]
fn subtract<V: Copy + std::ops::Sub<Output = V>>(out: &mut Triple<V>, reaction: &Triple<V>) {
    for axis in 0..3 {
        out[axis] = out[axis] - reaction[axis];
    }
}

/// Adds the sums of a tile, over their lanes, to the accelerations of its bodies.
#[inline(always)]
fn add_sums<S: Lanes, T: Real>(
    simd: S,
    sums: &[Triple<Vector<S, T>>],
    out: &mut [Triple<Vector<S, T>>],
) {
    let width = Vector::<S, T>::LEN;
    let zero = Vector::<S, T>::splat(simd, T::default());
    for (rows, out) in sums.chunks(width).zip(out) {
        for axis in 0..3 {
            let mut columns = [zero; 16];
            for (column, row) in columns.iter_mut().zip(rows) {
                *column = row[axis];
            }
            out[axis] = out[axis] + lane_sums::<S, T>(&mut columns);
        }
    }
}

/// The sums over the lanes of the first `LEN` rows: lane `k` of the result is the sum of row `k`.
#[inline(always)]
fn lane_sums<S: Lanes, T: Real>(rows: &mut [Vector<S, T>; 16]) -> Vector<S, T> {
    let mut half = Vector::<S, T>::LEN / 2;
    while half > 0 {
        for k in 0..half {
            let (a, b) = (rows[k], rows[k + half]);
            rows[k] = a.zip_low(b) + a.zip_high(b);
        }
        half /= 2;
    }
    rows[0]
}

/// The forces within one block. `guard` is 0 in the lanes that hold a body and 1 in the others.
#[inline(always)]
fn block_with_itself<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    block: &Block<Vector<S, T>>,
    guard: Vector<S, T>,
) -> Triple<Vector<S, T>> {
    let zero = Vector::<S, T>::splat(simd, T::default());
    let half = Vector::<S, T>::LEN / 2;
    let (mut sum, mut reaction) = ([zero; 3], [zero; 3]);
    let (mut other, mut other_guard) = (*block, guard + eps2);
    for distance in 1..=half {
        for axis in 0..3 {
            other.position[axis] = other.position[axis].rotate_elements_left::<1>();
        }
        other.mass = other.mass.rotate_elements_left::<1>();
        other_guard = other_guard.rotate_elements_left::<1>();
        let Begun { d, r2, seed } =
            begin::<S, T>(simd, &block.position, &other.position, guard + other_guard);
        let cube = T::inverse_cube(simd, r2, seed);
        let (pull, push) = (cube * other.mass, cube * block.mass);
        for axis in 0..3 {
            sum[axis] = pull.mul_add(d[axis], sum[axis]);
            if distance < half {
                reaction[axis] = reaction[axis].rotate_elements_left::<1>();
                reaction[axis] = push.mul_add(d[axis], reaction[axis]);
            }
        }
    }
    for axis in 0..3 {
        for _ in 1..half {
            reaction[axis] = reaction[axis].rotate_elements_right::<1>();
        }
        sum[axis] = sum[axis] - reaction[axis];
    }
    sum
}

/// Bodies in blocks, the last block perhaps with fewer bodies than lanes.
#[derive(Clone, Copy)]
pub(super) struct Row<'a, V> {
    /// The blocks.
    pub(super) blocks: &'a [Block<V>],
    /// How many of them are full: all, or all but one.
    pub(super) full: usize,
    /// How many bodies the last block holds if it is not full, else 0.
    pub(super) rest: usize,
}

/// The forces between the bodies of one row, into `out`, a triple a block.
#[inline(always)]
pub(super) fn within<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    row: Row<'_, Vector<S, T>>,
    out: &mut [Triple<Vector<S, T>>],
) {
    let zero = Vector::<S, T>::splat(simd, T::default());
    let width = Vector::<S, T>::LEN;
    let (blocks, full) = (row.blocks, row.full);
    // Adding -0.0 changes no number, so the compiler leaves it out.
    let none = Vector::<S, T>::splat(simd, T::from_f64(-0.0));
    for b in 0..full {
        out[b] = block_with_itself::<S, T>(simd, eps2, &blocks[b], none);
    }
    let step = TILE / width;
    let mut start = 0;
    while start < full {
        let end = full.min(start + step);
        let tile = Tile::<T>::new::<S>(&blocks[start..end], (end - start) * width);
        let mut sums = [[zero; 3]; TILE];
        for b in start + 1..end {
            let earlier = &mut sums[..(b - start) * width];
            let [reaction] = tile_with::<S, T, 1>(simd, eps2, &tile, earlier, &[blocks[b]]);
            subtract(&mut out[b], &reaction);
        }
        let sums = &mut sums[..tile.len];
        tile_with_all::<S, T>(simd, eps2, &tile, sums, &blocks[end..full], &mut out[end..full]);
        add_sums::<S, T>(simd, sums, &mut out[start..end]);
        start = end;
    }
    if row.rest > 0 {
        let guard = Vector::<S, T>::from_fn(simd, |lane| T::from_f64(f64::from(lane >= row.rest)));
        out[full] = block_with_itself::<S, T>(simd, eps2, &blocks[full], guard);
        let (out, last) = out.split_at_mut(full);
        rest_with::<S, T>(simd, eps2, row, &blocks[..full], &mut last[0], out);
    }
}

/// The forces between the bodies of two rows, added to what is in `out`.
#[inline(always)]
pub(super) fn between<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    rows: [Row<'_, Vector<S, T>>; 2],
    out: [&mut [Triple<Vector<S, T>>]; 2],
) {
    let zero = Vector::<S, T>::splat(simd, T::default());
    let width = Vector::<S, T>::LEN;
    let [first, second] = rows;
    let [out, others] = out;
    let (full, last) = others.split_at_mut(second.full);
    for (tiles, out) in first.blocks.chunks(TILE / width).zip(out.chunks_mut(TILE / width)) {
        let tile = Tile::<T>::new::<S>(tiles, tiles.len() * width);
        let mut sums = [[zero; 3]; TILE];
        let sums = &mut sums[..tile.len];
        tile_with_all::<S, T>(simd, eps2, &tile, sums, &second.blocks[..second.full], full);
        add_sums::<S, T>(simd, sums, out);
    }
    if second.rest > 0 {
        rest_with::<S, T>(simd, eps2, second, first.blocks, &mut last[0], out);
    }
}

/// The forces between the bodies of the last block of `row` and full blocks.
#[inline(always)]
fn rest_with<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    row: Row<'_, Vector<S, T>>,
    blocks: &[Block<Vector<S, T>>],
    last: &mut Triple<Vector<S, T>>,
    out: &mut [Triple<Vector<S, T>>],
) {
    let zero = Vector::<S, T>::splat(simd, T::default());
    let tile = Tile::<T>::new::<S>(&row.blocks[row.full..], row.rest);
    let mut sums = [[zero; 3]; TILE];
    let sums = &mut sums[..row.rest];
    tile_with_all::<S, T>(simd, eps2, &tile, sums, blocks, out);
    add_sums::<S, T>(simd, sums, std::slice::from_mut(last));
}
