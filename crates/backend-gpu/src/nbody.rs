//! N-body on the device, in f64, in f32 with a double-f32 state, or in f32.
//!
//! ```text
//! a_i = sum over j of m_j (x_j - x_i) / (|x_j - x_i|^2 + eps^2)^(3/2)
//! ```
//!
//! Cost: n^2 interactions a step, of 20 floating-point operations by the usual count. The state stays on
//! the device: a call uploads a system that is not there yet, records as many steps as fit into a
//! submission of some 50 ms, and reads the state back once. [`Bodies`] is plain memory, right whenever a call
//! returns, so a call cannot leave the state on the device until somebody looks: that is 48 bytes a
//! body and call, which a caller keeps small by asking for many steps at once.
//!
//! The potential energy is summed there as well, the kinetic by the host, which has the velocities in f64: their squares
//! may leave f32.
//!
//! Error, rms against exact arithmetic: `f64` some 1e-15, `mixed` about 1e-7, `f32` some 3e-7.
//! Bodies closer than 2^-42 of the extent (`f64`: 2^-62) without a softening of that length are refused
//! ([`pairs`]); where they come that close within a run, the inverse cube is that of the least distance.
//! A result has the same bits whenever it is computed again on the same adapter, and does not depend on
//! how a run is cut into calls: work is laid out by n alone ([`plan`]) and sums have a fixed order.
//!
//! Literature: Nyland, Harris & Prins, GPU Gems 3, 31 (2007); Gaburov, Harfst & Portegies Zwart, New
//! Astronomy 14, 630 (2009) for forces in f32 with positions in double-f32.

use std::sync::Arc;

use kernels_core::nbody::{require_output, require_time_step};
use kernels_core::{Bodies, Energies, Error, NBody};
use ndarray::ArrayViewMut2;

use crate::device::Device;
use crate::device::adapter::Adapter;
use crate::device::stream::Pace;
use crate::shaders::Numbers;

mod buffers;
mod cells;
mod energy;
mod forces;
mod motion;
mod pairs;
mod plan;
mod shape;
mod system;
mod tuned;
mod tuning;
mod units;

use system::System;
pub(crate) use tuned::Tuned;
use units::Purpose;

/// The N-body kernel of a GPU.
#[derive(Debug)]
pub(crate) struct GpuNBody {
    adapter: Arc<Adapter>,
    numbers: Numbers,
    software: bool,
    softening: f64,
    tuned: Arc<Tuned>,
    pace: Pace,
    system: Option<System>,
}

impl GpuNBody {
    /// A kernel that computes in `numbers`.
    pub(crate) fn new(
        adapter: Arc<Adapter>,
        numbers: Numbers,
        software: bool,
        softening: f64,
        tuned: Arc<Tuned>,
    ) -> Self {
        Self { adapter, numbers, software, softening, tuned, pace: Pace::default(), system: None }
    }

    /// The accelerations of the first and of the last bodies alone, with their places.
    ///
    /// # Errors
    /// As [`NBody::accelerations`].
    pub(crate) fn accelerations_of_ends(
        &mut self,
        bodies: &Bodies,
    ) -> Result<Vec<(usize, [f64; 3])>, Error> {
        self.on_device(bodies, Purpose::Forces, System::accelerations_of_ends)
    }

    /// Runs `job` on the system. Where that loses the device, once more from the start on a fresh one:
    /// the state of the host is still the one before.
    fn on_device<T>(
        &mut self,
        bodies: &Bodies,
        purpose: Purpose,
        job: impl Fn(&mut System, &mut Pace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let present = self.system.as_ref().filter(|system| system.suits(bodies));
        let own = present.map(|system| Arc::clone(&system.device));
        let adapter = Arc::clone(&self.adapter);
        adapter.with_device(own, |device| {
            let done = self.attempt(device, bodies, purpose, &job);
            self.system = self.system.take().filter(|_| done.is_ok());
            done
        })
    }

    /// Runs `job` on the system on a device.
    fn attempt<T>(
        &mut self,
        device: &Arc<Device>,
        bodies: &Bodies,
        purpose: Purpose,
        job: impl Fn(&mut System, &mut Pace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let system = match self.system.take().filter(|system| system.suits(bodies)) {
            Some(system) => system,
            None => {
                let device = Arc::clone(device);
                System::new(device, self.numbers, self.software, bodies, &self.tuned)?
            }
        };
        let system = self.system.insert(system);
        system.load(bodies, self.softening, purpose)?;
        job(system, &mut self.pace)
    }
}

impl NBody for GpuNBody {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        require_output(bodies, &out)?;
        let accelerations = self.on_device(bodies, Purpose::Forces, System::accelerations)?;
        for (mut row, a) in out.rows_mut().into_iter().zip(accelerations) {
            (0..3).for_each(|k| row[k] = a[k]);
        }
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        let potential = self.on_device(bodies, Purpose::Forces, System::potential)?;
        Ok(Energies { kinetic: Energies::kinetic_of(bodies), potential })
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        require_time_step(dt)?;
        if steps == 0 {
            return self.on_device(bodies, Purpose::Forces, |_, _| Ok(()));
        }
        let (softening, tuned) = (self.softening, Arc::clone(&self.tuned));
        let run = |system: &mut System, pace: &mut Pace| {
            system.leapfrog(dt, softening, steps, &tuned, pace)
        };
        let state = self.on_device(bodies, Purpose::Steps(dt), run)?;
        bodies.set_state(|i| (state.positions[i], state.velocities[i]))?;
        if let Some(system) = &mut self.system {
            system.keep(state);
        }
        Ok(())
    }
}
