//! One GPU: its buffers, its programs and its faults.
//!
//! Everything that wgpu may report, in a return value, an error scope, the handler of uncaptured
//! errors, the callback of a lost device or a panic of its own, ends as an [`Error`] here.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use kernels_core::Error;
use wgpu::{
    BindGroup, Buffer, BufferUsages, CommandBuffer, ComputePipeline, ErrorFilter, Features, Limits,
    PollStatus, PollType, SubmissionIndex,
};

pub(crate) mod adapter;
pub(crate) mod choice;
mod faults;
pub(crate) mod program;
pub(crate) mod provoke;
pub(crate) mod self_test;
pub(crate) mod stream;
pub(crate) mod timing;

use faults::Faults;
use program::{Program, Programs};
use provoke::Ceiling;
use stream::{Pace, Stream};

/// How many milliseconds a submission may take. Submissions are cut to a tenth of a second, so a device that needs
/// this long hangs.
const PATIENCE: u64 = 60_000;

/// How long the driver is asked to wait at once: where it misses that work is done, asking again tells.
const SLICE: Duration = Duration::from_millis(200);

/// What is used where the adapter has it: f64 in shaders, and a clock.
const OPTIONAL: Features = Features::SHADER_F64.union(Features::TIMESTAMP_QUERY);

/// An opened adapter with its only queue.
#[derive(Debug)]
pub(crate) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    faults: Arc<Faults>,
    programs: Programs,
    /// Milliseconds that a submission may take.
    patience: AtomicU64,
    /// Microseconds that the longest submission of a stream took so far.
    longest: AtomicU64,
}

impl Device {
    /// Opens the adapter with all the features that the kernels can use and all its limits.
    ///
    /// # Errors
    /// [`Error::Device`] where the driver refuses.
    pub(crate) fn open(adapter: &wgpu::Adapter, ceiling: Option<Ceiling>) -> Result<Self, Error> {
        let name = adapter.get_info().name;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("perf-kernels"),
            required_features: choice::REQUIRED | (adapter.features() & OPTIONAL),
            required_limits: ceiling.unwrap_or_default().lower(adapter.limits()),
            ..wgpu::DeviceDescriptor::default()
        };
        let faults = Arc::new(Faults::new(name.clone()));
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| faults.give_up(&format!("it could not be opened: {error}")))?;
        watch(&device, &faults);
        Ok(Self {
            device,
            queue,
            name,
            faults,
            programs: Programs::default(),
            patience: AtomicU64::new(PATIENCE),
            longest: AtomicU64::new(0),
        })
    }

    /// The adapter's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether shaders have f64.
    pub(crate) fn has_f64(&self) -> bool {
        self.device.features().contains(Features::SHADER_F64)
    }

    /// Whether the device can tell when it begins and ends something.
    fn has_clock(&self) -> bool {
        self.device.features().contains(Features::TIMESTAMP_QUERY)
    }

    /// So many ticks of the device's clock.
    fn time_of(&self, ticks: u64) -> Duration {
        timing::duration(ticks, self.queue.get_timestamp_period())
    }

    /// The limits of the adapter.
    pub(crate) fn limits(&self) -> Limits {
        self.device.limits()
    }

    /// Whether the device can never be used again: open another one.
    pub(crate) fn is_lost(&self) -> bool {
        self.faults.is_lost()
    }

    /// Whether a fresh device may do what this one, which was lost, could not.
    pub(crate) fn may_be_replaced(&self) -> bool {
        self.is_lost() && !self.faults.is_hopeless()
    }

    /// So many workgroups in two dimensions, each within the limit of the adapter. There may be a few
    /// more of them.
    pub(crate) fn grid(&self, workgroups: u32) -> (u32, u32) {
        grid(workgroups, self.most_workgroups())
    }

    /// How many workgroups one dimension of a dispatch holds.
    pub(crate) fn most_workgroups(&self) -> u32 {
        self.limits().max_compute_workgroups_per_dimension
    }

    /// What went wrong in calls of this thread since its last look.
    ///
    /// # Errors
    /// That.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.faults.check().map_err(|error| self.or_loss(error))
    }

    /// An error, or the loss behind it: of a device that is gone every buffer is called invalid, and the loss itself is
    /// told to who waits.
    fn or_loss(&self, error: Error) -> Error {
        if !self.is_lost() {
            let _ = self.poll_patiently(None);
        }
        self.faults.loss().unwrap_or(error)
    }

    /// Gives the adapter up, whose device does what none does: a fresh one would do it again.
    pub(crate) fn give_up_adapter(&self, reason: &str) -> Error {
        self.faults.give_up_adapter(reason)
    }

    /// Runs `make`, which creates something, and turns what the device says about it into an error.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn checked<T>(&self, make: impl FnOnce(&wgpu::Device) -> T) -> Result<T, Error> {
        let scopes = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal]
            .map(|filter| self.device.push_error_scope(filter));
        let made = make(&self.device);
        let mut first = None;
        for scope in scopes.into_iter().rev() {
            first = pollster::block_on(scope.pop()).or(first);
        }
        if let Some(error) = first {
            return Err(self.or_loss(self.faults.error(&error)));
        }
        self.check().map(|()| made)
    }

    /// The program of a shader, whose storage buffers have the first binding numbers and whose
    /// dispatches carry `arguments` bytes each. It is compiled once.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the compiler.
    pub(crate) fn program(
        &self,
        source: String,
        buffers: u32,
        arguments: u32,
    ) -> Result<Arc<Program>, Error> {
        self.programs.get(self, source, buffers, arguments)
    }

    /// A storage buffer of zeros that can be filled and read.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above the limits of the adapter, [`Error::Device`] where memory is short.
    pub(crate) fn storage(&self, what: &'static str, bytes: u64) -> Result<Buffer, Error> {
        let limits = self.limits();
        let limit = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        require(what, &self.name, bytes, limit)?;
        self.buffer(
            what,
            bytes,
            BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC,
        )
    }

    fn buffer(&self, label: &str, size: u64, usage: BufferUsages) -> Result<Buffer, Error> {
        let descriptor =
            wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        self.checked(|device| device.create_buffer(&descriptor))
    }

    /// Copies `bytes` (a multiple of 4 of them) into a buffer, before anything submitted later.
    pub(crate) fn write(&self, buffer: &Buffer, offset: u64, bytes: &[u8]) {
        self.queue.write_buffer(buffer, offset, bytes);
    }

    /// Starts a list of commands.
    pub(crate) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// Hands commands to the device.
    pub(crate) fn submit(&self, commands: CommandBuffer) -> SubmissionIndex {
        self.queue.submit([commands])
    }

    /// How long a submission may take.
    fn patience(&self) -> Duration {
        Duration::from_millis(self.patience.load(Ordering::Relaxed))
    }

    /// What the longest submission of a stream took so far.
    pub(crate) fn longest_submission(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::Relaxed))
    }

    /// A submission took so long.
    fn note_submission(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.longest.fetch_max(microseconds, Ordering::Relaxed);
    }

    /// Sets how long a submission may take.
    fn set_patience(&self, patience: Duration) {
        let milliseconds = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        self.patience.store(milliseconds, Ordering::Relaxed);
    }

    /// Runs one dispatch of `groups` workgroups to its end.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn run(
        &self,
        pipeline: &ComputePipeline,
        buffers: &BindGroup,
        groups: u32,
    ) -> Result<(), Error> {
        let mut pace = Pace::default();
        let mut stream = Stream::new(self, &mut pace);
        stream.dispatch(pipeline, buffers, &[0; 4], (groups, 1), 0)?;
        stream.finish().map(drop)
    }

    /// Waits until the device is done with a submission, or with all of them.
    ///
    /// # Errors
    /// [`Error::Device`]: the device was lost, reported an error or did not answer in time.
    pub(crate) fn wait(&self, submission: Option<SubmissionIndex>) -> Result<(), Error> {
        match self.poll_patiently(submission) {
            Ok(Ok(_)) => self.check(),
            Ok(Err(wgpu::PollError::Timeout)) => {
                Err(self.faults.record_silence(self.patience().as_secs_f64()))
            }
            Ok(Err(error)) => {
                self.check()?;
                Err(self.faults.give_up(&error.to_string()))
            }
            Err(_) => Err(self.faults.give_up("the driver lost the device")),
        }
    }

    /// Waits until a submission, or all of them, is done or patience is at its end, a slice at a time.
    fn poll_patiently(&self, submission: Option<SubmissionIndex>) -> Polled {
        let (begun, patience) = (Instant::now(), self.patience());
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            let timeout = Some(left.min(SLICE));
            let poll = PollType::Wait { submission_index: submission.clone(), timeout };
            match self.poll(poll) {
                Ok(Err(wgpu::PollError::Timeout)) if left > SLICE => {}
                polled => return polled,
            }
        }
    }

    /// wgpu panics where the driver says that the device is lost.
    fn poll(&self, poll: PollType) -> Polled {
        catch_unwind(AssertUnwindSafe(|| self.device.poll(poll)))
    }

    /// Whether something submitted is not done yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.device.poll(PollType::Poll).is_ok_and(|status| !status.is_queue_empty())
    }

    /// A buffer of so many bytes for [`Device::with_mapped`], to be copied into.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Device`].
    pub(crate) fn read_back(&self, bytes: u64) -> Result<Buffer, Error> {
        let what = "the buffer of results";
        require(what, &self.name, bytes, self.limits().max_buffer_size)?;
        self.buffer(what, bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    /// Reads a part of a buffer, when everything submitted before is done.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn read(&self, buffer: &Buffer, bytes: Range<u64>) -> Result<Vec<u8>, Error> {
        let size = bytes.end - bytes.start;
        let staging = self.read_back(size)?;
        let mut encoder = self.encoder();
        encoder.copy_buffer_to_buffer(buffer, bytes.start, &staging, 0, size);
        let submission = self.submit(encoder.finish());
        self.with_mapped(&staging, Some(submission), <[u8]>::to_vec)
    }

    /// Shows `look` the content of a buffer when a submission is done.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn with_mapped<T>(
        &self,
        staging: &Buffer,
        submission: Option<SubmissionIndex>,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let mapped = map(staging);
        self.wait(submission)?;
        self.require_mapped(&mapped)?;
        let view = staging
            .get_mapped_range(..)
            .map_err(|error| self.faults.give_up(&error.to_string()))?;
        let seen = look(&view);
        drop(view);
        staging.unmap();
        Ok(seen)
    }

    /// Of several threads that wait, wgpu lets any one run the callbacks of all, maybe a moment from now.
    fn require_mapped(&self, mapped: &Mapping) -> Result<(), Error> {
        match mapped.recv_timeout(self.patience()) {
            Ok(Ok(())) => Ok(()),
            _ => Err(self.faults.give_up("the results could not be read back")),
        }
    }
}

/// What polling gave, or wgpu's panic.
type Polled = thread::Result<Result<PollStatus, wgpu::PollError>>;

/// What tells that a buffer is mapped, or that it cannot be.
type Mapping = mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>;

fn map(staging: &Buffer) -> Mapping {
    let (done, mapped) = mpsc::channel();
    staging.map_async(wgpu::MapMode::Read, .., move |result| {
        // The receiver is gone where the wait for it failed; then nobody wants to know.
        let _ = done.send(result);
    });
    mapped
}

impl Drop for Device {
    /// Dropping wgpu's queue waits for its work without a limit, and panics where that never ends: it is waited for with
    /// one before. A device that is lost is leaked instead, so that the program can go on and end.
    fn drop(&mut self) {
        if !self.is_lost() {
            let _ = self.wait(None);
        }
        if self.is_lost() {
            std::mem::forget((self.device.clone(), self.queue.clone()));
        }
    }
}

fn watch(device: &wgpu::Device, faults: &Arc<Faults>) {
    let uncaptured = Arc::clone(faults);
    device.on_uncaptured_error(Arc::new(move |error| uncaptured.record(&error)));
    let lost = Arc::clone(faults);
    device.set_device_lost_callback(move |reason, message| match reason {
        wgpu::DeviceLostReason::Destroyed => lost.record_loss("it was destroyed"),
        wgpu::DeviceLostReason::Unknown => lost.record_loss(&message),
    });
}

fn grid(workgroups: u32, most: u32) -> (u32, u32) {
    let rows = workgroups.div_ceil(most).max(1);
    (workgroups.div_ceil(rows).max(1), rows)
}

/// Nothing where a buffer is not too large.
fn require(what: &'static str, device: &str, needed: u64, limit: u64) -> Result<(), Error> {
    if needed <= limit {
        return Ok(());
    }
    let remedy = "take a smaller input or another backend";
    Err(Error::TooLarge { what, device: device.to_owned(), needed, limit, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_workgroups_are_laid_out_in_two_dimensions() {
        assert_eq!(grid(0, 65_535), (1, 1));
        assert_eq!(grid(65_535, 65_535), (65_535, 1));
        let (columns, rows) = grid(1 << 20, 65_535);
        assert!(columns <= 65_535 && columns * rows >= 1 << 20, "{columns} {rows}");
    }

    #[test]
    fn a_buffer_above_the_limit_is_refused_with_the_figures() {
        assert_eq!(require("the table", "card", 128, 128), Ok(()));
        let told = require("the table", "card", 129, 128).unwrap_err().to_string();
        assert!(told.starts_with("the table needs 129 bytes, and card allows 128"), "{told}");
    }
}
