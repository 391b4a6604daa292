//! How exact a result must be: every bound that a backend publishes and a test checks, in one place.
//!
//! Word counts have no tolerance: they are equal byte for byte on every backend.
//!
//! The error of accelerations is `rms(a - a_ref) / rms(a_ref)` over all bodies and components,
//! against a compensated f64 reference ([`crate::nbody::reference_accelerations`]) for bodies whose numbers the
//! precision holds ([`Precision::rounded`]): what it costs to round them to f32, which may be any part of a small
//! distance, is not the kernel's.

use crate::Precision;

/// Bound on the rms relative error of accelerations by direct summation in `f64`, on every backend.
pub const F64_RMS: f64 = 1e-14;

/// Bound on the largest relative error of one body's acceleration by direct summation in `f64`,
/// relative to the rms acceleration.
pub const F64_LARGEST: f64 = 1e-13;

/// Bound on the rms relative error of accelerations with state in double-f32 and forces in f32: that of a single pull, whose
/// cube of an inverse root carries some eight roundings of f32. It is reached where one close pair has nearly all
/// of the rms: 4.9e-7 of a Plummer sphere of 20,000 bodies in which two come as near as 6e-4.
pub const MIXED_RMS: f64 = 1e-6;

/// The same where many pulls share the rms, and their errors cancel: some 1e-7.
pub const MIXED_SHARED_RMS: f64 = 3e-7;

/// Bound on the rms relative error of accelerations in `f32` throughout.
///
/// It holds where the cubes of the distances and of the softening, and masses over them, are normal numbers of f32: for
/// distances from some 1e-9 to 1e12 with masses near 1, in the units of the input. `gpu` computes in units of the
/// system, so that only the ratios count, and refuses steps that f32 has no numbers for.
pub const F32_RMS: f64 = 2e-6;

/// Bound on the rms relative error of accelerations by the tree algorithm at its default opening angle.
///
/// Checked for spheres, cubes, discs, clusters, masses over 12 orders of magnitude, and for a star beside, in the
/// middle of or around which a ball, a shell, a ring, a disc or a sphere of lighter bodies lies, from 100
/// bodies on: none comes nearer than a factor of 3; 400 bodies on a line, each at 3/4 of the distance of the one
/// before, come to 5.8e-4. Where bodies lie in rows, so that most of the pulls on each cancel, the error is below half of
/// the bound relative to the rms of the sums of the pulls' magnitudes, but above it relative to what is left: 1.1e-3 of cubic
/// lattices, 2.3e-3 of a square grid of 3,600 bodies, 9e-3 of 1,000 on a line. It is no bound for single bodies: the documentation of
/// `backend-simd`'s module `nbody::tree` has their errors.
pub const TREE_RMS: f64 = 1e-3;

/// Bound on the relative error of the potential energy by the tree algorithm at its default opening
/// angle, beside that of the precision.
pub const TREE_ENERGY: f64 = 1e-4;

/// Bound on the rms relative error of accelerations by direct summation that every backend keeps.
#[must_use]
pub const fn acceleration_rms(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => F64_RMS,
        Precision::Mixed => MIXED_RMS,
        Precision::F32 => F32_RMS,
    }
}

/// Bound on the error of one body's acceleration by direct summation, relative to the sum of the magnitudes of
/// all pulls on it: a bound for each body by itself, where a tight binary dominates the rms.
///
/// The algorithm `pairs` adds one pull after the other, so that its error grows with the number of bodies: of f32 this is
/// its bound up to some 4,096 (1.9e-6 of a Plummer sphere; 3.5e-6 of one of 8,192).
#[must_use]
pub const fn of_all_pulls(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => 1e-14,
        Precision::Mixed => 1e-6,
        Precision::F32 => 2e-6,
    }
}

/// Bound on the relative error of the kinetic and of the potential energy by direct summation, each by
/// itself: `|T - T_ref| / T_ref` and `|U - U_ref| / |U_ref|`.
///
/// The total is their difference: its error is at most this times `(T + |U|) / |E|`, which is 3 in
/// equilibrium and without bound where the two cancel.
#[must_use]
pub const fn energy(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => 1e-14,
        Precision::Mixed => 3e-7,
        Precision::F32 => 2e-6,
    }
}
