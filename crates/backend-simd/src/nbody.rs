//! Gravitational N-body by direct summation, with Newton's third law, on every lane.

mod lanes;
mod pairs;
mod step;
mod system;
mod tree;

use std::sync::Arc;

use fearless_simd::Level as Detected;
use kernels_core::nbody::{require_output, require_time_step};
use kernels_core::{
    Bodies, Energies, Error, Executor, NBody, NBodyAlgorithm, NBodyOptions, Precision,
};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::Level;
use lanes::{Lanes, Real};
use step::{Motion, Stepper};
use system::System;

/// The kernel for `level` and `precision`, its units run by `executor`.
pub(crate) fn build(
    level: Level,
    precision: Precision,
    options: &NBodyOptions,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    let detected = Detected::new();
    #[cfg(target_arch = "x86_64")]
    {
        let (avx512, avx2, sse2) = (detected.as_avx512(), detected.as_avx2(), detected.as_sse2());
        match level {
            Level::Avx512 if let Some(simd) = avx512 => {
                return for_level(simd, precision, options, executor);
            }
            Level::Avx2 if let Some(simd) = avx2 => {
                return for_level(simd, precision, options, executor);
            }
            Level::Sse2 if let Some(simd) = sse2 => {
                return for_level(simd, precision, options, executor);
            }
            _ => {}
        }
    }
    for_level(fearless_simd::Fallback::new(), precision, options, executor)
}

fn for_level<S: Lanes>(
    simd: S,
    precision: Precision,
    options: &NBodyOptions,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    match options.algorithm {
        NBodyAlgorithm::Tree => tree::build(simd, options, executor),
        _ => direct(simd, precision, options.softening, executor),
    }
}

fn direct<S: Lanes>(
    simd: S,
    precision: Precision,
    softening: f64,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    match precision {
        Precision::F32 => Box::new(Direct::<S, f32> { simd, softening, executor, system: None }),
        _ => Box::new(Direct::<S, f64> { simd, softening, executor, system: None }),
    }
}

struct Direct<S: Lanes, T: Real> {
    simd: S,
    softening: f64,
    executor: Arc<dyn Executor>,
    system: Option<System<S, T>>,
}

impl<S: Lanes, T: Real> Direct<S, T> {
    /// The system with the accelerations of `bodies`.
    fn prepare(&mut self, bodies: &Bodies) -> (Stepper<'_, S, T>, &mut System<S, T>) {
        let stepper = Stepper {
            simd: self.simd,
            eps2: T::from_f64(self.softening * self.softening),
            executor: &*self.executor,
        };
        if self.system.as_ref().is_none_or(|system| system.len() != bodies.len()) {
            self.system = Some(System::new(self.simd, bodies.len()));
        }
        let simd = self.simd;
        let system = self.system.get_or_insert_with(|| System::new(simd, bodies.len()));
        if system.load(bodies) {
            stepper.evaluate(system, Motion::Rest);
        }
        (stepper, system)
    }
}

impl<S: Lanes, T: Real> NBody for Direct<S, T> {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        require_output(bodies, &out)?;
        bodies.require_distinct(self.softening)?;
        let (_, system) = self.prepare(bodies);
        let rows = system.rows(|part, block| part.accelerations[block]);
        out.assign(&ArrayView2::from(rows.as_slice()));
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        bodies.require_distinct(self.softening)?;
        Ok(kernels_core::nbody::reference_energies(bodies, self.softening))
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        require_time_step(dt)?;
        bodies.require_distinct(self.softening)?;
        if steps == 0 {
            return Ok(());
        }
        let (stepper, system) = self.prepare(bodies);
        system.load_velocities(bodies);
        let executor = stepper.executor;
        executor.enter(&mut || {
            stepper.start(system, dt);
            if system.parts.len() == 1 {
                stepper.evaluate_small(system, Motion::Continue(dt), steps - 1);
            } else {
                for _ in 1..steps {
                    stepper.evaluate(system, Motion::Continue(dt));
                }
            }
            stepper.evaluate(system, Motion::Finish(dt));
        });
        let positions = system.rows(|part, block| part.blocks[block].position);
        let velocities = system.rows(|part, block| part.velocities[block]);
        bodies.set_state(|body| (positions[body], velocities[body]))
    }
}
