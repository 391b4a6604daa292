//! The field in a cell, on every lane: of far cells by their moments, eight sources at a time, and of
//! near bodies one by one, eight targets at a time.

use std::array::from_fn;
use std::ops::Range;

use fearless_simd::prelude::*;

use super::cell::{Cell, Row, difference};
use super::expansion::{self, LOCALS, Local, MOMENTS, ORDER};
use super::grow::Tree;
use crate::nbody::lanes::Lanes;

/// Added to every squared distance, so that a body's force on itself is zero and not NaN.
const TINY: f64 = 1e-180;

/// How bodies attract, and how exactly that is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    /// The square of the softening length.
    pub(super) eps2: f64,
    /// The square of the opening angle.
    pub(super) opening2: f64,
}

/// The field of the bodies of a tree, with or without the potential.
pub(super) struct Field<'a, S: Lanes, const POTENTIAL: bool> {
    pub(super) simd: S,
    pub(super) law: Law,
    pub(super) tree: &'a Tree,
}

impl<S: Lanes, const POTENTIAL: bool> Field<'_, S, POTENTIAL> {
    /// The local expansion about a centre at `d` from the present one.
    pub(super) fn shifted(&self, local: &Local, d: [f64; 3]) -> Local {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let mut shifted = [0.0; LOCALS];
                let weights: Local = expansion::monomials(d, 1.0);
                contract::<_, LOCALS, POTENTIAL, false>(
                    &weights,
                    local,
                    &mut shifted,
                    |a, b, c| a * b + c,
                );
                shifted
            },
        )
    }

    /// Adds the field of the cells `sources` to the local expansion of `target`.
    pub(super) fn add_far(&self, target: &Cell, sources: &[u32], local: &mut Local) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let mut sum = [S::f64s::splat(simd, 0.0); LOCALS];
                for batch in sources.chunks(S::f64s::LEN) {
                    self.add_batch(target, batch, &mut sum);
                }
                for (local, sum) in local.iter_mut().zip(sum) {
                    *local += sum.reduce_sum();
                }
            },
        );
    }

    /// Adds the field of a source in each lane.
    #[inline(always)]
    fn add_batch(&self, target: &Cell, sources: &[u32], sum: &mut [S::f64s; LOCALS]) {
        let simd = self.simd;
        let splat = |x| S::f64s::splat(simd, x);
        // Lanes without a source are at a distance and have no moments.
        let mut d = [splat(1.0); 3];
        let mut moments = [splat(0.0); MOMENTS];
        for (lane, &place) in sources.iter().enumerate() {
            let source = &self.tree.cells[place as usize];
            let from_source = difference(target.centre, source.centre);
            (0..3).for_each(|k| d[k].as_mut_slice()[lane] = from_source[k]);
            (0..MOMENTS).for_each(|m| moments[m].as_mut_slice()[lane] = source.moments[m]);
        }
        let fused = |a: S::f64s, b: S::f64s, c: S::f64s| a.mul_add(b, c);
        let r2 = fused(d[2], d[2], fused(d[1], d[1], fused(d[0], d[0], splat(self.law.eps2))));
        let tensor = expansion::derivatives(d, self.radial(r2), fused);
        contract::<_, MOMENTS, POTENTIAL, true>(&moments, &tensor, sum, fused);
    }

    /// The derivatives of `r2^(-1/2)` by `r2 / 2`.
    #[inline(always)]
    fn radial(&self, r2: S::f64s) -> [S::f64s; ORDER + 1] {
        let seed = self.simd.seed_f64(r2);
        let mut radial = [self.simd.inverse_cube_f64(r2, seed) * r2; ORDER + 1];
        let per_step = radial[0] * radial[0];
        for k in 1..=ORDER {
            radial[k] = radial[k - 1] * per_step * (1.0 - 2.0 * k as f64);
        }
        radial
    }

    /// The field at the bodies of a leaf: its local expansion and the bodies in `near`.
    pub(super) fn evaluate(
        &self,
        leaf: &Cell,
        local: &Local,
        near: &[Range<usize>],
        out: &mut [Row],
    ) {
        let simd = self.simd;
        let width = S::f64s::LEN;
        // A third vector of targets would not fit into the registers.
        let blocks = if S::MANY_REGISTERS { 2 } else { 1 };
        let starts = leaf.bodies().step_by(blocks * width);
        for (first, out) in starts.zip(out.chunks_mut(blocks * width)) {
            if out.len() > width {
                simd.vectorize(
                    #[inline(always)]
                    || self.evaluate_blocks::<2>(leaf.centre, local, near, first, out),
                );
            } else {
                simd.vectorize(
                    #[inline(always)]
                    || self.evaluate_blocks::<1>(leaf.centre, local, near, first, out),
                );
            }
        }
    }

    /// The field at the bodies from `first` on, `BLOCKS` vectors of them.
    #[inline(always)]
    fn evaluate_blocks<const BLOCKS: usize>(
        &self,
        centre: [f64; 3],
        local: &Local,
        near: &[Range<usize>],
        first: usize,
        out: &mut [Row],
    ) {
        let simd = self.simd;
        let width = S::f64s::LEN;
        let mut blocks: [Block<S>; BLOCKS] = from_fn(|b| self.load(first + b * width));
        for run in near {
            for (source, row) in run.clone().zip(&self.tree.sources[run.clone()]) {
                self.add_body(source as f64, row.map(|x| S::f64s::splat(simd, x)), &mut blocks);
            }
        }
        for (block, out) in blocks.iter().zip(out.chunks_mut(width)) {
            let field = self.add_local(centre, local, block);
            for (lane, row) in out.iter_mut().enumerate() {
                *row = field.map(|column| column.as_slice()[lane]);
            }
        }
    }

    /// The bodies from `first` on, without any field.
    #[inline(always)]
    fn load(&self, first: usize) -> Block<S> {
        let simd = self.simd;
        let rows = &self.tree.sources[first..first + S::f64s::LEN];
        Block {
            position: from_fn(|k| S::f64s::from_fn(simd, |lane| rows[lane][k])),
            number: S::f64s::from_fn(simd, |lane| (first + lane) as f64),
            field: [S::f64s::splat(simd, 0.0); 4],
        }
    }

    /// Adds the field of one body, given by number, position and mass in every lane.
    #[inline(always)]
    fn add_body(&self, number: f64, [x, y, z, mass]: [S::f64s; 4], blocks: &mut [Block<S>]) {
        let simd = self.simd;
        let eps2 = S::f64s::splat(simd, self.law.eps2.max(TINY));
        for block in blocks {
            let d = [x - block.position[0], y - block.position[1], z - block.position[2]];
            let r2 = d[0].mul_add(d[0], d[1].mul_add(d[1], d[2].mul_add(d[2], eps2)));
            let factor = simd.inverse_cube_f64(r2, simd.seed_f64(r2)) * mass;
            for k in 0..3 {
                block.field[k] = factor.mul_add(d[k], block.field[k]);
            }
            if POTENTIAL {
                let myself = block.number.simd_eq(S::f64s::splat(simd, number));
                let share = myself.select(S::f64s::splat(simd, 0.0), factor * r2);
                block.field[3] = block.field[3] + share;
            }
        }
    }

    /// The field of near bodies and of the local expansion.
    #[inline(always)]
    fn add_local(&self, centre: [f64; 3], local: &Local, block: &Block<S>) -> [S::f64s; 4] {
        let simd = self.simd;
        let fused = |a: S::f64s, b: f64, c: S::f64s| a.mul_add(S::f64s::splat(simd, b), c);
        let a = from_fn(|k| block.position[k] - S::f64s::splat(simd, centre[k]));
        let monomials: [S::f64s; LOCALS] = expansion::monomials(a, S::f64s::splat(simd, 1.0));
        let [x, y, z, mut potential] = block.field;
        let [x, y, z] = expansion::gradient(&monomials, local, [x, y, z], fused);
        if POTENTIAL {
            potential = (0..LOCALS).fold(potential, |sum, n| fused(monomials[n], local[n], sum));
        }
        [x, y, z, potential]
    }
}

/// A target in each lane.
#[derive(Clone, Copy)]
struct Block<S: Lanes> {
    position: [S::f64s; 3],
    /// The place in the sorted order.
    number: S::f64s,
    /// Acceleration and potential.
    field: [S::f64s; 4],
}

/// [`expansion::contract`], without the term of degree 0 where no potential is asked for.
#[inline(always)]
fn contract<T: expansion::Number, const K: usize, const POTENTIAL: bool, const CENTRED: bool>(
    weights: &[T; K],
    tensor: &[T; LOCALS],
    out: &mut [T; LOCALS],
    fused: impl Fn(T, T, T) -> T,
) {
    if POTENTIAL {
        expansion::contract::<T, K, 0, CENTRED>(weights, tensor, out, fused);
    } else {
        expansion::contract::<T, K, 1, CENTRED>(weights, tensor, out, fused);
    }
}
