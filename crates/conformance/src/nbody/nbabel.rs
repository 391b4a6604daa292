//! Known facts of nbabel's inputs.

use std::sync::{Arc, Mutex, PoisonError};

use kernels_core::nbody::{leapfrog, reference_energies, rms_error};
use kernels_core::{Backend, Bodies, Energies, Error, NBody};
use ndarray::ArrayViewMut2;

use super::{Variant, accelerations, assert_close, kernel, reference, variants};
use crate::need::shared;
use crate::{Case, Need};

pub(super) const CASES: &[Case] = &[
    Case::needing(&[Need::Shared], "nbody_accelerations_of_nbabels_inputs", inputs),
    Case::needing(&[Need::Shared], "nbody_input16_ends_where_every_correct_program_ends", input16),
    Case::needing(&[Need::Shared], "nbody_trajectories_of_nbabels_inputs", trajectories),
];

fn inputs(backend: &dyn Backend) {
    for name in ["input16", "input32", "input64", "input128", "input256", "input512", "input1k"] {
        let input = read(name);
        for variant in variants(backend) {
            let bodies = variant.representable(&input);
            let found = accelerations(backend, variant, &bodies, 0.0);
            let expected = reference(&bodies, 0.0);
            assert_close(&found, &expected, variant.bound(), format!("{variant}, {name}"));
        }
    }
}

/// A close encounter at t = 7.4 is too fast for the step of 0.001, so the energy jumps from -0.25 to
/// 1.7096 in every correct f64 program with kicks and drifts. One GPU dispatch a step on a processor
/// would take minutes, so a software adapter is only held to the first unit of time.
fn input16(backend: &dyn Backend) {
    let input = read("input16");
    for variant in variants(backend).into_iter().filter(|variant| variant.is_direct_f64()) {
        let mut kernel = kernel(backend, variant, 0.0);
        let mut bodies = input.clone();
        let mut energy = |bodies: &Bodies| kernel.energies(bodies).expect("energies").total();
        let start = energy(&bodies);
        assert!((start + 0.25).abs() < 1e-9, "{variant}: E = {start} at t = 0");
        let mut runner = super::kernel(backend, variant, 0.0);
        runner.leapfrog(&mut bodies, 1e-3, 1000).expect("a run");
        let early = energy(&bodies);
        assert!((early - start).abs() < 5e-3, "{variant}: E = {early} at t = 1");
        if backend.capabilities().software {
            continue;
        }
        runner.leapfrog(&mut bodies, 1e-3, 9001).expect("a run");
        let end = energy(&bodies);
        // Of eight programs it lies between 1.70961 and 1.70964.
        assert!((end - 1.7096).abs() < 1e-4, "{variant}: E = {end} at t = 10");
    }
}

/// How many more steps, and how far apart two f64 programs may be then.
type Legs = &'static [(u64, f64)];

/// To t = 1, 5 and 10. Any two of our CPU backends are 6e-15, 1.7e-12 and 6e-6 apart at most.
const INPUT16: Legs = &[(1000, 1e-14), (4000, 7e-12), (5000, 3e-4)];

/// To t = 0.1 and 0.5. Any two of our CPU backends are 7e-16 and 8e-15 apart at most.
const INPUT1K: Legs = &[(100, 1e-13), (400, 1e-11)];

/// Different correct f64 programs keep together until chaos takes over: input16 after its close encounter at
/// t = 7.4, input1k from the start, since some of its bodies are close.
fn trajectories(backend: &dyn Backend) {
    let software = backend.capabilities().software;
    for variant in variants(backend).into_iter().filter(|variant| variant.is_direct_f64()) {
        follow(backend, variant, "input16", INPUT16);
        // A GPU that is a processor would take minutes for all of it.
        follow(backend, variant, "input1k", if software { &INPUT1K[..1] } else { INPUT1K });
        if software {
            return;
        }
    }
}

/// Runs the legs beside a plain loop: the rms distance, relative to the rms position, is within the bound.
fn follow(backend: &dyn Backend, variant: Variant, name: &'static str, legs: Legs) {
    let mut kernel = kernel(backend, variant, 0.0);
    let mut bodies = read(name);
    for (&(steps, bound), plain) in legs.iter().zip(&*plain_run(name, legs)) {
        kernel.leapfrog(&mut bodies, 1e-3, steps).expect("a run");
        let distance = rms_error(bodies.positions(), plain.positions());
        assert!(distance <= bound, "{variant}, {name}: {distance:e} apart after {steps} steps");
    }
}

/// The states of a plain loop behind each leg, computed once for all subjects and variants.
fn plain_run(name: &'static str, legs: Legs) -> Arc<Vec<Bodies>> {
    type Known = Vec<(&'static str, usize, Arc<Vec<Bodies>>)>;
    static KNOWN: Mutex<Known> = Mutex::new(Vec::new());
    // Held while the loop runs: the others would only run it too.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, states)) = known.iter().find(|(n, l, _)| (*n, *l) == (name, legs.len())) {
        return Arc::clone(states);
    }
    let mut bodies = read(name);
    let states = legs.iter().map(|&(steps, _)| {
        leapfrog(&mut Plain, &mut bodies, 1e-3, steps).expect("a plain run");
        bodies.clone()
    });
    let states = Arc::new(states.collect());
    known.push((name, legs.len(), Arc::clone(&states)));
    states
}

/// Every pair with square root and division, in the order in which the bodies come.
struct Plain;

impl NBody for Plain {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        let (x, masses) = (bodies.position_rows(), bodies.mass_slice());
        out.fill(0.0);
        for i in 0..bodies.len() {
            for j in (0..bodies.len()).filter(|&j| j != i) {
                let d: [f64; 3] = std::array::from_fn(|k| x[j][k] - x[i][k]);
                let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                let factor = masses[j] / (r2 * r2.sqrt());
                (0..3).for_each(|k| out[[i, k]] += factor * d[k]);
            }
        }
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        Ok(reference_energies(bodies, 0.0))
    }
}

/// An input of nbabel: a line `id mass x y z vx vy vz` per body.
fn read(name: &str) -> Bodies {
    let path = shared().join("data").join("nbabel").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut masses, mut positions, mut velocities) = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let columns: Vec<f64> = line.split_whitespace().map(|x| x.parse().expect(line)).collect();
        let [_, mass, x, y, z, vx, vy, vz] = columns[..] else { panic!("{name}: {line}") };
        masses.push(mass);
        positions.push([x, y, z]);
        velocities.push([vx, vy, vz]);
    }
    Bodies::from_rows(masses, positions, velocities).expect("nbabel's inputs are well-formed")
}
