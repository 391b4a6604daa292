//! Word count of texts in memory, from the bytes to the lines: every instruction level, and threads.
//!
//! Three texts: `prose` has few distinct words, some of them very frequent; in `distinct` no word comes
//! twice, so the table's growth and the ranking are what counts; half the words of `unicode` are Greek.

mod input;

use std::hint::black_box;
use std::sync::Arc;

use backend_rayon::Threads;
use backend_simd::{Level, Simd};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use input::{word, zipf};
use kernels_core::{Backend, WordCount, WordCountOptions};

const WORDS: u64 = 1 << 18;

/// Name, text and number of its distinct words.
fn texts() -> [(&'static str, String, Option<usize>); 3] {
    let join = |words: &mut dyn Iterator<Item = String>| words.collect::<Vec<_>>().join(" ");
    [
        ("prose", join(&mut zipf(WORDS).map(|number| word(number, 'a'))), None),
        ("distinct", join(&mut (0..WORDS).map(|number| word(number, 'a'))), Some(WORDS as usize)),
        (
            "unicode",
            join(&mut zipf(WORDS).map(|n| word(n, if n % 2 == 0 { 'a' } else { 'α' }))),
            None,
        ),
    ]
}

/// The lines of the result, by the counter's own executor.
fn lines(counter: &mut dyn WordCount, text: &str) -> Vec<u8> {
    let counts = counter.count(text.as_bytes()).expect("the text is UTF-8");
    let mut lines = Vec::new();
    let mut write = |block: &[u8]| -> Result<(), std::convert::Infallible> {
        lines.extend_from_slice(block);
        Ok(())
    };
    let ranking = counts.ranked_on(1, counter.executor());
    let Ok(()) = ranking.write_lines_on(usize::MAX, counter.executor(), &mut write);
    lines
}

fn measure(c: &mut Criterion, name: &str, backend: &dyn Backend) {
    let mut counter = backend.word_count(&WordCountOptions::default()).expect("a word counter");
    for (kind, text, distinct) in texts() {
        let counts = counter.count(text.as_bytes()).expect("the text is UTF-8");
        assert_eq!(counts.total(), WORDS, "{name}, {kind}");
        assert!(distinct.is_none_or(|distinct| distinct == counts.len()), "{name}, {kind}");
        let mut group = c.benchmark_group(format!("word_count/{kind}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| lines(&mut *counter, black_box(&text)));
        });
        group.finish();
    }
}

fn levels(c: &mut Criterion) {
    for level in Level::available() {
        measure(c, level.name(), &Simd::with_level(level).expect("an available level"));
    }
}

fn threads(c: &mut Criterion) {
    measure(c, "rayon", &Threads::over("rayon", Arc::new(Simd::new()), None));
}

criterion_group!(benches, levels, threads);
criterion_main!(benches);
