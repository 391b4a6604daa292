//! Any bytes, cut into pieces of any size: every backend of the processor, algorithm and level, on one and two threads, counts
//! what `scalar` counts of the whole, or refuses it with the same offset. Some are repeated to a piece that is long enough
//! for two threads to share.

#![no_main]

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use backend_rayon::Threads;
use backend_scalar::Scalar;
use backend_simd::{Level, Simd};
use kernels_core::{
    Backend, Counts, Error, InTurn, Parallel, WordCount, WordCountAlgorithm, WordCountOptions, text,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The first byte says how long the pieces are: 1 to 4,096 bytes, and then up to a border; or one that is shared.
    let Some((&size, text)) = input.split_first() else { return };
    match size {
        0..240 => in_pieces(text, 1 << (size % 13)),
        240.. => shared(text),
    }
});

/// By every backend and algorithm.
fn in_pieces(text: &[u8], size: usize) {
    let pieces = cut(text, size);
    let expected = expected(text);
    for backend in BACKENDS.iter() {
        for algorithm in backend.capabilities().word_count_algorithms {
            let mut counter = backend.word_count(&WordCountOptions { algorithm }).unwrap();
            let added = add_one_by_one(&mut *counter, &pieces);
            let what = (backend.name(), algorithm, backend.capabilities().device);
            assert_eq!(lines(added), expected, "{what:?}, pieces of {size}");
            if algorithm == WordCountAlgorithm::Scan {
                let taken = counter.add_pieces(&InTurn::new(&pieces));
                let taken = taken.and_then(|()| counter.finish());
                assert_eq!(lines(taken), expected, "{what:?}, pieces of {size} taken by threads");
            }
        }
    }
}

/// The text repeated to a piece that is long enough for two threads to cut it into slices.
fn shared(text: &[u8]) {
    const LONG: usize = 1 << 17;
    let piece = text.repeat(LONG / text.len().max(1) + 1);
    let expected = expected(&piece);
    for backend in BACKENDS.iter().filter(|backend| backend.capabilities().threads > 1) {
        let mut counter = backend.word_count(&WordCountOptions::default()).unwrap();
        assert_eq!(lines(counter.count(&piece)), expected, "{}", backend.capabilities().device);
    }
}

fn expected(text: &[u8]) -> Result<Vec<u8>, Error> {
    lines(Scalar::new().word_count(&WordCountOptions::default()).unwrap().count(text))
}

/// Scalar and every level of SIMD, each alone and on two threads.
static BACKENDS: LazyLock<Vec<Arc<dyn Backend>>> = LazyLock::new(|| {
    let levels = Level::available().into_iter().filter_map(Simd::with_level);
    let simd = levels.map(|simd| Arc::new(simd) as Arc<dyn Parallel>);
    let parts: Vec<_> = simd.chain([Arc::new(Scalar::new()) as _]).collect();
    let threads = parts.iter().map(|part| {
        let threads = Threads::over("rayon", Arc::clone(part), NonZeroUsize::new(2));
        Arc::new(threads) as Arc<dyn Backend>
    });
    threads.chain(parts.iter().map(|part| Arc::clone(part) as _)).collect()
});

/// The text in pieces of at least `size` bytes that end behind separators.
fn cut(text: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let border = text::next_border(rest, size.min(rest.len()));
        // A border is in front of a separator; a piece ends behind it.
        let (piece, behind) = rest.split_at((border + 1).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn add_one_by_one(counter: &mut dyn WordCount, pieces: &[&[u8]]) -> Result<Counts, Error> {
    pieces.iter().try_for_each(|piece| counter.add(piece))?;
    counter.finish()
}

/// The lines of the result.
fn lines(counts: Result<Counts, Error>) -> Result<Vec<u8>, Error> {
    counts.map(|counts| {
        let mut out = Vec::new();
        counts.ranked(0).write_lines(usize::MAX, &mut out);
        out
    })
}
