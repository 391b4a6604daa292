//! What a backend is: a name, a cached probe, a list of abilities and a factory for each kernel.

use std::fmt::Debug;
use std::sync::Arc;

use crate::{
    Error, Executor, NBody, NBodyAlgorithm, NBodyOptions, Precision, WordCount, WordCountAlgorithm,
    WordCountOptions,
};

/// One implementation of the two kernels.
///
/// Dispatch is dynamic at the granularity of a kernel: a call through the trait object costs
/// nanoseconds, a kernel microseconds to minutes.
pub trait Backend: Debug + Send + Sync {
    /// The word that selects this backend, such as `simd`; lower case, no white space.
    fn name(&self) -> &'static str;

    /// Whether the backend can run on this machine. The probe is made once, remembered, and never
    /// panics; it may take a while the first time (a GPU driver has to be loaded).
    fn availability(&self) -> Availability;

    /// What the backend runs on and what it offers. Of a missing backend: what it would offer,
    /// as far as that can be known.
    fn capabilities(&self) -> Capabilities;

    /// The device of [`Backend::capabilities`], which may take longer: a GPU tries out there what it computes
    /// exactly.
    fn device(&self) -> String {
        self.capabilities().device
    }

    /// The precision of a kernel with these options: the one asked for, or the default.
    ///
    /// # Errors
    /// As [`Capabilities::precision`], and [`Error::Unavailable`] or [`Error::Device`] where that cannot be found out.
    fn precision(&self, options: &NBodyOptions) -> Result<Precision, Error> {
        self.capabilities().precision(self.name(), options)
    }

    /// A line on each thing that the backend could run on here, tried out; it may take seconds. By default
    /// the notes of [`Backend::capabilities`].
    fn survey(&self) -> Vec<String> {
        self.capabilities().notes
    }

    /// An N-body kernel, built once and run many times.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the backend cannot run, [`Error::UnsupportedPrecision`],
    /// [`Error::UnsupportedAlgorithm`], [`Error::UnsupportedCombination`] or [`Error::InvalidOption`] where
    /// it cannot do what is asked.
    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error>;

    /// A word counter, built once and used for many texts.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the backend cannot run, [`Error::UnsupportedAlgorithm`] where it
    /// lacks the algorithm.
    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error>;
}

/// A backend whose kernels are cut into units that an [`Executor`] may run on any thread.
///
/// Threads and lanes are independent: `backend-rayon` turns any `Parallel` into a threaded backend.
/// The cut depends on the input alone, so the result has the same bits on any executor.
pub trait Parallel: Backend {
    /// As [`Backend::nbody`], with the units run by `executor`.
    ///
    /// # Errors
    /// As [`Backend::nbody`].
    fn nbody_on(
        &self,
        options: &NBodyOptions,
        executor: Arc<dyn Executor>,
    ) -> Result<Box<dyn NBody>, Error>;

    /// As [`Backend::word_count`], with the units run by `executor`.
    ///
    /// # Errors
    /// As [`Backend::word_count`].
    fn word_count_on(
        &self,
        options: &WordCountOptions,
        executor: Arc<dyn Executor>,
    ) -> Result<Box<dyn WordCount>, Error>;
}

/// Whether a backend can run on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Ready,
    /// It cannot.
    Missing {
        /// What is missing, without a full stop: `no Vulkan driver found`.
        reason: String,
        /// What to install or do about it, as an imperative: `install the GPU vendor's driver`.
        remedy: String,
    },
}

impl Availability {
    /// Whether this is [`Availability::Ready`].
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self == Self::Ready
    }

    /// Nothing where the backend is ready, else [`Error::Unavailable`] with the reason.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn require(self, backend: &'static str) -> Result<(), Error> {
        match self {
            Self::Ready => Ok(()),
            Self::Missing { reason, remedy } => Err(Error::Unavailable { backend, reason, remedy }),
        }
    }
}

/// What a backend runs on and what it offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Capabilities {
    /// The processor or adapter, as its maker names it, with the instruction level or driver.
    pub device: String,
    /// How many f64 numbers one instruction handles (1 where that means nothing).
    pub lanes: usize,
    /// How many threads run the kernel (of a GPU: the threads of the host, 1).
    pub threads: usize,
    /// Whether the device is a processor that pretends to be a GPU; `auto` never chooses one.
    pub software: bool,
    /// The N-body precisions of the sums over all pairs, the default first.
    pub precisions: Vec<Precision>,
    /// The precisions of [`NBodyAlgorithm::Tree`], the default first; empty where the backend has no tree.
    pub tree_precisions: Vec<Precision>,
    /// The N-body algorithms, the default first.
    pub nbody_algorithms: Vec<NBodyAlgorithm>,
    /// The word-count algorithms, the default first.
    pub word_count_algorithms: Vec<WordCountAlgorithm>,
    /// Anything else worth a line in a table: other adapters, results of self-tests.
    pub notes: Vec<String>,
}

impl Capabilities {
    /// The precisions of an N-body algorithm, the default first.
    #[must_use]
    pub fn precisions_of(&self, algorithm: NBodyAlgorithm) -> &[Precision] {
        match algorithm {
            NBodyAlgorithm::Direct | NBodyAlgorithm::Pairs => &self.precisions,
            NBodyAlgorithm::Tree => &self.tree_precisions,
        }
    }

    /// The precision asked for, or the algorithm's default where none was.
    ///
    /// # Errors
    /// [`Error::UnsupportedPrecision`] where the backend lacks it, [`Error::UnsupportedCombination`]
    /// where this algorithm does, which another may not.
    pub fn precision(
        &self,
        backend: &'static str,
        options: &NBodyOptions,
    ) -> Result<Precision, Error> {
        let &NBodyOptions { algorithm, precision: asked, .. } = options;
        let offered = self.precisions_of(algorithm);
        let precision = asked.or(offered.first().copied()).unwrap_or(Precision::F64);
        if offered.contains(&precision) {
            return Ok(precision);
        }
        let supported = offered.to_vec();
        Err(match algorithm {
            NBodyAlgorithm::Tree => {
                Error::UnsupportedCombination { backend, algorithm, precision, supported }
            }
            _ => Error::UnsupportedPrecision { backend, precision, supported },
        })
    }

    /// Nothing where the backend has the N-body algorithm.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] where it lacks it.
    pub fn require_nbody(&self, backend: &'static str, asked: NBodyAlgorithm) -> Result<(), Error> {
        require(backend, &self.nbody_algorithms, asked, NBodyAlgorithm::name)
    }

    /// Nothing where the backend has the word-count algorithm.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] where it lacks it.
    pub fn require_word_count(
        &self,
        backend: &'static str,
        asked: WordCountAlgorithm,
    ) -> Result<(), Error> {
        require(backend, &self.word_count_algorithms, asked, WordCountAlgorithm::name)
    }
}

fn require<A: Copy + PartialEq>(
    backend: &'static str,
    supported: &[A],
    asked: A,
    name: fn(A) -> &'static str,
) -> Result<(), Error> {
    if supported.contains(&asked) {
        return Ok(());
    }
    let supported = supported.iter().map(|&algorithm| name(algorithm)).collect();
    Err(Error::UnsupportedAlgorithm { backend, algorithm: name(asked), supported })
}
