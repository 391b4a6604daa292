//! The record of a comparison: everything that is printed, exported, drawn or compared with later.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::args::compare::Contest;
use crate::failure::FileError;

/// A comparison and where it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// What was typed.
    pub(crate) command: String,
    /// What was compared, so that it can be done again.
    pub(crate) contest: Contest,
    /// `nbody` or `wordcount`.
    pub(crate) kernel: String,
    /// What a run works on: `interactions` or `B`.
    pub(crate) unit: String,
    pub(crate) version: String,
    /// When it began, in UTC.
    pub(crate) date: String,
    pub(crate) machine: Machine,
    /// The backend that the others are compared with.
    pub(crate) reference: String,
    pub(crate) inputs: Vec<Input>,
    pub(crate) results: Vec<Measurement>,
    pub(crate) skipped: Vec<Skipped>,
}

/// The computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    /// Threads that the process may use.
    pub(crate) threads: usize,
    pub(crate) system: String,
}

/// What was computed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    /// Bodies or bytes.
    pub(crate) size: u64,
    /// Of the bytes of the text, or of masses, positions and velocities as they lie in memory.
    pub(crate) sha256: String,
    /// How much of it a run does, for people.
    pub(crate) task: String,
}

/// One backend on one input. The names of the first seven are hyperfine's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// What does the same without a comparison.
    pub(crate) command: String,
    /// Seconds, as all times.
    pub(crate) mean: f64,
    pub(crate) stddev: Option<f64>,
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) times: Vec<f64>,
    /// 1.4826 times the median absolute deviation.
    pub(crate) spread: f64,
    pub(crate) outliers: usize,
    pub(crate) backend: String,
    /// `auto`, or the backend.
    pub(crate) requested: String,
    /// Why `auto` chose the backend.
    pub(crate) reason: Option<String>,
    pub(crate) algorithm: String,
    pub(crate) precision: Option<String>,
    pub(crate) device: String,
    pub(crate) lanes: usize,
    pub(crate) threads: usize,
    /// Of a GPU.
    pub(crate) adapter: Option<String>,
    /// Of a GPU.
    pub(crate) driver: Option<String>,
    /// Which of the inputs.
    pub(crate) input: usize,
    /// Interactions or bytes of a run.
    pub(crate) work: f64,
    /// Work per second, by the median.
    pub(crate) throughput: f64,
    pub(crate) cold: Cold,
    pub(crate) verification: Verification,
    /// The reference's median over this one; none without a verified reference.
    pub(crate) speedup: Option<f64>,
    pub(crate) speedup_spread: Option<f64>,
}

impl Measurement {
    /// The backend, and what distinguishes it from itself.
    pub(crate) fn label(&self) -> String {
        let backend = match self.is_chosen() {
            true => format!("{} ({})", self.requested, self.backend),
            false => self.backend.clone(),
        };
        self.with_form(self.with_threads(backend))
    }

    /// What took part, under one name on inputs of all sizes: of `auto` without what it chose.
    pub(crate) fn entrant(&self) -> String {
        if self.is_chosen() { self.with_form(self.requested.clone()) } else { self.label() }
    }

    /// Whether `auto` chose the backend.
    fn is_chosen(&self) -> bool {
        self.requested != self.backend
    }

    fn with_threads(&self, name: String) -> String {
        if self.threads > 1 { format!("{name} {} threads", self.threads) } else { name }
    }

    fn with_form(&self, name: String) -> String {
        let precision = self.precision.as_deref().unwrap_or_default();
        let parts = [name.as_str(), precision, &self.algorithm];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// What has to agree for two measurements to be of the same thing.
    pub(crate) fn identity(&self) -> (&str, &str, Option<&str>, usize) {
        (&self.requested, &self.algorithm, self.precision.as_deref(), self.threads)
    }
}

/// What is paid once, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cold {
    /// Finding the device, and making the kernel: pipelines and thread pool, where no earlier entry has
    /// made them.
    pub(crate) build: f64,
    /// The first run, with whatever is made or loaded in it.
    pub(crate) first_run: f64,
}

/// Whether the result of every run was right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verification {
    pub(crate) passed: bool,
    /// N-body: the largest rms error of the accelerations.
    pub(crate) error: Option<f64>,
    /// N-body: what the error must stay below.
    pub(crate) bound: Option<f64>,
    /// What was wrong.
    pub(crate) failure: Option<String>,
}

impl Verification {
    /// Nothing is wrong.
    pub(crate) const PASSED: Self = Self { passed: true, error: None, bound: None, failure: None };

    pub(crate) fn failed(failure: String) -> Self {
        Self { passed: false, failure: Some(failure), ..Self::PASSED }
    }

    /// Right where the rms error of accelerations is at most `bound`.
    pub(crate) fn bounded(error: f64, bound: f64) -> Self {
        let measured = Self { error: Some(error), bound: Some(bound), ..Self::PASSED };
        if error <= bound {
            return measured;
        }
        let failure =
            format!("the accelerations have an rms error of {error:.1e}, above {bound:.0e}");
        Self { passed: false, failure: Some(failure), ..measured }
    }

    /// Takes what another check found: the larger error and the first failure.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed &= other.passed;
        self.error = self.error.into_iter().chain(other.error).reduce(f64::max);
        self.bound = self.bound.or(other.bound);
        self.failure = self.failure.take().or(other.failure);
    }
}

/// What was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) what: String,
    pub(crate) reason: String,
    /// It ran and ended in an error.
    pub(crate) failed: bool,
}

impl Record {
    /// Reads what `--export-json` wrote.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| FileError::reading(&name, error))?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{name}: this is no record of cli compare --export-json"))
    }

    /// The measurements of one input, in the order they were asked for.
    pub(crate) fn results_of(&self, input: usize) -> impl Iterator<Item = &Measurement> {
        self.results.iter().filter(move |result| result.input == input)
    }

    /// The verified measurements of one input, the fastest first.
    pub(crate) fn ranking(&self, input: usize) -> Vec<&Measurement> {
        let verified = self.results_of(input).filter(|result| result.verification.passed);
        let mut ranking: Vec<_> = verified.collect();
        ranking.sort_by(|a, b| a.median.total_cmp(&b.median));
        ranking
    }

    /// Whether everything that ran gave a right result.
    pub(crate) fn is_verified(&self) -> bool {
        self.results.iter().all(|result| result.verification.passed)
            && !self.skipped.iter().any(|skipped| skipped.failed)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser;

    use super::super::statistics::{Ratio, Summary};
    use super::*;
    use crate::args::{Cli, Command};

    /// A small comparison: two backends that are right and one that is wrong, and a missing one.
    pub(crate) fn record() -> Record {
        let times = |base: f64| -> Vec<_> {
            (0..10).map(|i| base * (1.0 + 0.004 * f64::from(i % 5))).collect()
        };
        let mut scalar = measurement("scalar", 1, times(0.08));
        scalar.speedup = Some(1.0);
        scalar.speedup_spread = Some(0.0);
        let mut threads = measurement("rayon", 2, times(0.02));
        let ratio = Ratio::new((scalar.median, scalar.spread), (threads.median, threads.spread));
        (threads.speedup, threads.speedup_spread) = (Some(ratio.value), Some(ratio.spread));
        let mut wrong = measurement("gpu", 1, [times(0.000_5), vec![0.9]].concat());
        wrong.verification = Verification::bounded(3e-3, 1e-13);
        Record {
            command: "cli compare nbody data/input1k --steps 99".to_owned(),
            contest: contest("cli compare nbody data/input1k --steps 99"),
            kernel: "nbody".to_owned(),
            unit: "interactions".to_owned(),
            version: "0.1.0".to_owned(),
            date: "2026-11-22T13:00:00Z".to_owned(),
            machine: Machine {
                processor: "A <fast> processor (avx2)".to_owned(),
                threads: 2,
                system: "linux x86_64".to_owned(),
            },
            reference: "scalar".to_owned(),
            inputs: vec![Input {
                name: "data/input1k".to_owned(),
                size: 1024,
                sha256: "0123456789abcdef".to_owned(),
                task: "1024 bodies, 99 steps of 0.001".to_owned(),
            }],
            results: vec![scalar, threads, wrong],
            skipped: vec![Skipped {
                what: "abacus".to_owned(),
                reason: "no beads found; buy some".to_owned(),
                failed: false,
            }],
        }
    }

    pub(crate) fn contest(line: &str) -> Contest {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Compare(compare) => compare.contest.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn measurement(backend: &str, threads: usize, times: Vec<f64>) -> Measurement {
        let Summary { mean, stddev, median, spread, min, max, outliers } = Summary::of(&times);
        let work = 1e8;
        Measurement {
            command: format!("cli nbody -b {backend} data/input1k"),
            mean,
            stddev,
            median,
            min,
            max,
            times,
            spread,
            outliers,
            backend: backend.to_owned(),
            requested: backend.to_owned(),
            reason: None,
            algorithm: "direct".to_owned(),
            precision: Some("f64".to_owned()),
            device: "A <fast> processor (avx2)".to_owned(),
            lanes: 4,
            threads,
            adapter: None,
            driver: None,
            input: 0,
            work,
            throughput: work / median,
            cold: Cold { build: 0.000_2, first_run: 0.09 },
            verification: Verification::bounded(2.3e-16, 1e-13),
            speedup: None,
            speedup_spread: None,
        }
    }

    #[test]
    fn a_wrong_result_has_no_rank() {
        let record = record();
        let ranking: Vec<_> = record.ranking(0).iter().map(|result| &result.backend).collect();
        assert_eq!(ranking, ["rayon", "scalar"]);
        assert!(!record.is_verified());
    }

    #[test]
    fn auto_has_one_name_whatever_it_chose() {
        let chosen = |backend, threads| Measurement {
            requested: "auto".to_owned(),
            ..measurement(backend, threads, vec![1.0])
        };
        let (small, large) = (chosen("simd", 1), chosen("rayon", 2));
        assert_eq!((small.entrant(), large.entrant()), ("auto f64 direct".into(), small.entrant()));
        assert_eq!(large.label(), "auto (rayon) 2 threads f64 direct");
        let named = measurement("rayon", 2, vec![1.0]);
        assert_eq!(named.entrant(), "rayon 2 threads f64 direct");
        assert_eq!(Measurement { precision: None, ..named }.label(), "rayon 2 threads direct");
    }

    #[test]
    fn verification_keeps_the_worst() {
        let mut verification = Verification::bounded(1e-15, 1e-13);
        verification.add(Verification::PASSED);
        assert!(verification.passed);
        verification.add(Verification::bounded(1e-3, 1e-13));
        verification.add(Verification::failed("later".to_owned()));
        verification.add(Verification::bounded(1e-15, 1e-13));
        assert!(!verification.passed);
        assert_eq!(verification.error, Some(1e-3));
        assert!(verification.failure.unwrap().contains("rms error"));
    }

    #[test]
    fn not_a_number_is_no_error_within_bounds() {
        assert!(!Verification::bounded(f64::NAN, 1e-13).passed);
    }
}
