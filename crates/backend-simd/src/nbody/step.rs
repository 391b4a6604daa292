//! The two phases of a step: the forces between every two parts, then the motion of every part.

use std::sync::{Mutex, MutexGuard, PoisonError};

use fearless_simd::prelude::*;
use kernels_core::Executor;

use super::lanes::{Lanes, Real, Vector};
use super::motion::Motion;
use super::pairs::{Triple, add, zero};
use super::resident;
use super::system::{Part, System};
use super::tiles::Tile;

/// What computes the forces and moves the bodies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stepper<'a, S, T> {
    pub(super) simd: S,
    /// The square of the softening.
    pub(super) eps2: T,
    pub(super) executor: &'a dyn Executor,
}

impl<S: Lanes, T: Real> Stepper<'_, S, T> {
    /// The accelerations of the present positions.
    pub(super) fn accelerate(&self, system: &mut System<S, T>) {
        self.evaluate(system, Motion::Rest, 1);
    }

    /// Advances a system that has its accelerations by `steps` steps, at least 1.
    pub(super) fn leapfrog(&self, system: &mut System<S, T>, dt: f64, steps: u64) {
        let simd = self.simd;
        for part in system.parts_mut() {
            simd.vectorize(
                #[inline(always)]
                || part.moving().start(simd, dt),
            );
        }
        self.evaluate(system, Motion::Continue(dt), steps - 1);
        self.evaluate(system, Motion::Finish(dt), 1);
    }

    /// `count` times the accelerations of the present positions, and then `motion`.
    fn evaluate(&self, system: &mut System<S, T>, motion: Motion, count: u64) {
        if let Some((part, forces)) = system.single_mut() {
            return self.evaluate_single(part, forces, motion, count);
        }
        let parts = system.parts.len();
        let units: Vec<_> = (0..parts).flat_map(|k| (k..parts).map(move |l| (k, l))).collect();
        for _ in 0..count {
            self.executor.run(units.len(), &|unit| match units[unit] {
                (k, l) if k == l => self.within(system, k),
                (k, l) => self.between(system, k, l),
            });
            self.executor.run(parts, &|k| self.gather(system, k, motion));
        }
    }

    /// [`Stepper::evaluate`] of a system in one part, on this thread.
    fn evaluate_single(
        &self,
        part: &mut Part<S, T>,
        forces: &mut [Triple<Vector<S, T>>],
        motion: Motion,
        count: u64,
    ) {
        let (simd, eps2) = (self.simd, self.eps2);
        simd.vectorize(
            #[inline(always)]
            || {
                if resident::run(simd, Vector::<S, T>::splat(simd, eps2), part, motion, count) {
                    return;
                }
                let mut tile = Tile::new(simd, eps2);
                for _ in 0..count {
                    tile.within(part.row(), forces);
                    part.accelerations.copy_from_slice(forces);
                    part.moving().advance(simd, motion);
                }
            },
        );
    }

    /// The forces within part `k`.
    fn within(&self, system: &System<S, T>, k: usize) {
        let (simd, eps2) = (self.simd, self.eps2);
        let part = system.parts[k].read().unwrap_or_else(PoisonError::into_inner);
        let mut forces = lock(system.forces(k, k));
        let (part, forces) = (&*part, &mut *forces);
        simd.vectorize(
            #[inline(always)]
            || Tile::new(simd, eps2).within(part.row(), forces),
        );
    }

    /// The forces between the parts `k` and `l`.
    fn between(&self, system: &System<S, T>, k: usize, l: usize) {
        let (simd, eps2) = (self.simd, self.eps2);
        let first = system.parts[k].read().unwrap_or_else(PoisonError::into_inner);
        let second = system.parts[l].read().unwrap_or_else(PoisonError::into_inner);
        let (mut on_first, mut on_second) = (lock(system.forces(k, l)), lock(system.forces(l, k)));
        let (first, second) = (&*first, &*second);
        let (on_first, on_second) = (&mut *on_first, &mut *on_second);
        simd.vectorize(
            #[inline(always)]
            || {
                on_first.fill(zero::<S, T>(simd));
                on_second.fill(zero::<S, T>(simd));
                let rows = [first.row(), second.row()];
                Tile::new(simd, eps2).between(rows, [on_first, on_second]);
            },
        );
    }

    /// Adds up the forces on part `k`, and moves it.
    fn gather(&self, system: &System<S, T>, k: usize, motion: Motion) {
        let simd = self.simd;
        let mut part = system.parts[k].write().unwrap_or_else(PoisonError::into_inner);
        let part = &mut *part;
        for l in 0..system.parts.len() {
            let forces = lock(system.forces(k, l));
            let (sums, forces) = (&mut part.accelerations, &*forces);
            simd.vectorize(
                #[inline(always)]
                || match l {
                    0 => sums.copy_from_slice(forces),
                    _ => sums.iter_mut().zip(forces).for_each(|(sum, force)| add(sum, force)),
                },
            );
        }
        simd.vectorize(
            #[inline(always)]
            || part.moving().advance(simd, motion),
        );
    }
}

fn lock<F>(forces: &Mutex<F>) -> MutexGuard<'_, F> {
    forces.lock().unwrap_or_else(PoisonError::into_inner)
}
