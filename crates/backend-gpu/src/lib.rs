//! Word count and N-body on a GPU, through wgpu: Vulkan, and with features Metal, Direct3D 12 and
//! OpenGL ES.
//!
//! ```
//! use kernels_core::Backend;
//!
//! let gpu = backend_gpu::Gpu::new();
//! println!("{:?}", gpu.availability());
//! ```
//!
//! Nothing touches a driver before the first question about availability or abilities, or the first
//! kernel. A missing driver, a lost device, a full memory are errors that say what to do, never a panic.
#![forbid(unsafe_code)]

use std::sync::Arc;

use kernels_core::{
    Availability, Backend, Capabilities, Error, NBody, NBodyAlgorithm, NBodyOptions, Precision,
    WordCount, WordCountAlgorithm, WordCountOptions,
};

mod device;
mod nbody;
mod shaders;
mod word_count;

use device::adapter::{Adapter, BACKEND};
use device::choice;
#[doc(hidden)]
pub use device::provoke::Fault;
use shaders::Numbers;

/// The GPU backend: one adapter of the machine, the fastest unless `WGPU_ADAPTER_NAME` names another.
#[derive(Debug, Default)]
pub struct Gpu {
    adapter: Arc<Adapter>,
}

impl Gpu {
    /// The backend. The adapter is looked for when somebody asks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets something go wrong with the open device, for tests.
    ///
    /// # Errors
    /// What a kernel would get, where the fault shows at once.
    #[doc(hidden)]
    pub fn provoke(&self, fault: Fault) -> Result<(), Error> {
        self.adapter.device()?.provoke(fault)
    }

    /// The precisions, the default first: f64 where shaders have it.
    fn precisions(&self) -> Vec<Precision> {
        let f64 = self.adapter.device().is_ok_and(|device| device.has_f64());
        let mixed = self.adapter.self_test().double_f32.is_some();
        let offered = |precision: &Precision| match precision {
            Precision::F64 => f64,
            Precision::Mixed => mixed,
            Precision::F32 => true,
        };
        Precision::ALL.into_iter().filter(offered).collect()
    }

    /// The numbers of a precision.
    ///
    /// # Errors
    /// [`Error::UnsupportedPrecision`].
    fn numbers(&self, asked: Option<Precision>) -> Result<Numbers, Error> {
        let self_test = self.adapter.self_test();
        match (self.capabilities().precision(BACKEND, asked)?, self_test.double_f32) {
            (Precision::F64, _) => Ok(Numbers::F64),
            (Precision::Mixed, Some(form)) => Ok(Numbers::Mixed(form)),
            _ => Ok(Numbers::F32),
        }
    }
}

impl Backend for Gpu {
    fn name(&self) -> &'static str {
        BACKEND
    }

    fn availability(&self) -> Availability {
        self.adapter.availability()
    }

    fn capabilities(&self) -> Capabilities {
        let choice = self.adapter.choice().as_ref().ok();
        let info = choice.map(|choice| choice.adapter.get_info());
        let adapters = choice.map_or(&[][..], |choice| &choice.all);
        let mut notes: Vec<_> = adapters.iter().map(|line| format!("adapter: {line}")).collect();
        if choice.is_some() {
            notes.extend(self.adapter.self_test().notes());
        }
        Capabilities {
            device: info.as_ref().map_or_else(|| "no adapter".to_owned(), choice::describe),
            lanes: 1,
            threads: 1,
            software: info.is_some_and(|info| info.device_type == wgpu::DeviceType::Cpu),
            precisions: self.precisions(),
            nbody_algorithms: vec![NBodyAlgorithm::Direct],
            word_count_algorithms: vec![WordCountAlgorithm::Scan],
            notes,
        }
    }

    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        options.validate()?;
        self.availability().require(BACKEND)?;
        let capabilities = self.capabilities();
        capabilities.require_nbody(BACKEND, options.algorithm)?;
        let numbers = self.numbers(options.precision)?;
        let adapter = Arc::clone(&self.adapter);
        let kernel =
            nbody::GpuNBody::new(adapter, numbers, capabilities.software, options.softening);
        Ok(Box::new(kernel))
    }

    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        self.availability().require(BACKEND)?;
        let capabilities = self.capabilities();
        capabilities.require_word_count(BACKEND, options.algorithm)?;
        let adapter = Arc::clone(&self.adapter);
        Ok(Box::new(word_count::GpuWordCount::new(adapter, capabilities.software)))
    }
}
