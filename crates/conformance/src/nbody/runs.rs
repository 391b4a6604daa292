//! Runs of many steps: how they are cut and which kernel object makes them may not matter.

use std::panic::resume_unwind;
use std::thread;

use kernels_core::nbody::leapfrog;
use kernels_core::{Backend, Bodies};
use ndarray::{Array2, array};

use super::{accelerations, assert_close, kernel, largest_distance, systems, variants};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("nbody_run_does_not_depend_on_how_it_is_cut", chunks),
    Case::new("nbody_run_does_not_depend_on_the_kernel_object", fresh_kernels),
    Case::new("nbody_growing_system_keeps_its_digits", growth),
    Case::new("nbody_kernel_serves_one_system_after_another", reuse),
    Case::new("nbody_run_agrees_with_the_plain_leapfrog", plain_leapfrog),
    Case::new("nbody_threads_share_a_backend", threads),
    Case::new("nbody_no_steps_change_nothing", no_steps),
    Case::new("nbody_bodies_that_meet_go_on", meeting),
    Case::new("nbody_bodies_that_have_met_do_not_act_on_each_other", met),
];

fn chunks(backend: &dyn Backend) {
    for variant in variants(backend) {
        for n in [1, 2, 3, 4, 5, 6, 7, 16, 33, 130] {
            let bodies = systems::cluster(n, 31);
            let mut kernel = kernel(backend, variant, 0.0);
            let mut run = |cuts: &[u64]| {
                let mut moving = bodies.clone();
                for &steps in cuts {
                    kernel.leapfrog(&mut moving, 1e-3, steps).expect("a run");
                }
                moving
            };
            let whole = run(&[20]);
            assert_eq!(whole, run(&[1, 7, 12]), "{variant}, {n} bodies: cut in three");
            assert_eq!(whole, run(&[1; 20]), "{variant}, {n} bodies: cut in single steps");
        }
    }
}

/// What a kernel remembers of its last run may save work, but not change a bit.
fn fresh_kernels(backend: &dyn Backend) {
    for variant in variants(backend) {
        let bodies = systems::cluster(21, 32);
        let mut whole = bodies.clone();
        kernel(backend, variant, 0.0).leapfrog(&mut whole, 1e-3, 10).expect("a run");
        let mut cut = bodies;
        for _ in 0..2 {
            kernel(backend, variant, 0.0).leapfrog(&mut cut, 1e-3, 5).expect("a run");
        }
        assert_eq!(whole, cut, "{variant}");
    }
}

/// A body leaves what may have been a suitable unit of length, and the state goes to the kernel and back at
/// every step: neither changes a bit. Many bodies, since a digit would get lost in one of thousands.
fn growth(backend: &dyn Backend) {
    let mut bodies = systems::cluster(1500, 36);
    let (x, v) = (bodies.position_rows().to_vec(), bodies.velocity_rows().to_vec());
    let escaper = ([255.5, 0.0, 0.0], [100.0, 0.0, 0.0]);
    bodies.set_state(|i| if i == 1499 { escaper } else { (x[i], v[i]) }).expect("a state");
    for variant in variants(backend) {
        let moved = |mut bodies: Bodies, steps| {
            kernel(backend, variant, 0.01).leapfrog(&mut bodies, 1e-3, steps).expect("a run");
            bodies
        };
        let whole = moved(bodies.clone(), 12);
        let cut = (0..12).fold(bodies.clone(), |bodies, _| moved(bodies, 1));
        let state = |bodies: &Bodies, i| (bodies.position_rows()[i], bodies.velocity_rows()[i]);
        let different = (0..1500).find(|&i| state(&whole, i) != state(&cut, i));
        assert_eq!(different, None, "{variant}");
        assert!(whole.position_rows()[1499][0] > 256.0, "{variant}: the body did not leave");
    }
}

/// Kernels of several threads at once, of which each may wait for the same device.
fn threads(backend: &dyn Backend) {
    let bodies = systems::cluster(25, 37);
    for variant in variants(backend) {
        let run = || {
            let mut moving = bodies.clone();
            let mut kernel = kernel(backend, variant, 0.0);
            (0..40).for_each(|_| kernel.leapfrog(&mut moving, 1e-3, 1).expect("a run"));
            moving
        };
        let alone = run();
        thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(run));
            for thread in threads {
                assert_eq!(
                    thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                    alone,
                    "{variant}"
                );
            }
        });
    }
}

fn reuse(backend: &dyn Backend) {
    let cluster = systems::cluster(30, 33);
    let other_masses = systems::with_masses(&cluster, |i| 1.0 / (1.0 + i as f64));
    let systems = [
        cluster.clone(),
        other_masses,
        systems::cluster(5, 34),
        cluster.clone(),
        systems::shifted(&cluster, [1.0, 0.0, 0.0]),
        systems::cluster(200, 35),
        systems::permuted(&cluster, |i| 29 - i),
    ];
    for variant in variants(backend) {
        let mut used = kernel(backend, variant, 0.0);
        for (place, bodies) in systems.iter().enumerate() {
            let (mut by_used, mut by_fresh) = (bodies.clone(), bodies.clone());
            used.leapfrog(&mut by_used, 1e-3, 3).expect("a run");
            kernel(backend, variant, 0.0).leapfrog(&mut by_fresh, 1e-3, 3).expect("a run");
            assert_eq!(by_used, by_fresh, "{variant}, system {place}");
            let mut a = Array2::zeros((bodies.len(), 3));
            used.accelerations(bodies, a.view_mut()).expect("accelerations");
            let fresh = accelerations(backend, variant, bodies, 0.0);
            assert_eq!(a, fresh, "{variant}, accelerations of system {place}");
        }
    }
}

fn plain_leapfrog(backend: &dyn Backend) {
    for variant in variants(backend) {
        let bodies = variant.representable(&systems::cluster(40, 36));
        let (mut found, mut expected) = (bodies.clone(), bodies);
        kernel(backend, variant, 0.01).leapfrog(&mut found, 1e-3, 50).expect("a run");
        let mut plain = kernel(backend, variant, 0.01);
        leapfrog(&mut *plain, &mut expected, 1e-3, 50).expect("a run");
        let distance = largest_distance(&found, &expected);
        assert!(distance <= variant.drift(), "{variant}: {distance:e} apart");
        let speeds = |bodies: &Bodies| bodies.velocities().to_owned();
        let apart =
            (&speeds(&found) - &speeds(&expected)).iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        assert!(apart <= 100.0 * variant.drift(), "{variant}: velocities {apart:e} apart");
    }
}

fn no_steps(backend: &dyn Backend) {
    for variant in variants(backend) {
        let bodies = systems::cluster(9, 37);
        let mut still = bodies.clone();
        kernel(backend, variant, 0.0).leapfrog(&mut still, 1e-3, 0).expect("no run");
        assert_eq!(still, bodies, "{variant}");
    }
}

/// Two massless bodies fly at each other and are at one point, to the last bit, behind the second step: every
/// backend lets them pass, in one call and in several, and so does a run that goes on from there.
fn meeting(backend: &dyn Backend) {
    for n in [3, 40, 600] {
        let bodies = systems::head_on(n);
        for variant in variants(backend) {
            let mut kernel = kernel(backend, variant, 0.0);
            let mut moved = bodies.clone();
            kernel.leapfrog(&mut moved, 0.25, 2).expect("they meet");
            assert_eq!(moved.position_rows()[..2], [[0.0; 3]; 2], "{variant}, {n} bodies");
            let energy = kernel.energies(&moved).expect("energies").potential;
            assert_eq!(energy, 0.0, "{variant}, {n} bodies");
            let mut resumed = systems::underway(&moved);
            kernel.leapfrog(&mut moved, 0.25, 2).expect("they pass");
            super::kernel(backend, variant, 0.0)
                .leapfrog(&mut resumed, 0.25, 2)
                .expect("they pass in a resumed run");
            let mut whole = bodies.clone();
            super::kernel(backend, variant, 0.0).leapfrog(&mut whole, 0.25, 4).expect("a run");
            assert_eq!(moved, whole, "{variant}, {n} bodies: cut");
            assert_eq!(resumed, whole, "{variant}, {n} bodies: resumed");
            assert_eq!(moved.position_rows()[0][0], 0.5, "{variant}, {n} bodies");
        }
    }
}

fn met(backend: &dyn Backend) {
    let positions = vec![[0.0; 3], [0.0; 3], [3.0, 4.0, 0.0]];
    let bodies = Bodies::underway(vec![1.0, 2.0, 4.0], positions, vec![[0.0; 3]; 3]);
    let bodies = bodies.expect("well-formed");
    let (pull, push) = ([12.0 / 125.0, 16.0 / 125.0, 0.0], [-9.0 / 125.0, -12.0 / 125.0, 0.0]);
    let expected = array![pull, pull, push];
    for variant in variants(backend) {
        let found = accelerations(backend, variant, &bodies, 0.0);
        assert_close(&found, &expected, variant.bound(), variant);
        let energy = kernel(backend, variant, 0.0).energies(&bodies).expect("energies").potential;
        assert!((energy / -2.4 - 1.0).abs() < 1e-5, "{variant}: {energy}");
    }
}
