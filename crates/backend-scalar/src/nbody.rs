//! N-body in plain Rust: direct summation and the leapfrog, on columns of one float type.
//!
//! Formulas and literature: [`kernels_core::nbody`]. Two ways to sum: [`rows`] computes every directed
//! interaction, [`pairs`] every pair once. Both cost a square root and a division for each, which is what
//! bounds them. Error: below [`kernels_core::tolerances::F64_RMS`] in f64 and
//! [`kernels_core::tolerances::F32_RMS`] in f32.

use std::sync::Arc;

use kernels_core::nbody::{require_output, require_time_step};
use kernels_core::{
    Bodies, Energies, Error, Executor, NBody, NBodyAlgorithm, NBodyOptions, Precision,
};
use ndarray::ArrayViewMut2;

mod energies;
mod pairs;
mod real;
mod rows;
mod system;

use real::Real;
use system::System;

/// A kernel of the given precision.
pub(crate) fn build(
    options: &NBodyOptions,
    precision: Precision,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    match precision {
        Precision::F32 => Box::new(DirectSum::<f32>::new(options, Precision::F32, executor)),
        // `Mixed` is not offered.
        Precision::F64 | Precision::Mixed => {
            Box::new(DirectSum::<f64>::new(options, Precision::F64, executor))
        }
    }
}

/// Direct summation with the state of its last run.
#[derive(Debug)]
struct DirectSum<T> {
    pairs: bool,
    precision: Precision,
    softening: f64,
    executor: Arc<dyn Executor>,
    system: System<T>,
}

impl<T: Real> DirectSum<T> {
    fn new(options: &NBodyOptions, precision: Precision, executor: Arc<dyn Executor>) -> Self {
        let pairs = options.algorithm == NBodyAlgorithm::Pairs;
        let (softening, system) = (options.softening, System::default());
        Self { pairs, precision, softening, executor, system }
    }

    /// Takes the state of `bodies` over and sees to it that the accelerations are theirs.
    fn load(&mut self, bodies: &Bodies) -> Result<(), Error> {
        bodies.require_distinct(self.softening, self.precision)?;
        if !self.system.load(bodies) {
            self.update_accelerations();
        }
        Ok(())
    }

    fn update_accelerations(&mut self) {
        let softening2 = T::from_f64(self.softening * self.softening);
        let System { masses, positions, accelerations, .. } = &mut self.system;
        if self.pairs {
            pairs::accelerations(masses, positions, softening2, accelerations);
        } else {
            rows::accelerations(masses, positions, softening2, accelerations, &*self.executor);
        }
    }

    fn step(&mut self, dt: T) {
        self.system.drift(dt);
        self.update_accelerations();
        self.system.kick(dt);
    }
}

impl<T: Real> NBody for DirectSum<T> {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        require_output(bodies, &out)?;
        self.load(bodies)?;
        for (axis, mut column) in out.columns_mut().into_iter().enumerate() {
            for (out, &a) in column.iter_mut().zip(&self.system.accelerations[axis]) {
                *out = a.into();
            }
        }
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        bodies.require_distinct(self.softening, self.precision)?;
        Ok(energies::energies(bodies, self.softening, &*self.executor))
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        require_time_step(dt)?;
        if steps == 0 {
            return bodies.require_distinct(self.softening, self.precision);
        }
        let executor = Arc::clone(&self.executor);
        let mut loaded = Ok(());
        executor.enter(&mut || {
            loaded = self.load(bodies);
            if loaded.is_ok() {
                (0..steps).for_each(|_| self.step(T::from_f64(dt)));
            }
        });
        loaded?;
        bodies.set_state(|body| self.system.state(body))
    }
}
