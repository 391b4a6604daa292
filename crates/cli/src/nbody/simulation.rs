//! A run on its way: bodies moved by a kernel, a call at a time, and what their energy was.

use std::time::{Duration, Instant};

use perf_kernels::{Error, NBody};
use tracing::info_span;

use super::pace::Pace;
use super::plan::Plan;
use crate::failure::Usage;
use crate::readers::nbabel::System;

/// How far a run is. With the plan, all that is needed to go on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) system: System,
    /// Of the bodies that the run began with ([`super::checkpoint::origin_of`]).
    pub(crate) origin: u32,
    /// Steps done.
    pub(crate) step: u64,
    /// Energies, where the run computes any.
    pub(crate) energy: Option<EnergyTrack>,
    /// Time spent in the sessions before this one.
    pub(crate) spent: Duration,
}

/// The total energy at the start and at the last print.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EnergyTrack {
    pub(crate) initial: f64,
    pub(crate) last: f64,
    /// The step behind which `last` was computed.
    pub(crate) step: u64,
}

impl EnergyTrack {
    /// `(last - initial) / initial`
    pub(crate) fn relative_error(&self) -> f64 {
        (self.last - self.initial) / self.initial
    }
}

/// The energy behind a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Report {
    pub(crate) time: f64,
    pub(crate) energy: f64,
    /// Against the report before.
    pub(crate) change: f64,
}

/// How long the parts of a run took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    pub(crate) simulate: Duration,
    pub(crate) energies: Duration,
}

/// A run with the kernel that drives it.
pub(crate) struct Simulation {
    plan: Plan,
    steps: u64,
    kernel: Box<dyn NBody>,
    pace: Pace,
    state: State,
    clock: Clock,
}

impl Simulation {
    pub(crate) fn new(plan: Plan, kernel: Box<dyn NBody>, state: State) -> Result<Self, Usage> {
        let steps = plan.steps()?;
        Ok(Self { plan, steps, kernel, pace: Pace::new(), state, clock: Clock::default() })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// All steps of the run, those of earlier sessions too.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether all steps are done.
    pub(crate) fn is_done(&self) -> bool {
        self.state.step >= self.steps
    }

    /// Computes the initial energy, where the run wants any and no saved run brought it along.
    pub(crate) fn start(&mut self) -> Result<(), Error> {
        if self.plan.report_every > 0 && self.state.energy.is_none() {
            let energy = self.total_energy()?;
            let step = self.state.step;
            self.state.energy = Some(EnergyTrack { initial: energy, last: energy, step });
        }
        Ok(())
    }

    /// The energy track with the energy of the present state, where the run computes any. The state
    /// keeps the last print, so that a run that goes on prints what it would have printed anyway.
    pub(crate) fn final_energy(&mut self) -> Result<Option<EnergyTrack>, Error> {
        match self.state.energy.filter(|_| self.plan.report_every > 0) {
            Some(track) if track.step != self.state.step => {
                let last = self.total_energy()?;
                Ok(Some(EnergyTrack { last, step: self.state.step, ..track }))
            }
            known => Ok(known),
        }
    }

    /// Takes as many steps as go by in a moment, at most `most` and at most up to the next report,
    /// which is given when it is reached.
    pub(crate) fn advance(&mut self, most: u64) -> Result<Option<Report>, Error> {
        let left = self.steps - self.state.step;
        let until_report = self.plan.until_report(self.state.step).unwrap_or(left);
        let steps = self.pace.steps().min(until_report).min(most).min(left);
        let start = Instant::now();
        let bodies = &mut self.state.system.bodies;
        info_span!("steps").in_scope(|| self.kernel.leapfrog(bodies, self.plan.dt, steps))?;
        let time = start.elapsed();
        self.clock.simulate += time;
        self.pace.learn(steps, time);
        self.state.step += steps;
        if self.plan.reports_after(self.state.step) { self.report().map(Some) } else { Ok(None) }
    }

    fn report(&mut self) -> Result<Report, Error> {
        let energy = self.total_energy()?;
        let step = self.state.step;
        let before =
            self.state.energy.unwrap_or(EnergyTrack { initial: energy, last: energy, step });
        self.state.energy = Some(EnergyTrack { last: energy, step, ..before });
        let change = (energy - before.last) / before.last;
        Ok(Report { time: self.plan.time_of(step), energy, change })
    }

    fn total_energy(&mut self) -> Result<f64, Error> {
        let start = Instant::now();
        let energies =
            info_span!("energies").in_scope(|| self.kernel.energies(&self.state.system.bodies))?;
        self.clock.energies += start.elapsed();
        Ok(energies.total())
    }
}
