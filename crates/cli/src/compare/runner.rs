//! The timed runs: who runs next, how often, and what is kept of it.

use std::time::{Duration, Instant};

use perf_kernels::{Backend, Error, Workload};

use super::record::{Cold, Input, Verification};
use super::roster::Entrant;
use crate::args::compare::Protocol;
use crate::notes::Notes;
use crate::progress::Progress;

/// Runs of each entrant where --runs does not say.
const FEWEST_RUNS: usize = 10;
/// No list of times needs to be longer.
const MOST_RUNS: usize = 1000;

/// A kernel with one input: what all entrants do.
pub(crate) trait Problem {
    /// What a kernel of it is built with.
    type Options: Copy;

    /// What it is computed with.
    fn input(&self) -> &Input;

    /// The work of a run, in the unit of the kernel.
    fn work(&self) -> f64;

    /// What `auto` is asked about.
    fn workload(&self, options: Self::Options) -> Workload;

    /// Builds the kernel of a backend.
    fn enter<'a>(
        &'a self,
        backend: &dyn Backend,
        options: Self::Options,
    ) -> Result<Box<dyn Contender + 'a>, Error>;

    /// The names of the algorithm and of the precision that a backend computes with.
    fn form(
        &self,
        backend: &dyn Backend,
        options: Self::Options,
    ) -> (&'static str, Option<&'static str>);

    /// The command that does the same on a backend given by `flags`.
    fn command(&self, flags: &str) -> String;
}

/// A kernel at its input.
pub(crate) trait Contender {
    /// Runs once, from the start, and tells how long that took.
    fn run(&mut self) -> Result<Duration, Error>;

    /// Whether the result of the last run is right.
    fn verify(&mut self) -> Result<Verification, Error>;
}

/// An entrant at work.
pub(crate) struct Entry<'a, O> {
    pub(crate) entrant: Entrant<O>,
    contender: Box<dyn Contender + 'a>,
    pub(crate) cold: Cold,
    pub(crate) times: Vec<f64>,
    /// How many times there are to be.
    goal: usize,
    pub(crate) verification: Verification,
    /// What ended it.
    pub(crate) error: Option<Error>,
}

impl<'a, O: Copy> Entry<'a, O> {
    /// Builds the kernel and runs it for the first time.
    pub(crate) fn enter(
        problem: &'a impl Problem<Options = O>,
        entrant: Entrant<O>,
    ) -> Result<Self, Error> {
        let start = Instant::now();
        let mut contender = problem.enter(entrant.selected.backend.as_ref(), entrant.options)?;
        let build = entrant.found_in + seconds(start.elapsed());
        let first_run = seconds(contender.run()?);
        let verification = contender.verify()?;
        let cold = Cold { build, first_run };
        Ok(Self { entrant, contender, cold, times: Vec::new(), goal: 0, verification, error: None })
    }

    /// Runs once more; after an error never again.
    fn run(&mut self) -> f64 {
        match self.contender.run().and_then(|time| Ok((time, self.contender.verify()?))) {
            Ok((time, verification)) => {
                self.verification.add(verification);
                seconds(time)
            }
            Err(error) => {
                self.error = Some(error);
                self.goal = 0;
                f64::NAN
            }
        }
    }

    /// How far it is behind its next run; none where it is done.
    fn progress(&self) -> Option<f64> {
        let runs = self.times.len();
        (runs < self.goal).then(|| (runs + 1) as f64 / self.goal as f64)
    }
}

/// A time, of a nanosecond at least: nothing takes none, though a clock may say so.
fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().max(1e-9)
}

/// Runs all entries in turn until each has its times.
pub(crate) fn run<O: Copy>(entries: &mut [Entry<'_, O>], protocol: &Protocol, notes: Notes) {
    for entry in entries.iter_mut() {
        warm_up(entry, protocol);
    }
    let mut progress = Progress::runs(notes, total(entries.iter().map(|entry| entry.goal)));
    let mut done = 0;
    while let Some(entry) = next(entries) {
        let time = entry.run();
        if entry.error.is_none() {
            entry.times.push(time);
        }
        done += 1;
        progress.at(done);
    }
}

/// All runs, which may be more than can be counted.
fn total(goals: impl Iterator<Item = usize>) -> u64 {
    goals.fold(0, |total, goal| total.saturating_add(goal as u64))
}

fn warm_up<O: Copy>(entry: &mut Entry<'_, O>, protocol: &Protocol) {
    let mut shortest = entry.cold.first_run;
    for _ in 0..protocol.warmup {
        if entry.error.is_some() {
            return;
        }
        shortest = shortest.min(entry.run());
    }
    if entry.error.is_none() {
        entry.goal = goal(protocol, shortest);
    }
}

/// How many runs of this time are enough.
fn goal(protocol: &Protocol, time: f64) -> usize {
    match protocol.runs {
        Some(runs) => usize::try_from(runs).unwrap_or(usize::MAX),
        None => ((protocol.min_time / time).ceil() as usize).clamp(FEWEST_RUNS, MOST_RUNS),
    }
}

/// The entry that is furthest behind. Where all have one goal they run in turn; else those with
/// more runs have them evenly between those of the others.
fn next<'e, 'a, O: Copy>(entries: &'e mut [Entry<'a, O>]) -> Option<&'e mut Entry<'a, O>> {
    let due = entries.iter_mut().filter_map(|entry| Some((entry.progress()?, entry)));
    due.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, entry)| entry)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use perf_kernels::{Registry, Settings};

    use super::*;

    /// Notes its name in a list whenever it runs, and is always right.
    struct Scribe<'a>(char, &'a RefCell<String>);

    impl Contender for Scribe<'_> {
        fn run(&mut self) -> Result<Duration, Error> {
            self.1.borrow_mut().push(self.0);
            Ok(Duration::from_millis(1))
        }

        fn verify(&mut self) -> Result<Verification, Error> {
            Ok(Verification::PASSED)
        }
    }

    fn entry(name: char, log: &RefCell<String>) -> Entry<'_, ()> {
        let registry = Registry::new(&Settings::default()).unwrap();
        let selected = perf_kernels::Selected {
            backend: registry.get("scalar").unwrap(),
            requested: name.to_string(),
            reason: None,
        };
        Entry {
            entrant: Entrant { selected, options: (), threads: None, found_in: 0.0 },
            contender: Box::new(Scribe(name, log)),
            cold: Cold { build: 0.0, first_run: 1e-3 },
            times: Vec::new(),
            goal: 0,
            verification: Verification::PASSED,
            error: None,
        }
    }

    #[test]
    fn entries_run_in_turn_and_not_in_blocks() {
        let log = RefCell::new(String::new());
        let mut entries: Vec<_> = "ABC".chars().map(|name| entry(name, &log)).collect();
        let notes = Notes::new(crate::args::Volume { quiet: true, verbose: false });
        run(&mut entries, &protocol(Some(3), 0.0), notes);
        assert_eq!(*log.borrow(), "ABCABCABC");
        assert!(entries.iter().all(|entry| entry.times == [1e-3; 3]));
    }

    fn protocol(runs: Option<u64>, min_time: f64) -> Protocol {
        Protocol { runs, min_time, ..Protocol::default() }
    }

    #[test]
    fn short_runs_are_made_more_often() {
        assert_eq!(goal(&protocol(None, 0.5), 0.1), 10);
        assert_eq!(goal(&protocol(None, 0.5), 0.01), 50);
        assert_eq!(goal(&protocol(None, 0.5), 1e-7), 1000);
        assert_eq!(goal(&protocol(Some(3), 0.5), 1e-7), 3);
        assert_eq!(total([goal(&protocol(Some(u64::MAX), 0.5), 0.1); 2].into_iter()), u64::MAX);
    }
}
