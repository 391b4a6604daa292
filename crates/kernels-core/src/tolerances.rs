//! How exact a result must be: every bound that a backend publishes and a test checks, in one place.
//!
//! Word counts have no tolerance: they are equal byte for byte on every backend.
//!
//! The error of accelerations is `rms(a - a_ref) / rms(a_ref)` over all bodies and components,
//! against a compensated f64 reference ([`crate::nbody::reference_accelerations`]).

use crate::Precision;

/// Bound on the rms relative error of accelerations by direct summation in `f64` on a CPU.
pub const F64_RMS: f64 = 1e-14;

/// Bound on the largest relative error of one body's acceleration by direct summation in `f64` on
/// a CPU, relative to the rms acceleration.
pub const F64_LARGEST: f64 = 1e-13;

/// Bound on the rms relative error of accelerations in `f64` on a GPU, whose square root and
/// division may be off by a few units in the last place.
pub const F64_GPU_RMS: f64 = 1e-13;

/// Bound on the rms relative error of accelerations with state in double-f32 and forces in f32.
pub const MIXED_RMS: f64 = 1e-6;

/// Bound on the rms relative error of accelerations in `f32` throughout.
pub const F32_RMS: f64 = 1e-5;

/// Bound on the rms relative error of the tree algorithm at its default opening angle.
pub const TREE_RMS: f64 = 1e-3;

/// Bound on the rms relative error of accelerations by direct summation that every backend keeps.
#[must_use]
pub const fn acceleration_rms(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => F64_GPU_RMS,
        Precision::Mixed => MIXED_RMS,
        Precision::F32 => F32_RMS,
    }
}

/// Bound on the relative error of a total energy, `|E - E_ref| / |E_ref|`.
#[must_use]
pub const fn energy(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => 1e-13,
        Precision::Mixed => 1e-6,
        Precision::F32 => 1e-5,
    }
}
