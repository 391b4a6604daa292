//! N-body with its steps taken one by one, so that the phases of a step can be seen.
//!
//! The fast backends fuse the phases of a step, and many steps in one call; then there is nothing to
//! see. Here the step is written out as the formula has it, on the accelerations of the backend.
//! The last digits of a result and, for few bodies, the speed are not those of the fused steps.

use ndarray::{Array2, ArrayViewMut2};
use perf_kernels::nbody::{drift, kick};
use perf_kernels::{Bodies, Energies, Error, NBody};
use tracing::info_span;

/// A kernel that is asked for accelerations only.
pub(crate) struct Stepwise(pub(crate) Box<dyn NBody>);

impl NBody for Stepwise {
    fn accelerations(&mut self, bodies: &Bodies, out: ArrayViewMut2<'_, f64>) -> Result<(), Error> {
        info_span!("accelerations").in_scope(|| self.0.accelerations(bodies, out))
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        self.0.energies(bodies)
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        let mut moving = bodies.clone();
        let mut before = Array2::zeros((bodies.len(), 3));
        self.accelerations(&moving, before.view_mut())?;
        let mut after = before.clone();
        for _ in 0..steps {
            info_span!("advance positions").in_scope(|| drift(&mut moving, &before, dt))?;
            self.accelerations(&moving, after.view_mut())?;
            info_span!("advance velocities").in_scope(|| kick(&mut moving, &before, &after, dt))?;
            std::mem::swap(&mut before, &mut after);
        }
        *bodies = moving;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use perf_kernels::NBodyOptions;

    use super::*;

    #[test]
    fn steps_taken_one_by_one_go_where_fused_ones_go() {
        let scalar = perf_kernels::backend("scalar").unwrap();
        let build = || scalar.nbody(&NBodyOptions::default()).unwrap();
        let positions = vec![[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 2.0, 0.1]];
        let velocities = vec![[0.0, -0.7, 0.0], [0.0, 0.7, 0.0], [0.1, 0.0, 0.0]];
        let start = Bodies::from_rows(vec![1.0, 1.0, 0.1], positions, velocities).unwrap();
        let (mut fused, mut stepwise) = (start.clone(), start.clone());
        build().leapfrog(&mut fused, 0.01, 100).unwrap();
        Stepwise(build()).leapfrog(&mut stepwise, 0.01, 100).unwrap();
        assert_ne!(fused, start);
        for (a, b) in fused.positions().iter().zip(stepwise.positions()) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }
}
