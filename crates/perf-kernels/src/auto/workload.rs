//! What `auto` is asked about, and where by the built-in crossovers one backend overtakes another.

use kernels_core::{Backend, Capabilities, NBodyOptions, Precision, WordCountOptions};

use super::calibration;

/// From this many bodies on, the forces of a step take longer than waking the threads.
const THREADS_FROM_BODIES: usize = 512;
/// From this many bodies on, a GPU's throughput outweighs its latency.
pub(super) const GPU_FROM_BODIES: usize = 8_192;
/// A run of fewer interactions is done before the driver of a GPU is loaded, or not long after.
const GPU_FROM_INTERACTIONS: f64 = 1e10;
/// From this many bytes on, counting takes longer than starting the threads and merging their tables. It
/// was found between 512 KiB and 2 MiB, depending on how many of the words are distinct.
const THREADS_FROM_BYTES: u64 = 1 << 20;
/// A text of unknown size is taken to be that large: nobody waits for a small one.
const UNKNOWN_BYTES: u64 = 1 << 26;
/// Interactions that one core does in a second, roughly.
const INTERACTIONS: f64 = 2e9;
/// Bytes that one core counts in a second, roughly.
const BYTES: f64 = 1e9;
/// A run of fewer seconds on one core is no reason for a calibration, which takes a few itself.
const LONG_RUN: f64 = 20.0;
/// The steps of a usual N-body run: those a GPU's start has to be worth where nobody says how many.
const USUAL_STEPS: f64 = 1000.0;

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
    /// The backends' names, the fastest for so many calls of this workload first by the built-in
    /// crossovers.
    pub(super) fn preference(&self, calls: f64) -> &'static [&'static str] {
        const LARGE: &[&str] = &["gpu", "rayon", "simd", "rayon-scalar", "scalar"];
        const MEDIUM: &[&str] = &["rayon", "simd", "rayon-scalar", "scalar"];
        const SMALL: &[&str] = &["simd", "scalar"];
        match *self {
            Self::NBody { bodies: GPU_FROM_BODIES.., .. }
                if self.work(calls) >= GPU_FROM_INTERACTIONS =>
            {
                LARGE
            }
            Self::NBody { bodies, .. } if bodies < THREADS_FROM_BODIES => SMALL,
            Self::WordCount { bytes: Some(bytes), .. } if bytes < THREADS_FROM_BYTES => SMALL,
            _ => MEDIUM,
        }
    }

    /// The size in words.
    pub(super) fn extent(&self) -> String {
        match *self {
            Self::NBody { bodies: 1, .. } => "1 body".to_owned(),
            Self::NBody { bodies, .. } => format!("{bodies} bodies"),
            Self::WordCount { bytes: Some(bytes), .. } => format!("{bytes} bytes of text"),
            Self::WordCount { bytes: None, .. } => "a text of unknown size".to_owned(),
        }
    }

    /// Kernel, algorithm and precision, by the names they are selected by.
    pub(super) fn task(&self) -> String {
        match self {
            Self::NBody { options, .. } => {
                format!("nbody {} {}", options.algorithm, precision(options))
            }
            Self::WordCount { options, .. } => format!("wordcount {}", options.algorithm),
        }
    }

    /// Bodies or bytes.
    pub(super) fn size(&self) -> f64 {
        match *self {
            Self::NBody { bodies, .. } => bodies as f64,
            Self::WordCount { bytes, .. } => bytes.unwrap_or(UNKNOWN_BYTES) as f64,
        }
    }

    /// How often a process that asks for a kernel calls it, where it does not say so.
    pub(super) fn usual_calls(&self) -> f64 {
        match self {
            Self::NBody { .. } => USUAL_STEPS,
            Self::WordCount { .. } => 1.0,
        }
    }

    /// Whether this many calls take long on one core.
    pub(super) fn is_long(&self, calls: f64) -> bool {
        let rate = match self {
            Self::NBody { .. } => INTERACTIONS,
            Self::WordCount { .. } => BYTES,
        };
        self.work(calls) > LONG_RUN * rate
    }

    /// The interactions or bytes of this many calls.
    fn work(&self, calls: f64) -> f64 {
        let work = match self {
            Self::NBody { .. } => self.size() * self.size(),
            Self::WordCount { .. } => self.size(),
        };
        calls * work
    }

    /// Whether a GPU may be worth the time to find one, for this many calls.
    pub(super) fn may_suit_gpu(&self, calls: f64) -> bool {
        self.preference(calls).contains(&calibration::COSTLY)
    }

    /// Whether the backend can do what is asked, and on a device that `auto` may choose.
    pub(super) fn fits(&self, backend: &dyn Backend) -> bool {
        let abilities = backend.capabilities();
        !abilities.software && self.is_within(&abilities)
    }

    /// Whether these are enough for what is asked, on whatever device.
    pub(super) fn is_within(&self, abilities: &Capabilities) -> bool {
        match self {
            Self::NBody { options, .. } => {
                abilities.nbody_algorithms.contains(&options.algorithm)
                    && abilities.precisions_of(options.algorithm).contains(&precision(options))
            }
            Self::WordCount { options, .. } => {
                abilities.word_count_algorithms.contains(&options.algorithm)
            }
        }
    }

    pub(super) fn demand(&self) -> String {
        match self {
            Self::NBody { options, .. } => {
                format!("N-body by '{}' in {}", options.algorithm, precision(options))
            }
            Self::WordCount { options, .. } => format!("word count by '{}'", options.algorithm),
        }
    }
}

/// Nobody asked for less than f64, so `auto` does not give less.
fn precision(options: &NBodyOptions) -> Precision {
    options.precision.unwrap_or(Precision::F64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_run_is_never_long() {
        let nbody = |bodies| Workload::NBody { bodies, options: NBodyOptions::default() };
        assert!(!nbody(16).is_long(10_001.0));
        assert!(!nbody(1_024).is_long(10_001.0), "a calibration would take as long");
        assert!(nbody(16_384).is_long(1_000.0));
        let text = |bytes| Workload::WordCount {
            bytes: Some(bytes),
            options: WordCountOptions::default(),
        };
        assert!(!text(1 << 30).is_long(1.0));
        assert!(text(1 << 35).is_long(1.0));
    }

    #[test]
    fn a_gpu_is_for_many_bodies_and_many_steps() {
        let first = |bodies, steps| {
            let nbody = Workload::NBody { bodies, options: NBodyOptions::default() };
            nbody.preference(steps)[0]
        };
        assert_eq!(first(16_384, 1_000.0), "gpu");
        assert_eq!(first(16_384, 10.0), "rayon");
        assert_eq!(first(1_024, 1e9), "rayon");
        assert_eq!(first(16, 1e9), "simd");
    }
}
