//! Gravitational N-body by direct summation.

use std::sync::Arc;

use kernels_core::{Bodies, Energies, Error, Executor, NBody, NBodyOptions, Precision};
use ndarray::ArrayViewMut2;

use crate::Level;

/// The kernel for `level` and `precision`, its units run by `executor`.
pub(crate) fn build(
    _level: Level,
    _precision: Precision,
    options: &NBodyOptions,
    _executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    Box::new(Direct { softening: options.softening })
}

struct Direct {
    softening: f64,
}

impl NBody for Direct {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        kernels_core::nbody::require_output(bodies, &out)?;
        bodies.require_distinct(self.softening)?;
        out.assign(&kernels_core::nbody::reference_accelerations(bodies, self.softening));
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        bodies.require_distinct(self.softening)?;
        Ok(kernels_core::nbody::reference_energies(bodies, self.softening))
    }
}
