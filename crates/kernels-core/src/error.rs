//! What can go wrong in a kernel. Every variant says what, where and what to do about it.

use crate::{NBodyAlgorithm, Precision};

/// An error of a kernel or of the construction of one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The arrays of a system of bodies do not fit together.
    #[error("{array} has the shape {found:?}, but {bodies} masses need {expected:?}")]
    Shape {
        /// `positions`, `velocities` or `accelerations`.
        array: &'static str,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The number of masses.
        bodies: usize,
    },
    /// There are no bodies.
    #[error("no bodies given: an N-body system needs at least one")]
    NoBodies,
    /// A number of the input is NaN or infinite.
    #[error("body {body} has a {quantity} that is not a finite number")]
    NotFinite {
        /// Index of the body, from 0.
        body: usize,
        /// `mass`, `position` or `velocity`.
        quantity: &'static str,
    },
    /// A mass is below zero.
    #[error("body {body} has the negative mass {mass}")]
    NegativeMass {
        /// Index of the body, from 0.
        body: usize,
        /// Its mass.
        mass: f64,
    },
    /// Two bodies are at one point, where the force is infinite.
    #[error(
        "bodies {first} and {second} are at the same point: move one of them or give a larger softening"
    )]
    Coincident {
        /// Index of one body, from 0.
        first: usize,
        /// Index of the other, from 0.
        second: usize,
    },
    /// Two bodies are so close that the precision, or in f64 the device, cannot tell them apart.
    #[error(
        "bodies {first} and {second} are too close to be told apart in {precision}: {} or give a larger softening",
        finer(*precision)
    )]
    Indistinct {
        /// Index of one body, from 0.
        first: usize,
        /// Index of the other, from 0.
        second: usize,
        /// The precision of the kernel.
        precision: Precision,
    },
    /// The state became infinite or NaN during a run.
    #[error(
        "body {body} left the range of the numbers during the run: use a smaller time step or a softening above 0"
    )]
    Diverged {
        /// Index of the first such body, from 0.
        body: usize,
    },
    /// An option is out of its range.
    #[error("{option} is {value}: it must be {expected}")]
    InvalidOption {
        /// `softening`, `time step`, ...
        option: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The text is not UTF-8.
    #[error("byte {offset} is not valid UTF-8: convert the text to UTF-8 first (with iconv, say)")]
    InvalidUtf8 {
        /// Offset from the start of the text of the first byte that does not belong to a character.
        offset: u64,
    },
    /// The backend cannot run here.
    #[error("the {backend} backend cannot run here: {reason}; {remedy}")]
    Unavailable {
        /// Its name.
        backend: &'static str,
        /// Why not.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// The backend lacks the precision.
    #[error(
        "the {backend} backend has no precision {precision} here: it has {}",
        join(supported, |precision| precision.name())
    )]
    UnsupportedPrecision {
        /// Its name.
        backend: &'static str,
        /// What was asked for.
        precision: Precision,
        /// What there is.
        supported: Vec<Precision>,
    },
    /// The backend lacks the algorithm.
    #[error(
        "the {backend} backend has no algorithm {algorithm}: it has {}",
        join(supported, |name| name)
    )]
    UnsupportedAlgorithm {
        /// Its name.
        backend: &'static str,
        /// What was asked for.
        algorithm: &'static str,
        /// What there is.
        supported: Vec<&'static str>,
    },
    /// The backend has the algorithm, but not in this precision, which another algorithm may have.
    #[error(
        "the {backend} backend computes the algorithm {algorithm} in {0} only, not in {precision}: \
         ask for {0} or for the algorithm direct",
        join(supported, |precision| precision.name())
    )]
    UnsupportedCombination {
        /// Its name.
        backend: &'static str,
        /// What was asked for.
        algorithm: NBodyAlgorithm,
        /// The precision asked for with it.
        precision: Precision,
        /// The precisions that the algorithm has.
        supported: Vec<Precision>,
    },
    /// The problem does not fit the device.
    #[error("{what} needs {needed} bytes, and {device} allows {limit}: {remedy}")]
    TooLarge {
        /// Which buffer.
        what: &'static str,
        /// The device.
        device: String,
        /// Bytes it needs.
        needed: u64,
        /// Bytes there are.
        limit: u64,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The device failed during the run. No result of that run is kept.
    #[error("{device} failed: {reason}; {remedy}")]
    Device {
        /// The device.
        device: String,
        /// What it reported, on one line.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
}

/// How to compute with finer numbers. Only a GPU's f64 is too coarse for what f64 can tell apart.
fn finer(precision: Precision) -> &'static str {
    match precision {
        Precision::F64 => "compute on a processor",
        Precision::Mixed | Precision::F32 => "compute in f64",
    }
}

fn join<T>(items: &[T], name: impl Fn(&T) -> &'static str) -> String {
    items.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line_and_list_what_there_is() {
        let error = Error::UnsupportedPrecision {
            backend: "scalar",
            precision: Precision::Mixed,
            supported: vec![Precision::F64, Precision::F32],
        };
        assert_eq!(
            error.to_string(),
            "the scalar backend has no precision mixed here: it has f64, f32"
        );
        let error = Error::UnsupportedCombination {
            backend: "simd",
            algorithm: NBodyAlgorithm::Tree,
            precision: Precision::F32,
            supported: vec![Precision::F64],
        };
        assert_eq!(
            error.to_string(),
            "the simd backend computes the algorithm tree in f64 only, not in f32: \
             ask for f64 or for the algorithm direct"
        );
    }
}
