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

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use kernels_core::{
    Availability, Backend, Bodies, Capabilities, Error, NBody, NBodyAlgorithm, NBodyOptions,
    Precision, WordCount, WordCountAlgorithm, WordCountOptions,
};

mod device;
mod nbody;
mod shaders;
mod word_count;

use device::adapter::{Adapter, BACKEND};
use device::choice;
#[doc(hidden)]
pub use device::provoke::{Ceiling, Fault};
use nbody::{GpuNBody, Tuned};
use shaders::Numbers;
use word_count::GpuWordCount;

/// The N-body algorithms.
const ALGORITHMS: [NBodyAlgorithm; 1] = [NBodyAlgorithm::Direct];

/// The GPU backend: one adapter of the machine, the fastest unless `WGPU_ADAPTER_NAME` names another.
#[derive(Debug, Default)]
pub struct Gpu {
    adapter: Arc<Adapter>,
    cache: Option<PathBuf>,
    tunes_at_any_cost: bool,
    tuned: OnceLock<Arc<Tuned>>,
}

impl Gpu {
    /// The backend. The adapter is looked for when somebody asks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The backend, which keeps in the directory `cache` what it finds out about the adapter: how it likes
    /// the work on many bodies laid out, which changes no result. The file is a few lines long and may
    /// be deleted at any time.
    #[must_use]
    pub fn with_cache(cache: Option<PathBuf>) -> Self {
        Self { cache, ..Self::default() }
    }

    fn tuned(&self) -> &Arc<Tuned> {
        self.tuned.get_or_init(|| {
            let tuned = Tuned::new(&self.describe(), self.cache.clone());
            Arc::new(if self.tunes_at_any_cost { tuned.at_any_cost() } else { tuned })
        })
    }

    /// The chosen adapter on one line.
    fn describe(&self) -> String {
        let choice = self.adapter.choice().as_ref();
        choice.map_or("no adapter".to_owned(), |choice| {
            choice::describe(&choice.adapter().get_info())
        })
    }

    /// Lets something go wrong with the open device, for tests.
    ///
    /// # Errors
    /// What a kernel would get, where the fault shows at once.
    #[doc(hidden)]
    pub fn provoke(&self, fault: Fault) -> Result<(), Error> {
        self.adapter.device()?.provoke(fault)
    }

    /// Whether the open device is not done with all that it was given, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.adapter.device().is_ok_and(|device| device.is_busy())
    }

    /// What the longest submission to the open device took so far, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn longest_submission(&self) -> std::time::Duration {
        self.adapter
            .device()
            .map_or_else(|_| Default::default(), |device| device.longest_submission())
    }

    /// With a trial of shapes that may take more than its part of a run, for tests: a processor that plays a GPU compiles
    /// for seconds.
    #[doc(hidden)]
    #[must_use]
    pub fn tuning_at_any_cost(self) -> Self {
        Self { tunes_at_any_cost: true, ..self }
    }

    /// As an adapter with these limits would do, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn below(ceiling: Ceiling) -> Self {
        Self { adapter: Arc::new(Adapter::below(ceiling)), ..Self::default() }
    }

    /// The accelerations of the first and of the last bodies alone, with their places, for tests of systems
    /// that would take a software adapter an hour.
    ///
    /// # Errors
    /// As those of a kernel.
    #[doc(hidden)]
    pub fn accelerations_of_ends(
        &self,
        bodies: &Bodies,
        options: &NBodyOptions,
    ) -> Result<Vec<(usize, [f64; 3])>, Error> {
        self.kernel(options)?.accelerations_of_ends(bodies)
    }

    /// Whether the device is a processor that pretends to be a GPU.
    fn is_software(&self) -> bool {
        let choice = self.adapter.choice().as_ref();
        let is_cpu = |info: wgpu::AdapterInfo| info.device_type == wgpu::DeviceType::Cpu;
        choice.is_ok_and(|choice| is_cpu(choice.adapter().get_info()))
    }

    /// The precisions, the default first: f64 where shaders have it. None without a device.
    fn precisions(&self) -> Vec<Precision> {
        let Ok(device) = self.adapter.device() else { return Vec::new() };
        let is_exact = || self.adapter.double_f32().is_ok_and(|form| form.is_some());
        let offered = |precision: &Precision| match precision {
            Precision::F64 => device.has_f64(),
            Precision::Mixed => is_exact(),
            Precision::F32 => true,
        };
        Precision::ALL.into_iter().filter(offered).collect()
    }

    fn kernel(&self, options: &NBodyOptions) -> Result<GpuNBody, Error> {
        options.validate()?;
        self.availability().require(BACKEND)?;
        if !ALGORITHMS.contains(&options.algorithm) {
            self.capabilities().require_nbody(BACKEND, options.algorithm)?;
        }
        let numbers = self.numbers(options)?;
        let (adapter, tuned) = (Arc::clone(&self.adapter), Arc::clone(self.tuned()));
        Ok(GpuNBody::new(adapter, numbers, self.is_software(), options.softening, tuned))
    }

    /// The numbers of a precision. Double-f32, which takes a while, is only tried where it matters.
    ///
    /// # Errors
    /// [`Error::UnsupportedPrecision`], and [`Error::Device`] where the device fails in that trial: the
    /// default depends on its outcome.
    fn numbers(&self, options: &NBodyOptions) -> Result<Numbers, Error> {
        let has_f64 = self.adapter.device()?.has_f64();
        match options.precision {
            Some(Precision::F32) => return Ok(Numbers::F32),
            Some(Precision::F64) | None if has_f64 => return Ok(Numbers::F64),
            _ => {}
        }
        let form = self.adapter.double_f32()?;
        let capabilities = self.capabilities();
        match (capabilities.precision(BACKEND, options)?, form) {
            (Precision::Mixed, Some(form)) => Ok(Numbers::Mixed(form)),
            (Precision::F32, _) => Ok(Numbers::F32),
            (precision, _) => {
                let supported = capabilities.precisions;
                Err(Error::UnsupportedPrecision { backend: BACKEND, precision, supported })
            }
        }
    }
}

/// All of them, or none without a device.
fn offered<T: Clone>(is_there: bool, all: &[T]) -> Vec<T> {
    if is_there { all.to_vec() } else { Vec::new() }
}

impl Backend for Gpu {
    fn name(&self) -> &'static str {
        BACKEND
    }

    fn availability(&self) -> Availability {
        self.adapter.availability()
    }

    /// Without a device all lists are empty.
    fn capabilities(&self) -> Capabilities {
        let precisions = self.precisions();
        let is_there = !precisions.is_empty();
        Capabilities {
            device: self.describe(),
            lanes: usize::from(is_there),
            threads: usize::from(is_there),
            software: self.is_software(),
            precisions,
            tree_precisions: Vec::new(),
            nbody_algorithms: offered(is_there, &ALGORITHMS),
            word_count_algorithms: offered(is_there, &[WordCountAlgorithm::Scan]),
            notes: self.tuned().notes(),
        }
    }

    fn device(&self) -> String {
        self.describe()
    }

    fn precision(&self, options: &NBodyOptions) -> Result<Precision, Error> {
        if !ALGORITHMS.contains(&options.algorithm) {
            return self.capabilities().precision(BACKEND, options);
        }
        self.numbers(options).map(Numbers::precision)
    }

    fn survey(&self) -> Vec<String> {
        let mut lines = self.adapter.survey();
        lines.extend(self.tuned().notes());
        lines
    }

    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        self.kernel(options).map(|kernel| Box::new(kernel) as Box<dyn NBody>)
    }

    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        self.availability().require(BACKEND)?;
        if options.algorithm != WordCountAlgorithm::Scan {
            self.capabilities().require_word_count(BACKEND, options.algorithm)?;
        }
        let adapter = Arc::clone(&self.adapter);
        Ok(Box::new(GpuWordCount::new(adapter)))
    }
}
