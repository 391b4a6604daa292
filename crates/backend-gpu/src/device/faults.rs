//! What a device reports outside of any call: errors that nobody caught, and its loss.
//!
//! wgpu hands these to callbacks; its default one panics. Here they are kept until the kernel that runs
//! asks: an error for the thread whose call it was, since other kernels may share the device, and a loss
//! for all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use kernels_core::Error;

const REMEDY_LOST: &str =
    "run again; if it stays so, check the driver and its log, or take another backend";
const REMEDY_MEMORY: &str =
    "take a smaller input, close other programs on the GPU or take another backend";
const REMEDY_REPORT: &str = "report this with the adapter's name, or take another backend";

/// The faults of a device.
#[derive(Debug)]
pub(crate) struct Faults {
    device: String,
    /// The first error of each thread that did not ask yet.
    errors: Mutex<HashMap<ThreadId, Error>>,
    loss: OnceLock<Error>,
    hopeless: AtomicBool,
}

impl Faults {
    /// No fault so far of the device of this name.
    pub(crate) fn new(device: String) -> Self {
        Self {
            device,
            errors: Mutex::default(),
            loss: OnceLock::new(),
            hopeless: AtomicBool::new(false),
        }
    }

    /// Keeps an error that wgpu reports, which it does on the thread of the call that failed.
    pub(crate) fn record(&self, error: &wgpu::Error) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.entry(thread::current().id()).or_insert_with(|| self.error(error));
    }

    /// Keeps that the device is lost. wgpu calls one lost, too, whose memory was short in a submission; a fresh one
    /// has no more.
    pub(crate) fn record_loss(&self, reason: &str) {
        if reason == wgpu::hal::DeviceError::OutOfMemory.to_string() {
            self.hopeless.store(true, Ordering::Release);
            self.loss.get_or_init(|| self.out_of_memory());
            return;
        }
        let reason = format!("the device was lost: {}", one_line(reason));
        self.loss.get_or_init(|| self.failed(reason, REMEDY_LOST));
    }

    /// Keeps that the device is of no more use, and says so.
    pub(crate) fn give_up(&self, reason: &str) -> Error {
        self.record_loss(reason);
        self.failed(one_line(reason), REMEDY_LOST)
    }

    /// Keeps that the device did not answer in time.
    pub(crate) fn record_silence(&self, seconds: f64) -> Error {
        self.give_up_adapter(&format!("it did not answer for {seconds} seconds"))
    }

    /// Keeps that no device of this adapter is of any use, and says so.
    pub(crate) fn give_up_adapter(&self, reason: &str) -> Error {
        self.hopeless.store(true, Ordering::Release);
        self.give_up(reason)
    }

    /// Whether another device on the same adapter would hardly do better.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.hopeless.load(Ordering::Acquire)
    }

    /// Why the device can never be used again, where that is so.
    pub(crate) fn loss(&self) -> Option<Error> {
        self.loss.get().cloned()
    }

    /// Whether the device can never be used again.
    pub(crate) fn is_lost(&self) -> bool {
        self.loss.get().is_some()
    }

    /// The error of this thread since its last question, if any, or the loss, which stays.
    ///
    /// # Errors
    /// The fault.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let error = errors.remove(&thread::current().id());
        self.loss().or(error).map_or(Ok(()), Err)
    }

    /// An error of wgpu as one of ours.
    pub(crate) fn error(&self, error: &wgpu::Error) -> Error {
        match error {
            wgpu::Error::OutOfMemory { .. } => self.out_of_memory(),
            other => self.failed(one_line(&other.to_string()), REMEDY_REPORT),
        }
    }

    fn out_of_memory(&self) -> Error {
        self.failed("it is out of memory".to_owned(), REMEDY_MEMORY)
    }

    fn failed(&self, reason: String, remedy: &'static str) -> Error {
        Error::Device { device: self.device.clone(), reason, remedy }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> wgpu::Error {
        wgpu::Error::OutOfMemory { source: Box::new(std::fmt::Error) }
    }

    #[test]
    fn an_error_is_told_to_the_thread_that_made_it_and_a_loss_to_all() {
        let faults = Faults::new("card".to_owned());
        faults.record(&full());
        let elsewhere = thread::scope(|scope| scope.spawn(|| faults.check()).join());
        assert_eq!(elsewhere.expect("no panic"), Ok(()));
        assert!(faults.check().is_err());
        thread::scope(|scope| drop(scope.spawn(|| faults.record_loss("gone"))));
        assert!(faults.check().unwrap_err().to_string().contains("lost: gone"));
    }

    #[test]
    fn memory_that_is_short_in_a_submission_is_no_reason_to_try_again() {
        let faults = Faults::new("card".to_owned());
        faults.record_loss("Out of memory");
        let told = faults.check().unwrap_err().to_string();
        assert!(told.starts_with("card failed: it is out of memory; take a smaller"), "{told}");
        assert!(faults.is_hopeless());
    }

    #[test]
    fn a_loss_stays_and_an_error_is_told_once() {
        let faults = Faults::new("card".to_owned());
        assert_eq!(faults.check(), Ok(()));
        faults.record(&full());
        let told = faults.check().unwrap_err().to_string();
        assert!(told.starts_with("card failed: it is out of memory; take a smaller"), "{told}");
        assert_eq!(faults.check(), Ok(()));
        faults.record_loss("gone\n for good");
        assert!(faults.is_lost());
        for _ in 0..2 {
            assert!(faults.check().unwrap_err().to_string().contains("lost: gone for good"));
        }
    }
}
