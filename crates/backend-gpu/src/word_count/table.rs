//! A table of segments on the device and the text it counts.

use std::sync::Arc;

use kernels_core::Error;
use wgpu::{BindGroup, Buffer, ComputePipeline, SubmissionIndex};

use crate::device::Device;
use crate::device::program::Program;
use crate::shaders;

/// How many segments the device may leave to the host in one chunk. A chunk of at most twice as many
/// bytes holds no more segments than that.
pub(super) const LEFTOVERS: u32 = 1 << 16;

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
    /// Every segment is in here once as a tally, or each time it occurs as a leftover's place.
    Counted {
        /// The distinct segments of the table.
        tallies: Vec<Tally>,
        /// Where segments begin that the table did not take.
        leftovers: Vec<u32>,
    },
    /// There were more leftovers than are told.
    Overflow,
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
}

/// Bytes of a slot, of an entry and in front of the places of leftovers.
const SLOT: u64 = 12;
const ENTRY: u64 = 12;
const COUNTERS: u64 = 8;
const LISTS: u64 = COUNTERS + 4 * LEFTOVERS as u64;

/// The slots of the table for a chunk: a quarter of its bytes, where English text has a distinct word
/// in a hundred.
fn slots_for(bytes: usize) -> u32 {
    u32::try_from(bytes / 4).unwrap_or(1 << 30).max(64).next_power_of_two()
}

impl Table {
    /// Room for chunks of up to `bytes` bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Device`].
    pub(super) fn new(device: &Device, pipelines: &Pipelines, bytes: usize) -> Result<Self, Error> {
        let slot_count = slots_for(bytes);
        let bytes = bytes.next_multiple_of(4).max(4) as u64;
        let text = device.storage("the buffer of text", bytes)?;
        let slots = device.storage("the table of words", SLOT * u64::from(slot_count))?;
        let lists = device.storage("the list of leftover words", LISTS)?;
        let entries = device.storage("the list of words", ENTRY * u64::from(slot_count))?;
        let staging = device.read_back(LISTS + entries.size())?;
        let bound = pipelines.program.bind(device, &[&text, &slots, &lists, &entries])?;
        Ok(Self { text, slots, lists, entries, staging, bound })
    }

    /// Hands a chunk to the device.
    pub(super) fn start(
        &self,
        device: &Device,
        pipelines: &Pipelines,
        chunk: &[u8],
    ) -> SubmissionIndex {
        self.upload(device, chunk);
        let (length, slots) = (chunk.len() as u32, slots_for(chunk.len()));
        let mut encoder = device.encoder();
        encoder.clear_buffer(&self.slots, 0, Some(SLOT * u64::from(slots)));
        encoder.clear_buffer(&self.lists, 0, Some(COUNTERS));
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_bind_group(0, &self.bound, &[]);
        for (pipeline, invocations) in
            [(&pipelines.count, length.div_ceil(shaders::STRETCH)), (&pipelines.collect, slots)]
        {
            let (columns, rows) = device.grid(invocations.div_ceil(pipelines.workgroup));
            pass.set_pipeline(pipeline);
            pass.set_immediates(0, bytemuck::cast_slice(&[length, slots, LEFTOVERS]));
            pass.dispatch_workgroups(columns, rows, 1);
        }
        drop(pass);
        encoder.copy_buffer_to_buffer(&self.lists, 0, &self.staging, 0, LISTS);
        let entries = ENTRY * u64::from(slots);
        encoder.copy_buffer_to_buffer(&self.entries, 0, &self.staging, LISTS, entries);
        device.submit(encoder.finish())
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

    /// Waits for the chunk and takes what was counted.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn take(&self, device: &Device, chunk: SubmissionIndex) -> Result<Outcome, Error> {
        device.with_mapped(&self.staging, chunk, |bytes| {
            let word = |at: usize| bytemuck::pod_read_unaligned::<u32>(&bytes[at..at + 4]);
            let (entries, leftovers) = (word(0) as usize, word(4));
            if leftovers > LEFTOVERS {
                return Outcome::Overflow;
            }
            let places = COUNTERS as usize + 4 * leftovers as usize;
            let lists = LISTS as usize;
            Outcome::Counted {
                leftovers: bytes[COUNTERS as usize..places]
                    .chunks_exact(4)
                    .map(bytemuck::pod_read_unaligned)
                    .collect(),
                tallies: bytes[lists..lists + entries * ENTRY as usize]
                    .chunks_exact(ENTRY as usize)
                    .map(|entry| {
                        let [place, count, first] = bytemuck::pod_read_unaligned(entry);
                        Tally { place, count, first }
                    })
                    .collect(),
            }
        })
    }
}
