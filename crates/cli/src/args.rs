//! What can be written on the command line.

pub(crate) mod compare;
mod values;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{ArgGroup, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use perf_kernels::{NBodyAlgorithm, Precision, WordCountAlgorithm};
use serde::{Deserialize, Serialize};

use values::{count, fraction, non_negative, opening, positive, threads, whole};

/// The command line of this process.
///
/// # Errors
/// What is wrong with it, or the help that it asks for.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&taking_negative_numbers(Cli::command()).try_get_matches()?)
}

/// Has every option take what looks like a negative number for its value, to be refused in words about it: clap
/// would advise to write `-- -1`, which makes another input of it.
fn taking_negative_numbers(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| match arg.get_long().is_some() && arg.get_action().takes_values() {
            true => arg.allow_negative_numbers(true),
            false => arg,
        })
        .mut_subcommands(taking_negative_numbers)
}

/// Word-frequency count and gravitational N-body on the backend you name: scalar, SIMD, threads or
/// GPU.
#[derive(Debug, Parser)]
#[command(name = "cli", version, after_help = EXAMPLES, propagate_version = true)]
#[command(subcommand_required = true, arg_required_else_help = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) volume: Volume,
}

const EXAMPLES: &str = "\
Examples:
  cli nbody data/input16
  PERF_BACKEND=gpu cli nbody data/input16
  cli nbody -b simd data/input16 --t-end 1
  cli wordcount data/sample.txt counts.dat
  cli wordcount -b rayon - < data/sample.txt
  cli compare nbody data/input1k --html report.html
  cli backends

Exit codes: 0 done, 1 failed (bad input, I/O), 2 wrong usage, 3 backend unavailable,
130 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Nbody(NBody),
    #[command(name = "wordcount")]
    WordCount(WordCount),
    Compare(compare::Compare),
    Calibrate(compare::Calibrate),
    Plot(Plot),
    Zipf(Zipf),
    Backends(Backends),
    Generate(Generate),
    Completions(Completions),
    /// Print the manual page
    ///
    /// Shows it at once with `cli man | man -l -`.
    Man,
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Volume {
    /// Print no notes and no progress on standard error, only errors
    #[arg(short, long, global = true, display_order = 900)]
    pub(crate) quiet: bool,
    /// Print on standard error what runs where and how long each part took
    #[arg(short, long, global = true, conflicts_with = "quiet", display_order = 901)]
    pub(crate) verbose: bool,
}

/// Which backend runs, and how it is built.
#[derive(Debug, Clone, Args)]
pub(crate) struct BackendArgs {
    /// The backend: scalar, simd, rayon, rayon-scalar, gpu or auto [default: PERF_BACKEND, else auto]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// Threads of the threaded backends [default: as many as this process may use]; the direct sum has work for 8
    /// below 8,192 bodies, for 16 to 32 above
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// A lower instruction level than the processor has
    #[arg(long, value_name = "LEVEL", hide = true)]
    pub(crate) simd_level: Option<String>,
}

/// Where the time goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProfileArgs {
    /// Print on standard error a table of the phases: calls, time, share
    ///
    /// A GPU tells its phases by its own clock, if it has one. On a processor nbody takes its steps one
    /// by one then, where they are fused otherwise: the last digits and, for few bodies, the speed differ.
    #[arg(long)]
    pub(crate) profile: bool,
    /// Write a timeline of the phases to FILE, for ui.perfetto.dev or chrome://tracing
    ///
    /// It is kept in memory until the end: about 600 bytes a step of nbody, which are taken as with
    /// --profile. A GPU's phases have a line of their own, with lengths by its clock; where on the line they
    /// stand is not known exactly. Of a run that fails or is interrupted it shows what was done.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

impl ProfileArgs {
    /// Whether anybody wants to know.
    pub(crate) fn is_wanted(&self) -> bool {
        self.profile || self.trace.is_some()
    }
}

/// Move bodies under their gravity, from a file in nbabel's format
///
/// INPUT holds a body a line: id mass x y z vx vy vz, the id being optional. Units have G = 1.
/// The step is velocity Verlet of the fixed length --dt; int(t_end/dt)+1 steps are made.
/// The energy is printed after step 0 and every --report-every steps, dE/E against the print before; as in nbabel,
/// the time is that before the step.
#[derive(Debug, Args)]
#[command(after_help = NBODY_EXAMPLES)]
#[command(group = ArgGroup::new("saves").args(["checkpoint", "resume"]).multiple(true))]
pub(crate) struct NBody {
    /// The bodies at the start; '-' is standard input
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    pub(crate) input: Option<PathBuf>,
    /// The time to end at [default: 10, or what the resumed run had]
    #[arg(long, value_name = "T", value_parser = positive)]
    pub(crate) t_end: Option<f64>,
    /// The time step
    #[arg(long, value_name = "DT", value_parser = positive, default_value = "0.001")]
    #[arg(conflicts_with = "resume")]
    pub(crate) dt: f64,
    /// Plummer's softening length
    #[arg(long, value_name = "EPS", value_parser = non_negative, default_value = "0")]
    #[arg(conflicts_with = "resume")]
    pub(crate) softening: f64,
    /// The numbers computed with [default: the backend's, f64 on every processor]
    #[arg(long, value_enum, conflicts_with = "resume")]
    pub(crate) precision: Option<PrecisionName>,
    /// How the forces are summed
    #[arg(long, value_enum, default_value = "direct", conflicts_with = "resume")]
    pub(crate) algorithm: NBodyAlgorithmName,
    /// The opening angle of the tree, at most 1: smaller is more exact and slower [default: 0.6]
    #[arg(long, value_name = "THETA", value_parser = opening, conflicts_with = "resume")]
    pub(crate) opening: Option<f64>,
    /// Steps between two prints of the energy; 0 computes and prints none [default: 100, or what the
    /// resumed run had]
    #[arg(long, value_name = "STEPS", value_parser = whole::<u64>)]
    pub(crate) report_every: Option<u64>,
    /// Write the final state to FILE, in the format of INPUT
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Save the run to FILE before its first step, now and then, and when it is interrupted, each between two steps
    ///
    /// No other run saves itself there meanwhile, and nothing is replaced but this run, no further on, and an empty file.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Seconds between two saves
    #[arg(long, value_name = "SECONDS", value_parser = positive, default_value = "60")]
    #[arg(requires = "saves")]
    pub(crate) checkpoint_every: f64,
    /// Go on with the run saved in FILE, which stays its checkpoint unless --checkpoint names another
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    /// Draw the energy error against time, as .svg or .png
    #[arg(long, value_name = "PICTURE")]
    pub(crate) plot: Option<PathBuf>,
    /// Write positions and velocities over time to FILE, as an .npz of NumPy
    ///
    /// Its arrays are times (frames,), masses (bodies,), positions and velocities (frames, bodies, 3).
    /// Frames are kept in memory until the end. A resumed run adds its frames to a trajectory that ends where it goes on, and
    /// refuses another one that is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) trajectory: Option<PathBuf>,
    /// Steps between two frames of the trajectory
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    #[arg(default_value = "100", requires = "trajectory")]
    pub(crate) trajectory_every: u64,
    /// Print one JSON record instead of the lines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
}

const NBODY_EXAMPLES: &str = "\
Examples:
  cli nbody data/input16
  cli nbody -b rayon data/input1k --t-end 1 --softening 0.05 --output final.dat
  cli nbody --algorithm tree cluster --t-end 0.1    # from cli generate plummer 100000 -b rayon
  cli nbody data/input128 --softening 0.05 --checkpoint run.ckpt     # Ctrl-C, then:
  cli nbody --resume run.ckpt
  cli nbody data/input16 --plot energy.svg --trajectory out.npz && cli plot out.npz orbits.svg";

/// Count the words of a text as the lesson's wordcount.py does
///
/// Prints a line a word, `word count percentage`, the most frequent first. 26 ASCII delimiters and
/// Unicode white space separate words; case is folded. The text is UTF-8, plain, .gz or .zst.
/// Several inputs count as one text, as `cat` would join them.
#[derive(Debug, Args)]
#[command(after_help = WORDCOUNT_EXAMPLES)]
#[command(override_usage = "cli wordcount [OPTIONS] INPUT [OUTPUT] [MIN_LENGTH]\n       \
                            cli wordcount [OPTIONS] --output FILE INPUT...")]
pub(crate) struct WordCount {
    /// INPUT, then perhaps OUTPUT and MIN_LENGTH; with --output only inputs; '-' is standard input or output
    ///
    /// OUTPUT is replaced where it holds counts, or nothing; to replace another file name it with --output.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write the counts to FILE; every other path is then an input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Drop words of fewer characters before the total is taken
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(crate) min_length: Option<usize>,
    /// How the text is split; all give the same counts
    #[arg(long, value_enum, default_value = "scan")]
    pub(crate) algorithm: WordCountAlgorithmName,
    /// Write only the N most frequent words
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(crate) top: Option<usize>,
    /// Read the files below directories too, links followed, in the order of their names
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Keep memory to the distinct words of each thread and 64 MiB, whatever the size of the text
    ///
    /// A word takes some 50 to 250 bytes in the table of each thread that met it, and so does each of its spellings in upper
    /// and lower case where it is not ASCII. A .zst that was made with --long=26 or 27 takes its window, 64 or 128 MiB, in
    /// addition.
    #[arg(long)]
    pub(crate) stream: bool,
    /// Print one JSON record; the words only go to OUTPUT then
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
}

const WORDCOUNT_EXAMPLES: &str = "\
Examples:
  cli wordcount data/sample.txt counts.dat
  cli wordcount data/sample.txt counts.dat 4
  cli wordcount --top 10 data/sample.txt
  zcat book.gz | cli wordcount -
  cli wordcount --recursive --output counts.dat books/";

/// Draw a picture of what the other commands wrote, as .svg or .png
///
/// Of the counts that wordcount wrote: a bar chart of the most common words, or with --zipf the counts
/// against their ranks, of one book or several. Of a trajectory that nbody wrote: the orbits, seen along
/// the z axis.
#[derive(Debug, Args)]
#[command(after_help = PLOT_EXAMPLES)]
#[command(override_usage = "cli plot [OPTIONS] INPUT OUTPUT\n       \
                            cli plot --zipf [OPTIONS] COUNTS... OUTPUT")]
pub(crate) struct Plot {
    /// What to draw, and last the picture, whose name ends in .svg or .png
    #[arg(required = true, num_args = 2.., value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How many words the bar chart shows, at most 1000
    #[arg(short = 'n', long, value_name = "N", default_value = "10", conflicts_with = "zipf")]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) top: usize,
    /// Draw the counts of each book against their ranks, on logarithmic scales
    #[arg(long)]
    pub(crate) zipf: bool,
    /// Draw the power law that fits each book best
    #[arg(long, requires = "zipf")]
    pub(crate) fit: bool,
}

const PLOT_EXAMPLES: &str = "\
Examples:
  cli plot counts.dat words.svg -n 20
  cli plot --zipf --fit a.dat b.dat zipf.png
  cli plot out.npz orbits.svg";

/// Tabulate the counts of the N most common words of several books, as CSV
///
/// A row a book: its name and the counts of its most common words, whatever these are.
/// --fit adds Zipf's exponent s (the count at rank r falls as r^-s), the exponent b of the counts
/// themselves (the words with k occurrences fall as k^-b; s = 1/(b-1)), its standard error and the
/// least count for which the law holds. Fitted by maximum likelihood: Clauset, Shalizi & Newman, SIAM
/// Review 51, 661 (2009). The counts must be complete: not cut by --top or --min-length.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cli zipf 10 a.dat b.dat > results.csv")]
pub(crate) struct Zipf {
    /// How many words of each book, at most a million
    #[arg(value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub(crate) words: usize,
    /// What cli wordcount wrote of each book
    #[arg(required = true, value_name = "COUNTS")]
    pub(crate) books: Vec<PathBuf>,
    /// Add the power law that fits each book best
    #[arg(long)]
    pub(crate) fit: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// List the backends: ready or why not, device, lanes, threads, precisions, algorithms
#[derive(Debug, Args)]
pub(crate) struct Backends {
    /// Print a JSON list instead of the table
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads of the threaded backends [default: as many as this process may use]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Make input: a star cluster or a text
#[derive(Debug, Args)]
#[command(after_help = "The same arguments give the same bytes on every machine.")]
pub(crate) struct Generate {
    #[command(subcommand)]
    pub(crate) what: Input,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Input {
    Plummer(Plummer),
    Text(Text),
}

/// A Plummer sphere of N bodies in Hénon units (M = 1, G = 1, E = -1/4), in nbabel's format
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cli generate plummer 1024 --seed 7 --output cluster.dat")]
pub(crate) struct Plummer {
    /// How many bodies, at least 2
    #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) bodies: u64,
    /// Which of the many spheres
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The backend that sums the energy, in O(N^2): another than scalar is faster for many bodies, and
    /// may change the last digits
    #[arg(short, long, value_name = "NAME", default_value = "scalar")]
    pub(crate) backend: String,
}

/// A text whose words follow Zipf's law
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  cli generate text --bytes 1000000 --vocabulary 20000 --output sample.txt"
)]
pub(crate) struct Text {
    /// How long the text is, in bytes; K, M and G multiply by 1000, 1000^2 and 1000^3
    #[arg(long, value_parser = count)]
    pub(crate) bytes: u64,
    /// How many different words there are to draw from
    #[arg(long, value_name = "WORDS", value_parser = count)]
    pub(crate) vocabulary: u64,
    /// Which of the many texts
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,
    /// The part of the vocabulary that is not ASCII, from 0 to 1
    #[arg(long, value_name = "FRACTION", value_parser = fraction, default_value = "0")]
    pub(crate) non_ascii: f64,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Print a completion script
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  source <(cli completions bash)")]
pub(crate) struct Completions {
    /// For which shell
    pub(crate) shell: clap_complete::Shell,
}

/// A name of [`Precision`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PrecisionName {
    /// Everything in f64
    F64,
    /// State and differences in f64 or double-f32, forces in f32
    Mixed,
    /// Everything in f32
    F32,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::F64 => Self::F64,
            PrecisionName::Mixed => Self::Mixed,
            PrecisionName::F32 => Self::F32,
        }
    }
}

/// A name of [`NBodyAlgorithm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NBodyAlgorithmName {
    /// Every pair, in the form that the backend does fastest
    Direct,
    /// Every pair once, as the lesson's program does
    Pairs,
    /// A tree of multipoles: O(N log N), rms error of the force at most 1e-3 but for bodies in rows, in f64 only; ahead
    /// of direct from some 20,000 bodies on
    Tree,
}

impl From<NBodyAlgorithmName> for NBodyAlgorithm {
    fn from(name: NBodyAlgorithmName) -> Self {
        match name {
            NBodyAlgorithmName::Direct => Self::Direct,
            NBodyAlgorithmName::Pairs => Self::Pairs,
            NBodyAlgorithmName::Tree => Self::Tree,
        }
    }
}

/// A name of [`WordCountAlgorithm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WordCountAlgorithmName {
    /// One pass over the bytes
    Scan,
    /// One pass per delimiter, as the lesson's first program
    Replace,
    /// One regular expression, as the lesson's second program
    Regex,
}

impl From<WordCountAlgorithmName> for WordCountAlgorithm {
    fn from(name: WordCountAlgorithmName) -> Self {
        match name {
            WordCountAlgorithmName::Scan => Self::Scan,
            WordCountAlgorithmName::Replace => Self::Replace,
            WordCountAlgorithmName::Regex => Self::Regex,
        }
    }
}
