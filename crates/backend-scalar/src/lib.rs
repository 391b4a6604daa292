//! The `scalar` backend: plain Rust, one pair and one byte at a time, without intrinsics or `unsafe`.
//!
//! It is what every faster backend is compared with, so it is written to be read. It is also where the
//! lesson's own algorithms live ([`NBodyAlgorithm::Pairs`], [`WordCountAlgorithm::Replace`],
//! [`WordCountAlgorithm::Regex`]), so that they can be timed against what became of them.
//!
//! ```
//! use backend_scalar::Scalar;
//! use kernels_core::{Backend, WordCountOptions};
//!
//! let counts = Scalar::new().word_count(&WordCountOptions::default())?.count(b"To be or not to be")?;
//! assert_eq!((counts.len(), counts.total()), (4, 6));
//! # Ok::<(), kernels_core::Error>(())
//! ```
#![forbid(unsafe_code)]

use std::sync::Arc;

use kernels_core::{
    Availability, Backend, Capabilities, Error, Executor, NBody, NBodyAlgorithm, NBodyOptions,
    Parallel, Precision, Serial, WordCount, WordCountAlgorithm, WordCountOptions,
};

mod nbody;
mod word_count;

const NAME: &str = "scalar";

/// The plain backend. It runs everywhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scalar;

impl Scalar {
    /// The plain backend.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Backend for Scalar {
    fn name(&self) -> &'static str {
        NAME
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            device: format!("CPU, {} without intrinsics", std::env::consts::ARCH),
            lanes: 1,
            threads: 1,
            software: false,
            precisions: vec![Precision::F64, Precision::F32],
            tree_precisions: Vec::new(),
            nbody_algorithms: vec![NBodyAlgorithm::Direct, NBodyAlgorithm::Pairs],
            word_count_algorithms: WordCountAlgorithm::ALL.to_vec(),
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

impl Parallel for Scalar {
    fn nbody_on(
        &self,
        options: &NBodyOptions,
        executor: Arc<dyn Executor>,
    ) -> Result<Box<dyn NBody>, Error> {
        options.validate()?;
        let offered = self.capabilities();
        offered.require_nbody(NAME, options.algorithm)?;
        let precision = offered.precision(NAME, options)?;
        Ok(nbody::build(options, precision, executor))
    }

    fn word_count_on(
        &self,
        options: &WordCountOptions,
        executor: Arc<dyn Executor>,
    ) -> Result<Box<dyn WordCount>, Error> {
        self.capabilities().require_word_count(NAME, options.algorithm)?;
        Ok(word_count::build(options.algorithm, executor))
    }
}
