//! Errors, laws and hard cases of the tree.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels_core::nbody::{
    reference_accelerations, reference_accelerations_of, reference_energies, rms_error,
};
use kernels_core::{
    Backend, Bodies, Error, Executor, NBody, NBodyAlgorithm, NBodyOptions, Parallel, tolerances,
};
use ndarray::{Array2, ArrayView1, Axis};

use crate::{Level, Simd};
use systems::{at_rest, equal, plummer, plummer_position};

mod systems;

/// Larger systems where the arithmetic is optimised.
const SCALE: usize = if cfg!(debug_assertions) { 1 } else { 10 };

fn options(softening: f64, opening: f64) -> NBodyOptions {
    let algorithm = NBodyAlgorithm::Tree;
    NBodyOptions { algorithm, softening, opening, ..NBodyOptions::default() }
}

fn accelerations_by(kernel: &mut dyn NBody, bodies: &Bodies) -> Array2<f64> {
    let mut out = Array2::from_elem((bodies.len(), 3), f64::NAN);
    kernel.accelerations(bodies, out.view_mut()).expect("sound bodies");
    out
}

fn accelerations(bodies: &Bodies, softening: f64, opening: f64) -> Array2<f64> {
    let mut kernel = Simd::new().nbody(&options(softening, opening)).expect("the tree is offered");
    accelerations_by(&mut *kernel, bodies)
}

/// The rms relative error at an opening angle.
fn error(bodies: &Bodies, softening: f64, opening: f64) -> f64 {
    let reference = reference_accelerations(bodies, softening);
    rms_error(accelerations(bodies, softening, opening).view(), reference.view())
}

fn assert_within_bound(bodies: &Bodies, softening: f64, what: &str) {
    let error = error(bodies, softening, NBodyOptions::DEFAULT_OPENING);
    // The bound says that none comes nearer than that.
    assert!(3.0 * error < tolerances::TREE_RMS, "{what}, {} bodies: {error:e}", bodies.len());
}

#[test]
fn errors_of_plummer_spheres_are_below_the_published_bound() {
    for n in [100, 300, 1000, 1000 * SCALE] {
        assert_within_bound(&plummer(n), 0.0, "Plummer sphere");
        assert_within_bound(&plummer(n), 0.05, "softened Plummer sphere");
    }
}

#[test]
fn errors_of_other_systems_are_below_the_published_bound() {
    for (name, bodies) in systems::of_many_shapes(1000 * SCALE) {
        assert_within_bound(&bodies, 0.0, name);
    }
    assert_within_bound(&systems::cube(1000 * SCALE), 0.05, "softened uniform cube");
}

/// A cell without a radius asks for as small a target as one that is as large as the target.
#[test]
fn errors_beside_dominant_masses_are_below_the_published_bound() {
    for n in [100, 1000] {
        for (name, bodies) in systems::dominated(n) {
            let error = Sample::of(&bodies, 100).errors(NBodyOptions::DEFAULT_OPENING).rms;
            assert!(error < tolerances::TREE_RMS, "{name}, {n} bodies: {error:e}");
        }
    }
}

/// Where the pulls cancel, what is left is small beside the error of each: the bound is kept relative to all of them.
#[test]
fn errors_where_pulls_cancel_are_small_beside_the_pulls() {
    for (name, bodies) in systems::lattices() {
        let reference = reference_accelerations(&bodies, 0.0);
        let tree = accelerations(&bodies, 0.0, NBodyOptions::DEFAULT_OPENING);
        let error = rms_error(tree.view(), reference.view());
        let of_pulls = error * rms(&reference) / rms(&pulls(&bodies));
        assert!(2.0 * of_pulls < tolerances::TREE_RMS, "{name}: {of_pulls:e} of the pulls");
        // As published.
        assert!(error < 1e-2, "{name}: {error:e}");
    }
}

/// The sum of the magnitudes of all pulls on each body.
fn pulls(bodies: &Bodies) -> Array2<f64> {
    let (masses, positions) = (bodies.mass_slice(), bodies.position_rows());
    let pull = |of: &[f64; 3], mass: f64, to: &[f64; 3]| {
        let square: f64 = (0..3).map(|axis| (of[axis] - to[axis]).powi(2)).sum();
        if square > 0.0 { mass / square } else { 0.0 }
    };
    let sum = |to| positions.iter().zip(masses).map(|(of, &mass)| pull(of, mass, to)).sum();
    Array2::from_shape_fn((bodies.len(), 1), |(body, _)| sum(&positions[body]))
}

/// The root of the mean square of the rows.
fn rms(rows: &Array2<f64>) -> f64 {
    (rows.iter().map(|x| x * x).sum::<f64>() / rows.nrows() as f64).sqrt()
}

/// What a sum over a sample of a few bodies can tell of many.
#[test]
fn errors_of_many_bodies_are_below_the_published_bound() {
    let n = 20_000;
    let star = systems::with_star(n, 1e-6, systems::ball_at(2.2));
    for (name, bodies) in [("Plummer sphere", plummer(n)), ("star beside a ball", star)] {
        let error = Sample::of(&bodies, 200).errors(NBodyOptions::DEFAULT_OPENING).rms;
        assert!(error < tolerances::TREE_RMS, "{name}: {error:e}");
    }
}

/// The table of errors in the documentation of this module and in `benches/record/nbody-cpu.md`.
#[test]
#[ignore = "makes the published table, in a minute with --release: -- --ignored --nocapture"]
fn published_errors() {
    let mut out = std::io::stdout();
    for (n, sample) in [(10_000, 1000), (100_000, 300)] {
        for (name, bodies) in systems::published(n) {
            write!(out, "{n} {name}").expect("written");
            let sample = Sample::of(&bodies, sample);
            for opening in [0.3, 0.4, 0.5, 0.6, 0.7, 0.8] {
                let Errors { rms, most, largest } = sample.errors(opening);
                write!(out, " | {opening}: {rms:.1e} {most:.1e} {largest:.1e}").expect("written");
                let factor = if opening <= NBodyOptions::DEFAULT_OPENING { 1.0 } else { 20.0 };
                assert!(rms < factor * tolerances::TREE_RMS, "{name}, opening {opening}: {rms:e}");
            }
            writeln!(out).expect("written");
        }
    }
}

/// Some bodies of a system, with their accelerations.
struct Sample<'a> {
    bodies: &'a Bodies,
    numbers: Vec<usize>,
    expected: Array2<f64>,
}

struct Errors {
    rms: f64,
    /// Of single bodies, relative to their own accelerations: what 99 % of them stay below.
    most: f64,
    /// The largest of them.
    largest: f64,
}

impl<'a> Sample<'a> {
    /// `size` bodies at equal intervals.
    fn of(bodies: &'a Bodies, size: usize) -> Self {
        let numbers: Vec<usize> = (0..bodies.len()).step_by(bodies.len().div_ceil(size)).collect();
        let expected = reference_accelerations_of(bodies, &numbers, 0.0);
        Self { bodies, numbers, expected }
    }

    fn errors(&self, opening: f64) -> Errors {
        let found = accelerations(self.bodies, 0.0, opening).select(Axis(0), &self.numbers);
        let errors = &found - &self.expected;
        let length = |row: ArrayView1<'_, f64>| row.dot(&row).sqrt();
        let rows = errors.rows().into_iter().zip(self.expected.rows());
        let mut singles: Vec<f64> = rows.map(|(error, a)| length(error) / length(a)).collect();
        singles.sort_by(f64::total_cmp);
        let [most, largest] = [singles.len() * 99 / 100, singles.len() - 1].map(|at| singles[at]);
        Errors { rms: rms_error(found.view(), self.expected.view()), most, largest }
    }
}

#[test]
fn the_error_falls_with_the_opening_angle_down_to_that_of_the_direct_sum() {
    let bodies = plummer(2000);
    let errors = [1.0, 0.7, 0.5, 0.3, 1e-3].map(|opening| error(&bodies, 0.0, opening));
    assert!(errors.is_sorted_by(|a, b| a > b), "{errors:?}");
    assert!(errors[4] < tolerances::F64_RMS, "{errors:?}");
}

#[test]
fn forces_between_cells_are_opposite() {
    let bodies = plummer(2000);
    for softening in [0.0, 0.1] {
        let a = accelerations(&bodies, softening, NBodyOptions::DEFAULT_OPENING);
        let net = a.mean_axis(Axis(0)).expect("there are bodies");
        let rms = a.mapv(|x| x * x).mean().expect("there are bodies").sqrt();
        assert!(net.iter().all(|x| x.abs() < 1e-13 * rms), "{net} of {rms}");
    }
}

/// As many threads as it says.
#[derive(Debug)]
struct Crew(usize);

impl Executor for Crew {
    fn threads(&self) -> usize {
        self.0
    }

    fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(mine) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&u| u < units)
            {
                unit(mine);
            }
        };
        std::thread::scope(|scope| (0..self.0).for_each(|_| drop(scope.spawn(work))));
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let bodies = plummer(3000);
    let alone = accelerations(&bodies, 0.0, 0.6);
    for threads in [1, 2, 3, 5, 8] {
        let crew = Arc::new(Crew(threads));
        let mut kernel = Simd::new().nbody_on(&options(0.0, 0.6), crew).expect("offered");
        assert_eq!(accelerations_by(&mut *kernel, &bodies), alone, "{threads} threads");
    }
}

#[test]
fn bits_do_not_depend_on_how_a_run_is_cut_into_calls() {
    let start = plummer(1500);
    let mut kernel = Simd::new().nbody(&options(0.01, 0.6)).expect("offered");
    let mut whole = start.clone();
    kernel.leapfrog(&mut whole, 0.01, 5).expect("a short run");
    let mut cut = start.clone();
    for steps in [2, 0, 3] {
        let mut fresh = Simd::new().nbody(&options(0.01, 0.6)).expect("offered");
        fresh.leapfrog(&mut cut, 0.01, steps).expect("a short run");
    }
    assert_eq!(whole, cut);
    assert_ne!(whole, start);
}

#[test]
fn every_level_has_the_bound() {
    let bodies = plummer(500);
    let best = accelerations(&bodies, 0.0, 0.6);
    for level in Level::available() {
        let simd = Simd::with_level(level).expect("available");
        let mut kernel = simd.nbody(&options(0.0, 0.6)).expect("offered");
        let error = rms_error(accelerations_by(&mut *kernel, &bodies).view(), best.view());
        assert!(error < 1e-13, "{level}: {error:e}");
    }
}

#[test]
fn energies_are_within_the_published_bound() {
    let sphere = plummer(2000);
    for softening in [0.0, 0.1] {
        assert_energy(&sphere, softening, "Plummer sphere");
    }
    for (name, bodies) in systems::dominated(300) {
        assert_energy(&bodies, 0.0, &name);
    }
}

fn assert_energy(bodies: &Bodies, softening: f64, what: &str) {
    let options = options(softening, NBodyOptions::DEFAULT_OPENING);
    let mut kernel = Simd::new().nbody(&options).expect("offered");
    let energies = kernel.energies(bodies).expect("sound bodies");
    let error = (energies.potential / reference_energies(bodies, softening).potential - 1.0).abs();
    assert!(error < tolerances::TREE_ENERGY, "{what}, softening {softening}: {error:e}");
    assert_eq!(energies.kinetic, 0.0);
}

#[test]
fn energies_of_few_bodies_are_exact() {
    let bodies = plummer(12);
    let mut kernel = Simd::new().nbody(&options(0.0, 0.6)).expect("offered");
    let energies = kernel.energies(&bodies).expect("sound bodies");
    let error = energies.potential / reference_energies(&bodies, 0.0).potential - 1.0;
    assert!(error.abs() < 1e-14, "{error:e}");
}

#[test]
fn bodies_at_one_point_do_not_split_for_ever() {
    let mut positions: Vec<_> = (0..300).map(plummer_position).collect();
    positions.extend([[0.25; 3]; 1000]);
    assert_within_bound(&equal(positions), 0.1, "a heap");
    let heap = equal(vec![[0.25; 3]; 1000]);
    let a = accelerations(&heap, 0.1, 0.6);
    // Of a scale of 1 / 0.1^2: the centres of its cells are rounded.
    assert!(a.iter().all(|&x| x.abs() < 1e-12), "a heap moves itself");
}

#[test]
fn systems_of_any_size_and_mass_have_the_bound() {
    let usual = plummer(1000);
    for (length, mass) in [(1.0, 1e40), (1e-28, 1.0), (1e30, 1e-40), (1e-60, 1e-60)] {
        let rows = usual.position_rows().iter().map(|x| x.map(|x| x * length)).collect();
        let masses = usual.mass_slice().iter().map(|m| m * mass).collect();
        let bodies = at_rest(masses, rows);
        assert_within_bound(&bodies, 0.0, &format!("lengths of {length}, masses of {mass}"));
        assert_energy(&bodies, 0.0, &format!("lengths of {length}, masses of {mass}"));
    }
}

#[test]
fn bodies_far_out_and_ever_closer_pairs_are_legal() {
    let mut positions: Vec<_> = (0..500).map(plummer_position).collect();
    positions.push([1e12, -1e9, 3.0]);
    assert_within_bound(&equal(positions), 0.0, "one body far out");
    // Nothing that nature makes: the only one that comes nearer to the bound.
    let halving = equal((0..400).map(|body| [0.75_f64.powi(body), 0.0, 0.0]).collect());
    let error = error(&halving, 1e-3, NBodyOptions::DEFAULT_OPENING);
    assert!(error < tolerances::TREE_RMS, "falling distances: {error:e}");
}

#[test]
fn massless_bodies_move_and_do_not_attract() {
    let positions: Vec<_> = (0..1000).map(plummer_position).collect();
    let some = (0..1000).map(|body| f64::from(u8::from(body % 5 == 0))).collect();
    assert_within_bound(&at_rest(some, positions.clone()), 0.0, "massless bodies");
    let none = accelerations(&at_rest(vec![0.0; 1000], positions), 0.0, 0.6);
    assert!(none.iter().all(|&x| x == 0.0));
}

#[test]
fn a_run_that_diverges_says_so_and_changes_nothing() {
    let mut bodies = plummer(100);
    let before = bodies.clone();
    let mut kernel = Simd::new().nbody(&options(0.0, 0.6)).expect("offered");
    let error = kernel.leapfrog(&mut bodies, 1e300, 3).expect_err("the bodies fly apart");
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert_eq!(bodies, before);
}
