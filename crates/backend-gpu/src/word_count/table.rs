//! A table of segments on the device and the text it counts.

use std::sync::Arc;
use std::time::Duration;

use kernels_core::Error;
use kernels_core::phase::Phase;
use wgpu::{BindGroup, Buffer, CommandEncoder, ComputePipeline, SubmissionIndex};

use crate::device::Device;
use crate::device::program::Program;
use crate::device::timing::Timing;
use crate::shaders;

/// How many segments the device may leave to the host in one chunk because the table is full. A chunk of at
/// most twice as many bytes holds no more segments than that.
const LEFTOVERS: u32 = 1 << 14;

const WORKGROUP: u32 = 256;

/// The pipelines of word count.
#[derive(Debug)]
pub(super) struct Pipelines {
    program: Arc<Program>,
    count: ComputePipeline,
    collect: ComputePipeline,
    workgroup: u32,
}

impl Pipelines {
    /// Compiles the shader.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn new(device: &Device) -> Result<Self, Error> {
        let workgroup = device.limits().max_compute_invocations_per_workgroup.min(WORKGROUP);
        let program = device.program(shaders::word_count(workgroup), 4, 12)?;
        let count = program.entry(device, "count")?;
        let collect = program.entry(device, "collect")?;
        Ok(Self { program, count, collect, workgroup })
    }
}

/// One segment of a chunk, as the device counted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    /// Where one occurrence of it begins.
    pub(super) place: u32,
    /// How often it occurs.
    pub(super) count: u32,
    /// Where its first occurrence begins.
    pub(super) first: u32,
}

/// What the device made of a chunk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The segments, each at least once, with all that was counted of it together.
    Counted(Vec<Tally>),
    /// The table was too small.
    Overflow,
}

/// A chunk that the device counts.
#[derive(Debug)]
pub(super) struct Running {
    submission: SubmissionIndex,
    timing: Option<Timing>,
}

/// Buffers for one chunk.
#[derive(Debug)]
pub(super) struct Table {
    text: Buffer,
    slots: Buffer,
    lists: Buffer,
    entries: Buffer,
    staging: Buffer,
    bound: BindGroup,
    capacity: u32,
    leftovers: u32,
}

/// Bytes of a slot, of an entry and in front of the leftovers.
const SLOT: u64 = 12;
const ENTRY: u64 = size_of::<Tally>() as u64;
const COUNTERS: u64 = 8;

/// The segments of a chunk of so many bytes that the host can take: those that find no slot, and all that are too
/// long for the device, for which a larger table would do nothing.
fn most_leftovers(bytes: usize) -> u32 {
    LEFTOVERS + u32::try_from(bytes).unwrap_or(u32::MAX) / shaders::LONGEST
}

/// Bytes of the counters and of so many leftovers.
fn list_bytes(leftovers: u32) -> u64 {
    COUNTERS + ENTRY * u64::from(leftovers)
}

/// The slots of the first table for chunks of so many bytes: English text has a distinct word in a
/// hundred of them.
pub(super) fn usual_slots(bytes: usize) -> u32 {
    slots(bytes / 16)
}

/// The slots that suffice for any chunk of so many bytes, since a segment takes two with its separator.
pub(super) fn most_slots(bytes: usize) -> u32 {
    slots(bytes / 2)
}

fn slots(wanted: usize) -> u32 {
    u32::try_from(wanted).unwrap_or(1 << 30).clamp(64, 1 << 30).next_power_of_two()
}

/// The entries that are read back with the counters: tables are seldom that full.
const fn usual_entries(slots: u32) -> u32 {
    slots / 4
}

impl Table {
    /// Room for chunks of up to `bytes` bytes with up to `capacity` distinct segments, a power of two.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Device`].
    pub(super) fn new(
        device: &Device,
        pipelines: &Pipelines,
        bytes: usize,
        capacity: u32,
    ) -> Result<Self, Error> {
        let leftovers = most_leftovers(bytes);
        let bytes = bytes.next_multiple_of(4).max(4) as u64;
        let text = device.storage("the buffer of text", bytes)?;
        let slots = device.storage("the table of words", SLOT * u64::from(capacity))?;
        let lists = device.storage("the list of leftover words", list_bytes(leftovers))?;
        let entries = device.storage("the list of words", ENTRY * u64::from(capacity))?;
        let staging =
            device.read_back(list_bytes(leftovers) + ENTRY * u64::from(usual_entries(capacity)))?;
        let bound = pipelines.program.bind(device, &[&text, &slots, &lists, &entries])?;
        Ok(Self { text, slots, lists, entries, staging, bound, capacity, leftovers })
    }

    /// Hands a chunk to the device.
    pub(super) fn start(&self, device: &Device, pipelines: &Pipelines, chunk: &[u8]) -> Running {
        self.upload(device, chunk);
        let length = chunk.len() as u32;
        let slots = self.slots_for(length);
        let mut encoder = device.encoder();
        encoder.clear_buffer(&self.slots, 0, Some(SLOT * u64::from(slots)));
        encoder.clear_buffer(&self.lists, 0, Some(COUNTERS));
        let timing = self.record(device, pipelines, length, &mut encoder);
        encoder.copy_buffer_to_buffer(&self.lists, 0, &self.staging, 0, list_bytes(self.leftovers));
        let entries = ENTRY * u64::from(usual_entries(slots));
        encoder.copy_buffer_to_buffer(
            &self.entries,
            0,
            &self.staging,
            list_bytes(self.leftovers),
            entries,
        );
        Running { submission: device.submit(encoder.finish()), timing }
    }

    /// Records the passes over a chunk of so many bytes, which are timed where the device has a clock.
    fn record(
        &self,
        device: &Device,
        pipelines: &Pipelines,
        length: u32,
        encoder: &mut CommandEncoder,
    ) -> Option<Timing> {
        let slots = self.slots_for(length);
        let mut timing = Timing::new(device);
        for (phase, pipeline, invocations) in [
            (Phase::Count, &pipelines.count, length.div_ceil(shaders::STRETCH)),
            (Phase::Collect, &pipelines.collect, slots),
        ] {
            let timestamp_writes = timing.as_mut().map(|timing| timing.pass(phase));
            let descriptor = wgpu::ComputePassDescriptor { label: None, timestamp_writes };
            let mut pass = encoder.begin_compute_pass(&descriptor);
            let (columns, rows) = device.grid(invocations.div_ceil(pipelines.workgroup));
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.bound, &[]);
            pass.set_immediates(0, bytemuck::cast_slice(&[length, slots, self.leftovers]));
            pass.dispatch_workgroups(columns, rows, 1);
        }
        timing.inspect(|timing| timing.resolve(encoder))
    }

    /// A short chunk does not need the whole table.
    fn slots_for(&self, length: u32) -> u32 {
        self.capacity.min(most_slots(length as usize))
    }

    /// Buffers are written in words of four bytes.
    fn upload(&self, device: &Device, chunk: &[u8]) {
        let (words, rest) = chunk.split_at(chunk.len() / 4 * 4);
        device.write(&self.text, 0, words);
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            device.write(&self.text, words.len() as u64, &last);
        }
    }

    /// Waits for a chunk and takes what was counted, and how long the device took for it by its own clock, where
    /// it has one.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn take(
        &self,
        device: &Device,
        Running { submission, timing }: Running,
        chunk: &[u8],
    ) -> Result<(Outcome, Option<Duration>), Error> {
        let usual = usual_entries(self.slots_for(chunk.len() as u32));
        let (entries, outcome) =
            device.with_mapped(&self.staging, Some(submission.clone()), |bytes| {
                let [entries, leftovers]: [u32; 2] =
                    bytemuck::pod_read_unaligned(&bytes[..COUNTERS as usize]);
                let lists = &bytes[COUNTERS as usize..];
                (entries, listed(lists, self.leftovers, entries.min(usual), leftovers))
            })?;
        let took = timing.map(|timing| timing.tell(device, Some(submission))).transpose()?;
        match outcome {
            Outcome::Counted(mut tallies) if entries > usual => {
                let rest = ENTRY * u64::from(usual)..ENTRY * u64::from(entries);
                tallies.extend(read(&device.read(&self.entries, rest)?));
                Ok((Outcome::Counted(tallies), took))
            }
            outcome => Ok((outcome, took)),
        }
    }
}

/// Leftovers, of which there is room for `most`, and entries from the bytes behind the counters.
fn listed(bytes: &[u8], most: u32, entries: u32, leftovers: u32) -> Outcome {
    if leftovers > most {
        return Outcome::Overflow;
    }
    let (left, taken) = bytes.split_at((list_bytes(most) - COUNTERS) as usize);
    let part = |bytes, tallies: u32| read(bytes).take(tallies as usize);
    Outcome::Counted(part(left, leftovers).chain(part(taken, entries)).collect())
}

fn read(bytes: &[u8]) -> impl Iterator<Item = Tally> {
    bytes.chunks_exact(ENTRY as usize).map(|entry| {
        let [place, count, first] = bytemuck::pod_read_unaligned(entry);
        Tally { place, count, first }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_table_takes_the_shortest_words() {
        for bytes in [100, 1 << 16, (1 << 21) + 1, 1 << 25] {
            assert!(most_slots(bytes) as usize >= bytes / 2 && usual_slots(bytes) >= 64);
        }
    }

    #[test]
    fn segments_too_long_for_the_device_are_no_reason_for_a_larger_table() {
        for bytes in [1 << 16, (1 << 25) - 1] {
            let long = bytes / (shaders::LONGEST as usize + 2);
            assert!(most_leftovers(bytes) as usize >= LEFTOVERS as usize + long);
        }
    }

    #[test]
    fn leftovers_and_entries_are_told_apart() {
        let mut bytes = vec![0; 5 * 12 + 24];
        bytes[..12].copy_from_slice(bytemuck::cast_slice(&[7, 1, 7]));
        let behind = 5 * 12;
        bytes[behind..behind + 12].copy_from_slice(bytemuck::cast_slice(&[5, 3, 2]));
        let left = Tally { place: 7, count: 1, first: 7 };
        let taken = Tally { place: 5, count: 3, first: 2 };
        assert_eq!(listed(&bytes, 5, 1, 1), Outcome::Counted(vec![left, taken]));
        assert_eq!(listed(&bytes, 5, 0, 6), Outcome::Overflow);
    }
}
