//! Gravitational N-body by a tree of multipoles: the fast multipole method in Dehnen's form.
//!
//! Cells of nearby bodies act on one another as wholes. With the moments `M_m` of a source about its
//! centre of mass `s`, the field around the centre of mass `t` of a target is
//!
//! ```text
//! G(t + a) = sum over n of a^n / n! L_n,   L_n = sum over m of M_m D_(n+m)(t - s),   |n| + |m| <= 5
//! acceleration = gradient of G,            potential energy = -1/2 sum of m G
//! ```
//!
//! in Cartesian terms ([`expansion`]): monopole, quadrupole, octupole and hexadecapole of the source,
//! to the fifth degree in the target; dipoles vanish. A pair of cells is accepted where the larger of the two
//! looks smaller than the opening angle from the other, `2 max(r_t, r_s) < opening |t - s|`, softening and
//! heavy cells aside, with radii about the centres of mass, so that a centre off the middle counts ([`walk`]);
//! leaves too close for that are summed body by body with the arithmetic of the direct sum. Softening is exact
//! in every term.
//!
//! **Cost.** O(n log n) to sort the bodies into cells ([`grow`]), O(n) for the forces: the number
//! of sources that a cell takes itself does not depend on n.
//!
//! **Error.** Relative, rms over all bodies, falling with the fifth power of the opening; as the opening
//! goes to 0 it becomes that of the direct sum. The error of a single body, relative to its own
//! acceleration, may be larger, most where that is small; and so may the rms of bodies in rows, whose pulls cancel (a square
//! grid of 3,600 2.3e-3, 1,000 on a line 9e-3: [`kernels_core::tolerances::TREE_RMS`]). The energy, by the same cells, has a smaller error
//! than the forces. Momentum is conserved to rounding, since the forces between two cells are opposite.
//!
//! Without softening, rms, by opening; n = 10,000:
//!
//! | system | 0.3 | 0.4 | 0.5 | **0.6** | 0.7 | 0.8 |
//! |---|---|---|---|---|---|---|
//! | Plummer sphere | 1.0e-6 | 7.9e-6 | 4.3e-5 | **1.3e-4** | 3.3e-4 | 7.4e-4 |
//! | uniform cube | 1.7e-6 | 1.0e-5 | 4.1e-5 | **1.3e-4** | 3.2e-4 | 6.7e-4 |
//! | star beside a ball, at 1.6 radii | 3.7e-12 | 2.3e-11 | 8.0e-11 | **2.6e-10** | 6.2e-10 | 1.0e-5 |
//! | star beside a ball, at 2.5 radii | 3.2e-6 | 1.6e-5 | 4.1e-5 | **7.6e-5** | 2.8e-4 | 4.5e-4 |
//! | star in a shell | 4.0e-6 | 1.4e-5 | 3.3e-5 | **7.6e-5** | 1.4e-4 | 2.7e-4 |
//! | star in a ring | 1.2e-6 | 1.8e-5 | 3.8e-5 | **3.8e-5** | 1.8e-4 | 4.7e-4 |
//!
//! At the default, with what 99 % of the bodies and what all of them stay below, each relative to its own
//! acceleration:
//!
//! | system | n = 10,000: rms | 99 % | all | n = 100,000: rms | 99 % | all |
//! |---|---|---|---|---|---|---|
//! | Plummer sphere | 1.3e-4 | 7.6e-4 | 1.9e-3 | 9.7e-5 | 3.1e-4 | 6.5e-4 |
//! | uniform cube | 1.3e-4 | 1.2e-3 | 4.8e-3 | 1.6e-4 | 8.7e-4 | 1.4e-3 |
//! | star beside a ball, at 1.6 radii | 2.6e-10 | 1.3e-9 | 2.8e-9 | 1.6e-10 | 9.1e-10 | 9.7e-10 |
//! | star beside a ball, at 2.5 radii | 7.6e-5 | 2.7e-4 | 4.9e-4 | 6.7e-5 | 2.4e-4 | 5.1e-4 |
//! | star in a shell | 7.6e-5 | 3.1e-4 | 5.8e-4 | 6.6e-5 | 2.9e-4 | 4.0e-4 |
//! | star in a ring | 3.8e-5 | 1.6e-4 | 2.7e-4 | 3.6e-5 | 1.8e-4 | 2.2e-4 |
//!
//! (Of 1,000 bodies of 10,000 and of 300 of 100,000, so that single bodies may lie above; the star has a
//! million times the mass of all others. 2026-11-23, by
//! `cargo test --release -p backend-simd published -- --ignored --nocapture`.)
//!
//! The opening asks for the larger radius alone, and for caution with heavy cells, since the sum of the radii left a
//! lone heavy body with targets of twice the size: at an opening of 0.5 a star beside a ball had an error of
//! 5.2e-3, and single bodies of a Plummer sphere one of 1e-1, in the time that 0.6 takes now.
//!
//! **Time.** Of a step of a Plummer sphere at the default without softening, AVX-512, 2 cores of AMD's, in milliseconds:
//! the least of 3 to 15 steps (2026-11-27). The tree is ahead from some 18,000 bodies on, with two threads from some 20,000.
//!
//! | n | tree, 1 thread | 2 threads | direct, 1 thread | 2 threads |
//! |---|---|---|---|---|
//! | 4,096 | 6.3 | 3.2 | 2.6 | 1.4 |
//! | 8,192 | 17 | 9.2 | 10 | 5.3 |
//! | 16,384 | 45 | 24 | 41 | 21 |
//! | 32,768 | 102 | 55 | 167 | 82 |
//! | 65,536 | 202 | 112 | 659 | 330 |
//! | 262,144 | 932 | 550 |  |  |
//! | 1,048,576 | 4,240 | 2,384 |  |  |
//!
//! `benches/record/nbody-cpu.md` has the curve from 1,024 bodies on as a picture, made by
//! `cargo bench -p benches --bench nbody_tree`.
//!
//! **Threads.** Up to some 250 runs of bodies, given by the positions alone; each is walked from the root
//! by itself, so the bits are those of one thread on any number of them. Everything is computed in f64, and
//! no other precision is offered. Lengths and masses are scaled by powers of two ([`units`]), so systems of any
//! size keep the bound.
//!
//! Literature: Barnes & Hut, Nature 324, 446 (1986); Greengard & Rokhlin, J. Comput. Phys. 73, 325
//! (1987); Hernquist, ApJS 64, 715 (1987); Barnes, J. Comput. Phys. 87, 161 (1990); Dehnen, ApJ 536,
//! L39 (2000) and J. Comput. Phys. 179, 27 (2002).

mod cell;
mod expansion;
mod far;
mod grow;
mod near;
// Thousands of bodies would take hours under Miri.
#[cfg(all(test, not(miri)))]
mod tests;
mod units;
mod walk;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use kernels_core::nbody::{CompensatedSum, require_output, require_time_step};
use kernels_core::{Bodies, Energies, Error, Executor, NBody, NBodyOptions, Precision};
use ndarray::ArrayViewMut2;

use super::lanes::Lanes;
use cell::Row;
use grow::Tree;
use units::Units;
use walk::{Law, Walk};

/// The kernel for the level of `simd`, its units run by `executor`.
pub(super) fn build<S: Lanes>(
    simd: S,
    options: &NBodyOptions,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    let &NBodyOptions { softening, opening, .. } = options;
    Box::new(TreeSum {
        simd,
        softening,
        opening,
        executor,
        tree: Tree::default(),
        state: State::default(),
    })
}

struct TreeSum<S: Lanes> {
    simd: S,
    softening: f64,
    opening: f64,
    executor: Arc<dyn Executor>,
    tree: Tree,
    state: State,
}

/// The bodies whose accelerations were computed last, in the order of the caller.
#[derive(Debug, Default)]
struct State {
    masses: Vec<f64>,
    positions: Vec<[f64; 3]>,
    accelerations: Vec<[f64; 3]>,
}

impl State {
    /// Takes masses and positions over. Returns whether any of them is new.
    fn load(&mut self, bodies: &Bodies) -> bool {
        if self.masses == bodies.mass_slice() && self.positions == bodies.position_rows() {
            return false;
        }
        self.masses = bodies.mass_slice().to_vec();
        self.positions = bodies.position_rows().to_vec();
        self.accelerations = vec![[0.0; 3]; bodies.len()];
        true
    }
}

impl<S: Lanes> TreeSum<S> {
    /// Makes the state that of `bodies`.
    fn prepare(&mut self, bodies: &Bodies) {
        if self.state.load(bodies) {
            self.accelerate();
        }
    }

    /// The accelerations of the state.
    fn accelerate(&mut self) {
        let field = self.field::<false>();
        for (body, [x, y, z, _]) in self.tree.order().zip(field) {
            self.state.accelerations[body] = [x, y, z];
        }
    }

    /// The field at the bodies of the state, in the order of the tree, which grows anew.
    fn field<const POTENTIAL: bool>(&mut self) -> Vec<Row> {
        let units = Units::of(&self.state.positions, &self.state.masses);
        let positions: Vec<_> = self.state.positions.iter().map(|&x| units.position(x)).collect();
        let masses: Vec<_> = self.state.masses.iter().map(|m| m * units.mass).collect();
        self.tree.grow(&positions, &masses, &*self.executor);
        let (tree, softening) = (&self.tree, self.softening * units.length);
        let law = Law { eps2: softening * softening, opening2: self.opening * self.opening };
        let mut field = vec![[0.0; 4]; self.state.masses.len()];
        let pieces = pieces(&mut field, &tree.units);
        self.executor.run(tree.units.len(), &|unit| {
            let mut out = pieces[unit].lock().unwrap_or_else(PoisonError::into_inner);
            Walk::<S, POTENTIAL>::new(self.simd, law, tree, tree.units[unit].clone()).run(&mut out);
        });
        drop(pieces);
        field.iter_mut().for_each(|row| *row = units.to_field(*row));
        field
    }

    /// `steps` steps of `dt` from the state and `velocities`.
    fn step(&mut self, velocities: &mut [[f64; 3]], dt: f64, steps: u64) -> Result<(), Error> {
        for _ in 0..steps {
            kick(velocities, &self.state.accelerations, 0.5 * dt);
            kick(&mut self.state.positions, velocities, dt);
            require_finite(&self.state.positions)?;
            self.accelerate();
            kick(velocities, &self.state.accelerations, 0.5 * dt);
        }
        Ok(())
    }
}

impl<S: Lanes> NBody for TreeSum<S> {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        require_output(bodies, &out)?;
        bodies.require_distinct(self.softening, Precision::F64)?;
        self.prepare(bodies);
        for (mut out, row) in out.rows_mut().into_iter().zip(&self.state.accelerations) {
            (0..3).for_each(|k| out[k] = row[k]);
        }
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        bodies.require_distinct(self.softening, Precision::F64)?;
        self.prepare(bodies);
        let field = self.field::<true>();
        let masses = bodies.mass_slice();
        let potential = self.tree.order().zip(field).map(|(body, row)| masses[body] * row[3]);
        Ok(Energies {
            kinetic: Energies::kinetic_of(bodies),
            potential: -0.5 * potential.collect::<CompensatedSum>().value(),
        })
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        require_time_step(dt)?;
        bodies.require_distinct(self.softening, Precision::F64)?;
        self.prepare(bodies);
        let mut velocities = bodies.velocity_rows().to_vec();
        let mut result = Ok(());
        let executor = Arc::clone(&self.executor);
        executor.enter(&mut || result = self.step(&mut velocities, dt, steps));
        result
            .and_then(|()| bodies.set_state(|body| (self.state.positions[body], velocities[body])))
            .inspect_err(|_| self.state = State::default())
    }
}

/// `to += dt by`
fn kick(to: &mut [[f64; 3]], by: &[[f64; 3]], dt: f64) {
    for (to, by) in to.iter_mut().zip(by) {
        (0..3).for_each(|k| to[k] += dt * by[k]);
    }
}

fn require_finite(positions: &[[f64; 3]]) -> Result<(), Error> {
    match positions.iter().position(|row| row.iter().any(|x| !x.is_finite())) {
        Some(body) => Err(Error::Diverged { body }),
        None => Ok(()),
    }
}

/// The pieces of `all` that the units are. Each unit locks its own.
fn pieces<'a>(mut all: &'a mut [Row], units: &[Range<usize>]) -> Vec<Mutex<&'a mut [Row]>> {
    let mut piece = |unit: &Range<usize>| {
        let (piece, rest) = std::mem::take(&mut all).split_at_mut(unit.len());
        all = rest;
        Mutex::new(piece)
    };
    units.iter().map(&mut piece).collect()
}
