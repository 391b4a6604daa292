//! Faults on demand, for the tests that a kernel survives them.

use std::borrow::Cow;
use std::time::Duration;

use kernels_core::Error;
use wgpu::Limits;

use super::Device;
use crate::shaders;

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
    /// An upload does not arrive, which no call tells at once.
    Upload,
    /// The device never answers: every wait is over at once.
    Silence,
    /// The device computes for minutes, and nobody waits that long.
    Endless,
    /// Buffers are made until no more fit into memory.
    Memory,
}

/// Limits to stay below, so that any adapter shows what else takes a large system or a small or strange adapter.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// The workgroups in one dimension of a dispatch.
    pub workgroups: u32,
    /// The bytes of a buffer.
    pub buffer: u64,
    /// Whether a form of double-f32 may be exact.
    pub double_f32: bool,
}

impl Default for Ceiling {
    /// None.
    fn default() -> Self {
        Self { workgroups: u32::MAX, buffer: u64::MAX, double_f32: true }
    }
}

impl Ceiling {
    pub(super) fn lower(self, limits: Limits) -> Limits {
        let Self { workgroups, buffer, .. } = self;
        Limits {
            max_compute_workgroups_per_dimension: limits
                .max_compute_workgroups_per_dimension
                .min(workgroups),
            max_storage_buffer_binding_size: limits.max_storage_buffer_binding_size.min(buffer),
            max_buffer_size: limits.max_buffer_size.min(buffer),
            ..limits
        }
    }
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
                let mapped = super::map(&staging);
                // Taken back before it is done, which the callback is told.
                staging.unmap();
                self.wait(None)?;
                self.require_mapped(&mapped)?;
            }
            Fault::Upload => {
                let buffer = self.storage("a short buffer", 4)?;
                self.write(&buffer, 0, &[0; 64]);
            }
            Fault::Silence => self.set_patience(Duration::ZERO),
            Fault::Endless => self.compute_for_minutes()?,
            Fault::Memory => {
                let limits = self.limits();
                let largest = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
                let ballast = |_| self.storage("ballast", largest / 8 * 8);
                (0..1000).map(ballast).collect::<Result<Vec<_>, _>>()?;
            }
        }
        Ok(())
    }

    /// Counts to a million in each of 65,535 workgroups.
    fn compute_for_minutes(&self) -> Result<(), Error> {
        self.set_patience(Duration::from_millis(100));
        let program = self.program(shaders::COUNT.to_owned(), 1, 4)?;
        let counted = self.storage("a count", 8)?;
        self.write(&counted, 0, &1_000_000_u32.to_le_bytes());
        let buffers = program.bind(self, &[&counted])?;
        self.run(&program.entry(self, "count")?, &buffers, 65_535)
    }
}
