//! The kernel that sums over all pairs.

use std::sync::Arc;

use kernels_core::nbody::{require_output, require_time_step};
use kernels_core::{Bodies, Energies, Error, Executor, NBody, NBodyOptions};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::energy::energies;
use super::lanes::{Lanes, Real};
use super::step::Stepper;
use super::system::System;

/// Direct summation at one instruction level, in numbers of type `T`.
///
/// The state stays in lanes between calls. A call that continues where the last one ended finds its
/// accelerations there. In f32 the whole run is in f32; positions and velocities are handed over in f64,
/// which holds them exactly.
pub(super) struct Direct<S: Lanes, T: Real> {
    simd: S,
    softening: f64,
    executor: Arc<dyn Executor>,
    system: Option<System<S, T>>,
}

/// What computes, and what it computes on.
type Prepared<'a, S, T> = (Stepper<'a, S, T>, &'a mut System<S, T>);

impl<S: Lanes, T: Real> Direct<S, T> {
    pub(super) fn new(simd: S, options: &NBodyOptions, executor: Arc<dyn Executor>) -> Self {
        Self { simd, softening: options.softening, executor, system: None }
    }

    /// The square of the softening, where the forces stay numbers: far beyond either border they are those of the border.
    fn softening2(&self, bodies: &Bodies) -> f64 {
        (self.softening * self.softening).max(least_square::<S, T>(bodies)).min(T::LARGEST / 16.0)
    }

    /// What computes, and the system with the accelerations of `bodies`.
    fn prepare(&mut self, bodies: &Bodies) -> Result<Prepared<'_, S, T>, Error> {
        bodies.require_distinct(self.softening, T::PRECISION)?;
        let stepper = Stepper {
            simd: self.simd,
            eps2: T::from_f64(self.softening2(bodies)),
            executor: &*self.executor,
        };
        let fits = |system: &System<S, T>| system.len() == bodies.len();
        let system = self.system.take().filter(fits);
        let system = system.unwrap_or_else(|| System::new(self.simd, bodies.len()));
        let system = self.system.insert(system);
        if system.load(bodies) {
            stepper.accelerate(system);
        }
        Ok((stepper, system))
    }
}

impl<S: Lanes, T: Real> NBody for Direct<S, T> {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        require_output(bodies, &out)?;
        let (_, system) = self.prepare(bodies)?;
        let rows = system.rows(|block| system.accelerations[block]);
        out.assign(&ArrayView2::from(rows.as_slice()));
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        bodies.require_distinct(self.softening, T::PRECISION)?;
        Ok(energies(self.simd, &*self.executor, bodies, self.softening))
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        require_time_step(dt)?;
        if steps == 0 {
            return bodies.require_distinct(self.softening, T::PRECISION);
        }
        let (stepper, system) = self.prepare(bodies)?;
        system.load_velocities(bodies);
        stepper.leapfrog(system, dt, steps);
        let positions = system.rows(|block| system.blocks[block].position);
        let velocities = system.rows(|block| system.velocities[block]);
        // Nothing of a failed run is kept.
        let result = bodies.set_state(|body| (positions[body], velocities[body]));
        self.system = self.system.take().filter(|_| result.is_ok());
        result
    }
}

/// The least square of a distance: the least of which `m r^-3` is finite for every body, so that bodies
/// which meet on their way attract each other with 0 and not with 0 times infinity, and `r^-3` over its weight, too.
fn least_square<S: Lanes, T: Real>(bodies: &Bodies) -> f64 {
    let least = T::weight::<S>().recip().max(1.0);
    let heaviest = bodies.mass_slice().iter().fold(least, |most: f64, &mass| most.max(mass));
    (16.0 * heaviest / T::LARGEST).powf(2.0 / 3.0)
}
