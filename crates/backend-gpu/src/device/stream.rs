//! A stream of dispatches, cut into submissions of bounded duration.
//!
//! Drivers kill programs whose submissions take seconds, and a display on the same GPU stands still
//! meanwhile. How long a dispatch takes is not known beforehand, so the stream measures: each dispatch
//! says its cost in units of its own choice, and the units that fit into [`TARGET`] follow from the
//! submissions so far. While the device runs one submission, the next is recorded.

use std::time::{Duration, Instant};

use kernels_core::Error;
use kernels_core::phase::Phase;
use wgpu::{BindGroup, Buffer, CommandEncoder, ComputePass, ComputePipeline, SubmissionIndex};

use super::Device;
use super::timing::Timing;

/// What a submission should take.
pub(crate) const TARGET: Duration = Duration::from_millis(50);

/// What a dispatch costs besides its work, in units of work.
const DISPATCH: u64 = 20_000;

/// The least budget: from a smaller one, which a stalled device may leave behind, none would grow.
const LEAST: f64 = 1.0;

/// By how much the budget grows at most from one submission to the next.
const GROWTH: f64 = 4.0;

/// The cost that a submission may have: learned, and kept from one stream to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    budget: f64,
}

impl Default for Pace {
    /// A first submission that even a slow processor ends in time.
    fn default() -> Self {
        Self { budget: 2e6 }
    }
}

impl Pace {
    /// A first submission of this cost.
    pub(crate) fn of(budget: u64) -> Self {
        Self { budget: budget as f64 }
    }

    /// The cost that a dispatch may have.
    pub(crate) fn budget(&self) -> u64 {
        self.budget as u64
    }

    /// A submission of this cost took so long.
    ///
    /// One of no cost, of copies alone, tells nothing.
    pub(crate) fn learn(&mut self, cost: u64, took: Duration) {
        if cost == 0 {
            return;
        }
        let fitting = cost as f64 * TARGET.as_secs_f64() / took.as_secs_f64().max(1e-6);
        // A submission that was not full tells little about a full one: it never narrows the budget
        // by its fixed cost alone.
        if took < TARGET {
            self.budget = self.budget.max(fitting.min(GROWTH * self.budget));
        } else {
            self.budget = fitting.max(LEAST);
        }
    }
}

/// Dispatches on their way to the device.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    device: &'a Device,
    pace: &'a mut Pace,
    open: Option<Recording>,
    phase: Option<Phase>,
    cost: u64,
    in_flight: Option<Submission>,
}

/// A list of commands that takes dispatches: in one pass, or where phases are timed in one for each.
#[derive(Debug)]
struct Recording {
    pass: Option<ComputePass<'static>>,
    /// What the pass belongs to.
    phase: Option<Phase>,
    encoder: CommandEncoder,
    timing: Option<Timing>,
}

#[derive(Debug)]
struct Submission {
    index: SubmissionIndex,
    cost: u64,
    since: Instant,
    timing: Option<Timing>,
}

impl Recording {
    fn new(device: &Device) -> Self {
        let (encoder, timing) = (device.encoder(), Timing::if_heard(device));
        Self { pass: None, phase: None, encoder, timing }
    }

    fn is_full(&self) -> bool {
        self.timing.as_ref().is_some_and(Timing::is_full)
    }

    /// The pass for dispatches of this phase.
    fn pass(&mut self, phase: Option<Phase>) -> &mut ComputePass<'static> {
        let goes_on = self.timing.is_none() || self.phase == phase;
        self.phase = phase;
        let pass = match self.pass.take().filter(|_| goes_on) {
            Some(pass) => pass,
            None => self.begin_pass(),
        };
        self.pass.insert(pass)
    }

    fn begin_pass(&mut self) -> ComputePass<'static> {
        let timing = self.timing.as_mut().zip(self.phase);
        let timestamp_writes = timing.map(|(timing, phase)| timing.pass(phase));
        let descriptor = wgpu::ComputePassDescriptor { label: None, timestamp_writes };
        self.encoder.begin_compute_pass(&descriptor).forget_lifetime()
    }

    fn copy(&mut self, from: &Buffer, to: &Buffer, bytes: u64) {
        drop(self.pass.take());
        self.encoder.copy_buffer_to_buffer(from, 0, to, 0, bytes);
    }

    /// The commands, and what tells their times when they are done.
    fn finish(mut self) -> (wgpu::CommandBuffer, Option<Timing>) {
        drop(self.pass.take());
        if let Some(timing) = &self.timing {
            timing.resolve(&mut self.encoder);
        }
        (self.encoder.finish(), self.timing)
    }
}

impl<'a> Stream<'a> {
    /// An empty stream.
    pub(crate) fn new(device: &'a Device, pace: &'a mut Pace) -> Self {
        Self { device, pace, open: None, phase: None, cost: 0, in_flight: None }
    }

    /// Says what the dispatches from now on belong to.
    pub(crate) fn phase(&mut self, phase: Phase) {
        self.phase = Some(phase);
    }

    /// The cost that one dispatch may have.
    pub(crate) fn budget(&self) -> u64 {
        self.pace.budget()
    }

    /// Adds a dispatch of `groups` workgroups, whose cost is `cost` units of work.
    ///
    /// # Errors
    /// [`Error::Device`] of an earlier submission.
    pub(crate) fn dispatch(
        &mut self,
        pipeline: &ComputePipeline,
        buffers: &BindGroup,
        arguments: &[u8],
        groups: (u32, u32),
        cost: u64,
    ) -> Result<(), Error> {
        let is_full = self.open.as_ref().is_some_and(Recording::is_full);
        if is_full || (self.cost > 0 && self.cost + cost > self.budget()) {
            self.submit()?;
        }
        let device = self.device;
        let pass = self.open.get_or_insert_with(|| Recording::new(device)).pass(self.phase);
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, buffers, &[]);
        pass.set_immediates(0, arguments);
        pass.dispatch_workgroups(groups.0, groups.1, 1);
        self.cost += cost + DISPATCH;
        Ok(())
    }

    /// Adds a copy of the first bytes of a buffer.
    pub(crate) fn copy(&mut self, from: &Buffer, to: &Buffer, bytes: u64) {
        self.open.get_or_insert_with(|| Recording::new(self.device)).copy(from, to, bytes);
    }

    /// Submits what is recorded and waits for the submission before.
    fn submit(&mut self) -> Result<(), Error> {
        let Some(recording) = self.open.take() else { return Ok(()) };
        let (commands, timing) = recording.finish();
        let since = Instant::now();
        let index = self.device.submit(commands);
        let cost = std::mem::take(&mut self.cost);
        let before = self.in_flight.replace(Submission { index, cost, since, timing });
        self.settle(before)
    }

    fn settle(&mut self, submission: Option<Submission>) -> Result<(), Error> {
        let Some(Submission { index, cost, since, timing }) = submission else { return Ok(()) };
        self.device.wait(Some(index.clone()))?;
        let now = Instant::now();
        self.pace.learn(cost, now - since);
        self.device.note_submission(now - since);
        if let Some(next) = &mut self.in_flight {
            // The device ran the one before until now.
            next.since = now;
        }
        timing.map_or(Ok(()), |timing| timing.tell(self.device, Some(index)).map(drop))
    }

    /// Submits the rest, waits for all of it and gives the last submission, where there was any.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn finish(mut self) -> Result<Option<SubmissionIndex>, Error> {
        self.submit()?;
        let last = self.in_flight.take();
        let index = last.as_ref().map(|last| last.index.clone());
        self.settle(last).map(|()| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_follows_what_submissions_take() {
        let mut pace = Pace { budget: 100.0 };
        pace.learn(100, TARGET / 2);
        assert_eq!(pace.budget(), 200);
        pace.learn(200, TARGET / 100);
        assert_eq!(pace.budget(), 800, "growth is bounded");
        pace.learn(800, TARGET * 8);
        assert_eq!(pace.budget(), 100);
        pace.learn(1, TARGET / 2);
        assert_eq!(pace.budget(), 100, "a small one does not narrow it");
    }

    #[test]
    fn a_budget_grows_again_whatever_came_before() {
        let mut pace = Pace { budget: 100.0 };
        pace.learn(0, TARGET * 2);
        assert_eq!(pace.budget(), 100, "copies cost nothing");
        pace.learn(1, TARGET * 1000);
        pace.learn(DISPATCH, TARGET / 100);
        assert_eq!(pace.budget(), 4);
    }
}
