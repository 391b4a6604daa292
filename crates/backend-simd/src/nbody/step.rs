//! The two phases of a step: the forces of every pair of parts, then the motion of every part.

use std::sync::PoisonError;

use fearless_simd::prelude::*;
use kernels_core::Executor;

use super::lanes::{Lanes, Real, Vector};
use super::pairs;
use super::system::{Part, System};

/// What moves a part once its accelerations are there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Motion {
    /// Nothing: only the accelerations are wanted.
    Rest,
    /// The second half of a kick.
    Finish(f64),
    /// The second half of a kick, then the first half of the next one and a drift.
    Continue(f64),
}

/// Forces and motion of a system at one softening.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stepper<'a, S, T> {
    pub(super) simd: S,
    pub(super) eps2: T,
    pub(super) executor: &'a dyn Executor,
}

impl<S: Lanes, T: Real> Stepper<'_, S, T> {
    /// The accelerations of the present positions, and then `motion`.
    pub(super) fn evaluate(&self, system: &mut System<S, T>, motion: Motion) {
        if system.parts.len() == 1 {
            return self.evaluate_small(system, motion, 1);
        }
        let parts = system.parts.len();
        let units: Vec<_> = (0..parts).flat_map(|k| (k..parts).map(move |l| (k, l))).collect();
        let system = &*system;
        self.executor.run(units.len(), &|unit| self.pairs(system, units[unit]));
        self.executor.run(parts, &|part| self.gather(system, part, motion));
    }

    /// `count` times the accelerations and `motion` of a system in one part.
    pub(super) fn evaluate_small(&self, system: &mut System<S, T>, motion: Motion, count: u64) {
        let System { parts, forces, .. } = system;
        let part = parts[0].get_mut().unwrap_or_else(PoisonError::into_inner);
        let out = forces[0].get_mut().unwrap_or_else(PoisonError::into_inner);
        let simd = self.simd;
        let eps2 = self.eps2;
        simd.vectorize(
            #[inline(always)]
            || {
                let eps2 = Vector::<S, T>::splat(simd, eps2);
                for _ in 0..count {
                    pairs::within::<S, T>(simd, eps2, part.row(), out);
                    part.accelerations.copy_from_slice(out);
                    advance(simd, part, motion);
                }
            },
        );
    }

    fn pairs(&self, system: &System<S, T>, (k, l): (usize, usize)) {
        let parts = system.parts.len();
        let simd = self.simd;
        let eps2 = self.eps2;
        let of = |part: usize| system.parts[part].read().unwrap_or_else(PoisonError::into_inner);
        let forces = |k: usize, l: usize| {
            system.forces[k * parts + l].lock().unwrap_or_else(PoisonError::into_inner)
        };
        if k == l {
            let part = of(k);
            let mut out = forces(k, k);
            let (part, out) = (&*part, &mut *out);
            simd.vectorize(
                #[inline(always)]
                || pairs::within::<S, T>(simd, Vector::<S, T>::splat(simd, eps2), part.row(), out),
            );
        } else {
            let (first, second) = (of(k), of(l));
            let (mut on_first, mut on_second) = (forces(k, l), forces(l, k));
            let (first, second) = (&*first, &*second);
            let (on_first, on_second) = (&mut *on_first, &mut *on_second);
            simd.vectorize(
                #[inline(always)]
                || {
                    let zero = [Vector::<S, T>::splat(simd, T::default()); 3];
                    on_first.fill(zero);
                    on_second.fill(zero);
                    pairs::between::<S, T>(
                        simd,
                        Vector::<S, T>::splat(simd, eps2),
                        [first.row(), second.row()],
                        [on_first, on_second],
                    );
                },
            );
        }
    }

    fn gather(&self, system: &System<S, T>, k: usize, motion: Motion) {
        let parts = system.parts.len();
        let simd = self.simd;
        let mut part = system.parts[k].write().unwrap_or_else(PoisonError::into_inner);
        let part = &mut *part;
        for l in 0..parts {
            let forces =
                system.forces[k * parts + l].lock().unwrap_or_else(PoisonError::into_inner);
            let forces = &*forces;
            let sums = &mut part.accelerations;
            simd.vectorize(
                #[inline(always)]
                || {
                    if l == 0 {
                        return sums.copy_from_slice(forces);
                    }
                    for (sum, force) in sums.iter_mut().zip(forces) {
                        for axis in 0..3 {
                            sum[axis] = sum[axis] + force[axis];
                        }
                    }
                },
            );
        }
        simd.vectorize(
            #[inline(always)]
            || advance(simd, part, motion),
        );
    }

    /// The first half of a kick and a drift.
    pub(super) fn start(&self, system: &mut System<S, T>, dt: f64) {
        let simd = self.simd;
        for part in system.parts_mut() {
            simd.vectorize(
                #[inline(always)]
                || start(simd, part, dt),
            );
        }
    }
}

/// Moves a part with its new accelerations.
#[inline(always)]
fn advance<S: Lanes, T: Real>(simd: S, part: &mut Part<S, T>, motion: Motion) {
    match motion {
        Motion::Rest => {}
        Motion::Finish(dt) => finish(simd, part, dt),
        Motion::Continue(dt) => {
            finish(simd, part, dt);
            start(simd, part, dt);
        }
    }
}

/// `v += dt/2 a`
#[inline(always)]
fn finish<S: Lanes, T: Real>(simd: S, part: &mut Part<S, T>, dt: f64) {
    let half = Vector::<S, T>::splat(simd, T::from_f64(0.5 * dt));
    for (v, a) in part.velocities.iter_mut().zip(&part.accelerations) {
        for axis in 0..3 {
            v[axis] = a[axis].mul_add(half, v[axis]);
        }
    }
}

/// `v += dt/2 a; x += dt v`
#[inline(always)]
fn start<S: Lanes, T: Real>(simd: S, part: &mut Part<S, T>, dt: f64) {
    let half = Vector::<S, T>::splat(simd, T::from_f64(0.5 * dt));
    let dt = Vector::<S, T>::splat(simd, T::from_f64(dt));
    let moving = part.velocities.iter_mut().zip(&part.accelerations).zip(&mut part.blocks);
    for ((v, a), block) in moving {
        for axis in 0..3 {
            v[axis] = a[axis].mul_add(half, v[axis]);
            block.position[axis] = v[axis].mul_add(dt, block.position[axis]);
        }
    }
}
