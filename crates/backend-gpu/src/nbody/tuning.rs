//! Finding the shape of `forces` that a chip likes best.
//!
//! No interface tells how many registers, cores and schedulers a chip has. So the shapes are timed, in
//! the first run that takes longer than a second, on steps of the run itself, since every shape gives
//! the same bits. That costs the compilation of a dozen programs and what the worse shapes lose, and ends
//! where it has taken a quarter of the run. What was found is remembered ([`Tuned`]) for the adapter, its
//! driver, the precision and the power of two of bodies.

use std::time::{Duration, Instant};

use kernels_core::Error;

use super::forces::Forces;
use super::shape::Shape;
use super::system::{Motion, System};
use super::tuned::{Key, Tuned};
use crate::device::stream::Pace;

/// A run of fewer interactions is over in no time on anything that deserves the name of a GPU.
const LEAST_WORK: u64 = 1 << 28;

/// What a run should take to be worth it.
const WORTH: Duration = Duration::from_secs(1);

/// What the timing of one shape should take at least.
const SAMPLE: Duration = Duration::from_millis(5);

/// The part of a run that may pass before the best shape so far is taken.
const PART: u32 = 4;

impl System {
    /// Advances by some of `steps` steps while it tries the shapes, unless one is known or the run is
    /// short, and gives how many steps were made.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn tune(
        &mut self,
        steps: u64,
        tuned: &Tuned,
        pace: &mut Pace,
    ) -> Result<u64, Error> {
        if self.is_tuned() || steps.saturating_mul(self.plan.interactions()) < LEAST_WORK {
            return Ok(0);
        }
        let begun = Instant::now();
        let step = self.timed(1, pace)?;
        let whole = step * u32::try_from(steps).unwrap_or(u32::MAX);
        let sample = (SAMPLE.as_secs_f64() / step.as_secs_f64()).ceil() as u64;
        if whole < WORTH || 1 + sample > steps {
            return Ok(1);
        }
        let mut trial = Trial { made: 1, sample, best: self.timed(sample, pace)? };
        trial.made += sample;
        for shape in Shape::all(self.device.limits().max_compute_invocations_per_workgroup) {
            if trial.made + sample > steps || begun.elapsed() > whole / PART {
                break;
            }
            self.try_shape(shape, &mut trial, pace)?;
        }
        self.remember(tuned);
        Ok(trial.made)
    }

    /// Times a shape, and keeps it where it is the fastest so far.
    fn try_shape(&mut self, shape: Shape, trial: &mut Trial, pace: &mut Pace) -> Result<(), Error> {
        // A shape that a driver does not compile is none for it.
        let Ok(forces) = Forces::new(&self.device, self.numbers, &self.plan, &self.buffers, shape)
        else {
            return self.device.check();
        };
        let Motion::Tiled(tiled) = &mut self.motion else { return Ok(()) };
        if tiled.forces.shape() == shape {
            return Ok(());
        }
        let best = std::mem::replace(&mut tiled.forces, forces);
        let took = self.timed(trial.sample, pace)?;
        trial.made += trial.sample;
        if took < trial.best {
            trial.best = took;
        } else if let Motion::Tiled(tiled) = &mut self.motion {
            tiled.forces = best;
        }
        Ok(())
    }

    /// Whether there is nothing to find out, or it is known.
    fn is_tuned(&self) -> bool {
        match &self.motion {
            Motion::Tiled(tiled) => tiled.tuned,
            Motion::Small { .. } => true,
        }
    }

    fn remember(&mut self, tuned: &Tuned) {
        let key = self.key();
        if let Motion::Tiled(tiled) = &mut self.motion {
            tiled.tuned = true;
            tuned.keep(key, tiled.forces.shape());
        }
    }

    /// What the best shape depends on.
    pub(super) fn key(&self) -> Key {
        Key::new(self.numbers.precision(), self.plan.bodies)
    }

    /// Advances, and gives what that took.
    fn timed(&self, steps: u64, pace: &mut Pace) -> Result<Duration, Error> {
        let begun = Instant::now();
        self.advance(steps, pace)?;
        Ok(begun.elapsed())
    }
}

/// How the trial of the shapes stands.
#[derive(Debug)]
struct Trial {
    /// The steps made so far.
    made: u64,
    /// The steps that each shape is timed for.
    sample: u64,
    /// What the fastest took.
    best: Duration,
}
