//! The suite itself: it passes a plain backend and fails each of many broken ones.

use std::panic::catch_unwind;
use std::sync::Arc;

use conformance::{Case, Required, Subject, cases, trials};
use kernels_core::nbody::{leapfrog, require_output, require_time_step};
use kernels_core::{
    Availability, Backend, Bodies, Capabilities, Counts, Energies, Error, NBody, NBodyAlgorithm,
    NBodyOptions, Precision, WordCount, WordCountAlgorithm, WordCountOptions, text,
};
use ndarray::{Array2, ArrayViewMut2};

/// What is wrong with a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Missing,
    ForceOffByAMillionthOfAMillionth,
    NoSoftening,
    AttractsTooMuchInX,
    PotentialOfAllPairsTwice,
    EulerSteps,
    CutDependsOnCalls,
    AcceptsCoincidentBodies,
    AcceptsAnyOutput,
    ForgetsTheLastWord,
    OnlyRustsWhiteSpace,
    LowersAsciiOnly,
    SigmaOfTheWholeText,
    LastOffset,
    OffsetInThePiece,
    ReplacesInvalidBytes,
    KeepsCountsAfterAnError,
}

#[derive(Debug)]
struct Plain(Fault);

impl Backend for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn availability(&self) -> Availability {
        match self.0 {
            Fault::Missing => {
                Availability::Missing { reason: "no abacus".into(), remedy: "buy one".into() }
            }
            _ => Availability::Ready,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            device: "CPU".into(),
            lanes: 1,
            threads: 1,
            software: true,
            precisions: vec![Precision::F64],
            tree_precisions: Vec::new(),
            nbody_algorithms: vec![NBodyAlgorithm::Direct],
            word_count_algorithms: vec![WordCountAlgorithm::Scan],
            notes: Vec::new(),
        }
    }

    fn nbody(&self, options: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        options.validate()?;
        self.capabilities().require_nbody("plain", options.algorithm)?;
        self.capabilities().precision("plain", options)?;
        Ok(Box::new(PlainNBody { fault: self.0, softening: options.softening }))
    }

    fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        self.capabilities().require_word_count("plain", options.algorithm)?;
        Ok(Box::new(PlainWords { fault: self.0, counts: Counts::new(), bytes: 0 }))
    }
}

struct PlainNBody {
    fault: Fault,
    softening: f64,
}

impl PlainNBody {
    fn require_distinct(&self, bodies: &Bodies) -> Result<(), Error> {
        match self.fault {
            Fault::AcceptsCoincidentBodies => Ok(()),
            _ => bodies.require_distinct(self.softening, Precision::F64),
        }
    }

    /// `x_j - x_i` and the softened distance.
    fn separation(&self, bodies: &Bodies, i: usize, j: usize) -> ([f64; 3], f64) {
        let x = bodies.position_rows();
        let d: [f64; 3] = std::array::from_fn(|k| x[j][k] - x[i][k]);
        let softening = if self.fault == Fault::NoSoftening { 0.0 } else { self.softening };
        (d, d.iter().fold(softening * softening, |sum, d| sum + d * d).sqrt())
    }

    fn attraction(&self, bodies: &Bodies, i: usize) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for j in (0..bodies.len()).filter(|&j| j != i) {
            let (d, r) = self.separation(bodies, i, j);
            let weight = if r > 0.0 { bodies.mass_slice()[j] / (r * r * r) } else { 0.0 };
            (0..3).for_each(|k| sum[k] += weight * d[k]);
        }
        match self.fault {
            Fault::ForceOffByAMillionthOfAMillionth => sum.map(|a| a * (1.0 + 1e-12)),
            Fault::AttractsTooMuchInX => [sum[0] + 1e-9, sum[1], sum[2]],
            _ => sum,
        }
    }
}

impl NBody for PlainNBody {
    fn accelerations(
        &mut self,
        bodies: &Bodies,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), Error> {
        if self.fault != Fault::AcceptsAnyOutput {
            require_output(bodies, &out)?;
        }
        self.require_distinct(bodies)?;
        for (i, mut row) in out.rows_mut().into_iter().enumerate().take(bodies.len()) {
            let a = self.attraction(bodies, i);
            row.iter_mut().zip(a).for_each(|(out, a)| *out = a);
        }
        Ok(())
    }

    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error> {
        self.require_distinct(bodies)?;
        let masses = bodies.mass_slice();
        let square = |v: [f64; 3]| v.iter().map(|v| v * v).sum::<f64>();
        let kinetic = |i: usize| 0.5 * masses[i] * square(bodies.velocity_rows()[i]);
        let inverse = |r: f64| if r > 0.0 { 1.0 / r } else { 0.0 };
        let pair =
            |i: usize, j: usize| -masses[i] * masses[j] * inverse(self.separation(bodies, i, j).1);
        let twice = if self.fault == Fault::PotentialOfAllPairsTwice { 2.0 } else { 1.0 };
        let potential = |i: usize| (0..i).map(|j| twice * pair(i, j)).sum::<f64>();
        Ok(Energies {
            kinetic: (0..bodies.len()).map(kinetic).sum(),
            potential: (0..bodies.len()).map(potential).sum(),
        })
    }

    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        match self.fault {
            Fault::EulerSteps => self.euler(bodies, dt, steps),
            Fault::CutDependsOnCalls => {
                leapfrog(self, bodies, dt * (1.0 + 1e-13 / steps as f64), steps)
            }
            _ => leapfrog(self, bodies, dt, steps),
        }
    }
}

impl PlainNBody {
    fn euler(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        require_time_step(dt)?;
        for _ in 0..steps {
            let mut a = Array2::zeros((bodies.len(), 3));
            self.accelerations(bodies, a.view_mut())?;
            let (x, v) = (bodies.position_rows().to_vec(), bodies.velocity_rows().to_vec());
            let moved = |i: usize, k: usize| x[i][k] + dt * v[i][k];
            let kicked = |i: usize, k: usize| v[i][k] + dt * a[[i, k]];
            bodies.set_state(|i| {
                (std::array::from_fn(|k| moved(i, k)), std::array::from_fn(|k| kicked(i, k)))
            })?;
        }
        Ok(())
    }
}

struct PlainWords {
    fault: Fault,
    counts: Counts,
    bytes: u64,
}

impl PlainWords {
    fn validated<'a>(&self, piece: &'a [u8]) -> Result<std::borrow::Cow<'a, str>, Error> {
        match self.fault {
            Fault::ReplacesInvalidBytes => Ok(String::from_utf8_lossy(piece)),
            Fault::OffsetInThePiece => text::validate(piece, 0).map(Into::into),
            _ => text::validate(piece, self.bytes).map(Into::into),
        }
    }

    fn lowered(&self, word: &str) -> String {
        match self.fault {
            Fault::LowersAsciiOnly => word.to_ascii_lowercase(),
            Fault::SigmaOfTheWholeText => word.replace('Σ', "σ").to_lowercase(),
            _ => word.to_lowercase(),
        }
    }

    fn words<'a>(&self, text: &'a str) -> Vec<(usize, &'a str)> {
        let space = |c: char| match self.fault {
            Fault::OnlyRustsWhiteSpace => c.is_whitespace(),
            _ => text::is_space(c),
        };
        let mut words = text::words(text).collect::<Vec<_>>();
        if self.fault == Fault::ForgetsTheLastWord && !text.ends_with(space) {
            words.pop();
        }
        if self.fault == Fault::OnlyRustsWhiteSpace {
            words = text
                .split(|c: char| space(c) || text::DELIMITERS.contains(c))
                .filter(|word| !word.is_empty())
                .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
                .collect();
        }
        words
    }
}

impl WordCount for PlainWords {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        let text = match self.validated(piece) {
            Ok(text) => text,
            Err(error) => {
                if self.fault != Fault::KeepsCountsAfterAnError {
                    (self.counts, self.bytes) = (Counts::new(), 0);
                }
                return Err(error);
            }
        };
        for (offset, word) in self.words(&text) {
            let offset = match self.fault {
                Fault::LastOffset => u64::MAX / 2 - (self.bytes + offset as u64),
                _ => self.bytes + offset as u64,
            };
            self.counts.add(&self.lowered(word), 1, offset);
        }
        self.bytes += piece.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        self.bytes = 0;
        Ok(std::mem::take(&mut self.counts))
    }
}

fn passes(case: &Case, fault: Fault) -> bool {
    catch_unwind(|| (case.check)(&Plain(fault))).is_ok()
}

#[test]
fn plain_backend_passes() {
    let alone = cases().filter(|case| case.needs.is_empty());
    let failed = alone.filter(|case| !passes(case, Fault::None)).map(|case| case.name);
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_fault_is_found() {
    for (fault, case) in [
        (Fault::ForceOffByAMillionthOfAMillionth, "nbody_accelerations_of_1_to_70_bodies"),
        (Fault::NoSoftening, "nbody_accelerations_with_softening"),
        (Fault::NoSoftening, "nbody_energies_with_softening"),
        (Fault::AttractsTooMuchInX, "nbody_net_force_is_zero"),
        (Fault::PotentialOfAllPairsTwice, "nbody_energies"),
        (Fault::EulerSteps, "nbody_run_is_reversible"),
        (Fault::EulerSteps, "nbody_halving_the_step_quarters_the_error"),
        (Fault::CutDependsOnCalls, "nbody_run_does_not_depend_on_how_it_is_cut"),
        (Fault::AcceptsCoincidentBodies, "nbody_coincident_bodies_are_refused"),
        (Fault::AcceptsAnyOutput, "nbody_output_of_a_wrong_shape_is_refused"),
        (Fault::ForgetsTheLastWord, "words_of_every_length_of_text"),
        (Fault::OnlyRustsWhiteSpace, "words_of_generated_text"),
        (Fault::LowersAsciiOnly, "words_of_every_character"),
        (Fault::SigmaOfTheWholeText, "words_of_border_cases"),
        (Fault::LastOffset, "words_of_generated_text"),
        (Fault::OffsetInThePiece, "invalid_utf8_is_found_in_any_piece"),
        (Fault::ReplacesInvalidBytes, "invalid_utf8_of_every_kind_is_refused"),
        (Fault::KeepsCountsAfterAnError, "invalid_utf8_is_found_in_any_piece"),
    ] {
        let case = cases().find(|found| found.name == case).expect(case);
        assert!(!passes(&case, fault), "{fault:?} passes {}", case.name);
    }
}

#[test]
fn missing_backend_is_ignored_with_its_reason_or_fails_where_it_is_required() {
    let subject = Subject::new("plain", Arc::new(Plain(Fault::Missing)));
    let [skipped] = &trials(&subject, &Required::default())[..] else { panic!("not one test") };
    assert_eq!(skipped.name(), "plain (not run: no abacus; buy one)");
    assert!(skipped.has_ignored_flag());
    let required = Required::parse("scalar, plain");
    let [failing] = &trials(&subject, &required)[..] else { panic!("not one test") };
    assert!(!failing.has_ignored_flag());
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let mut names: Vec<_> = cases().map(|case| case.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
