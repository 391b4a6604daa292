//! The time of a step against the number of bodies: the tree, and the direct sum as far as it is
//! worth waiting for, with one thread and with all.
//!
//! `cargo bench -p benches --bench nbody_tree`

mod input;

use std::f64::consts::TAU;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use input::is_test;
use ndarray::{Array2, Axis};
use perf_kernels::nbody::{reference_accelerations_of, rms_error};
use perf_kernels::{Backend, Bodies, NBodyAlgorithm, NBodyOptions, tolerances};

/// The numbers of bodies, four times as many each time.
const SIZES: [usize; 6] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];

/// The largest direct sum.
const LARGEST_DIRECT: usize = 1 << 16;

/// The largest system of a run that only shows that everything works.
const LARGEST_TEST: usize = 1 << 14;

/// A Plummer sphere at rest, of equal masses that add up to 1, by SplitMix64.
fn plummer(n: usize) -> Bodies {
    let mut state = 4_u64;
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    };
    let mut position = || {
        let radius = (uniform().powf(-2.0 / 3.0) - 1.0).powf(-0.5);
        let (z, angle) = (2.0 * uniform() - 1.0, TAU * uniform());
        let flat = radius * (1.0 - z * z).sqrt();
        [flat * angle.cos(), flat * angle.sin(), radius * z]
    };
    let positions = (0..n).map(|_| position()).collect();
    Bodies::from_rows(vec![1.0 / n as f64; n], positions, vec![[0.0; 3]; n]).expect("well-formed")
}

/// Panics where the accelerations of a sample are off by more than the published bound.
fn assert_bound(backend: &dyn Backend, options: &NBodyOptions, bodies: &Bodies) {
    let mut kernel = backend.nbody(options).expect("the backend has the algorithm");
    let mut found = Array2::zeros((bodies.len(), 3));
    kernel.accelerations(bodies, found.view_mut()).expect("sound bodies");
    let sample: Vec<usize> = (0..bodies.len()).step_by(bodies.len() / 64).collect();
    let reference = reference_accelerations_of(bodies, &sample, options.softening);
    let error = rms_error(found.select(Axis(0), &sample).view(), reference.view());
    assert!(error < tolerances::TREE_RMS, "{} bodies: {error:e}", bodies.len());
}

fn curve(criterion: &mut Criterion, backend: &str, algorithm: NBodyAlgorithm) {
    let backend = perf_kernels::backend(backend).expect("a backend of every machine");
    let options = NBodyOptions { algorithm, softening: 1e-3, ..NBodyOptions::default() };
    let mut group = criterion.benchmark_group(format!("{}/{algorithm}", backend.name()));
    group.sample_size(10).warm_up_time(Duration::from_millis(200));
    for n in SIZES {
        let too_large = algorithm == NBodyAlgorithm::Direct && n > LARGEST_DIRECT;
        if too_large || is_test() && n > LARGEST_TEST {
            break;
        }
        let mut bodies = plummer(n);
        assert_bound(&*backend, &options, &bodies);
        let mut kernel = backend.nbody(&options).expect("the backend has the algorithm");
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            bencher.iter(|| kernel.leapfrog(&mut bodies, 1e-6, 1).expect("a short step"));
        });
    }
}

fn tree_and_direct(criterion: &mut Criterion) {
    for backend in ["simd", "rayon"] {
        for algorithm in [NBodyAlgorithm::Tree, NBodyAlgorithm::Direct] {
            curve(criterion, backend, algorithm);
        }
    }
}

criterion_group!(benches, tree_and_direct);
criterion_main!(benches);
