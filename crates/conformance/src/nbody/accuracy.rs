//! Accelerations and energies against double-double arithmetic, within the published bounds.

use kernels_core::nbody::reference_energies;
use kernels_core::{Backend, Bodies, NBodyAlgorithm, Precision, tolerances};

use super::{Variant, accelerations, assert_close, kernel, reference, systems, variants};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("nbody_accelerations_of_1_to_70_bodies", small_systems),
    Case::new("nbody_accelerations_around_tile_widths", tile_widths),
    Case::new("nbody_accelerations_with_softening", softened),
    // The hard systems also with more than 512 bodies, which a backend may cut into units.
    Case::new("nbody_accelerations_of_a_tight_binary", tight_binary),
    Case::new("nbody_accelerations_of_a_pair_anywhere", pair_anywhere),
    Case::new("nbody_accelerations_with_masses_over_12_orders", unequal_masses),
    Case::new("nbody_accelerations_with_massless_bodies", massless),
    Case::new("nbody_accelerations_far_from_the_origin", far_away),
    Case::new("nbody_energies", energies),
    Case::new("nbody_energies_with_softening", softened_energies),
];

fn small_systems(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in 1..=70 {
            check(backend, variant, &systems::cluster(n, n as u64), 0.0);
        }
    }
}

fn tile_widths(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in [127, 128, 129, 255, 256, 257, 511, 512, 513, 1000] {
            let bodies = systems::cluster(n, n as u64);
            check_within(variant.shared_bound(), backend, variant, &bodies, 0.0);
        }
    }
}

fn softened(backend: &dyn Backend) {
    for variant in variants(backend) {
        for softening in [1e-3, 0.1, 10.0] {
            check(backend, variant, &systems::cluster(33, 5), softening);
        }
        // Its square is beyond f32, in which the forces are 0 then, or nearly.
        let bodies = systems::cluster(33, 5);
        if variant.precision == Precision::F32 {
            let a = accelerations(backend, variant, &bodies, 1e20);
            assert!(a.iter().all(|a| a.abs() < 1e-30), "{variant}: {a}");
        } else {
            check(backend, variant, &bodies, 1e20);
        }
    }
}

fn tight_binary(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in [24, 601] {
            check(backend, variant, &tight(variant, n), 0.0);
        }
    }
}

/// Two bodies as close as the precision can tell apart well.
fn tight(variant: Variant, n: usize) -> Bodies {
    let exponent = if variant.precision == Precision::F64 { -30 } else { -18 };
    systems::with_tight_binary(n, 2.0_f64.powi(exponent))
}

/// Coordinates of all digits, unlike those of [`tight`]: the pair has the whole rms, and its pull every rounding.
fn pair_anywhere(backend: &dyn Backend) {
    for variant in variants(backend) {
        for seed in 0..200 {
            check(backend, variant, &systems::close_pair(seed), 0.0);
        }
    }
}

fn unequal_masses(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in [61, 603] {
            check(backend, variant, &unequal(n), 0.0);
        }
    }
}

/// Masses over 12 orders of magnitude.
fn unequal(n: usize) -> Bodies {
    systems::with_masses(&systems::cluster(n, 6), |i| 10.0_f64.powi(-(i as i32 % 13)))
}

fn massless(backend: &dyn Backend) {
    let cluster = systems::cluster(40, 7);
    let every_third = systems::with_masses(&cluster, |i| if i % 3 == 0 { 0.0 } else { 0.025 });
    let all_but_one = systems::with_masses(&cluster, |i| if i == 39 { 1.0 } else { 0.0 });
    for variant in variants(backend) {
        check(backend, variant, &every_third, 0.0);
        check(backend, variant, &all_but_one, 0.0);
        let nothing = systems::with_masses(&cluster, |_| 0.0);
        let a = accelerations(backend, variant, &nothing, 0.0);
        assert!(a.iter().all(|&x| x == 0.0), "{variant}: massless bodies attract");
    }
}

fn far_away(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in [50, 602] {
            check(backend, variant, &far(variant, n), 0.0);
        }
    }
}

/// A cluster far from the origin.
fn far(variant: Variant, n: usize) -> Bodies {
    let distance = if variant.precision == Precision::F64 { 1e6 } else { 1000.0 };
    systems::shifted(&systems::cluster(n, 8), [distance, -distance, distance])
}

/// Compares the accelerations with the reference.
fn check(backend: &dyn Backend, variant: Variant, bodies: &Bodies, softening: f64) {
    check_within(variant.bound(), backend, variant, bodies, softening);
}

/// As [`check`], with a bound of its own on the rms error.
fn check_within(
    bound: f64,
    backend: &dyn Backend,
    variant: Variant,
    bodies: &Bodies,
    softening: f64,
) {
    let bodies = variant.representable(bodies);
    let found = accelerations(backend, variant, &bodies, softening);
    let expected = reference(&bodies, softening);
    let what = format!("{variant}, {} bodies, softening {softening}", bodies.len());
    assert_close(&found, &expected, bound, &what);
    if variant.algorithm != NBodyAlgorithm::Tree {
        let bound = tolerances::of_all_pulls(variant.precision);
        for (body, (found, exact)) in found.rows().into_iter().zip(expected.rows()).enumerate() {
            let error = (&found - &exact).iter().map(|x| x * x).sum::<f64>().sqrt();
            let pulls = pulls(&bodies, body, softening);
            assert!(
                error <= bound * pulls,
                "{what}: body {body}, {:e} of its pulls",
                error / pulls
            );
        }
    }
    if variant.is_direct_f64() {
        let scale = (expected.iter().map(|x| x * x).sum::<f64>() / expected.len() as f64).sqrt();
        let largest = (&found - &*expected).iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let bound = tolerances::F64_LARGEST;
        assert!(largest <= bound * scale, "{what}: largest error {:e}", largest / scale);
    }
}

/// The sum of the magnitudes of all pulls on a body.
fn pulls(bodies: &Bodies, body: usize, softening: f64) -> f64 {
    let at = bodies.position_rows();
    let others = (0..bodies.len()).filter(|&other| other != body);
    let pull = |other: usize| {
        let r2: f64 = (0..3).map(|k| (at[other][k] - at[body][k]).powi(2)).sum();
        bodies.mass_slice()[other] * r2.sqrt() / (r2 + softening * softening).powf(1.5)
    };
    others.map(pull).sum()
}

fn energies(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in (1..20).chain([33, 64, 127, 128, 129, 500]) {
            check_energies(backend, variant, &systems::cluster(n, 3), 0.0);
        }
        check_energies(backend, variant, &tight(variant, 24), 0.0);
        check_energies(backend, variant, &unequal(61), 0.0);
        check_energies(backend, variant, &far(variant, 50), 0.0);
        for seed in 0..200 {
            check_energies(backend, variant, &systems::close_pair(seed), 0.0);
        }
    }
}

fn softened_energies(backend: &dyn Backend) {
    for variant in variants(backend) {
        for softening in [1e-3, 0.1, 10.0] {
            check_energies(backend, variant, &systems::cluster(45, 4), softening);
        }
    }
}

fn check_energies(backend: &dyn Backend, variant: Variant, bodies: &Bodies, softening: f64) {
    let bodies = variant.representable(bodies);
    let expected = reference_energies(&bodies, softening);
    let found = kernel(backend, variant, softening).energies(&bodies).expect("energies");
    let mut bound = tolerances::energy(variant.precision);
    if variant.algorithm == NBodyAlgorithm::Tree {
        bound += tolerances::TREE_ENERGY;
    }
    for (name, found, expected) in [
        ("kinetic", found.kinetic, expected.kinetic),
        ("potential", found.potential, expected.potential),
    ] {
        // One body has no potential energy, in no precision.
        let (error, bound) = ((found - expected).abs(), bound * expected.abs());
        let n = bodies.len();
        assert!(
            error <= bound,
            "{variant}, {n} bodies: {name} energy off by {error:e} > {bound:e}"
        );
    }
}
