//! Finding the shape of `forces`, or of `steps` for a small system, that a chip likes best.
//!
//! No interface tells how many registers, cores and schedulers a chip has. So the shapes are timed, once
//! a run takes longer than a second, on steps of the run itself, since every shape gives the same bits. A
//! run may come in one call or in many short ones; the trial goes on from call to call. That costs the
//! compilation of a dozen programs and what the worse shapes lose, and rests where it has taken a quarter of
//! the run so far, or would with the compilation of the next shape. What was found is remembered ([`Tuned`]) for
//! the adapter, its driver, the precision and the power of two of bodies, as soon as half of the shapes are
//! tried.

use std::time::{Duration, Instant};

use kernels_core::Error;

use super::motion::Motion;
use super::shape::Shape;
use super::system::System;
use super::tuned::{Key, Tuned};
use crate::device::stream::Pace;

/// A call of fewer interactions is over in no time on anything that deserves the name of a GPU.
const LEAST_WORK: u64 = 1 << 28;

/// What a run should take to be worth it.
const WORTH: Duration = Duration::from_secs(1);

/// What the timing of one shape should take at least.
const SAMPLE: Duration = Duration::from_millis(5);

/// What the steps of a system took so far, in whichever calls they came, and how the trial of the shapes
/// stands.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    /// What all steps took, trials included.
    spent: Duration,
    /// Whether a first step was made: some drivers leave most of the compilation to the first dispatch.
    is_warm: bool,
    /// What a step took last, in the best shape so far.
    step: Option<Duration>,
    /// What the compilation of a shape took at most, for each body of an invocation.
    compilation: Duration,
    trial: Option<Trial>,
    /// Whether there is nothing to find out, or it is known.
    is_over: bool,
}

/// A trial of the shapes.
#[derive(Debug)]
struct Trial {
    /// The steps that each shape is timed for.
    sample: u64,
    /// What the fastest took.
    best: Duration,
    /// What the trial took so far.
    took: Duration,
    waiting: Vec<Shape>,
    /// How many may still wait when the best of the others is remembered.
    few: usize,
}

impl Tuning {
    /// No step timed yet, with nothing to find out or with something, and a shape that was compiled in so long.
    pub(super) fn new(is_over: bool, shape: Shape, compiled: Duration) -> Self {
        let mut new = Self { is_over, ..Self::default() };
        new.learn_compilation(shape, compiled);
        new
    }

    fn learn_compilation(&mut self, shape: Shape, took: Duration) {
        self.compilation = self.compilation.max(took / shape.bodies);
    }

    /// Counts steps of a shape that took so long. The first of all tell nothing about the others, but what is left
    /// of the compilation.
    pub(super) fn learn(&mut self, shape: Shape, steps: u64, took: Duration) {
        if steps == 0 {
            return;
        }
        self.spent += took;
        if !std::mem::replace(&mut self.is_warm, true) {
            return self.learn_compilation(shape, took);
        }
        self.step = Some(took.div_f64(steps as f64).max(Duration::from_nanos(1)));
    }

    /// The steps that one shape is to be timed for, once the run is known to be worth it: with `left` steps to
    /// come, enough of them, and not too much of it spent on trials.
    fn sample(&self, left: u64, tuned: &Tuned) -> Option<u64> {
        let step = self.step?;
        let whole = self.spent + step.mul_f64(left as f64);
        let sample = match &self.trial {
            None if whole < WORTH => return None,
            None => (SAMPLE.as_secs_f64() / step.as_secs_f64()).ceil() as u64,
            Some(trial) if trial.took + self.ahead(trial) > tuned.allowance(whole) => return None,
            Some(trial) => trial.sample,
        };
        // A step more warms a shape up.
        (sample < left).then_some(sample)
    }

    /// What the compilation of the next shape should take: on lavapipe seconds, more than many a run.
    fn ahead(&self, trial: &Trial) -> Duration {
        trial.waiting.last().map_or(Duration::ZERO, |shape| self.compilation * shape.bodies)
    }
}

impl System {
    /// Makes some of `steps` steps, from accelerations that belong to the positions to such, to find the best
    /// shape, unless that is known or the run is short. Gives how many are left.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn tune(
        &mut self,
        steps: u64,
        tuned: &Tuned,
        pace: &mut Pace,
    ) -> Result<u64, Error> {
        let mut left = steps;
        let work = steps.saturating_mul(self.plan.interactions());
        if !self.tuning.is_over && self.tuning.step.is_none() && work >= LEAST_WORK {
            // The first tells what compiling takes, the second what a step takes.
            let steps = left.min(if self.tuning.is_warm { 1 } else { 2 });
            for _ in 0..steps {
                self.timed(1, pace)?;
            }
            left -= steps;
        }
        while let Some(sample) = self.tuning.sample(left, tuned).filter(|_| !self.tuning.is_over) {
            let begun = Instant::now();
            left -= self.try_next(sample, tuned, pace)?;
            if let Some(trial) = &mut self.tuning.trial {
                trial.took += begun.elapsed();
            }
        }
        Ok(left)
    }

    /// Takes the next part of the trial, and gives how many steps it made.
    fn try_next(&mut self, sample: u64, tuned: &Tuned, pace: &mut Pace) -> Result<u64, Error> {
        let Some(trial) = &mut self.tuning.trial else {
            let waiting = self.other_shapes();
            let (best, few) = (self.timed(sample, pace)?, waiting.len() / 2);
            let took = Duration::ZERO;
            self.tuning.trial = Some(Trial { sample, best, took, waiting, few });
            return Ok(sample);
        };
        let (shape, remembers) = (trial.waiting.pop(), trial.waiting.len() <= trial.few);
        let made = shape.map_or(Ok(0), |shape| self.try_shape(shape, sample, pace))?;
        if remembers {
            self.remember(tuned);
        }
        Ok(made)
    }

    /// The shapes besides that of now, the most promising one last.
    fn other_shapes(&self) -> Vec<Shape> {
        let most = self.device.limits().max_compute_invocations_per_workgroup;
        self.plan.other_shapes(self.motion.shape(), most)
    }

    /// Times a shape, and keeps it where it is the fastest so far. Gives how many steps that made.
    fn try_shape(&mut self, shape: Shape, sample: u64, pace: &mut Pace) -> Result<u64, Error> {
        let begun = Instant::now();
        // A shape that a driver does not compile is none for it.
        let Ok(motion) = Motion::new(&self.device, self.numbers, &self.plan, &self.buffers, shape)
        else {
            return self.device.check().map(|()| 0);
        };
        let (before, step) = (std::mem::replace(&mut self.motion, motion), self.tuning.step);
        // Some drivers leave most of the compilation to the first dispatch.
        self.timed(1, pace)?;
        self.tuning.learn_compilation(shape, begun.elapsed());
        let took = self.timed(sample, pace)?;
        match &mut self.tuning.trial {
            Some(trial) if took < trial.best => trial.best = took,
            _ => (self.motion, self.tuning.step) = (before, step),
        }
        Ok(1 + sample)
    }

    /// Remembers the best shape so far; where none waits any more, the trial is over.
    fn remember(&mut self, tuned: &Tuned) {
        if let Some(trial) = &self.tuning.trial {
            self.tuning.is_over = trial.waiting.is_empty();
            tuned.keep(self.key(), self.motion.shape());
        }
    }

    /// What the best shape depends on.
    pub(super) fn key(&self) -> Key {
        Key::new(self.numbers.precision(), self.plan.bodies)
    }

    /// Advances, and gives what that took.
    fn timed(&mut self, steps: u64, pace: &mut Pace) -> Result<Duration, Error> {
        let begun = Instant::now();
        self.advance(steps, pace)?;
        let took = begun.elapsed();
        self.tuning.learn(self.motion.shape(), steps, took);
        Ok(took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { workgroup: 64, bodies: 4 };
    const MILLISECOND: Duration = Duration::from_millis(1);

    fn warm() -> Tuning {
        Tuning { is_warm: true, ..Tuning::default() }
    }

    #[test]
    fn a_first_step_tells_nothing_about_the_others() {
        let mut tuning = Tuning::default();
        tuning.learn(SHAPE, 1, 1000 * MILLISECOND);
        assert_eq!((tuning.step, tuning.spent), (None, 1000 * MILLISECOND));
        assert_eq!(tuning.compilation, 250 * MILLISECOND);
        tuning.learn(SHAPE, 2, 2 * MILLISECOND);
        assert_eq!(tuning.step, Some(MILLISECOND));
    }

    /// Trials may take a quarter of a run.
    fn quarter() -> Tuned {
        Tuned::new("card", None)
    }

    #[test]
    fn short_calls_add_up_to_a_run_that_is_worth_a_trial() {
        let mut tuning = warm();
        assert_eq!(tuning.sample(1000, &quarter()), None, "nothing is known");
        for _ in 0..15 {
            tuning.learn(SHAPE, 60, 60 * MILLISECOND);
            assert_eq!(tuning.sample(60, &quarter()), None);
        }
        tuning.learn(SHAPE, 60, 60 * MILLISECOND);
        assert_eq!(tuning.sample(60, &quarter()), Some(5));
        assert_eq!(tuning.sample(5, &quarter()), None, "too few steps");
    }

    #[test]
    fn one_long_call_is_worth_a_trial() {
        let mut tuning = warm();
        tuning.learn(SHAPE, 1, MILLISECOND);
        assert_eq!(tuning.sample(900, &quarter()), None);
        assert_eq!(tuning.sample(1000, &quarter()), Some(5));
    }

    #[test]
    fn a_shape_that_takes_long_to_compile_is_not_tried_in_a_short_run() {
        let shape = |bodies| Shape { bodies, ..SHAPE };
        let mut tuning = warm();
        tuning.learn_compilation(shape(4), 400 * MILLISECOND);
        tuning.learn(SHAPE, 1000, 1000 * MILLISECOND);
        let waiting = vec![shape(1), shape(8)];
        let (best, took) = (5 * MILLISECOND, Duration::ZERO);
        tuning.trial = Some(Trial { sample: 5, best, took, waiting, few: 0 });
        assert_eq!(tuning.sample(2000, &quarter()), None, "0.8 s of 3");
        assert_eq!(tuning.sample(2200, &quarter()), Some(5));
    }

    #[test]
    fn a_trial_rests_at_a_quarter_of_the_run_and_goes_on_later() {
        let mut tuning = warm();
        tuning.learn(SHAPE, 1000, 1000 * MILLISECOND);
        let (best, took) = (5 * MILLISECOND, 300 * MILLISECOND);
        tuning.trial = Some(Trial { sample: 5, best, took, waiting: Vec::new(), few: 0 });
        assert_eq!(tuning.sample(60, &quarter()), None);
        tuning.learn(SHAPE, 300, 300 * MILLISECOND);
        assert_eq!(tuning.sample(60, &quarter()), Some(5));
    }
}
