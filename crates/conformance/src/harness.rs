//! From backends and cases to a list of tests.

use std::process::ExitCode;
use std::sync::Arc;

use kernels_core::{Availability, Backend};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::{Need, Required, nbody, word_count};

/// A backend to be tested, with the name that its tests bear: `simd[avx2]`, `rayon[3 threads]`.
#[derive(Debug, Clone)]
pub struct Subject {
    label: String,
    backend: Arc<dyn Backend>,
}

impl Subject {
    /// A backend under a label.
    pub fn new(label: impl Into<String>, backend: Arc<dyn Backend>) -> Self {
        Self { label: label.into(), backend }
    }
}

/// One test of the suite.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What must hold, in snake case.
    pub name: &'static str,
    /// Panics where it does not hold.
    pub check: fn(&dyn Backend),
    /// What the test needs besides the backend.
    pub needs: &'static [Need],
}

impl Case {
    /// A case that needs nothing but the backend.
    #[must_use]
    pub const fn new(name: &'static str, check: fn(&dyn Backend)) -> Self {
        Self { name, check, needs: &[] }
    }

    /// A case that is skipped where something of `needs` is not there.
    #[must_use]
    pub const fn needing(
        needs: &'static [Need],
        name: &'static str,
        check: fn(&dyn Backend),
    ) -> Self {
        Self { name, check, needs }
    }
}

/// Every case, of both kernels.
pub fn cases() -> impl Iterator<Item = Case> {
    nbody::cases().chain(word_count::cases())
}

/// Runs every case against every subject, as `cargo test` does: filters, `--list` and `--ignored` work.
pub fn run(subjects: impl IntoIterator<Item = Subject>) -> ExitCode {
    let required = Required::from_env();
    let trials = subjects.into_iter().flat_map(|subject| trials(&subject, &required)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The tests of one subject.
#[must_use]
pub fn trials(subject: &Subject, required: &Required) -> Vec<Trial> {
    match subject.backend.availability() {
        Availability::Ready => cases().map(|case| trial(subject, case, required)).collect(),
        Availability::Missing { reason, remedy } => {
            let why = format!("{reason}; {remedy}");
            let must_run = required.names(subject.backend.name());
            vec![skipped(&subject.label, &why, must_run)]
        }
    }
}

fn trial(subject: &Subject, case: Case, required: &Required) -> Trial {
    let name = format!("{}::{}", subject.label, case.name);
    for need in case.needs {
        if let Err(why) = need.probe() {
            return skipped(&name, &why, required.names(need.name()));
        }
    }
    let backend = Arc::clone(&subject.backend);
    Trial::test(name, move || {
        (case.check)(&*backend);
        Ok(())
    })
}

/// A test that cannot run: ignored with the reason in its name, and a failure where it must run.
fn skipped(name: &str, why: &str, must_run: bool) -> Trial {
    let failure = format!("cannot run here: {why}");
    Trial::test(format!("{name} (not run: {why})"), move || Err(Failed::from(failure)))
        .with_ignored_flag(!must_run)
}
