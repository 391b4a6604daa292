//! What only this backend promises: bits that depend neither on the threads nor on where a run is cut,
//! and full precision at every level over a wide range of distances.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use backend_simd::{Level, Simd};
use kernels_core::nbody::{
    reference_accelerations, reference_accelerations_of, reference_energies, rms_error,
};
use kernels_core::{
    Backend, Bodies, Executor, NBody, NBodyAlgorithm, NBodyOptions, Parallel, Precision, tolerances,
};
use ndarray::{Array2, Axis};

/// Threads that take the units as they come.
#[derive(Debug)]
struct Crew(usize);

impl Executor for Crew {
    fn threads(&self) -> usize {
        self.0
    }

    fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(mine) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&i| i < units)
            {
                unit(mine);
            }
        };
        std::thread::scope(|scope| (0..self.0).for_each(|_| drop(scope.spawn(work))));
    }
}

/// Numbers in 0..1, always the same ones (Marsaglia, J. Stat. Softw. 8(14), 2003).
fn uniform() -> impl FnMut() -> f64 {
    let mut state = 88_172_645_463_325_252_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Bodies in a cube of side `scale` about `centre`, every seventh without mass.
fn cloud(bodies: usize, centre: f64, scale: f64) -> Bodies {
    let mut next = uniform();
    let mut triple = |centre: f64, scale: f64| [(); 3].map(|()| centre + scale * (next() - 0.5));
    let positions = (0..bodies).map(|_| triple(centre, scale)).collect();
    let velocities = (0..bodies).map(|_| triple(0.0, 1.0)).collect();
    let mass = |body: usize| if body % 7 == 6 { 0.0 } else { (1 + body % 5) as f64 };
    let masses = (0..bodies).map(|body| mass(body) / bodies as f64).collect();
    Bodies::from_rows(masses, positions, velocities).unwrap()
}

fn accelerations(kernel: &mut dyn NBody, bodies: &Bodies) -> Array2<f64> {
    let mut out = Array2::zeros((bodies.len(), 3));
    kernel.accelerations(bodies, out.view_mut()).unwrap();
    out
}

fn levels() -> impl Iterator<Item = Simd> {
    Level::available().into_iter().filter_map(Simd::with_level)
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    // Every number of units that a system of less than 65,536 bodies is cut into, the last at the best level.
    let all = levels().flat_map(|simd| [2, 16, 700, 2500].map(|bodies| (simd, bodies)));
    for (simd, bodies) in all.chain([(Simd::new(), 8200)]) {
        let start = cloud(bodies, 0.0, 2.0);
        for precision in [Precision::F64, Precision::F32] {
            let options = NBodyOptions { precision: Some(precision), ..NBodyOptions::default() };
            let run = |executor: Arc<dyn Executor>| {
                let mut kernel = simd.nbody_on(&options, executor).unwrap();
                let mut moving = start.clone();
                kernel.leapfrog(&mut moving, 1e-3, 2).unwrap();
                let energies = kernel.energies(&moving).unwrap();
                (accelerations(&mut *kernel, &moving), energies, moving)
            };
            let alone = run(Arc::new(kernels_core::Serial));
            for threads in [1, 2, 3, 5, 8] {
                assert!(
                    run(Arc::new(Crew(threads))) == alone,
                    "{simd:?}, {bodies} bodies, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn bits_of_many_bodies_do_not_depend_on_the_number_of_threads() {
    let bodies = cloud(65_536, 0.0, 2.0);
    let options = NBodyOptions { precision: Some(Precision::F32), ..NBodyOptions::default() };
    let of = |executor: Arc<dyn Executor>| {
        accelerations(&mut *Simd::new().nbody_on(&options, executor).unwrap(), &bodies)
    };
    assert!(of(Arc::new(Crew(3))) == of(Arc::new(kernels_core::Serial)));
}

#[test]
fn bits_do_not_depend_on_where_a_run_is_cut() {
    for simd in levels() {
        for bodies in [3, 8, 13, 16, 30, 41, 600] {
            let mut kernel = simd.nbody(&NBodyOptions::default()).unwrap();
            let (mut whole, mut cut) = (cloud(bodies, 0.0, 2.0), cloud(bodies, 0.0, 2.0));
            kernel.leapfrog(&mut whole, 1e-3, 7).unwrap();
            for steps in [1, 4, 2] {
                kernel.leapfrog(&mut cut, 1e-3, steps).unwrap();
            }
            assert!(cut == whole, "{simd:?}, {bodies} bodies");
            // A kernel that did not leave this state behind computes the same accelerations again.
            let mut fresh = simd.nbody(&NBodyOptions::default()).unwrap();
            kernel.leapfrog(&mut whole, 1e-3, 1).unwrap();
            fresh.leapfrog(&mut cut, 1e-3, 1).unwrap();
            assert!(cut == whole, "{simd:?}, {bodies} bodies, a new kernel");
        }
    }
}

#[test]
fn every_size_up_to_a_few_tiles_has_full_precision() {
    for simd in levels() {
        for bodies in (2..=72).chain([127, 255, 513, 1031]) {
            check(simd, &cloud(bodies, 0.0, 1.0), 0.0);
            check(simd, &cloud(bodies, 0.0, 1.0), 0.05);
        }
    }
}

/// They are cut into 16 units and into 32. Of some bodies only: the reference takes 200 times as long.
#[test]
fn many_bodies_have_full_precision() {
    for bodies in [9_001, 66_001] {
        let cloud = cloud(bodies, 0.0, 1.0);
        let some: Vec<_> = (0..bodies).step_by(bodies / 40).collect();
        for precision in [Precision::F64, Precision::F32] {
            let cloud = cloud.rounded(precision).unwrap();
            let expected = reference_accelerations_of(&cloud, &some, 0.0);
            let options = NBodyOptions { precision: Some(precision), ..NBodyOptions::default() };
            let found = accelerations(&mut *Simd::new().nbody(&options).unwrap(), &cloud);
            let error = rms_error(found.select(Axis(0), &some).view(), expected.view());
            let bound = tolerances::acceleration_rms(precision);
            assert!(error < bound, "{bodies} bodies in {precision}: off by {error:e}");
        }
    }
}

#[test]
fn distances_from_very_small_to_very_large_have_full_precision() {
    for simd in levels() {
        for exponent in [-60, -30, -20, 20, 30, 60] {
            check(simd, &cloud(20, 0.0, 10_f64.powi(exponent)), 0.0);
        }
        check(simd, &cloud(37, 1e6, 1.0), 0.0);
    }
}

fn check(simd: Simd, bodies: &Bodies, softening: f64) {
    let options = NBodyOptions { softening, ..NBodyOptions::default() };
    let mut kernel = simd.nbody(&options).unwrap();
    let found = accelerations(&mut *kernel, bodies);
    let exact = reference_accelerations(bodies, softening);
    let context = format!("{simd:?}, {} bodies, softening {softening}", bodies.len());
    let rms = rms_error(found.view(), exact.view());
    assert!(rms <= tolerances::F64_RMS, "{context}: rms error {rms:e}");
    let scale = (exact.iter().map(|a| a * a).sum::<f64>() / exact.len() as f64).sqrt();
    let largest = (&found - &exact).iter().fold(0.0, |largest: f64, e| largest.max(e.abs()));
    assert!(largest <= tolerances::F64_LARGEST * scale, "{context}: error {largest:e}");
    let (energies, exact) =
        (kernel.energies(bodies).unwrap(), reference_energies(bodies, softening));
    let bound = tolerances::energy(Precision::F64);
    assert!(((energies.kinetic - exact.kinetic) / exact.kinetic).abs() <= bound, "{context}");
    assert!(((energies.potential - exact.potential) / exact.potential).abs() <= bound, "{context}");
}

#[test]
fn energies_are_exact_up_to_the_largest_softening() {
    let (bodies, softening) = (cloud(37, 0.0, 1.0), NBodyOptions::LARGEST_SOFTENING);
    let exact = reference_energies(&bodies, softening).potential;
    for simd in levels() {
        for algorithm in [NBodyAlgorithm::Direct, NBodyAlgorithm::Tree] {
            let options = NBodyOptions { softening, algorithm, ..NBodyOptions::default() };
            let found = simd.nbody(&options).unwrap().energies(&bodies).unwrap().potential;
            let error = ((found - exact) / exact).abs();
            assert!(
                error <= tolerances::energy(Precision::F64),
                "{simd:?}, {algorithm}: {error:e}"
            );
        }
    }
}

/// The sun and its planets in kilometres, whose masses are large numbers: what fell into the sun would be shot out of the
/// range of f32 within some thousand steps.
#[test]
fn lanes_without_a_body_stay_where_they_are() {
    let sun = 1.3e26;
    let distances = [58e6, 108e6, 150e6, 228e6, 778e6, 1.43e9, 2.87e9, 4.5e9];
    let planets = distances.map(|x: f64| (1e-6 * sun, [x, 0.0, 0.0], [0.0, (sun / x).sqrt(), 0.0]));
    for level in Level::available() {
        for bodies in [2, 3, 9] {
            let all = [(sun, [0.0; 3], [0.0; 3])].into_iter().chain(planets).take(bodies);
            let (masses, (positions, velocities)) = all.map(|(m, x, v)| (m, (x, v))).unzip();
            let mut system = Bodies::from_rows(masses, positions, velocities).unwrap();
            let options = NBodyOptions { precision: Some(Precision::F32), ..Default::default() };
            let mut kernel = Simd::with_level(level).unwrap().nbody(&options).unwrap();
            let moved = kernel.leapfrog(&mut system, 1e-3, 60_000);
            assert_eq!(moved, Ok(()), "{bodies} bodies, {level}");
        }
    }
}
