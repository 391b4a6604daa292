//! What a device reports outside of any call: errors that nobody caught, and its loss.
//!
//! wgpu hands these to callbacks, on any thread; its default one panics. Here they are kept until the
//! kernel that runs asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use kernels_core::Error;

const REMEDY_LOST: &str =
    "run again; if it stays so, check the driver and its log, or take another backend";
const REMEDY_MEMORY: &str =
    "take fewer bodies, close other programs on the GPU or take another backend";
const REMEDY_REPORT: &str = "report this with the adapter's name, or take another backend";

/// The first fault of a device and whether it is lost.
#[derive(Debug)]
pub(crate) struct Faults {
    device: String,
    first: Mutex<Option<Error>>,
    lost: AtomicBool,
    silent: AtomicBool,
}

impl Faults {
    /// No fault so far of the device of this name.
    pub(crate) fn new(device: String) -> Self {
        Self {
            device,
            first: Mutex::new(None),
            lost: AtomicBool::new(false),
            silent: AtomicBool::new(false),
        }
    }

    /// Keeps an error that wgpu reports.
    pub(crate) fn record(&self, error: &wgpu::Error) {
        self.keep(self.error(error));
    }

    /// Keeps that the device is lost.
    pub(crate) fn record_loss(&self, reason: &str) {
        self.lost.store(true, Ordering::Release);
        self.keep(self.failed(format!("the device was lost: {}", one_line(reason)), REMEDY_LOST));
    }

    /// Keeps that the device is of no more use, and says so.
    pub(crate) fn give_up(&self, reason: &str) -> Error {
        self.record_loss(reason);
        self.failed(one_line(reason), REMEDY_LOST)
    }

    /// Keeps that the device did not answer in time.
    pub(crate) fn record_silence(&self, seconds: f64) -> Error {
        self.silent.store(true, Ordering::Release);
        self.give_up(&format!("it did not answer for {seconds} seconds"))
    }

    /// Whether the device was lost because it did not answer. Another one on the same adapter would
    /// hardly do better.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Acquire)
    }

    /// Whether the device can never be used again.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// The fault since the last call, if any. A loss stays.
    ///
    /// # Errors
    /// The fault.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = if self.is_lost() { first.clone() } else { first.take() };
        fault.map_or(Ok(()), Err)
    }

    /// An error of wgpu as one of ours.
    pub(crate) fn error(&self, error: &wgpu::Error) -> Error {
        match error {
            wgpu::Error::OutOfMemory { .. } => {
                self.failed("it is out of memory".to_owned(), REMEDY_MEMORY)
            }
            other => self.failed(one_line(&other.to_string()), REMEDY_REPORT),
        }
    }

    fn failed(&self, reason: String, remedy: &'static str) -> Error {
        Error::Device { device: self.device.clone(), reason, remedy }
    }

    fn keep(&self, error: Error) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_stays_and_an_error_is_told_once() {
        let faults = Faults::new("card".to_owned());
        assert_eq!(faults.check(), Ok(()));
        let source = Box::new(std::fmt::Error);
        faults.record(&wgpu::Error::OutOfMemory { source });
        let told = faults.check().unwrap_err().to_string();
        assert!(told.starts_with("card failed: it is out of memory; take fewer bodies"), "{told}");
        assert_eq!(faults.check(), Ok(()));
        faults.record_loss("gone\n for good");
        assert!(faults.is_lost());
        for _ in 0..2 {
            assert!(faults.check().unwrap_err().to_string().contains("lost: gone for good"));
        }
    }
}
