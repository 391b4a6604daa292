//! What the program prints: lines that come as they are ready, and records in JSON.

use std::fmt;
use std::io::{self, BufWriter, Stdout, Write};
use std::time::{Duration, Instant};

use perf_kernels::Capabilities;
use serde::Serialize;

use crate::failure::{FileError, STANDARD_OUTPUT};
use crate::nbody::simulation::EnergyTrack;
use crate::output::{Destination, Durability};

/// How long a line may wait for the next one.
const PATIENCE: Duration = Duration::from_millis(100);

/// Lines on standard output, collected when they come fast.
pub(crate) struct Lines {
    out: BufWriter<Stdout>,
    flushed: Option<Instant>,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self { out: BufWriter::new(io::stdout()), flushed: None }
    }

    pub(crate) fn print(&mut self, line: fmt::Arguments<'_>) -> Result<(), FileError> {
        writeln!(self.out, "{line}").map_err(standard_output)?;
        let waited = self.flushed.is_none_or(|flushed| flushed.elapsed() >= PATIENCE);
        if waited { self.flush() } else { Ok(()) }
    }

    /// Hands everything printed to the system.
    pub(crate) fn flush(&mut self) -> Result<(), FileError> {
        self.flushed = Some(Instant::now());
        self.out.flush().map_err(standard_output)
    }
}

fn standard_output(error: io::Error) -> FileError {
    FileError::writing(STANDARD_OUTPUT, error)
}

/// Prints one record on standard output.
pub(crate) fn print_json(record: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(record)?;
    Destination::StandardOutput.write(Durability::Relaxed, |out| writeln!(out, "{text}"))
}

/// What `nbody --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct NBodyRecord {
    pub(crate) kernel: &'static str,
    pub(crate) backend: &'static str,
    pub(crate) device: String,
    pub(crate) precision: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) threads: usize,
    pub(crate) n: usize,
    pub(crate) steps: u64,
    pub(crate) dt: f64,
    pub(crate) t_end: f64,
    /// Whether Ctrl-C ended the run before its end.
    pub(crate) interrupted: bool,
    pub(crate) seconds: NBodySeconds,
    pub(crate) interactions_per_second: Option<f64>,
    pub(crate) energy: EnergyRecord,
    pub(crate) version: &'static str,
}

/// How long the parts of an N-body run took.
#[derive(Debug, Serialize)]
pub(crate) struct NBodySeconds {
    pub(crate) read: f64,
    pub(crate) setup: f64,
    pub(crate) simulate: f64,
    pub(crate) energies: f64,
    pub(crate) total: f64,
}

/// The total energies of an N-body run, where it computed any.
#[derive(Debug, Serialize)]
pub(crate) struct EnergyRecord {
    pub(crate) initial: Option<f64>,
    #[serde(rename = "final")]
    pub(crate) last: Option<f64>,
    pub(crate) relative_error: Option<f64>,
    /// The step behind which the run has the final energy: of an interrupted run an earlier one than its last.
    pub(crate) step: Option<u64>,
}

impl EnergyRecord {
    pub(crate) fn of(energy: Option<EnergyTrack>) -> Self {
        Self {
            initial: energy.map(|track| track.initial),
            last: energy.map(|track| track.last),
            relative_error: energy.map(|track| track.relative_error()),
            step: energy.map(|track| track.step),
        }
    }
}

impl fmt::Display for NBodySeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, setup, simulate, energies, total } = self;
        write!(
            f,
            "read {read:.6} s, setup {setup:.6} s, simulate {simulate:.6} s, energies {energies:.6} s, \
             total {total:.6} s"
        )
    }
}

/// What `wordcount --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct WordCountRecord {
    pub(crate) kernel: &'static str,
    pub(crate) backend: &'static str,
    pub(crate) device: String,
    pub(crate) algorithm: &'static str,
    pub(crate) threads: usize,
    pub(crate) bytes: u64,
    pub(crate) words: u64,
    pub(crate) distinct: usize,
    pub(crate) seconds: WordCountSeconds,
    pub(crate) bytes_per_second: f64,
    pub(crate) version: &'static str,
}

/// How long the parts of a word count took. Where a thread of its own reads, `read` is the time
/// spent waiting for it.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct WordCountSeconds {
    pub(crate) read: f64,
    pub(crate) count: f64,
    pub(crate) sort: f64,
    pub(crate) write: f64,
    pub(crate) total: f64,
}

impl fmt::Display for WordCountSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, count, sort, write, total } = self;
        write!(
            f,
            "read {read:.6} s, count {count:.6} s, sort {sort:.6} s, write {write:.6} s, total {total:.6} s"
        )
    }
}

/// What `backends --json` prints of each backend.
#[derive(Debug, Serialize)]
pub(crate) struct BackendRecord {
    pub(crate) name: &'static str,
    pub(crate) ready: bool,
    pub(crate) reason: Option<String>,
    pub(crate) device: String,
    /// Whether it is a processor that pretends to be a GPU.
    pub(crate) software: bool,
    pub(crate) lanes: usize,
    pub(crate) threads: usize,
    pub(crate) precisions: Vec<&'static str>,
    pub(crate) tree_precisions: Vec<&'static str>,
    pub(crate) algorithms: Algorithms,
    pub(crate) notes: Vec<String>,
}

/// The algorithms of a backend, for each kernel.
#[derive(Debug, Serialize)]
pub(crate) struct Algorithms {
    pub(crate) nbody: Vec<&'static str>,
    pub(crate) wordcount: Vec<&'static str>,
}

impl Algorithms {
    pub(crate) fn of(capabilities: &Capabilities) -> Self {
        Self {
            nbody: capabilities.nbody_algorithms.iter().map(|algorithm| algorithm.name()).collect(),
            wordcount: capabilities
                .word_count_algorithms
                .iter()
                .map(|algorithm| algorithm.name())
                .collect(),
        }
    }
}

/// The version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
