//! The adapter of this machine: looked for once, when somebody first asks, and opened when needed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kernels_core::{Availability, Error};

use super::Device;
use super::choice::{self, Choice, Missing};
use super::provoke::Ceiling;
use super::self_test::{self, Form};

/// The name of the backend in messages.
pub(crate) const BACKEND: &str = "gpu";

/// The chosen adapter, the device that is open on it and the form of double-f32 that it was found to compute rightly.
#[derive(Debug, Default)]
pub(crate) struct Adapter {
    choice: OnceLock<Result<Choice, Missing>>,
    device: Mutex<Option<Arc<Device>>>,
    double_f32: OnceLock<Option<Form>>,
    ceiling: Option<Ceiling>,
}

impl Adapter {
    /// The adapter, to be used as if it had lower limits.
    pub(crate) fn below(ceiling: Ceiling) -> Self {
        Self { ceiling: Some(ceiling), ..Self::default() }
    }

    /// The choice, or what is missing.
    pub(crate) fn choice(&self) -> &Result<Choice, Missing> {
        self.choice.get_or_init(choice::choose)
    }

    /// Whether there is an adapter that opens.
    pub(crate) fn availability(&self) -> Availability {
        match (self.choice(), self.device()) {
            (Err(missing), _) => missing.clone().into(),
            (Ok(_), Ok(_)) => Availability::Ready,
            (Ok(_), Err(error)) => Availability::Missing {
                reason: error.to_string(),
                remedy: "check the driver's installation".to_owned(),
            },
        }
    }

    /// The open device; a new one where there is none or the last one was lost.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without an adapter, [`Error::Device`] where it does not open.
    pub(crate) fn device(&self) -> Result<Arc<Device>, Error> {
        let choice = self.choice().as_ref().map_err(|missing| missing.clone().error(BACKEND))?;
        let mut open = self.device.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(device) = open.as_ref().filter(|device| !device.is_lost()) {
            return Ok(Arc::clone(device));
        }
        let device = Arc::new(Device::open(choice.adapter(), self.ceiling)?);
        *open = Some(Arc::clone(&device));
        Ok(device)
    }

    /// Does `job` on a device, `own` where there is one, and where that loses it, once more on a fresh one.
    ///
    /// # Errors
    /// As [`Adapter::device`], and those of `job`.
    pub(crate) fn with_device<T>(
        &self,
        own: Option<Arc<Device>>,
        mut job: impl FnMut(&Arc<Device>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let device = own.map_or_else(|| self.device(), Ok)?;
        match job(&device) {
            Err(_) if device.may_be_replaced() => job(&self.device()?),
            done => done,
        }
    }

    /// The form of double-f32 that is exact, where there is one. It is tried once, and again where the device failed.
    ///
    /// # Errors
    /// As [`Adapter::device`], and [`Error::Device`] where the device fails.
    pub(crate) fn double_f32(&self) -> Result<Option<Form>, Error> {
        if let Some(found) = self.double_f32.get() {
            return Ok(*found);
        }
        let found = self_test::double_f32(&*self.device()?)?;
        let found = found.filter(|_| self.ceiling.is_none_or(|ceiling| ceiling.double_f32));
        Ok(*self.double_f32.get_or_init(|| found))
    }

    /// A line for each adapter of the machine, the chosen one first, with what its self-test found.
    pub(crate) fn survey(&self) -> Vec<String> {
        let Ok(choice) = self.choice() else { return Vec::new() };
        let own = |form| self_test::findings(&*self.device()?, form);
        let found = self.double_f32().and_then(own);
        let mut lines = vec![line(choice.adapter(), "chosen", found)];
        lines.extend(choice.others().map(|adapter| {
            let found = Device::open(adapter, None)
                .and_then(|device| self_test::findings(&device, self_test::double_f32(&device)?));
            line(adapter, "not chosen", found)
        }));
        lines
    }
}

fn line(adapter: &wgpu::Adapter, role: &str, found: Result<String, Error>) -> String {
    let findings = found.unwrap_or_else(|error| error.to_string());
    format!("adapter {} ({role}): {findings}", choice::describe(&adapter.get_info()))
}
