//! Both kernels on every backend that is ready here, at several sizes, each result asserted.
//!
//! `cargo bench -p benches --bench backends -- 'nbody/rayon'` measures a part of it; `-- --test` runs
//! everything once. What a backend costs cold (pool, device, pipelines) is paid before the clock runs.

mod input;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use input::{cube, word, zipf};
use ndarray::Array2;
use perf_kernels::nbody::{reference_accelerations, rms_error};
use perf_kernels::{
    Backend, Bodies, Counts, NBody, NBodyOptions, WordCount, WordCountOptions, tolerances,
};

const BODIES: [usize; 3] = [16, 256, 2048];
const WORDS: [u64; 3] = [1 << 8, 1 << 13, 1 << 18];
/// A device that only pretends to be one is too slow for the largest sizes.
const SIZES_OF_SOFTWARE: usize = 2;

/// The backends of this machine, each with the number of sizes that it is measured at.
fn backends() -> Vec<(Arc<dyn Backend>, usize)> {
    let all = perf_kernels::backends().expect("the environment asks for what there is");
    let ready = all.iter().filter(|backend| backend.availability().is_ready());
    let sizes = |backend: &Arc<dyn Backend>| match backend.capabilities().software {
        true => SIZES_OF_SOFTWARE,
        false => BODIES.len(),
    };
    ready.map(|backend| (Arc::clone(backend), sizes(backend))).collect()
}

/// Panics where the accelerations are off by more than the published bound.
fn assert_accelerations(backend: &dyn Backend, kernel: &mut dyn NBody, bodies: &Bodies) {
    let options = NBodyOptions::default();
    let precision = backend.precision(&options).expect("its own");
    let mut found = Array2::zeros((bodies.len(), 3));
    kernel.accelerations(bodies, found.view_mut()).expect("no two bodies coincide");
    let error = rms_error(found.view(), reference_accelerations(bodies, 0.0).view());
    let bound = tolerances::acceleration_rms(precision);
    assert!(error <= bound, "{}, {} bodies: {error:e}", backend.name(), bodies.len());
}

fn nbody(c: &mut Criterion) {
    for (backend, sizes) in backends() {
        let mut kernel = backend.nbody(&NBodyOptions::default()).expect("an N-body kernel");
        let mut group = c.benchmark_group(format!("nbody/{}", backend.name()));
        for bodies in BODIES.into_iter().take(sizes) {
            let mut moving = cube(bodies);
            assert_accelerations(backend.as_ref(), kernel.as_mut(), &moving);
            let steps = (4_000_000 / (bodies * bodies)).clamp(1, 1000) as u64;
            group.throughput(Throughput::Elements(steps * (bodies * (bodies - 1)) as u64));
            group.bench_function(BenchmarkId::from_parameter(bodies), |bencher| {
                bencher.iter(|| {
                    kernel.leapfrog(black_box(&mut moving), 1e-9, steps).expect("tiny steps")
                });
            });
        }
    }
}

fn counts(counter: &mut dyn WordCount, text: &str) -> Counts {
    counter.count(text.as_bytes()).expect("the text is UTF-8")
}

fn word_count(c: &mut Criterion) {
    let scalar = perf_kernels::backend("scalar").expect("it is on every machine");
    let mut reference = scalar.word_count(&WordCountOptions::default()).expect("a word counter");
    for (backend, sizes) in backends() {
        let mut counter = backend.word_count(&WordCountOptions::default()).expect("a counter");
        let mut group = c.benchmark_group(format!("wordcount/{}", backend.name()));
        for words in WORDS.into_iter().take(sizes) {
            let text = zipf(words).map(|number| word(number, 'a')).collect::<Vec<_>>().join(" ");
            let found = counts(counter.as_mut(), &text);
            assert_eq!(found.total(), words, "{}", backend.name());
            assert!(found == counts(reference.as_mut(), &text), "{}, {words}", backend.name());
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(BenchmarkId::from_parameter(text.len()), |bencher| {
                bencher.iter(|| counts(counter.as_mut(), black_box(&text)));
            });
        }
    }
}

criterion_group!(benches, nbody, word_count);
criterion_main!(benches);
