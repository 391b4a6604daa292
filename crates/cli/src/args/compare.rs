//! What `cli compare` and `cli calibrate` take.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::values::{count, non_negative, positive, threads, whole};
use super::{NBodyAlgorithmName, PrecisionName, WordCountAlgorithmName};

/// Time backends against each other, and verify what they compute
///
/// The backends run in turn (A B C A B C), so that a machine that drifts is fair to all; building a
/// kernel and its first run are timed apart. Every run's result is verified. The exit code is 1 where
/// one is wrong.
#[derive(Debug, Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub(crate) struct Compare {
    #[command(subcommand)]
    pub(crate) contest: Option<Contest>,
    /// Set the record in FILE (from --export-json) beside this run, and flag what is slower beyond the
    /// noise, which is no failure; without a kernel, what FILE records is run again
    #[arg(long, value_name = "FILE", global = true, display_order = 800)]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) exports: Exports,
}

const COMPARE_EXAMPLES: &str = "\
Examples:
  cli compare nbody data/input1k
  cli compare nbody --sizes 16,128,1024 --backends simd,rayon --html report.html
  cli compare wordcount book.txt --threads 1,2,4 --export-json today.json
  cli compare --from yesterday.json";

/// The files a comparison is written to; '-' is standard output.
#[derive(Debug, Args)]
pub(crate) struct Exports {
    /// Write all times and what they were measured with
    #[arg(long, value_name = "FILE", global = true, display_order = 801)]
    pub(crate) export_json: Option<PathBuf>,
    /// Write a line a result; what could not be measured has none
    #[arg(long, value_name = "FILE", global = true, display_order = 802)]
    pub(crate) export_csv: Option<PathBuf>,
    /// Write a table for a README
    #[arg(long, value_name = "FILE", global = true, display_order = 803)]
    pub(crate) export_markdown: Option<PathBuf>,
    /// Write a page with charts, which loads nothing from anywhere
    #[arg(long, value_name = "FILE", global = true, display_order = 804)]
    pub(crate) html: Option<PathBuf>,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Contest {
    Nbody(CompareNBody),
    #[command(name = "wordcount")]
    WordCount(CompareWordCount),
}

/// Compare N-body: a run starts from INPUT, or a sphere of each of --sizes, and makes --steps steps
#[derive(Debug, Clone, PartialEq, Args, Serialize, Deserialize)]
pub(crate) struct CompareNBody {
    /// The bodies, in nbabel's format; '-' is standard input
    #[arg(required_unless_present = "sizes")]
    pub(crate) input: Option<PathBuf>,
    /// Plummer spheres of so many bodies, as `cli generate plummer` makes them: on one core, in O(N^2)
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    #[arg(value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) sizes: Vec<u64>,
    /// How the forces are summed [default: direct]
    #[arg(long, value_name = "NAME,..", value_enum, value_delimiter = ',')]
    pub(crate) algorithms: Vec<NBodyAlgorithmName>,
    /// The numbers computed with [default: each backend's own, f64 on every processor]
    #[arg(long, value_name = "NAME,..", value_enum, value_delimiter = ',')]
    pub(crate) precisions: Vec<PrecisionName>,
    /// Steps of a run [default: as many as make 100 million interactions, at most 10 000]
    #[arg(long, value_name = "N", value_parser = count, conflicts_with = "t_end")]
    pub(crate) steps: Option<u64>,
    /// The time a run ends at, instead of --steps
    #[arg(long, value_name = "T", value_parser = positive)]
    pub(crate) t_end: Option<f64>,
    /// The time step
    #[arg(long, value_name = "DT", value_parser = positive, default_value = "0.001")]
    pub(crate) dt: f64,
    /// Plummer's softening length
    #[arg(long, value_name = "EPS", value_parser = non_negative, default_value = "0")]
    pub(crate) softening: f64,
    #[command(flatten)]
    pub(crate) protocol: Protocol,
}

/// Compare word count: a run counts the words of INPUT, which is in memory, or of the start of it
#[derive(Debug, Clone, PartialEq, Args, Serialize, Deserialize)]
pub(crate) struct CompareWordCount {
    /// The text, plain, .gz or .zst; '-' is standard input
    pub(crate) input: PathBuf,
    /// Count only the first bytes of the text, so many of them (up to the end of a word);
    /// K, M and G multiply by 1000, 1000^2 and 1000^3
    #[arg(long, value_name = "BYTES,..", value_delimiter = ',', value_parser = count)]
    pub(crate) sizes: Vec<u64>,
    /// How the text is split [default: scan]
    #[arg(long, value_name = "NAME,..", value_enum, value_delimiter = ',')]
    pub(crate) algorithms: Vec<WordCountAlgorithmName>,
    #[command(flatten)]
    pub(crate) protocol: Protocol,
}

/// Who takes part, and how often.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
pub(crate) struct Protocol {
    /// The backends that take part; 'all' is all that are ready, 'auto' what auto would choose, of nbody
    /// for a thousand steps [default: all]
    #[arg(short, long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) backends: Vec<String>,
    /// What the others are compared with [default: scalar where it takes part, else the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) reference: Option<String>,
    /// Run the threaded backends with each of these numbers of threads, auto with the largest [default:
    /// as many as this process may use]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = threads)]
    pub(crate) threads: Vec<NonZeroUsize>,
    /// Runs of each backend, in place of --min-time [default: until they took it, at least 10 and at
    /// most 1000]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) runs: Option<u64>,
    /// Untimed runs of each backend before the timed ones, besides the first, which is timed apart
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>)]
    pub(crate) warmup: u64,
    /// Seconds that the runs of each backend take together, unless that are more than 1000 runs
    #[arg(long, value_name = "SECONDS", value_parser = non_negative, default_value = "0.5")]
    #[arg(conflicts_with = "runs")]
    pub(crate) min_time: f64,
}

/// Measure which backend is fastest for which size, and remember it for auto
///
/// Takes about ten seconds. The result is kept for this machine in the user's cache directory
/// (PERF_CACHE_DIR, else XDG_CACHE_HOME/perf-kernels, else ~/.cache/perf-kernels). A run of nbody or
/// wordcount that takes one core twenty seconds or more measures what auto needs for it unasked, where nothing
/// is known yet.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cli calibrate && cli nbody data/input1k")]
pub(crate) struct Calibrate {
    /// Print the measured times as JSON instead of the table
    #[arg(long)]
    pub(crate) json: bool,
}
