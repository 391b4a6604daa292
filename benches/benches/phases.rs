//! What phases and spans cost where nobody listens, that is without --profile and --trace: the reading
//! of a number each, beside the smallest calls of the kernels that are wrapped in one.
//!
//! `cargo bench -p benches --bench phases`

mod input;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use input::{cube, word, zipf};
use kernels_core::phase::{self, Phase};
use perf_kernels::{NBodyOptions, WordCountOptions};
use tracing::info_span;

/// A phase in a span, as the program has them around the calls of a kernel.
fn watched<R>(job: impl FnOnce() -> R) -> R {
    info_span!("a phase").in_scope(|| phase::within(Phase::Count, job))
}

fn alone(c: &mut Criterion) {
    assert!(!phase::is_heard(), "somebody listens");
    assert_eq!(watched(|| 1), 1);
    let mut group = c.benchmark_group("phases/alone");
    group.bench_function("nothing", |bencher| bencher.iter(|| black_box(1)));
    group.bench_function("phase", |bencher| {
        bencher.iter(|| phase::within(Phase::Count, || black_box(1)));
    });
    group.bench_function("span", |bencher| {
        bencher.iter(|| info_span!("a phase").in_scope(|| black_box(1)));
    });
}

/// Sixteen steps of sixteen bodies: what `cli nbody` asks for at once is never less for long.
fn steps(c: &mut Criterion) {
    let backend = perf_kernels::backend("simd").expect("it is on every machine");
    let mut kernel = backend.nbody(&NBodyOptions::default()).expect("an N-body kernel");
    let mut bodies = cube(16);
    kernel.leapfrog(&mut bodies, 1e-9, 16).expect("tiny steps");
    let mut same = cube(16);
    watched(|| kernel.leapfrog(&mut same, 1e-9, 16)).expect("tiny steps");
    assert!(bodies == same && bodies != cube(16), "watching changes the steps");
    let mut group = c.benchmark_group("phases/steps");
    group.bench_function("bare", |bencher| {
        bencher.iter(|| kernel.leapfrog(&mut bodies, 1e-9, 16).expect("tiny steps"));
    });
    group.bench_function("watched", |bencher| {
        bencher.iter(|| watched(|| kernel.leapfrog(&mut bodies, 1e-9, 16)).expect("tiny steps"));
    });
}

/// A text of a kilobyte, where `cli wordcount` counts a mebibyte at once.
fn text(c: &mut Criterion) {
    let backend = perf_kernels::backend("simd").expect("it is on every machine");
    let mut counter = backend.word_count(&WordCountOptions::default()).expect("a word counter");
    let text = zipf(300).map(|number| word(number, 'a')).collect::<Vec<_>>().join(" ");
    let mut count = |expected| {
        let counts = counter.count(text.as_bytes()).expect("the text is UTF-8");
        assert_eq!(counts.total(), expected);
        counts
    };
    let mut group = c.benchmark_group("phases/text");
    group.bench_function("bare", |bencher| bencher.iter(|| count(300)));
    group.bench_function("watched", |bencher| bencher.iter(|| watched(|| count(300))));
}

criterion_group!(benches, alone, steps, text);
criterion_main!(benches);
