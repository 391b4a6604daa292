//! Systems and texts that are large for an adapter, and what is found out about it once.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use backend_gpu::{Ceiling, Gpu};
use common::{ring, with_device};
use kernels_core::nbody::{reference_accelerations, reference_accelerations_of, rms_error};
use kernels_core::{
    Backend, Bodies, Count, Error, InTurn, NBody, NBodyOptions, Pieces, Precision,
    WordCountOptions, tolerances,
};
use libtest_mimic::Arguments;
use ndarray::Array2;

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;

fn main() -> ExitCode {
    let trials = with_device(&[
        ("million_bodies", million_bodies),
        ("more_bodies_than_one_dimension_of_workgroups_holds", four_million_bodies),
        ("more_workgroups_than_one_dimension_holds", many_workgroups),
        ("bodies_beyond_a_buffer_are_refused_with_the_figures", large_buffers),
        ("adapter_without_exact_double_f32_refuses_mixed", without_double_f32),
        ("bodies_on_which_no_force_is_felt_go_straight_on", no_force),
        ("a_step_rounds_a_position_once", rounding),
        ("text_is_cut_to_the_buffers", small_buffers),
        ("table_of_words_grows", growing_table),
        ("text_is_read_while_the_device_counts", reading),
        ("long_run_is_cut_to_short_submissions", submissions),
        ("best_shape_is_remembered_and_changes_no_bit", tuning),
        ("best_shape_of_one_workgroup_is_remembered_and_changes_no_bit", tuning_of_few),
    ]);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn options(precision: Precision) -> NBodyOptions {
    NBodyOptions { precision: Some(precision), softening: 0.01, ..NBodyOptions::default() }
}

fn million_bodies() {
    let (gpu, bodies) = (Gpu::new(), ring(1 << 20));
    for precision in gpu.capabilities().precisions {
        assert_ends(&gpu, &bodies, precision);
    }
}

/// Of all the accelerations only a few hundred, and of these a few against the reference.
fn assert_ends(gpu: &Gpu, bodies: &Bodies, precision: Precision) {
    let found = gpu.accelerations_of_ends(bodies, &options(precision)).expect("accelerations");
    assert!(found.len() > 128 && found.len() < 5000, "{}", found.len());
    let some: Vec<_> = found.iter().step_by(found.len() / 5).chain(found.last()).collect();
    let places: Vec<_> = some.iter().map(|(i, _)| *i).collect();
    let found = Array2::from_shape_fn((some.len(), 3), |(row, k)| some[row].1[k]);
    let expected = reference_accelerations_of(bodies, &places, 0.01);
    let error = rms_error(found.view(), expected.view());
    assert!(error < tolerances::acceleration_rms(precision), "{precision}: {error:e}");
}

/// A workgroup of a software adapter takes 64 bodies, and one dimension of a dispatch 65,535 workgroups.
fn four_million_bodies() {
    assert_ends(&Gpu::new(), &ring(65_535 * 64 + 100), Precision::F32);
}

fn moved(gpu: &Gpu, bodies: &Bodies, steps: u64) -> Bodies {
    let mut bodies = bodies.clone();
    let mut kernel = gpu.nbody(&options(Precision::F32)).expect("a kernel");
    kernel.leapfrog(&mut bodies, 1e-3, steps).expect("a run");
    bodies
}

fn many_workgroups() {
    let few = Gpu::below(Ceiling { workgroups: 64, ..Ceiling::default() });
    let all = Gpu::new();
    let bodies = ring(17_000);
    assert!(moved(&few, &bodies, 1) == moved(&all, &bodies, 1), "another state");
    let energies = |gpu: &Gpu| {
        gpu.nbody(&options(Precision::F32)).expect("a kernel").energies(&bodies).expect("energies")
    };
    assert_eq!(energies(&few), energies(&all));
    let text = "To be, or not to be: that is the question. ".repeat(50_000);
    assert_eq!(words(&few, &text), words(&all, &text));
}

fn large_buffers() {
    let small = Gpu::below(Ceiling { buffer: 1 << 20, ..Ceiling::default() });
    let mut kernel = small.nbody(&options(Precision::F32)).expect("a kernel");
    match kernel.leapfrog(&mut ring(70_000), 1e-3, 1) {
        Err(Error::TooLarge { needed, limit, .. }) => {
            assert!(limit == 1 << 20 && needed >= 70_000 * 16, "{needed} {limit}");
        }
        other => panic!("{other:?}"),
    }
    kernel.leapfrog(&mut ring(700), 1e-3, 1).expect("the kernel still works");
}

fn without_double_f32() {
    let gpu = Gpu::below(Ceiling { double_f32: false, ..Ceiling::default() });
    let mut expected = Gpu::new().capabilities().precisions;
    expected.retain(|precision| *precision != Precision::Mixed);
    assert_eq!(gpu.capabilities().precisions, expected);
    match gpu.nbody(&options(Precision::Mixed)).err() {
        Some(Error::UnsupportedPrecision { precision: Precision::Mixed, supported, .. }) => {
            assert_eq!(supported, expected);
        }
        other => panic!("{other:?}"),
    }
    let first = expected.first().copied();
    assert_eq!(gpu.precision(&NBodyOptions::default()).ok(), first);
    moved(&gpu, &ring(700), 1);
}

/// Forces and motion far apart, whose numbers f32 has in no units at once.
fn no_force() {
    let gpu = Gpu::new();
    for precision in gpu.capabilities().precisions {
        for (mass, softening) in [(0.125, 1e27), ((-200.0_f64).exp2(), 0.0)] {
            let options =
                NBodyOptions { precision: Some(precision), softening, ..NBodyOptions::default() };
            let mut kernel = gpu.nbody(&options).expect("a kernel");
            assert_straight(&mut *kernel, precision, mass, softening);
        }
    }
}

/// Steps, energies and accelerations in turn, each of which wants units of its own.
fn assert_straight(kernel: &mut dyn NBody, precision: Precision, mass: f64, softening: f64) {
    let ring = ring(100);
    let (x, v) = (ring.position_rows(), ring.velocity_rows());
    let mut bodies = Bodies::from_rows(vec![mass; 100], x.to_vec(), v.to_vec()).unwrap();
    let bound = if precision == Precision::F32 { 5e-6 } else { 1e-12 };
    for round in 1..=2 {
        kernel.leapfrog(&mut bodies, 1e-3, 100).expect("a run");
        let straight = |(i, k): (usize, usize)| x[i][k] + 0.1 * f64::from(round) * v[i][k];
        let expected = Array2::from_shape_fn((100, 3), straight);
        let error = rms_error(bodies.positions(), expected.view());
        assert!(error < bound, "{precision}, {mass}, {softening}: {error:e}");
        let energies = kernel.energies(&bodies).expect("energies");
        assert!((energies.kinetic / (50.0 * mass) - 1.0).abs() < 1e-6);
        let mut found = Array2::zeros((100, 3));
        kernel.accelerations(&bodies, found.view_mut()).expect("accelerations");
        let error = rms_error(found.view(), reference_accelerations(&bodies, softening).view());
        assert!(error < tolerances::acceleration_rms(precision), "{precision}: {error:e}");
    }
}

/// A driver that adds up `x + dt v + dt^2/2 a` in another order rounds twice.
fn rounding() {
    let (before, dt) = (ring(1000), 1e-3);
    let after = moved(&Gpu::new(), &before, 1);
    let a = reference_accelerations(&before, 0.01);
    let error = |i: usize, k: usize| {
        let (x, v) = (before.position_rows()[i][k], before.velocity_rows()[i][k]);
        let exact = x + dt * (v + 0.5 * dt * a[[i, k]]);
        let found = after.position_rows()[i][k];
        (found - exact).abs() / f64::from((found as f32).abs().next_up() - (found as f32).abs())
    };
    // Coordinates near 0 move by much more than their last place, which v and dt tell as well.
    let large = (0..1000)
        .flat_map(|i| [(i, 0), (i, 1)])
        .filter(|&(i, k)| after.position_rows()[i][k].abs() > 0.1);
    let most = large.map(|(i, k)| error(i, k)).fold(0.0, f64::max);
    assert!(most < 0.51, "{most} of the last place");
}

/// The words in their order, with their number and first place.
fn words(gpu: &Gpu, text: &str) -> Vec<(String, u64, u64)> {
    let mut counter = gpu.word_count(&WordCountOptions::default()).expect("a counter");
    let counts = counter.count(text.as_bytes()).expect("counts");
    let one = |count: Count<'_>| (count.word.to_owned(), count.count, count.first);
    let mut all: Vec<_> = counts.iter().map(one).collect();
    all.sort_unstable();
    all
}

fn small_buffers() {
    let small = Gpu::below(Ceiling { buffer: 1 << 20, ..Ceiling::default() });
    let text = "so shaken as we are, so wan with care, ".repeat(20_000);
    assert_eq!(words(&small, &text), words(&Gpu::new(), &text));
}

/// Every word comes twice, the second time in capitals and in another chunk.
fn growing_table() {
    let distinct: String = (0..300_000).map(|i| format!("w{i:x} ")).collect();
    let text = distinct.clone() + &distinct.to_uppercase();
    let counted = words(&Gpu::new(), &text);
    assert_eq!(counted.len(), 300_000);
    assert!(counted.iter().all(|(_, count, first)| *count == 2 && *first < distinct.len() as u64));
}

/// A text in pieces, which counts for how many of them the device was at work when they were asked for.
struct Watched<'a> {
    gpu: &'a Gpu,
    pieces: InTurn<'a>,
    busy: AtomicU32,
}

impl Pieces for Watched<'_> {
    fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
        self.busy.fetch_add(u32::from(self.gpu.is_busy()), Ordering::Relaxed);
        self.pieces.next(piece)
    }
}

/// A device that is waited for before the text is read on never is at work then.
fn reading() {
    let (gpu, piece) = (Gpu::new(), "To be, or not to be: that is the question. ".repeat(10_000));
    let all = [piece.as_bytes(); 20];
    let text = Watched { gpu: &gpu, pieces: InTurn::new(&all), busy: AtomicU32::new(0) };
    let mut counter = gpu.word_count(&WordCountOptions::default()).expect("a counter");
    counter.add_pieces(&text).expect("a text");
    let counts = counter.finish().expect("counts");
    assert_eq!(counts.total(), 2_000_000);
    let busy = text.busy.into_inner();
    // A real GPU may be done with half a megabyte before anybody looks.
    assert!(busy > 10 || !gpu.capabilities().software, "at work at {busy} of 21 questions");
}

/// By the time that passes on the host, which other tests and programs lengthen: a fifth of the run, which takes more
/// than a second, is many times what a submission is meant to take. A device before it finds the number of steps, and has
/// the shaders compiled, which lavapipe does in the first submission.
fn submissions() {
    let run = |gpu: &Gpu, steps: u64| {
        let mut kernel = gpu.nbody(&options(Precision::F32)).expect("a kernel");
        let begun = Instant::now();
        kernel.leapfrog(&mut ring(3000), 1e-3, steps).expect("a run");
        begun.elapsed()
    };
    let (first, gpu) = (Gpu::new(), Gpu::new());
    let is_long = |steps: &u64| run(&first, *steps) > Duration::from_millis(1200);
    let steps = (4..40).map(|doubled| 1 << doubled).find(is_long);
    let took = run(&gpu, steps.expect("no device is that fast"));
    let longest = gpu.longest_submission();
    assert!(longest > Duration::ZERO && longest < took / 5, "{longest:?} of {took:?}");
}

fn tuning() {
    shape_is_remembered(3000, 150, "tuned for f32 from 2048 bodies on");
}

/// One workgroup takes them, in which only the number of invocations is tried.
fn tuning_of_few() {
    shape_is_remembered(100, 30_000, "tuned for f32 from 64 bodies on");
}

fn shape_is_remembered(bodies: usize, steps: u64, note: &str) {
    let name = format!("perf-gpu-tuning-{bodies}-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    let gpu = || Gpu::with_cache(Some(directory.clone())).tuning_at_any_cost();
    let bodies = ring(bodies);
    let first = gpu();
    let tuned = moved(&first, &bodies, steps);
    let known = first.capabilities().notes;
    assert_eq!(gpu().capabilities().notes, known);
    if first.capabilities().software {
        assert!(known[0].starts_with(note), "{known:?}");
    }
    assert!(tuned == moved(&gpu(), &bodies, steps), "the remembered shape changes the state");
    let mut stepwise = bodies.clone();
    let mut kernel = Gpu::new().nbody(&options(Precision::F32)).expect("a kernel");
    let calls = 150;
    (0..calls).for_each(|_| kernel.leapfrog(&mut stepwise, 1e-3, steps / calls).expect("steps"));
    assert!(tuned == stepwise, "the trial of shapes changes the state");
    let _ = std::fs::remove_dir_all(directory);
}
