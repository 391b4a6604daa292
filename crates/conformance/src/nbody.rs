//! Cases of the N-body kernel.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kernels_core::nbody::{reference_accelerations, rms_error};
use kernels_core::{Backend, Bodies, NBody, NBodyAlgorithm, NBodyOptions, Precision, tolerances};
use ndarray::Array2;

use crate::Case;

mod accuracy;
mod laws;
mod nbabel;
mod refusals;
mod runs;
mod systems;

/// Every case of the N-body kernel.
pub fn cases() -> impl Iterator<Item = Case> {
    [accuracy::CASES, laws::CASES, runs::CASES, refusals::CASES, nbabel::CASES]
        .into_iter()
        .flatten()
        .copied()
}

/// A precision and an algorithm of a backend.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Variant {
    precision: Precision,
    algorithm: NBodyAlgorithm,
}

impl Variant {
    fn options(self, softening: f64) -> NBodyOptions {
        let Self { precision, algorithm } = self;
        let precision = Some(precision);
        NBodyOptions { precision, algorithm, softening, ..NBodyOptions::default() }
    }

    /// Whether it has no excuse but rounding.
    fn is_direct_f64(self) -> bool {
        self.precision == Precision::F64 && self.algorithm != NBodyAlgorithm::Tree
    }

    /// Bound on the rms relative error of accelerations.
    fn bound(self) -> f64 {
        let sum = tolerances::acceleration_rms(self.precision);
        if self.algorithm == NBodyAlgorithm::Tree { sum + tolerances::TREE_RMS } else { sum }
    }

    /// The same where many pulls share the rms.
    fn shared_bound(self) -> f64 {
        match self.precision {
            Precision::Mixed => tolerances::MIXED_SHARED_RMS,
            Precision::F64 | Precision::F32 => self.bound(),
        }
    }

    /// How far apart two runs of some hundred steps may end that would end at one point but for
    /// rounding: thousands of roundings, each doubled a few times by close encounters.
    fn drift(self) -> f64 {
        match (self.algorithm, self.precision) {
            (NBodyAlgorithm::Tree, _) => 1e-4,
            (_, Precision::F64) => 1e-11,
            (_, Precision::Mixed | Precision::F32) => 1e-4,
        }
    }

    /// The system in numbers that the precision can represent, so that a difference from the
    /// reference is the kernel's.
    fn representable(self, bodies: &Bodies) -> Bodies {
        match self.precision {
            Precision::F64 | Precision::Mixed => bodies.clone(),
            Precision::F32 => bodies.rounded(self.precision).expect("within the range of f32"),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.precision, self.algorithm)
    }
}

/// Every algorithm of the backend in each of its precisions.
fn variants(backend: &dyn Backend) -> Vec<Variant> {
    let offered = backend.capabilities();
    let mut variants = Vec::new();
    for &algorithm in &offered.nbody_algorithms {
        let precisions = offered.precisions_of(algorithm);
        assert!(!precisions.is_empty(), "{algorithm} is offered in no precision");
        for &precision in precisions {
            let variant = Variant { precision, algorithm };
            if let Err(error) = backend.nbody(&variant.options(0.0)) {
                panic!("{variant} is offered, but {error}");
            }
            variants.push(variant);
        }
    }
    assert!(!variants.is_empty(), "no N-body variant is offered");
    variants
}

/// The kernel of a variant.
fn kernel(backend: &dyn Backend, variant: Variant, softening: f64) -> Box<dyn NBody> {
    backend
        .nbody(&variant.options(softening))
        .unwrap_or_else(|error| panic!("{variant}, softening {softening}: {error}"))
}

/// The accelerations by a fresh kernel.
fn accelerations(
    backend: &dyn Backend,
    variant: Variant,
    bodies: &Bodies,
    softening: f64,
) -> Array2<f64> {
    let mut out = Array2::from_elem((bodies.len(), 3), f64::NAN);
    kernel(backend, variant, softening)
        .accelerations(bodies, out.view_mut())
        .unwrap_or_else(|error| panic!("{variant}, {} bodies: {error}", bodies.len()));
    out
}

/// [`reference_accelerations`], computed once for all subjects and variants.
fn reference(bodies: &Bodies, softening: f64) -> Arc<Array2<f64>> {
    type Known = Vec<(Bodies, f64, Arc<Array2<f64>>)>;
    static KNOWN: Mutex<Known> = Mutex::new(Vec::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_it = |(b, s, _): &&(Bodies, f64, _)| *s == softening && b == bodies;
    if let Some((_, _, reference)) = known().iter().find(is_it) {
        return Arc::clone(reference);
    }
    let reference = Arc::new(reference_accelerations(bodies, softening));
    known().push((bodies.clone(), softening, Arc::clone(&reference)));
    reference
}

fn assert_close(found: &Array2<f64>, expected: &Array2<f64>, bound: f64, what: impl fmt::Display) {
    let error = rms_error(found.view(), expected.view());
    assert!(error <= bound, "{what}: rms relative error {error:e} is above {bound:e}");
}

/// The largest distance between the positions of two systems, in any coordinate.
fn largest_distance(a: &Bodies, b: &Bodies) -> f64 {
    let pairs = a.position_rows().iter().flatten().zip(b.position_rows().iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
