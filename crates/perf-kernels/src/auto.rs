//! What `auto` picks: the fastest backend that is ready, for this kernel and this size.
//!
//! The order of preference comes from crossovers between the backends. A GPU is only probed where the
//! problem is large enough for one to win, since loading its driver costs more than a small run; and a
//! software adapter, which runs on the processor anyhow, is never chosen.

use std::sync::Arc;

use kernels_core::{Backend, NBodyOptions, WordCountOptions};

use crate::selection::{Choice, Selected, SelectionError};

/// From this many bodies on, the forces of a step take longer than waking the threads.
const THREADS_FROM_BODIES: usize = 256;
/// From this many bodies on, a GPU's throughput outweighs its latency.
const GPU_FROM_BODIES: usize = 8_192;
/// From this many bytes on, counting takes longer than starting the threads and merging their tables.
const THREADS_FROM_BYTES: u64 = 1 << 20;

/// What is to be computed, as far as the choice of a backend depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Workload {
    /// N-body.
    NBody {
        /// The number of bodies.
        bodies: usize,
        /// Precision and algorithm.
        options: NBodyOptions,
    },
    /// Word count.
    WordCount {
        /// The size of the text, if it is known.
        bytes: Option<u64>,
        /// The algorithm.
        options: WordCountOptions,
    },
}

impl Workload {
    /// The backends' names, the fastest for this workload first, and the reason for the first.
    fn preference(&self) -> (&'static [&'static str], String) {
        const LARGE: &[&str] = &["gpu", "rayon", "simd", "rayon-scalar", "scalar"];
        const MEDIUM: &[&str] = &["rayon", "simd", "rayon-scalar", "scalar"];
        const SMALL: &[&str] = &["simd", "scalar"];
        match *self {
            Self::NBody { bodies, .. } => {
                let order = match bodies {
                    GPU_FROM_BODIES.. => LARGE,
                    THREADS_FROM_BODIES.. => MEDIUM,
                    _ => SMALL,
                };
                (order, format!("{bodies} bodies"))
            }
            Self::WordCount { bytes: Some(bytes), .. } if bytes < THREADS_FROM_BYTES => {
                (SMALL, format!("{bytes} bytes of text"))
            }
            Self::WordCount { bytes: Some(bytes), .. } => {
                (MEDIUM, format!("{bytes} bytes of text"))
            }
            Self::WordCount { bytes: None, .. } => (MEDIUM, "a text of unknown size".to_owned()),
        }
    }

    /// Whether the backend can do what is asked, and on a device that `auto` may choose.
    fn fits(&self, backend: &dyn Backend) -> bool {
        let abilities = backend.capabilities();
        let able = match self {
            Self::NBody { options, .. } => {
                // Nobody asked for less than f64, so `auto` does not give less.
                let precision = options.precision.unwrap_or(kernels_core::Precision::F64);
                abilities.precisions.contains(&precision)
                    && abilities.nbody_algorithms.contains(&options.algorithm)
            }
            Self::WordCount { options, .. } => {
                abilities.word_count_algorithms.contains(&options.algorithm)
            }
        };
        able && !abilities.software
    }

    fn demand(&self) -> String {
        match self {
            Self::NBody { options, .. } => {
                let precision = options.precision.unwrap_or(kernels_core::Precision::F64);
                format!("N-body by '{}' in {precision}", options.algorithm)
            }
            Self::WordCount { options, .. } => format!("word count by '{}'", options.algorithm),
        }
    }
}

/// The first backend in the order of preference that is ready and fits, else any that does.
pub(crate) fn pick(
    backends: &[Arc<dyn Backend>],
    workload: &Workload,
) -> Result<Selected, SelectionError> {
    let (order, size) = workload.preference();
    let preferred =
        order.iter().filter_map(|name| backends.iter().find(|backend| backend.name() == *name));
    let backend = preferred
        .chain(backends)
        .find(|backend| backend.availability().is_ready() && workload.fits(backend.as_ref()))
        .ok_or_else(|| SelectionError::NoneFits { what: workload.demand() })?;
    let device = backend.capabilities().device;
    let reason = format!("{} ({device}): the fastest here for {size}", backend.name());
    Ok(Selected {
        backend: Arc::clone(backend),
        requested: Choice::AUTO.to_owned(),
        reason: Some(reason),
    })
}
