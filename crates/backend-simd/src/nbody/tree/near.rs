//! The field at the bodies of a leaf, eight targets at a time: that of near bodies, one by one, and that
//! of everything else, from the local expansion.

use std::ops::Range;

use fearless_simd::prelude::*;

use super::cell::{Cell, Row};
use super::expansion::{self, LOCALS, Local};
use super::grow::Tree;
use super::walk::Law;
use crate::nbody::lanes::Lanes;

/// Added to every squared distance, so that a body's force on itself is zero and not NaN.
const TINY: f64 = 1e-180;

/// The field at the bodies of a tree, with or without the potential.
pub(super) struct NearField<'a, S: Lanes, const POTENTIAL: bool> {
    pub(super) simd: S,
    pub(super) law: Law,
    pub(super) tree: &'a Tree,
}

impl<S: Lanes, const POTENTIAL: bool> NearField<'_, S, POTENTIAL> {
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
        let mut blocks = [self.load(first); BLOCKS];
        for b in 1..BLOCKS {
            blocks[b] = self.load(first + b * width);
        }
        for run in near {
            for (number, &[x, y, z, mass]) in run.clone().zip(&self.tree.sources[run.clone()]) {
                let splat = |x| S::f64s::splat(simd, x);
                let source = [splat(x), splat(y), splat(z), splat(mass * S::WEIGHT_F64)];
                self.add_body(number as f64, source, &mut blocks);
            }
        }
        for (block, out) in blocks.iter().zip(out.chunks_mut(width)) {
            let field = self.add_local(centre, local, block);
            for (lane, row) in out.iter_mut().enumerate() {
                *row = [field[0][lane], field[1][lane], field[2][lane], field[3][lane]];
            }
        }
    }

    /// The bodies from `first` on, without any field.
    #[inline(always)]
    fn load(&self, first: usize) -> Block<S> {
        let simd = self.simd;
        let zero = S::f64s::splat(simd, 0.0);
        let mut block = Block::<S> { position: [zero; 3], number: zero, field: [zero; 4] };
        for (lane, row) in self.tree.sources[first..first + S::f64s::LEN].iter().enumerate() {
            for k in 0..3 {
                block.position[k].as_mut_slice()[lane] = row[k];
            }
            block.number.as_mut_slice()[lane] = (first + lane) as f64;
        }
        block
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
                let met = r2.simd_le(S::f64s::splat(simd, TINY));
                let share = (myself | met).select(S::f64s::splat(simd, 0.0), factor * r2);
                block.field[3] += share;
            }
        }
    }

    /// The field of near bodies and of the local expansion.
    #[inline(always)]
    fn add_local(&self, centre: [f64; 3], local: &Local, block: &Block<S>) -> [S::f64s; 4] {
        let simd = self.simd;
        let fused = |a: S::f64s, b: f64, c: S::f64s| a.mul_add(S::f64s::splat(simd, b), c);
        let [x, y, z] = block.position;
        let a = [x - centre[0], y - centre[1], z - centre[2]];
        let monomials: [S::f64s; LOCALS] = expansion::monomials(a, S::f64s::splat(simd, 1.0));
        let [x, y, z, mut potential] = block.field;
        let [x, y, z] = expansion::gradient(&monomials, local, [x, y, z], fused);
        if POTENTIAL {
            potential = expansion::value(&monomials, local, potential, fused);
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
