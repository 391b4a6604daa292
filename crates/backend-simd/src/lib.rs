//! One core, every lane: both kernels written with SIMD instructions, dispatched at run time.
//!
//! One binary holds a version for every [`Level`]; [`Simd::new`] takes the best that the processor
//! has, [`Simd::with_level`] a lower one, so that one machine can test and measure them all.
//!
//! Threads are another crate's: the kernels are cut into units ([`kernels_core::Parallel`]), which run
//! one after the other here and on a pool under `backend-rayon`.
//!
//! ```
//! use backend_simd::{Level, Simd};
//! use kernels_core::{Backend, NBodyOptions};
//!
//! let simd = Simd::new();
//! assert!(Level::available().contains(&simd.level()));
//! let kernel = simd.nbody(&NBodyOptions::default())?;
//! # drop(kernel);
//! # Ok::<(), kernels_core::Error>(())
//! ```

mod level;
mod nbody;
mod word_count;

use std::sync::Arc;

use kernels_core::{
    Availability, Backend, Capabilities, Error, Executor, NBody, NBodyAlgorithm, NBodyOptions,
    Parallel, Precision, Serial, WordCount, WordCountAlgorithm, WordCountOptions,
};

pub use level::Level;

/// The SIMD backend at one instruction level.
#[derive(Debug, Clone, Copy)]
pub struct Simd {
    level: Level,
}

impl Simd {
    /// The backend at the best level of this processor.
    #[must_use]
    pub fn new() -> Self {
        Self { level: Level::best() }
    }

    /// The backend at `level`, where the processor has it.
    #[must_use]
    pub fn with_level(level: Level) -> Option<Self> {
        level.is_available().then_some(Self { level })
    }

    /// Its instruction level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }
}

impl Default for Simd {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Simd {
    fn name(&self) -> &'static str {
        "simd"
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            device: format!("{} ({})", level::processor(), self.level),
            lanes: self.level.lanes(),
            threads: 1,
            software: false,
            precisions: vec![Precision::F64, Precision::F32],
            tree_precisions: vec![Precision::F64],
            nbody_algorithms: vec![NBodyAlgorithm::Direct, NBodyAlgorithm::Tree],
            word_count_algorithms: vec![WordCountAlgorithm::Scan],
            notes: Vec::new(),
        }
    }

    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        self.nbody_on(options, Arc::new(Serial))
    }

    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        self.word_count_on(options, Arc::new(Serial))
    }
}

impl Parallel for Simd {
    fn nbody_on(
        &self,
        options: &NBodyOptions,
        executor: Arc<dyn Executor>,
    ) -> Result<Box<dyn NBody>, Error> {
        options.validate()?;
        let capabilities = self.capabilities();
        capabilities.require_nbody(self.name(), options.algorithm)?;
        let precision = capabilities.precision(self.name(), options)?;
        Ok(nbody::build(self.level, precision, options, executor))
    }

    fn word_count_on(
        &self,
        options: &WordCountOptions,
        executor: Arc<dyn Executor>,
    ) -> Result<Box<dyn WordCount>, Error> {
        self.capabilities().require_word_count(self.name(), options.algorithm)?;
        Ok(word_count::build(self.level, options, executor))
    }
}
