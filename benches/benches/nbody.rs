//! Whole velocity Verlet steps by direct summation, at every instruction level and on threads.
//!
//! Throughput is in directed interactions, `n (n - 1)` a step. `nbody_sizes` has the curve over `n`.

use std::hint::black_box;
use std::sync::Arc;

use backend_rayon::Threads;
use backend_simd::{Level, Simd};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kernels_core::nbody::{reference_accelerations_of, rms_error};
use kernels_core::{Backend, Bodies, NBody, NBodyOptions, Precision, tolerances};
use ndarray::{Array2, Axis};

/// Bodies of equal mass on a spiral in a sphere of radius 1, at rest.
fn sphere(bodies: usize) -> Bodies {
    let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
    let position = |body: usize| {
        let at = (body as f64 + 0.5) / bodies as f64;
        let (z, radius) = (1.0 - 2.0 * at, ((body * 7919) % bodies + 1) as f64 / bodies as f64);
        let (ring, angle) = ((1.0 - z * z).sqrt(), golden * body as f64);
        [radius * ring * angle.cos(), radius * ring * angle.sin(), radius * z]
    };
    let masses = vec![1.0 / bodies as f64; bodies];
    Bodies::from_rows(masses, (0..bodies).map(position).collect(), vec![[0.0; 3]; bodies])
        .expect("the spiral is a system")
}

/// The bodies whose accelerations are compared with the reference.
const SAMPLE: usize = 256;

/// Panics where the accelerations of some bodies are off by more than the published bound.
fn assert_bound(name: &str, kernel: &mut dyn NBody, precision: Precision, bodies: &Bodies) {
    let mut found = Array2::zeros((bodies.len(), 3));
    kernel.accelerations(bodies, found.view_mut()).expect("no two bodies coincide");
    let sample: Vec<usize> = (0..bodies.len()).step_by(bodies.len().div_ceil(SAMPLE)).collect();
    let reference = reference_accelerations_of(bodies, &sample, 0.0);
    let error = rms_error(found.select(Axis(0), &sample).view(), reference.view());
    let bound = tolerances::acceleration_rms(precision);
    assert!(error <= bound, "{name}, {} bodies: {error:e}", bodies.len());
}

/// Measures steps of `backend`, after its accelerations were compared with the reference.
fn steps(
    c: &mut Criterion,
    group: &str,
    name: &str,
    backend: &dyn Backend,
    precision: Precision,
    bodies: usize,
) {
    let options = NBodyOptions { precision: Some(precision), ..NBodyOptions::default() };
    let mut kernel = backend.nbody(&options).expect("the backend has the precision");
    let mut moving = sphere(bodies);
    assert_bound(name, kernel.as_mut(), precision, &moving);
    let mut group = c.benchmark_group(group);
    // A call moves the state to the lanes and back: enough steps that this does not count.
    let steps = (2_000_000 / (bodies * bodies)).clamp(1, 1000) as u64;
    group.throughput(Throughput::Elements(steps * (bodies * (bodies - 1)) as u64));
    group.bench_function(BenchmarkId::new(name, bodies), |bencher| {
        bencher.iter(|| {
            kernel.leapfrog(black_box(&mut moving), 1e-9, steps).expect("the steps are tiny")
        });
    });
    group.finish();
}

fn levels(c: &mut Criterion) {
    for level in Level::available() {
        let simd = Simd::with_level(level).expect("an available level");
        for bodies in [16, 1024] {
            for precision in [Precision::F64, Precision::F32] {
                let name = format!("{level}-{precision}");
                steps(c, "nbody", &name, &simd, precision, bodies);
            }
        }
    }
}

fn threads(c: &mut Criterion) {
    let rayon = Threads::over("rayon", Arc::new(Simd::new()), None);
    for bodies in [1024, 16_384] {
        steps(c, "nbody", "rayon-f64", &rayon, Precision::F64, bodies);
    }
}

criterion_group!(benches, levels, threads);
criterion_main!(benches);
