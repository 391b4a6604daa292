//! Word-frequency count and gravitational N-body on the backend you name.
//!
//! ```
//! use perf_kernels::WordCountOptions;
//!
//! let backend = perf_kernels::backend("scalar")?;
//! let mut counter = backend.word_count(&WordCountOptions::default())?;
//! let counts = counter.count(b"the cat and the dog")?;
//! let ranking = counts.ranked(1);
//! let top = ranking.iter().next().expect("a word");
//! assert_eq!((top.word, top.count), ("the", 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | name | what it is | Cargo feature |
//! |---|---|---|
//! | `scalar` | plain Rust on one core, the reference | always there |
//! | `simd` | every lane of one core, dispatched at run time | `simd` |
//! | `rayon` | threads over `simd` | `rayon` and `simd` |
//! | `rayon-scalar` | threads over `scalar` | `rayon` |
//! | `gpu` | wgpu | `gpu` |
//! | `auto` | the fastest of them that is ready, for a kernel and a size | |
//!
//! A backend is chosen by name ([`backend()`]), by the variable `PERF_BACKEND` ([`from_env`]) or by the
//! library ([`auto`]). A named backend runs or fails; only `auto` chooses, and it says what and why.
//!
//! Cargo builds dependencies without optimisation for `cargo run` and `cargo test`, which makes kernels some hundred times slower; these
//! lines in the `Cargo.toml` of the program have them optimised there too:
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! ```
//!
//! A backend of your own joins them by [`Registry::register`].
#![forbid(unsafe_code)]

mod auto;
mod environment;
mod registry;
mod selection;

use std::sync::{Arc, OnceLock};

pub use auto::{Calibration, Curve, Workload};
pub use kernels_core::*;
pub use registry::{Registry, Settings};
pub use selection::{Choice, Origin, Selected, SelectionError};

/// The backend of this name, which is ready to run.
///
/// # Errors
/// [`SelectionError::Unknown`] with the names there are, [`SelectionError::NotCompiledIn`],
/// [`SelectionError::Unavailable`].
pub fn backend(name: &str) -> Result<Arc<dyn Backend>, SelectionError> {
    shared()?.named(&Choice::argument(name))
}

/// The backend that `PERF_BACKEND` names, or that `auto` picks for `workload` where it is not set.
///
/// # Errors
/// As [`backend()`].
pub fn from_env(workload: &Workload) -> Result<Selected, SelectionError> {
    shared()?.select(&Choice::from_flag(None), workload)
}

/// The fastest backend that is ready for `workload` and keeps its precision, and why it was chosen.
///
/// # Errors
/// [`SelectionError::NoneFits`] where no backend has the precision or algorithm.
pub fn auto(workload: &Workload) -> Result<Selected, SelectionError> {
    shared()?.select(&Choice::auto(), workload)
}

/// Every backend that was compiled in, ready or not.
///
/// # Errors
/// [`SelectionError::InvalidSetting`] where the environment asks for settings that cannot be.
pub fn backends() -> Result<&'static [Arc<dyn Backend>], SelectionError> {
    Ok(shared()?.backends())
}

/// The backends built with the settings of the environment, once per process.
fn shared() -> Result<&'static Registry, SelectionError> {
    static SHARED: OnceLock<Result<Registry, SelectionError>> = OnceLock::new();
    SHARED.get_or_init(|| Registry::new(&Settings::from_env())).as_ref().map_err(Clone::clone)
}
