//! N-body as a contest: steps from one start, and how they are verified.
//!
//! A run makes `steps` steps in one call: `(steps + 1) n (n - 1)` interactions, since it does not know
//! the forces at its start. It is right where
//!
//! - the accelerations at the start have an rms error, against sums in double-double arithmetic, below
//!   the bound of the precision in [`tolerances`]. Of many bodies a sample is summed. That bound is for bodies
//!   which the precision holds; what it changes to round these ones to f32 is added to it, up to [`RESOLVED`];
//! - one step gives the reference backend's state, in f64, to twice that bound; where that backend has
//!   no f64, the scalar backend's;
//! - it ends, bit for bit, where the first run of the same kernel ended, and that one where a run ends
//!   that is cut into calls of 1, 2, 4, .. steps, each from forces summed anew. So what is true of the
//!   single step is true of those within a long call.
//!
//! The end itself is not compared with another backend's: orbits are chaotic, and after some dozen
//! crossings rounding errors alone have made another system of it (Miller, ApJ 140, 250 (1964)).

use std::path::Path;
use std::time::{Duration, Instant};

use ndarray::Array2;
use perf_kernels::{
    Backend, Bodies, Error, NBody, NBodyAlgorithm, NBodyOptions, Precision, Workload, tolerances,
};

mod reference;

use super::contest::{digest, quoted};
use super::record::{Input, Verification};
use super::roster::{Roster, distinct};
use super::runner::{Contender, Problem};
use crate::args::compare::CompareNBody;
use crate::failure::Usage;
use crate::generate::plummer;
use crate::nbody::plan::Plan;
use crate::notes::Notes;
use crate::progress::Spinner;
use crate::readers::{self, nbabel};
use reference::Reference;

/// What a run does unless it is told, and the most steps it then makes.
const INTERACTIONS: u64 = 100_000_000;
const MOST_STEPS: u64 = 10_000;
/// So many interactions take a plain backend about half a second.
const LONG: u64 = 100_000_000;
/// By how much rounding to f32 may change the accelerations, rms, of a system that f32 resolves: as much as the tree algorithm
/// may be wrong by.
const RESOLVED: f64 = tolerances::TREE_RMS;
/// The sphere of `cli generate plummer` without a seed.
const SEED: u64 = 0;

/// A system to start from, what is to be done with it, and what is right.
pub(super) struct Steps {
    input: Input,
    /// What makes the input: a file to read or a command.
    source: Source,
    start: Bodies,
    dt: f64,
    steps: u64,
    reference: Reference,
}

enum Source {
    File(String),
    Sphere,
}

/// The inputs that the command line asks for, each with what is right for it.
pub(super) fn problems(
    args: &CompareNBody,
    roster: &Roster,
    notes: Notes,
) -> anyhow::Result<Vec<Steps>> {
    let mut problems = Vec::new();
    if let Some(path) = &args.input {
        let bodies = nbabel::read(path, args.softening, Precision::F64)?.bodies;
        let _spinner = spinner(notes, bodies.len() as u64);
        problems.push(Steps::new(args, roster, Source::file(path), readers::name(path), bodies)?);
    }
    for size in distinct(args.sizes.iter().copied()) {
        let _spinner = spinner(notes, size);
        let mut kernel = roster.scalar()?.nbody(&NBodyOptions::default())?;
        let bodies = plummer::cluster(size, SEED, kernel.as_mut())?;
        problems.push(Steps::new(
            args,
            roster,
            Source::Sphere,
            "Plummer sphere".to_owned(),
            bodies,
        )?);
    }
    Ok(problems)
}

/// Tells that what is right is computed, before anything is timed, where that takes long: a sphere's energy and
/// the step of a plain backend are sums over all pairs.
fn spinner(notes: Notes, bodies: u64) -> Option<Spinner> {
    let lasts = bodies.saturating_mul(bodies) >= LONG;
    lasts.then(|| Spinner::new(notes, format!("computing the reference for {bodies} bodies")))
}

/// What kernels are built with: each algorithm in each precision.
pub(super) fn options(args: &CompareNBody) -> Vec<NBodyOptions> {
    let mut algorithms = distinct(args.algorithms.iter().map(|&name| name.into()));
    if algorithms.is_empty() {
        algorithms.push(NBodyAlgorithm::Direct);
    }
    let mut precisions = distinct(args.precisions.iter().map(|&name| Some(name.into())));
    if precisions.is_empty() {
        precisions.push(None);
    }
    let softening = args.softening;
    let with = |algorithm, precision| NBodyOptions {
        precision,
        algorithm,
        softening,
        ..NBodyOptions::default()
    };
    algorithms
        .into_iter()
        .flat_map(|algorithm| precisions.iter().map(move |&precision| with(algorithm, precision)))
        .collect()
}

impl Source {
    fn file(path: &Path) -> Self {
        Self::File(quoted(path))
    }
}

impl Steps {
    fn new(
        args: &CompareNBody,
        roster: &Roster,
        source: Source,
        name: String,
        start: Bodies,
    ) -> anyhow::Result<Self> {
        let n = start.len() as u64;
        let steps = steps(args, n)?;
        let input = Input {
            name,
            size: n,
            sha256: hash(&start),
            task: format!(
                "{}, {} of {}",
                some(n, "body", "bodies"),
                some(steps, "step", "steps"),
                args.dt
            ),
        };
        let reference = Reference::new(args, roster, &start)?;
        Ok(Self { input, source, start, dt: args.dt, steps, reference })
    }
}

fn some(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// The steps of a run of `n` bodies.
fn steps(args: &CompareNBody, n: u64) -> Result<u64, Usage> {
    match (args.steps, args.t_end) {
        (Some(steps), _) => Ok(steps),
        (None, Some(t_end)) => Plan::new(args.dt, t_end, 0, &NBodyOptions::default()).steps(),
        // A single body has no interactions.
        (None, None) => Ok((INTERACTIONS / (n * (n - 1)).max(1)).clamp(1, MOST_STEPS)),
    }
}

fn hash(bodies: &Bodies) -> String {
    let rows = bodies.position_rows().iter().chain(bodies.velocity_rows()).flatten();
    let numbers = bodies.mass_slice().iter().chain(rows);
    digest(&numbers.flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
}

impl Problem for Steps {
    type Options = NBodyOptions;

    fn input(&self) -> &Input {
        &self.input
    }

    fn work(&self) -> f64 {
        let n = self.start.len() as f64;
        (self.steps as f64 + 1.0) * n * (n - 1.0)
    }

    fn workload(&self, options: NBodyOptions) -> Workload {
        Workload::NBody { bodies: self.start.len(), options }
    }

    fn enter<'a>(
        &'a self,
        backend: &dyn Backend,
        options: NBodyOptions,
    ) -> Result<Box<dyn Contender + 'a>, Error> {
        let kernel = backend.nbody(&options)?;
        let precision = backend.precision(&options)?;
        Ok(Box::new(Stepper::new(self, kernel, options.algorithm, precision)))
    }

    fn form(
        &self,
        backend: &dyn Backend,
        options: NBodyOptions,
    ) -> (&'static str, Option<&'static str>) {
        let own = || backend.precision(&options).ok();
        (options.algorithm.name(), options.precision.or_else(own).map(Precision::name))
    }

    fn command(&self, flags: &str) -> String {
        // Half a step less, so that int(t_end/dt)+1 is the number of steps whatever the rounding.
        let t_end = (self.steps as f64 - 0.5) * self.dt;
        let run = format!("cli nbody {flags} --dt {} --t-end {t_end} --report-every 0", self.dt);
        match &self.source {
            Source::File(path) => format!("{run} {path}"),
            Source::Sphere => format!("cli generate plummer {} | {run} -", self.input.size),
        }
    }
}

fn bound(algorithm: NBodyAlgorithm, precision: Precision) -> f64 {
    match algorithm {
        NBodyAlgorithm::Tree => tolerances::TREE_RMS,
        NBodyAlgorithm::Direct | NBodyAlgorithm::Pairs => tolerances::acceleration_rms(precision),
    }
}

/// A kernel with a system to move.
struct Stepper<'a> {
    problem: &'a Steps,
    kernel: Box<dyn NBody>,
    precision: Precision,
    bound: f64,
    /// Where the last run ended.
    end: Option<Bodies>,
    /// Where the first run ended.
    first: Option<Bodies>,
    out: Array2<f64>,
}

impl Contender for Stepper<'_> {
    fn run(&mut self) -> Result<Duration, Error> {
        let mut bodies = self.problem.start.clone();
        let start = Instant::now();
        self.kernel.leapfrog(&mut bodies, self.problem.dt, self.problem.steps)?;
        let time = start.elapsed();
        self.end = Some(bodies);
        Ok(time)
    }

    fn verify(&mut self) -> Result<Verification, Error> {
        let Steps { start, reference, .. } = self.problem;
        self.kernel.accelerations(start, self.out.view_mut())?;
        let mut bound = self.bound;
        if self.precision == Precision::F32 {
            bound += reference.rounding(start)?.min(RESOLVED);
        }
        let mut verification = Verification::bounded(reference.error(&self.out), bound);
        match &self.first {
            None => {
                verification.add(self.verify_step()?);
                self.first = self.end.take();
                verification.add(self.verify_cuts()?);
            }
            Some(first) if self.end.as_ref() != Some(first) => {
                let failure = "a run ended elsewhere than the first one";
                verification.add(Verification::failed(failure.to_owned()));
            }
            Some(_) => {}
        }
        Ok(verification)
    }
}

impl<'a> Stepper<'a> {
    fn new(
        problem: &'a Steps,
        kernel: Box<dyn NBody>,
        algorithm: NBodyAlgorithm,
        precision: Precision,
    ) -> Self {
        let bound = bound(algorithm, precision);
        let out = Array2::zeros((problem.start.len(), 3));
        Self { problem, kernel, precision, bound, end: None, first: None, out }
    }

    fn verify_step(&mut self) -> Result<Verification, Error> {
        let mut stepped = self.problem.start.clone();
        self.kernel.leapfrog(&mut stepped, self.problem.dt, 1)?;
        let error = self.problem.reference.step_error(&stepped);
        if error <= 2.0 * self.bound {
            return Ok(Verification::PASSED);
        }
        Ok(Verification::failed(format!("one step differs from the reference's by {error:.1e}")))
    }

    /// Whether the steps of a long call are those of short ones.
    fn verify_cuts(&mut self) -> Result<Verification, Error> {
        let Steps { start, dt, steps, .. } = self.problem;
        if *steps == 1 {
            return Ok(Verification::PASSED);
        }
        let mut bodies = start.clone();
        let (mut left, mut most) = (*steps, 1);
        while left > 0 {
            self.kernel.leapfrog(&mut bodies, *dt, left.min(most))?;
            // Makes the kernel forget the forces at the state it left behind.
            self.kernel.accelerations(start, self.out.view_mut())?;
            left = left.saturating_sub(most);
            most *= 2;
        }
        if self.first.as_ref() == Some(&bodies) {
            return Ok(Verification::PASSED);
        }
        let failure = "a run cut into calls of 1, 2, 4, .. steps ends elsewhere than in one call";
        Ok(Verification::failed(failure.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::Parser;
    use perf_kernels::{Registry, Settings};

    use super::*;

    #[derive(Parser)]
    struct Args {
        #[command(flatten)]
        compare: CompareNBody,
    }

    fn args(line: &str) -> CompareNBody {
        Args::try_parse_from(line.split(' ')).unwrap().compare
    }

    fn scalar() -> Arc<dyn Backend> {
        Registry::new(&Settings::default()).unwrap().get("scalar").unwrap()
    }

    fn sphere(line: &str) -> Steps {
        let args = args(line);
        let quiet = crate::args::Volume { quiet: true, verbose: false };
        let roster = Roster::new(&args.protocol).unwrap();
        problems(&args, &roster, Notes::new(quiet)).unwrap().remove(0)
    }

    #[test]
    fn a_run_makes_as_many_steps_as_asked_or_fit() {
        assert_eq!(steps(&args("x --sizes 9 --steps 7"), 9).unwrap(), 7);
        assert_eq!(steps(&args("x --sizes 9 --t-end 1"), 9).unwrap(), 1001);
        assert_eq!(steps(&args("x --sizes 9"), 16).unwrap(), 10_000);
        assert_eq!(steps(&args("x --sizes 9"), 10_001).unwrap(), 1);
        assert_eq!(steps(&args("x --sizes 9"), 1).unwrap(), 10_000);
    }

    #[test]
    fn options_are_the_product() {
        let options =
            options(&args("x --sizes 9 --algorithms direct,tree,direct --precisions f64,f32,f64"));
        assert_eq!(options.len(), 4);
        assert_eq!(options[3].algorithm, NBodyAlgorithm::Tree);
        assert_eq!(options[3].precision, Some(Precision::F32));
    }

    #[test]
    fn the_scalar_backend_is_right_and_a_wrong_one_is_found() {
        let mut problem = sphere("x --sizes 20 --steps 3");
        let verify = |problem: &Steps| {
            let mut stepper = problem.enter(scalar().as_ref(), NBodyOptions::default()).unwrap();
            stepper.run().unwrap();
            stepper.verify().unwrap()
        };
        let right = verify(&problem);
        assert!(right.passed && right.error.unwrap() < right.bound.unwrap(), "{right:?}");
        problem.reference.accelerations[[1, 1]] += 1e-9;
        let wrong = verify(&problem);
        assert!(wrong.failure.unwrap().starts_with("the accelerations have an rms error of"));
        problem.reference.stepped = problem.start.clone();
        problem.reference.accelerations[[1, 1]] -= 1e-9;
        assert!(verify(&problem).failure.unwrap().starts_with("one step differs"));
    }

    fn in_f64(problem: &Steps, kernel: Box<dyn NBody>) -> Stepper<'_> {
        Stepper::new(problem, kernel, NBodyAlgorithm::Direct, Precision::F64)
    }

    /// Rounding moves a close pair by more than f32 is wrong by.
    #[test]
    fn what_rounding_to_f32_changes_is_no_fault_of_a_kernel() {
        let args = args("x --sizes 2 --steps 1");
        let roster = Roster::new(&args.protocol).unwrap();
        let positions = vec![[0.7, 0.3, -0.1], [0.7003, 0.3004, -0.1002]];
        let pair = Bodies::from_rows(vec![1e-9; 2], positions, vec![[1.0; 3]; 2]).unwrap();
        let problem = Steps::new(&args, &roster, Source::Sphere, "pair".to_owned(), pair).unwrap();
        let options = NBodyOptions { precision: Some(Precision::F32), ..NBodyOptions::default() };
        let mut stepper = problem.enter(scalar().as_ref(), options).unwrap();
        stepper.run().unwrap();
        let right = stepper.verify().unwrap();
        assert!(right.passed && right.error.unwrap() > 10.0 * tolerances::F32_RMS, "{right:?}");
        assert!(right.bound.unwrap() < 2.0 * right.error.unwrap(), "{right:?}");
    }

    #[test]
    fn a_run_that_ends_elsewhere_is_found() {
        let problem = sphere("x --sizes 20 --steps 3");
        let kernel = scalar().nbody(&NBodyOptions::default()).unwrap();
        let mut stepper = in_f64(&problem, kernel);
        stepper.first = Some(problem.start.clone());
        stepper.run().unwrap();
        let verification = stepper.verify().unwrap();
        assert_eq!(verification.failure.unwrap(), "a run ended elsewhere than the first one");
    }

    /// Takes twice the step from the second one of a call on.
    struct Hasty(Box<dyn NBody>);

    impl NBody for Hasty {
        fn accelerations(
            &mut self,
            bodies: &Bodies,
            out: ndarray::ArrayViewMut2<'_, f64>,
        ) -> Result<(), Error> {
            self.0.accelerations(bodies, out)
        }

        fn energies(&mut self, bodies: &Bodies) -> Result<perf_kernels::Energies, Error> {
            self.0.energies(bodies)
        }

        fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
            self.0.leapfrog(bodies, dt, 1)?;
            self.0.leapfrog(bodies, 2.0 * dt, steps - 1)
        }
    }

    #[test]
    fn a_fault_from_the_second_step_on_is_found() {
        let problem = sphere("x --sizes 20 --steps 9");
        let verify = |wrong: bool| {
            let kernel = scalar().nbody(&NBodyOptions::default()).unwrap();
            let kernel: Box<dyn NBody> = if wrong { Box::new(Hasty(kernel)) } else { kernel };
            let mut stepper = in_f64(&problem, kernel);
            stepper.run().unwrap();
            stepper.verify().unwrap().failure
        };
        assert_eq!(verify(false), None);
        assert!(verify(true).unwrap().starts_with("a run cut into calls"));
    }

    #[test]
    fn work_counts_the_forces_at_the_start() {
        let problem = sphere("x --sizes 20 --steps 3");
        assert_eq!(problem.work(), 4.0 * 20.0 * 19.0);
        assert_eq!(
            problem.command("-b scalar"),
            "cli generate plummer 20 | cli nbody -b scalar --dt 0.001 --t-end 0.0025 --report-every 0 -"
        );
    }
}
