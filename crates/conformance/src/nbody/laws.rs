//! What mechanics demands of any implementation.

use kernels_core::{Backend, Bodies, Precision};
use ndarray::{Array2, array};

use super::{Variant, accelerations, assert_close, kernel, largest_distance, systems, variants};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("nbody_net_force_is_zero", net_force),
    Case::new("nbody_translation_changes_no_force", translation),
    Case::new("nbody_order_of_bodies_does_not_matter", permutation),
    Case::new("nbody_one_body_goes_straight_on", straight_on),
    Case::new("nbody_two_bodies_attract_by_the_inverse_square", inverse_square),
    Case::new("nbody_circular_binary_returns_after_its_period", circular_orbit),
    Case::new("nbody_halving_the_step_quarters_the_error", second_order),
    Case::new("nbody_run_is_reversible", reversibility),
    Case::new("nbody_energy_is_conserved", conservation),
];

/// Newton's third law: the forces cancel.
fn net_force(backend: &dyn Backend) {
    for variant in variants(backend) {
        let bodies = variant.representable(&systems::cluster(100, 21));
        let a = accelerations(backend, variant, &bodies, 0.0);
        let forces = || a.rows().into_iter().zip(bodies.mass_slice());
        for k in 0..3 {
            let net: f64 = forces().map(|(row, mass)| mass * row[k]).sum();
            let scale: f64 = forces().map(|(row, mass)| mass * row[k].abs()).sum();
            let bound = 4.0 * variant.bound() * scale;
            assert!(net.abs() <= bound, "{variant}: net force {net:e}, bound {bound:e}");
        }
    }
}

fn translation(backend: &dyn Backend) {
    for variant in variants(backend) {
        // The shift is a few units in the last place of f32, so that no digit is lost by it.
        let bodies = systems::cluster(77, 22).rounded(Precision::F32).expect("a cluster");
        let moved = systems::shifted(&bodies, [0.5, -0.25, 1.0]);
        let moved = variant.representable(&moved);
        let back = systems::shifted(&moved, [-0.5, 0.25, -1.0]);
        let found = accelerations(backend, variant, &moved, 0.0);
        let expected = accelerations(backend, variant, &back, 0.0);
        assert_close(&found, &expected, 2.0 * variant.bound(), variant);
    }
}

fn permutation(backend: &dyn Backend) {
    let n = 101;
    let order = |i: usize| (i * 37 + 11) % n;
    for variant in variants(backend) {
        let bodies = variant.representable(&systems::cluster(n, 23));
        let found = accelerations(backend, variant, &systems::permuted(&bodies, order), 0.0);
        let ordered = accelerations(backend, variant, &bodies, 0.0);
        let expected = Array2::from_shape_fn((n, 3), |(i, k)| ordered[[order(i), k]]);
        assert_close(&found, &expected, 2.0 * variant.bound(), variant);
    }
}

/// Numbers that are sums of a few powers of two, so that every step is exact in any precision.
fn straight_on(backend: &dyn Backend) {
    let one = |x| Bodies::from_rows(vec![2.0], vec![x], vec![[0.5, 0.0, -2.0]]).expect("sound");
    for variant in variants(backend) {
        let start = one([1.0, 2.0, -3.0]);
        assert_eq!(accelerations(backend, variant, &start, 0.0), array![[0.0; 3]], "{variant}");
        assert_eq!(run(backend, variant, &start, 0.25, 8), one([2.0, 2.0, -7.0]), "{variant}");
        let energies = kernel(backend, variant, 0.0).energies(&start).expect("energies");
        assert_eq!(energies.kinetic, 4.25, "{variant}");
        assert_eq!(energies.potential, 0.0, "{variant}");
    }
}

/// Masses and distances that are powers of two, so that the exact result is a number of any precision.
fn inverse_square(backend: &dyn Backend) {
    let bodies = Bodies::from_rows(
        vec![2.0, 8.0],
        vec![[1.0, 2.0, -3.0], [1.0, 6.0, -3.0]],
        vec![[0.0; 3]; 2],
    )
    .expect("well-formed");
    let expected = array![[0.0, 0.5, 0.0], [0.0, -0.125, 0.0]];
    for variant in variants(backend) {
        assert_close(
            &accelerations(backend, variant, &bodies, 0.0),
            &expected,
            variant.bound(),
            variant,
        );
    }
}

/// Started with the speed of the true circle, the leapfrog is on a slightly wider orbit and lags behind by
/// `(omega dt)^2 / 3` of what has passed.
fn circular_orbit(backend: &dyn Backend) {
    let steps = 1000_u32;
    let (bodies, period) = systems::circular_binary([0.75, 0.25], 1.0);
    let omega_dt = std::f64::consts::TAU / f64::from(steps);
    let expected = 0.75 * std::f64::consts::TAU * omega_dt * omega_dt / 3.0;
    for variant in variants(backend) {
        let end = run(backend, variant, &bodies, period / f64::from(steps), steps.into());
        let distance = largest_distance(&end, &bodies);
        let bound = 0.01 * expected + variant.drift();
        let off = (distance - expected).abs();
        assert!(off <= bound, "{variant}: {distance:e} from the start, not {expected:e}");
        let half = run(backend, variant, &bodies, period / f64::from(steps), (steps / 2).into());
        let across = largest_distance(&half, &bodies);
        assert!((across - 1.5).abs() < 1e-3, "{variant}: {across} after half a turn, not 1.5");
    }
}

fn second_order(backend: &dyn Backend) {
    let (bodies, period) = systems::circular_binary([0.75, 0.25], 1.0);
    for variant in variants(backend) {
        let error = |steps: u32| {
            let end = run(backend, variant, &bodies, period / f64::from(steps), steps.into());
            largest_distance(&end, &bodies)
        };
        let ratio = error(100) / error(200);
        assert!((3.8..4.2).contains(&ratio), "{variant}: the error falls by {ratio}, not by 4");
    }
}

fn reversibility(backend: &dyn Backend) {
    for variant in variants(backend) {
        let bodies = variant.representable(&systems::cluster(48, 24));
        let there = run(backend, variant, &bodies, 1e-3, 100);
        let moved = largest_distance(&there, &bodies);
        assert!(moved > 1e-3, "{variant}: the bodies did not move");
        let back = run(backend, variant, &there, -1e-3, 100);
        let distance = largest_distance(&back, &bodies);
        assert!(distance <= variant.drift(), "{variant}: {distance:e} from the start");
    }
}

fn conservation(backend: &dyn Backend) {
    let softening = 0.1;
    for variant in variants(backend) {
        let bodies = variant.representable(&systems::cluster(64, 25));
        let mut kernel = kernel(backend, variant, softening);
        let before = kernel.energies(&bodies).expect("energies");
        let mut moving = bodies.clone();
        kernel.leapfrog(&mut moving, 1e-3, 300).expect("a run");
        let after = kernel.energies(&moving).expect("energies");
        let error = ((after.total() - before.total()) / before.total()).abs();
        assert!(error <= 1e-5 + variant.drift(), "{variant}: the energy changed by {error:e}");
        let exchanged = ((after.kinetic - before.kinetic) / before.kinetic).abs();
        assert!(exchanged > 1e-3, "{variant}: no energy was exchanged");
    }
}

fn run(backend: &dyn Backend, variant: Variant, bodies: &Bodies, dt: f64, steps: u64) -> Bodies {
    let mut bodies = bodies.clone();
    kernel(backend, variant, 0.0)
        .leapfrog(&mut bodies, dt, steps)
        .unwrap_or_else(|error| panic!("{variant}: {error}"));
    bodies
}
