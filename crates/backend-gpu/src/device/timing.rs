//! How long a device is busy with each phase, by its own clock: timestamp queries.
//!
//! A phase gets compute passes of its own, each of which notes when it begins and ends. Who listens
//! ([`kernels_core::phase`]) is told; where the device has no clock, there is none of this.

use std::time::Duration;

use kernels_core::Error;
use kernels_core::phase::{self, Phase};
use wgpu::{
    Buffer, BufferUsages, CommandEncoder, ComputePassTimestampWrites, QuerySet, SubmissionIndex,
};

use super::Device;

/// How many passes a list of commands may have.
const PASSES: u32 = 1024;
/// A time is a number of 64 bits.
const BYTES: u64 = wgpu::QUERY_SIZE as u64;

/// The timed passes of a list of commands.
#[derive(Debug)]
pub(crate) struct Timing {
    queries: QuerySet,
    resolved: Buffer,
    staging: Buffer,
    phases: Vec<Phase>,
}

impl Timing {
    /// No passes yet; nothing where nobody listens or the device has no clock.
    pub(crate) fn if_heard(device: &Device) -> Option<Self> {
        if phase::is_heard() { Self::new(device) } else { None }
    }

    /// No passes yet; nothing where the device has no clock.
    pub(crate) fn new(device: &Device) -> Option<Self> {
        if !device.has_clock() {
            return None;
        }
        let size = 2 * u64::from(PASSES) * BYTES;
        let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let resolved = device.buffer("the times of passes", size, usage).ok()?;
        let staging = device.read_back(size).ok()?;
        let descriptor = wgpu::QuerySetDescriptor {
            label: None,
            ty: wgpu::QueryType::Timestamp,
            count: 2 * PASSES,
        };
        let queries = device.checked(|device| device.create_query_set(&descriptor)).ok()?;
        Some(Self { queries, resolved, staging, phases: Vec::new() })
    }

    /// Whether there is no room for another pass.
    pub(super) fn is_full(&self) -> bool {
        self.phases.len() >= PASSES as usize
    }

    /// What a pass of the phase begins with.
    pub(crate) fn pass(&mut self, phase: Phase) -> ComputePassTimestampWrites<'_> {
        let begin = 2 * self.phases.len() as u32;
        self.phases.push(phase);
        ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(begin),
            end_of_pass_write_index: Some(begin + 1),
        }
    }

    /// Has the times written down, behind all passes.
    pub(crate) fn resolve(&self, encoder: &mut CommandEncoder) {
        let times = 2 * self.phases.len() as u32;
        if times > 0 {
            let bytes = u64::from(times) * BYTES;
            encoder.resolve_query_set(&self.queries, 0..times, &self.resolved, 0);
            encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, bytes);
        }
    }

    /// Tells who listens how long the phases took, once this submission of the commands is done, and gives
    /// their sum.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn tell(
        self,
        device: &Device,
        submission: Option<SubmissionIndex>,
    ) -> Result<Duration, Error> {
        if self.phases.is_empty() {
            return Ok(Duration::ZERO);
        }
        let ticks = device.with_mapped(&self.staging, submission, |bytes| {
            let ticks = bytes.chunks_exact(BYTES as usize).take(2 * self.phases.len());
            ticks.map(bytemuck::pod_read_unaligned::<u64>).collect::<Vec<_>>()
        })?;
        let times =
            ticks.chunks_exact(2).map(|pair| device.time_of(pair[1].saturating_sub(pair[0])));
        let mut sum = Duration::ZERO;
        for (phase, time) in self.phases.into_iter().zip(times) {
            phase::on_device(phase, time);
            sum += time;
        }
        Ok(sum)
    }
}

/// So many ticks of `period` nanoseconds.
pub(super) fn duration(ticks: u64, period: f32) -> Duration {
    Duration::from_nanos((ticks as f64 * f64::from(period)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_the_period_of_the_device() {
        assert_eq!(duration(0, 52.08), Duration::ZERO);
        assert_eq!(duration(3_000_000, 1.0), Duration::from_millis(3));
        assert_eq!(duration(1000, 52.5), Duration::from_nanos(52_500));
    }
}
