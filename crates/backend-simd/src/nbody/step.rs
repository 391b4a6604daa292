//! The two phases of a step: the forces, each unit's by itself, then their sums and the motion.

use std::sync::PoisonError;

use fearless_simd::prelude::*;
use kernels_core::Executor;

use super::lanes::{Lanes, Real, Vector};
use super::motion::Motion;
use super::pairs::add;
use super::resident;
use super::system::{Piece, System};
use super::tiles::{Row, Tile};

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
        let (simd, alone) = (self.simd, system.units.is_empty());
        simd.vectorize(
            #[inline(always)]
            || system.moving(simd).start(simd, dt),
        );
        let mut remaining = || {
            self.evaluate(system, Motion::Continue(dt), steps - 1);
            self.evaluate(system, Motion::Finish(dt), 1);
        };
        // One unit runs here: no other thread need be woken up for it.
        if alone { remaining() } else { self.executor.enter(&mut remaining) }
    }

    /// `count` times the accelerations of the present positions, and then `motion`.
    fn evaluate(&self, system: &mut System<S, T>, motion: Motion, count: u64) {
        let units = system.units.len();
        if units == 0 {
            return self.evaluate_alone(system, motion, count);
        }
        for _ in 0..count {
            self.executor.run(units, &|unit| self.sum(system, unit));
            self.gather(system, motion);
        }
    }

    /// [`Stepper::evaluate`] of a system with one unit, on this thread.
    fn evaluate_alone(&self, system: &mut System<S, T>, motion: Motion, count: u64) {
        let (simd, eps2, bodies) = (self.simd, self.eps2, system.len());
        simd.vectorize(
            #[inline(always)]
            || {
                let eps2s = Vector::<S, T>::splat(simd, eps2);
                if resident::run(simd, eps2s, system, motion, count) {
                    return;
                }
                let mut tile = Tile::new(simd, eps2);
                let tiles = tile.count(system.row());
                for _ in 0..count {
                    let row = Row::new(&system.blocks, bodies);
                    tile.sum_all(row, 0..tiles, &mut system.accelerations);
                    system.moving(simd).advance(simd, motion);
                }
            },
        );
    }

    /// The forces that one unit sums.
    fn sum(&self, system: &System<S, T>, unit: usize) {
        let (simd, eps2) = (self.simd, self.eps2);
        let mut forces = system.units[unit].write().unwrap_or_else(PoisonError::into_inner);
        let forces = &mut *forces;
        simd.vectorize(
            #[inline(always)]
            || {
                let row = system.row();
                let mut tile = Tile::new(simd, eps2);
                let tiles = dealt(unit, system.units.len(), tile.count(row));
                tile.sum_all(row, tiles, forces);
            },
        );
    }

    /// Adds up what the units have summed, and moves the bodies.
    fn gather(&self, system: &mut System<S, T>, motion: Motion) {
        let simd = self.simd;
        let (units, pieces) = system.pieces(simd);
        self.executor.run(pieces.len(), &|k| {
            let mut piece = pieces[k].lock().unwrap_or_else(PoisonError::into_inner);
            let Piece { blocks, moving } = &mut *piece;
            let forces: Vec<_> = units
                .iter()
                .map(|unit| unit.read().unwrap_or_else(PoisonError::into_inner))
                .collect();
            simd.vectorize(
                #[inline(always)]
                || {
                    for (block, sum) in blocks.clone().zip(&mut *moving.accelerations) {
                        *sum = forces[0][block];
                        for unit in &forces[1..] {
                            add(sum, &unit[block]);
                        }
                    }
                    moving.advance(simd, motion);
                },
            );
        });
    }
}

/// The tiles of a unit: dealt out to and fro, since the first have the most bodies behind them.
fn dealt(unit: usize, units: usize, tiles: usize) -> impl Iterator<Item = usize> {
    let place = move |round| if round % 2 == 0 { unit } else { units - 1 - unit };
    (0..).map(move |round| round * units + place(round)).take_while(move |&tile| tile < tiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tile_is_dealt_once_and_units_have_equal_work() {
        for (units, tiles) in [(4, 16), (8, 33), (32, 512)] {
            let hands: Vec<Vec<usize>> =
                (0..units).map(|u| dealt(u, units, tiles).collect()).collect();
            let mut all = hands.concat();
            all.sort_unstable();
            assert_eq!(all, (0..tiles).collect::<Vec<_>>());
            let work = |hand: &Vec<usize>| hand.iter().map(|tile| tiles - tile).sum::<usize>();
            let [least, most] = [hands.iter().map(work).min(), hands.iter().map(work).max()];
            assert!(most.unwrap() - least.unwrap() <= units, "{units} {tiles}");
        }
    }
}
