//! The forces between the bodies of one block or of two, a block being as many bodies as a vector has
//! lanes.
//!
//! Every pair is computed once and serves both bodies. To bring every lane of one block together with
//! every lane of another, the other block and what is summed for it are rotated by one lane at a time.

use std::ops::{Add, Sub};

use fearless_simd::prelude::*;

use super::lanes::{Lanes, Real, Vector};

/// A quantity with three components, in lanes.
pub(super) type Triple<V> = [V; 3];

/// Positions and masses of as many bodies as a vector has lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<V> {
    pub(super) position: Triple<V>,
    pub(super) mass: V,
}

/// A pair of each lane, begun: `x_j - x_i`, its square and the seed of the reciprocal distance.
#[derive(Clone, Copy)]
pub(super) struct Begun<V> {
    pub(super) d: Triple<V>,
    pub(super) r2: V,
    pub(super) seed: V,
}

/// Begins the pairs of bodies at `from` and `to`. `eps2` is the square of the softening.
#[inline(always)]
pub(super) fn begin<S: Lanes, T: Real>(
    simd: S,
    from: &Triple<Vector<S, T>>,
    to: &Triple<Vector<S, T>>,
    eps2: Vector<S, T>,
) -> Begun<Vector<S, T>> {
    let d = difference(from, to);
    let r2 = d[0].mul_add(d[0], d[1].mul_add(d[1], d[2].mul_add(d[2], eps2)));
    Begun { d, r2, seed: T::seed(simd, r2) }
}

/// `to - from`
#[inline(always)]
pub(super) fn difference<V: Copy + Sub<Output = V>>(from: &Triple<V>, to: &Triple<V>) -> Triple<V> {
    [to[0] - from[0], to[1] - from[1], to[2] - from[2]]
}

/// No bodies, or nothing yet.
#[inline(always)]
pub(super) fn zero<S: Lanes, T: Real>(simd: S) -> Triple<Vector<S, T>> {
    [Vector::<S, T>::splat(simd, T::default()); 3]
}

/// Adds `factor * d` to `sum`.
#[inline(always)]
pub(super) fn accumulate<S: Lanes, V: SimdFloat<S>>(sum: &mut Triple<V>, factor: V, d: &Triple<V>) {
    for axis in 0..3 {
        sum[axis] = factor.mul_add(d[axis], sum[axis]);
    }
}

/// Adds `force` to `sum`.
#[inline(always)]
pub(super) fn add<V: Copy + Add<Output = V>>(sum: &mut Triple<V>, force: &Triple<V>) {
    for axis in 0..3 {
        sum[axis] = sum[axis] + force[axis];
    }
}

/// Takes `reaction` off `sum`.
#[inline(always)]
pub(super) fn subtract<V: Copy + Sub<Output = V>>(sum: &mut Triple<V>, reaction: &Triple<V>) {
    for axis in 0..3 {
        sum[axis] = sum[axis] - reaction[axis];
    }
}

/// What keeps the lanes without a body from others: added to the square of a distance, it is nothing
/// where there is a body and 1 where there is none, so that the force of the massless rest is 0 and
/// never 0 times infinity.
#[inline(always)]
pub(super) fn guard<S: Lanes, T: Real>(simd: S, bodies: usize) -> Vector<S, T> {
    Vector::<S, T>::from_fn(simd, |lane| T::from_f64(if lane < bodies { -0.0 } else { 1.0 }))
}

/// 1 in the lanes that hold one of so many bodies, 0 in the others.
#[inline(always)]
pub(super) fn filled<S: Lanes, T: Real>(simd: S, bodies: usize) -> Vector<S, T> {
    Vector::<S, T>::from_fn(simd, |lane| T::from_f64(if lane < bodies { 1.0 } else { 0.0 }))
}

/// The guard of a block without empty lanes. Adding -0.0 changes no number, and the compiler knows.
#[inline(always)]
pub(super) fn no_guard<S: Lanes, T: Real>(simd: S) -> Vector<S, T> {
    Vector::<S, T>::splat(simd, T::from_f64(-0.0))
}

/// A block that is rotated past another one, with what is summed for it.
#[derive(Clone, Copy)]
struct Rotating<V> {
    block: Block<V>,
    /// The square of the softening, guarded.
    eps2: V,
    reaction: Triple<V>,
}

impl<V> Rotating<V> {
    #[inline(always)]
    fn rotate<S: Lanes>(&mut self)
    where
        V: SimdFloat<S>,
    {
        for axis in 0..3 {
            self.block.position[axis] = self.block.position[axis].rotate_elements_left::<1>();
            self.reaction[axis] = self.reaction[axis].rotate_elements_left::<1>();
        }
        self.block.mass = self.block.mass.rotate_elements_left::<1>();
        self.eps2 = self.eps2.rotate_elements_left::<1>();
    }
}

/// The forces within one block: lanes at every distance up to half the width, at half of it once.
#[inline(always)]
pub(super) fn block_with_itself<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    block: &Block<Vector<S, T>>,
    guard: Vector<S, T>,
) -> Triple<Vector<S, T>> {
    let half = Vector::<S, T>::LEN / 2;
    let mut sum = zero::<S, T>(simd);
    let mut other = Rotating { block: *block, eps2: guard + eps2, reaction: zero::<S, T>(simd) };
    for distance in 1..=half {
        other.rotate();
        let Begun { d, r2, seed } =
            begin::<S, T>(simd, &block.position, &other.block.position, guard + other.eps2);
        let cube = T::inverse_cube(simd, r2, seed);
        accumulate(&mut sum, cube * other.block.mass, &d);
        if distance < half {
            accumulate(&mut other.reaction, cube * block.mass, &d);
        }
    }
    for _ in 0..half {
        other.rotate();
    }
    subtract(&mut sum, &other.reaction);
    sum
}

/// The forces between two blocks: on the first, and on the second with the opposite sign. `guard` is
/// that of the second; the first has no empty lanes.
#[inline(always)]
pub(super) fn block_with_block<S: Lanes, T: Real>(
    simd: S,
    eps2: Vector<S, T>,
    blocks: [&Block<Vector<S, T>>; 2],
    guard: Vector<S, T>,
) -> [Triple<Vector<S, T>>; 2] {
    let [block, other] = blocks;
    let mut sum = zero::<S, T>(simd);
    let mut other = Rotating { block: *other, eps2: guard + eps2, reaction: zero::<S, T>(simd) };
    for _ in 0..Vector::<S, T>::LEN {
        let Begun { d, r2, seed } =
            begin::<S, T>(simd, &block.position, &other.block.position, other.eps2);
        let cube = T::inverse_cube(simd, r2, seed);
        accumulate(&mut sum, cube * other.block.mass, &d);
        accumulate(&mut other.reaction, cube * block.mass, &d);
        other.rotate();
    }
    [sum, other.reaction]
}

/// The widest vector of any level.
pub(super) const WIDEST: usize = 16;

/// Up to a vector's width of sums that are still spread over lanes.
pub(super) type Rows<V> = [V; WIDEST];

/// The sums over the lanes: lane `k` of the result is the sum of row `k`.
#[inline(always)]
pub(super) fn lane_sums<S: Lanes, T: Real>(rows: &mut Rows<Vector<S, T>>) -> Vector<S, T> {
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
