//! Faults on demand, for the tests that a kernel survives them.

use std::borrow::Cow;
use std::time::Duration;

use kernels_core::Error;

use super::Device;

/// What may go wrong with a device.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The driver loses the device, as after a crash or when the card is pulled out.
    Lost,
    /// A shader does not compile.
    Validation,
    /// Results cannot be read.
    Mapping,
    /// The device never answers: every wait is over at once.
    Silence,
}

impl Device {
    /// Lets it happen.
    ///
    /// # Errors
    /// What a kernel would get, where the fault shows at once.
    pub(crate) fn provoke(&self, fault: Fault) -> Result<(), Error> {
        match fault {
            Fault::Lost => self.device.destroy(),
            Fault::Validation => {
                let source = wgpu::ShaderSource::Wgsl(Cow::Borrowed("no shader"));
                let descriptor = wgpu::ShaderModuleDescriptor { label: None, source };
                self.checked(|device| device.create_shader_module(descriptor))?;
            }
            Fault::Mapping => {
                let staging = self.read_back(64)?;
                staging.destroy();
                let submission = self.submit(self.encoder().finish());
                self.with_mapped(&staging, submission, |_| ())?;
            }
            Fault::Silence => self.set_patience(Duration::ZERO),
        }
        Ok(())
    }
}
