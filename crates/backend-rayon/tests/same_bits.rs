//! The number of threads changes no bit of a result.

use std::num::NonZeroUsize;
use std::sync::Arc;

use backend_rayon::Threads;
use backend_scalar::Scalar;
use backend_simd::Simd;
use kernels_core::{Backend, Bodies, NBodyAlgorithm, NBodyOptions, Parallel, WordCountOptions};
use ndarray::Array2;

const THREADS: [usize; 5] = [1, 2, 3, 5, 8];

fn parts() -> [Arc<dyn Parallel>; 2] {
    [Arc::new(Scalar::new()), Arc::new(Simd::new())]
}

fn threads(part: &Arc<dyn Parallel>, threads: usize) -> Threads {
    Threads::over("rayon", Arc::clone(part), NonZeroUsize::new(threads))
}

/// `n` bodies on a spiral that fills a ball.
fn spiral(n: usize) -> Bodies {
    let position = |i: usize| {
        let t = (i as f64 + 0.5) / n as f64;
        let (angle, radius) = (2.4 * i as f64, t.cbrt());
        [radius * angle.cos(), radius * angle.sin(), 2.0 * t - 1.0]
    };
    let positions: Vec<_> = (0..n).map(position).collect();
    let velocities = positions.iter().map(|x| [-0.3 * x[1], 0.3 * x[0], 0.1 * x[2]]).collect();
    let masses = (0..n).map(|i| (1.0 + (i % 7) as f64) / n as f64).collect();
    Bodies::from_rows(masses, positions, velocities).unwrap()
}

/// Accelerations, energies and a short run, as bits.
fn results(backend: &dyn Backend, options: &NBodyOptions, bodies: &Bodies) -> Vec<u64> {
    let mut kernel = backend.nbody(options).unwrap();
    let mut a = Array2::zeros((bodies.len(), 3));
    kernel.accelerations(bodies, a.view_mut()).unwrap();
    let energies = kernel.energies(bodies).unwrap();
    let mut end = bodies.clone();
    kernel.leapfrog(&mut end, 1e-3, 3).unwrap();
    let states = end.positions().into_iter().chain(end.velocities()).copied().collect::<Vec<_>>();
    let numbers = a.into_iter().chain([energies.kinetic, energies.potential]).chain(states);
    numbers.map(f64::to_bits).collect()
}

#[test]
fn nbody_on_any_number_of_threads_has_the_bits_of_the_part() {
    for part in parts() {
        let offered = part.capabilities();
        for &algorithm in &offered.nbody_algorithms {
            for &precision in offered.precisions_of(algorithm) {
                let precision = Some(precision);
                let options = NBodyOptions { precision, algorithm, ..NBodyOptions::default() };
                // `simd` cuts more bodies into more units.
                let more = match (part.name(), algorithm) {
                    ("simd", NBodyAlgorithm::Direct) => &[1100, 8200][..],
                    _ => &[],
                };
                for &n in [2, 17, 100, 1000].iter().chain(more) {
                    let bodies = spiral(n);
                    let expected = results(&*part, &options, &bodies);
                    for count in THREADS {
                        let found = results(&threads(&part, count), &options, &bodies);
                        let name = part.name();
                        assert!(found == expected, "{name}, {options:?}, {n}, {count} threads");
                    }
                }
            }
        }
    }
}

#[test]
fn words_on_any_number_of_threads_are_those_of_the_part() {
    // Long enough for several units of every part.
    let text = "The cat, the DOG: ein Äpfel\u{2003}ä x1 ".repeat(20_000) + &"w12 w345 ".repeat(300);
    for part in parts() {
        for algorithm in part.capabilities().word_count_algorithms {
            let options = WordCountOptions { algorithm };
            let count = |backend: &dyn Backend| {
                backend.word_count(&options).unwrap().count(text.as_bytes()).unwrap()
            };
            let expected = count(&*part);
            assert_eq!(expected.total(), 8 * 20_000 + 600);
            for threads_count in THREADS {
                let found = count(&threads(&part, threads_count));
                assert!(found == expected, "{}, {algorithm}, {threads_count}", part.name());
            }
        }
    }
}

/// Words of which most are new are kept in another way, by each thread for itself.
#[test]
fn new_words_on_any_number_of_threads_are_those_of_one() {
    // Enough for two threads; only the first of them meets the words at the end again.
    let mut text: String = (0..1_300_000).map(|i| format!("w{i:x} ")).collect();
    text.extend((0..1_000).map(|i| format!("W{i:x}, ")));
    let part: Arc<dyn Parallel> = Arc::new(Simd::new());
    let count = |backend: &dyn Backend| {
        let options = WordCountOptions::default();
        backend.word_count(&options).unwrap().count(text.as_bytes()).unwrap()
    };
    let expected = count(&Scalar::new());
    assert_eq!((expected.len(), expected.total()), (1_300_000, 1_301_000));
    for threads_count in [1, 2, 3] {
        assert!(count(&threads(&part, threads_count)) == expected, "{threads_count} threads");
    }
}

#[test]
fn names_and_threads_are_those_asked_for() {
    let [scalar, _] = parts();
    let backend = threads(&scalar, 3);
    assert_eq!((backend.name(), backend.capabilities().threads), ("rayon", 3));
    assert!(threads(&scalar, 1).availability().is_ready());
}
