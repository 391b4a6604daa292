//! A stream of dispatches, cut into submissions of bounded duration.
//!
//! Drivers kill programs whose submissions take seconds, and a display on the same GPU stands still
//! meanwhile. How long a dispatch takes is not known beforehand, so the stream measures: each dispatch
//! says its cost in units of its own choice, and the units that fit into [`TARGET`] follow from the
//! submissions so far. While the device runs one submission, the next is recorded.

use std::time::{Duration, Instant};

use kernels_core::Error;
use wgpu::{BindGroup, CommandEncoder, ComputePass, ComputePipeline, SubmissionIndex};

use super::Device;

/// What a submission should take.
const TARGET: Duration = Duration::from_millis(50);

/// What a dispatch costs besides its work, in units of work.
const DISPATCH: u64 = 20_000;

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
    /// The cost that a dispatch may have.
    pub(crate) fn budget(&self) -> u64 {
        self.budget as u64
    }

    fn learn(&mut self, cost: u64, took: Duration) {
        let fitting = cost as f64 * TARGET.as_secs_f64() / took.as_secs_f64().max(1e-6);
        // A submission that was not full tells little about a full one: it never narrows the budget
        // by its fixed cost alone.
        if took < TARGET {
            self.budget = self.budget.max(fitting.min(GROWTH * self.budget));
        } else {
            self.budget = fitting;
        }
    }
}

/// Dispatches on their way to the device.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    device: &'a Device,
    pace: &'a mut Pace,
    open: Option<(ComputePass<'static>, CommandEncoder)>,
    cost: u64,
    in_flight: Option<Submission>,
}

#[derive(Debug)]
struct Submission {
    index: SubmissionIndex,
    cost: u64,
    since: Instant,
}

impl<'a> Stream<'a> {
    /// An empty stream.
    pub(crate) fn new(device: &'a Device, pace: &'a mut Pace) -> Self {
        Self { device, pace, open: None, cost: 0, in_flight: None }
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
        if self.cost > 0 && self.cost + cost > self.budget() {
            self.submit()?;
        }
        let device = self.device;
        let (pass, _) = self.open.get_or_insert_with(|| begin(device));
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, buffers, &[]);
        pass.set_immediates(0, arguments);
        pass.dispatch_workgroups(groups.0, groups.1, 1);
        self.cost += cost + DISPATCH;
        Ok(())
    }

    /// Submits what is recorded and waits for the submission before.
    fn submit(&mut self) -> Result<(), Error> {
        let Some((pass, encoder)) = self.open.take() else { return Ok(()) };
        drop(pass);
        let since = Instant::now();
        let index = self.device.submit(encoder.finish());
        let cost = std::mem::take(&mut self.cost);
        let before = self.in_flight.replace(Submission { index, cost, since });
        self.settle(before)
    }

    fn settle(&mut self, submission: Option<Submission>) -> Result<(), Error> {
        let Some(Submission { index, cost, since }) = submission else { return Ok(()) };
        self.device.wait(Some(index))?;
        let now = Instant::now();
        self.pace.learn(cost, now - since);
        if let Some(next) = &mut self.in_flight {
            // The device ran the one before until now.
            next.since = now;
        }
        Ok(())
    }

    /// Submits the rest and waits for all of it.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.submit()?;
        let last = self.in_flight.take();
        self.settle(last)
    }
}

fn begin(device: &Device) -> (ComputePass<'static>, CommandEncoder) {
    let mut encoder = device.encoder();
    let pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    (pass.forget_lifetime(), encoder)
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
}
