//! A comparison from its arguments to its record.

use std::path::Path;
use std::thread;
use std::time::SystemTime;

use perf_kernels::{Capabilities, Error};
use sha2::{Digest, Sha256};

use super::record::{Machine, Measurement, Record, Skipped};
use super::roster::{Entrant, Roster};
use super::runner::{self, Entry, Problem};
use super::statistics::{Ratio, Summary};
use super::{nbody, word_count};
use crate::args::compare::{Contest, Protocol};
use crate::failure::Usage;
use crate::notes::Notes;
use crate::report::VERSION;

/// Measures everything that the contest asks for.
pub(crate) fn hold(contest: &Contest, notes: Notes) -> anyhow::Result<Record> {
    let roster = Roster::new(contest.protocol())?;
    let mut record = empty(contest, &roster);
    match contest {
        Contest::Nbody(args) => {
            let options = nbody::options(args);
            for (input, problem) in nbody::problems(args, &roster, notes)?.iter().enumerate() {
                Heat { problem, input, roster: &roster, record: &mut record }
                    .run(&options, notes)?;
            }
        }
        Contest::WordCount(args) => {
            let (options, text) = (word_count::options(args), word_count::read(args)?);
            for (input, problem) in word_count::problems(args, &roster, &text)?.iter().enumerate() {
                Heat { problem, input, roster: &roster, record: &mut record }
                    .run(&options, notes)?;
            }
        }
    }
    if record.results.is_empty() && !record.skipped.iter().any(|skipped| skipped.failed) {
        return Err(Usage(nobody_left(&record.skipped)).into());
    }
    Ok(record)
}

impl Contest {
    pub(crate) fn protocol(&self) -> &Protocol {
        match self {
            Self::Nbody(args) => &args.protocol,
            Self::WordCount(args) => &args.protocol,
        }
    }

    /// The file that is read.
    pub(crate) fn input(&self) -> Option<&Path> {
        match self {
            Self::Nbody(args) => args.input.as_deref(),
            Self::WordCount(args) => Some(&args.input),
        }
    }
}

fn empty(contest: &Contest, roster: &Roster) -> Record {
    let (kernel, unit) = match contest {
        Contest::Nbody(_) => ("nbody", "interactions"),
        Contest::WordCount(_) => ("wordcount", "B"),
    };
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(Path::new(&argument)));
    Record {
        command: format!("cli {}", arguments.collect::<Vec<_>>().join(" ")),
        contest: contest.clone(),
        kernel: kernel.to_owned(),
        unit: unit.to_owned(),
        version: VERSION.to_owned(),
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        machine: Machine {
            processor: roster.processor(),
            threads: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        },
        reference: roster.reference.clone(),
        inputs: Vec::new(),
        results: Vec::new(),
        skipped: roster.missing.clone(),
    }
}

fn nobody_left(skipped: &[Skipped]) -> String {
    if skipped.is_empty() {
        return "nothing to compare: neither an input nor --sizes is given".to_owned();
    }
    let reasons: Vec<_> = skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    format!("nothing is left to compare: {}", reasons.join("; "))
}

/// All entrants on one input.
struct Heat<'a, P> {
    problem: &'a P,
    /// Its number.
    input: usize,
    roster: &'a Roster,
    record: &'a mut Record,
}

impl<P: Problem> Heat<'_, P> {
    fn run(mut self, options: &[P::Options], notes: Notes) -> anyhow::Result<()> {
        self.record.inputs.push(self.problem.input().clone());
        let mut entries = Vec::new();
        for entrant in self.roster.entrants(options, |options| self.problem.workload(options))? {
            let what = self.describe(&entrant);
            notes.detail(|| format!("comparing {what} on {}", self.problem.input().task));
            match Entry::enter(self.problem, entrant) {
                Ok(entry) => entries.push(entry),
                Err(error) => self.skip(what, &error),
            }
        }
        runner::run(&mut entries, self.roster_protocol(), notes);
        let mut results = Vec::new();
        for entry in entries {
            match &entry.error {
                None => results.push(self.measurement(&entry)),
                Some(error) => self.skip(self.describe(&entry.entrant), error),
            }
        }
        rate(&mut results, &self.record.reference);
        self.record.results.extend(results);
        Ok(())
    }

    fn roster_protocol(&self) -> &Protocol {
        self.record.contest.protocol()
    }

    /// The entrant in a few words.
    fn describe(&self, entrant: &Entrant<P::Options>) -> String {
        let backend = entrant.selected.backend.as_ref();
        let (algorithm, precision) = self.problem.form(backend, entrant.options);
        [Some(entrant.selected.requested.as_str()), precision, Some(algorithm)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Notes what cannot take part; once, where it is for every input.
    fn skip(&mut self, what: String, error: &Error) {
        let unable = matches!(
            error,
            Error::UnsupportedAlgorithm { .. }
                | Error::UnsupportedPrecision { .. }
                | Error::UnsupportedCombination { .. }
                | Error::TooLarge { .. }
        );
        let skipped = Skipped { what, reason: error.to_string(), failed: !unable };
        if !self.record.skipped.contains(&skipped) {
            self.record.skipped.push(skipped);
        }
    }

    fn measurement(&self, entry: &Entry<'_, P::Options>) -> Measurement {
        let Entrant { selected, options, .. } = &entry.entrant;
        let capabilities = selected.backend.capabilities();
        let (algorithm, precision) = self.problem.form(selected.backend.as_ref(), *options);
        let (adapter, driver) = adapter(selected.backend.name(), &capabilities);
        let Summary { mean, stddev, median, spread, min, max, outliers } =
            Summary::of(&entry.times);
        let work = self.problem.work();
        Measurement {
            command: self.problem.command(&flags(&entry.entrant, algorithm, precision)),
            mean,
            stddev,
            median,
            min,
            max,
            times: entry.times.clone(),
            spread,
            outliers,
            backend: selected.backend.name().to_owned(),
            requested: selected.requested.clone(),
            reason: selected.reason.clone(),
            algorithm: algorithm.to_owned(),
            precision: precision.map(str::to_owned),
            device: capabilities.device,
            lanes: capabilities.lanes,
            threads: capabilities.threads,
            adapter,
            driver,
            input: self.input,
            work,
            throughput: work / median,
            cold: entry.cold,
            verification: entry.verification.clone(),
            speedup: None,
            speedup_spread: None,
        }
    }
}

/// Sets every result beside the first of the reference, if that one is right.
fn rate(results: &mut [Measurement], reference: &str) {
    let is_reference = |result: &Measurement| result.requested == reference;
    let Some(index) = results.iter().position(is_reference) else { return };
    if !results[index].verification.passed {
        return;
    }
    let reference = (results[index].median, results[index].spread);
    for result in results.iter_mut().filter(|result| result.verification.passed) {
        let ratio = Ratio::new(reference, (result.median, result.spread));
        (result.speedup, result.speedup_spread) = (Some(ratio.value), Some(ratio.spread));
    }
    // It is exactly as fast as itself.
    results[index].speedup_spread = Some(0.0);
}

fn flags<O>(entrant: &Entrant<O>, algorithm: &str, precision: Option<&str>) -> String {
    let mut flags = format!("-b {} --algorithm {algorithm}", entrant.selected.requested);
    if let Some(precision) = precision {
        flags += &format!(" --precision {precision}");
    }
    if let Some(threads) = entrant.threads {
        flags += &format!(" --threads {threads}");
    }
    flags
}

/// The adapter and the driver of a GPU, which its device names as `adapter (driver, interface)`.
fn adapter(backend: &str, capabilities: &Capabilities) -> (Option<String>, Option<String>) {
    if backend != "gpu" {
        return (None, None);
    }
    match last_group(&capabilities.device) {
        Some((adapter, driver)) => (Some(adapter.to_owned()), Some(driver.to_owned())),
        None => (Some(capabilities.device.clone()), None),
    }
}

/// What stands before the parentheses at the end of a text, and what in them, other parentheses included.
fn last_group(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_suffix(')')?;
    let mut depth = 1;
    let opening = inner.rfind(|c| {
        depth += i32::from(c == ')') - i32::from(c == '(');
        depth == 0
    })?;
    Some((inner[..opening].trim_end(), &inner[opening + 1..]))
}

/// The SHA-256 of some bytes, as `sha256sum` prints it.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A path as a shell reads it.
pub(super) fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:=@%".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.into_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::measurement;
    use super::*;

    #[test]
    fn paths_survive_a_shell() {
        assert_eq!(quoted(Path::new("data/input1k")), "data/input1k");
        assert_eq!(quoted(Path::new("my text")), "'my text'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }

    #[test]
    fn only_the_reference_is_exactly_as_fast_as_itself() {
        let times = vec![1.0, 1.1, 1.2];
        let mut results = ["simd", "scalar"].map(|name| measurement(name, 1, times.clone()));
        rate(&mut results, "scalar");
        assert_eq!((results[1].speedup, results[1].speedup_spread), (Some(1.0), Some(0.0)));
        assert!(results[0].speedup_spread.unwrap() > 0.1, "{:?}", results[0]);
    }

    #[test]
    fn digests_are_those_of_sha256sum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }

    #[test]
    fn adapters_are_told_from_their_drivers() {
        let capabilities = Capabilities {
            device: "llvmpipe (LLVM 15) (Mesa 25.0 (LLVM 15), vulkan)".to_owned(),
            lanes: 1,
            threads: 1,
            software: true,
            precisions: vec![],
            tree_precisions: vec![],
            nbody_algorithms: vec![],
            word_count_algorithms: vec![],
            notes: vec![],
        };
        let (name, driver) = adapter("gpu", &capabilities);
        assert_eq!(name.as_deref(), Some("llvmpipe (LLVM 15)"));
        assert_eq!(driver.as_deref(), Some("Mesa 25.0 (LLVM 15), vulkan"));
        assert_eq!(adapter("simd", &capabilities), (None, None));
    }
}
