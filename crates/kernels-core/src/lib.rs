//! The contracts of perf-kernels.
//!
//! Two kernels, word-frequency count and gravitational N-body, are implemented by several backends.
//! This crate says what a backend is ([`Backend`]), what each kernel takes and returns
//! ([`NBody`], [`Bodies`], [`WordCount`], [`Counts`]), what the results mean ([`text`], [`nbody`]),
//! how exact they must be ([`tolerances`]) and what can go wrong ([`Error`]).
//!
//! It does no input or output, reads no environment, starts no thread and logs nothing.
//! A backend that can run on several threads takes them as an [`Executor`].
#![forbid(unsafe_code)]

pub mod backend;
pub mod bodies;
pub mod counts;
pub mod error;
pub mod executor;
pub mod nbody;
pub mod phase;
pub mod text;
pub mod tolerances;
pub mod word_count;

pub use backend::{Availability, Backend, Capabilities, Parallel};
pub use bodies::Bodies;
pub use counts::{Count, Counts};
pub use error::Error;
pub use executor::{Executor, Serial};
pub use nbody::{Energies, NBody, NBodyAlgorithm, NBodyOptions, Precision};
pub use word_count::{InTurn, Pieces, WordCount, WordCountAlgorithm, WordCountOptions};
