//! How bodies move: velocity Verlet as kick, drift, kick.
//!
//! ```text
//! v += dt/2 a;   x += dt v;   a = a(x);   v += dt/2 a
//! ```
//!
//! The second half of a kick and the first half of the next are not merged, so that the bits of a run
//! do not depend on where it is cut.

use fearless_simd::prelude::*;

use super::lanes::{Lanes, Real, Vector};
use super::pairs::{Block, Triple, accumulate};

/// What follows an evaluation of the forces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Motion {
    /// Nothing: only the accelerations are wanted.
    Rest,
    /// The second half of a kick.
    Finish(f64),
    /// The second half of a kick, and the next step's first half and drift.
    Continue(f64),
}

/// Bodies with what moves them.
pub(super) struct Moving<'a, S: Lanes, T: Real> {
    pub(super) blocks: &'a mut [Block<Vector<S, T>>],
    pub(super) velocities: &'a mut [Triple<Vector<S, T>>],
    pub(super) accelerations: &'a mut [Triple<Vector<S, T>>],
    /// 1 in the lanes of the last block that move, 0 in those without a body: these would fall towards the others, and
    /// on from them out of the range of the numbers.
    pub(super) filled: Vector<S, T>,
}

impl<S: Lanes, T: Real> Moving<'_, S, T> {
    /// The first half of a kick, and a drift.
    #[inline(always)]
    pub(super) fn start(&mut self, simd: S, dt: f64) {
        let half = Vector::<S, T>::splat(simd, T::from_f64(0.5 * dt));
        let dt = Vector::<S, T>::splat(simd, T::from_f64(dt));
        self.kick(half);
        for (block, v) in self.blocks.iter_mut().zip(&*self.velocities) {
            accumulate(&mut block.position, dt, v);
        }
    }

    /// What follows an evaluation of the forces.
    #[inline(always)]
    pub(super) fn advance(&mut self, simd: S, motion: Motion) {
        let (Motion::Finish(dt) | Motion::Continue(dt)) = motion else { return };
        let half = Vector::<S, T>::splat(simd, T::from_f64(0.5 * dt));
        self.kick(half);
        if matches!(motion, Motion::Continue(_)) {
            self.start(simd, dt);
        }
    }

    /// Half a kick, where there are bodies.
    #[inline(always)]
    fn kick(&mut self, half: Vector<S, T>) {
        let kicked = self.velocities.iter_mut().zip(&*self.accelerations);
        let last = kicked.len().saturating_sub(1);
        for (block, (v, a)) in kicked.enumerate() {
            accumulate(v, if block == last { half * self.filled } else { half }, a);
        }
    }
}
