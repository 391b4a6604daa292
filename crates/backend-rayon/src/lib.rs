//! Threads over any other backend: the units of its kernels, run by a pool of rayon's.
//!
//! Lanes and threads are independent. A part that implements [`Parallel`] says how a kernel is cut into
//! units; [`Threads`] only runs them on several threads, so its results have the bits of the part's.
//!
//! ```
//! use std::sync::Arc;
//!
//! use backend_rayon::Threads;
//! use backend_scalar::Scalar;
//! use kernels_core::{Backend, WordCountOptions};
//!
//! let threads = Threads::over("rayon-scalar", Arc::new(Scalar::new()), None);
//! let counts = threads.word_count(&WordCountOptions::default())?.count(b"To be or not to be")?;
//! assert_eq!(counts.len(), 4);
//! # Ok::<(), kernels_core::Error>(())
//! ```
#![forbid(unsafe_code)]

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use kernels_core::{
    Availability, Backend, Capabilities, Error, Executor, NBody, NBodyOptions, Parallel, WordCount,
    WordCountOptions,
};

mod pool;

use pool::Pool;

/// A backend on several threads. They are started when its first kernel is built and end with the
/// last of its kernels and itself.
#[derive(Debug)]
pub struct Threads {
    name: &'static str,
    part: Arc<dyn Parallel>,
    threads: NonZeroUsize,
    pool: OnceLock<Result<Arc<Pool>, Error>>,
}

impl Threads {
    /// Threads over `part`, under a name of their own.
    ///
    /// `None` is what `RAYON_NUM_THREADS` says, or else as many threads as this process may use at the
    /// same moment, by its affinity and its quota.
    #[must_use]
    pub fn over(
        name: &'static str,
        part: Arc<dyn Parallel>,
        threads: Option<NonZeroUsize>,
    ) -> Self {
        let threads = threads.unwrap_or_else(pool::default_threads);
        Self { name, part, threads, pool: OnceLock::new() }
    }

    fn executor(&self) -> Result<Arc<dyn Executor>, Error> {
        let pool = self.pool.get_or_init(|| Pool::new(self.threads).map(Arc::new));
        Ok(Arc::clone(pool.as_ref().map_err(Error::clone)?) as Arc<dyn Executor>)
    }

    /// An error of the part, in the name of the threads: that is the name that was asked for.
    fn rename(&self, error: Error) -> Error {
        let backend = self.name;
        match error {
            Error::Unavailable { reason, remedy, .. } => {
                Error::Unavailable { backend, reason, remedy }
            }
            Error::UnsupportedPrecision { precision, supported, .. } => {
                Error::UnsupportedPrecision { backend, precision, supported }
            }
            Error::UnsupportedAlgorithm { algorithm, supported, .. } => {
                Error::UnsupportedAlgorithm { backend, algorithm, supported }
            }
            Error::UnsupportedCombination { algorithm, precision, supported, .. } => {
                Error::UnsupportedCombination { backend, algorithm, precision, supported }
            }
            error => error,
        }
    }
}

impl Backend for Threads {
    fn name(&self) -> &'static str {
        self.name
    }

    fn availability(&self) -> Availability {
        self.part.availability()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { threads: self.threads.get(), ..self.part.capabilities() }
    }

    fn device(&self) -> String {
        self.part.device()
    }

    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        self.part.nbody_on(options, self.executor()?).map_err(|error| self.rename(error))
    }

    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        self.part.word_count_on(options, self.executor()?).map_err(|error| self.rename(error))
    }
}
