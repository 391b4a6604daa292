//! `cli wordcount`: read a text, count its words, write them in order.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use perf_kernels::{Backend, Choice, Executor, WordCount as _, WordCountOptions, Workload};
use tracing::info_span;

use crate::args::WordCount;
use crate::counting::{self, Counted};
use crate::failure::{FileError, INTERRUPTED, Usage};
use crate::interrupt::{Interrupt, Interruptible};
use crate::notes::Notes;
use crate::output::{self, Destination, Durability};
use crate::profile::{self, Profile};
use crate::progress::Progress;
use crate::readers::counts;
use crate::readers::text::{self, Text};
use crate::report::{self, VERSION, WordCountRecord, WordCountSeconds};
use crate::selection;

pub(super) fn run(args: &WordCount, notes: Notes) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let paths = Paths::new(args)?;
    let files = text::files(&paths.inputs, args.recursive)?;
    let destination = Destination::new(paths.output.as_deref(), &files)?;
    refuse_mixed(args, &paths, &destination)?;
    refuse_text(args, &paths, &destination)?;
    let profile = Profile::begin(&args.profile, &files)?;
    profile.of(|| count(args, &paths, files, &destination, (start, notes)))
}

/// Refuses a trace in the place of the words.
fn refuse_mixed(args: &WordCount, paths: &Paths, words: &Destination) -> Result<(), Usage> {
    let named = [("OUTPUT", &paths.output), ("--trace", &args.profile.trace)];
    let outputs = named.iter().filter_map(|(name, path)| Some((*name, path.as_deref()?)));
    output::refuse_shared(&outputs.collect::<Vec<_>>())?;
    if args.json || matches!(words, Destination::StandardOutput) {
        profile::refuse_mixed(&args.profile)?;
    }
    Ok(())
}

/// Refuses to replace what an earlier count did not write, where only its place on the command line makes a file the
/// output: `cli wordcount a.txt b.txt` is more likely meant to count two.
fn refuse_text(args: &WordCount, paths: &Paths, words: &Destination) -> anyhow::Result<()> {
    let (None, Some(path), Destination::File(_)) = (&args.output, &paths.output, words) else {
        return Ok(());
    };
    let name = path.display().to_string();
    match counts::is_like_counts(path) {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(false) => Err(Usage(format!(
            "{name} would be replaced, and holds no counts: to replace it, or to count it too, name the result with --output"
        ))
        .into()),
        Err(error) => Err(FileError::reading(name, error).into()),
    }
}

fn count(
    args: &WordCount,
    paths: &Paths,
    files: Vec<PathBuf>,
    destination: &Destination,
    (start, notes): (Instant, Notes),
) -> anyhow::Result<ExitCode> {
    let options = WordCountOptions { algorithm: args.algorithm.into() };
    let bytes = text::size(&files);
    let backend = select(args, &options, bytes, notes)?;
    let mut counter = backend.word_count(&options)?;
    let mut progress = Progress::bytes(notes, bytes);
    // Otherwise a signal ends the program at once: there is nothing to tell.
    let interrupt = args.profile.is_wanted().then(Interrupt::listen).transpose()?;
    let mut counter = Interruptible::new(counter.as_mut(), interrupt);
    let text = Text::new(files);
    let counted = counting::count(text, bytes, &mut counter, args.stream, &mut progress)?;
    drop(progress);
    if counter.is_interrupted() {
        notes.note("interrupted: no words are written");
        return Ok(ExitCode::from(INTERRUPTED));
    }

    let lines = (!args.json || paths.output.is_some()).then_some(destination);
    let written = write(&counted, paths.min_length, args.top, counter.executor(), lines)?;
    let seconds = seconds(&counted, &written, start.elapsed());
    if args.json {
        report::print_json(&record(backend.as_ref(), &options, &counted, seconds))?;
    }
    notes.detail(|| seconds.to_string());
    Ok(ExitCode::SUCCESS)
}

/// What the paths on the command line mean.
#[derive(Debug, PartialEq)]
struct Paths {
    inputs: Vec<PathBuf>,
    output: Option<PathBuf>,
    min_length: usize,
}

impl Paths {
    /// The lesson's INPUT, OUTPUT and MIN_LENGTH, or with --output only inputs.
    fn new(args: &WordCount) -> Result<Self, Usage> {
        let min_length = args.min_length;
        if args.output.is_some() {
            let (inputs, output) = (args.paths.clone(), args.output.clone());
            return Ok(Self { inputs, output, min_length: min_length.unwrap_or_default() });
        }
        let (input, output, last) = match args.paths.as_slice() {
            [input] => (input, None, None),
            [input, output] => (input, Some(output.clone()), None),
            [input, output, last] => (input, Some(output.clone()), Some(last)),
            _ => return Err(Usage(SEVERAL_INPUTS.to_owned())),
        };
        let last = last.map(|last| last.to_str().and_then(|text| text.parse().ok()).ok_or(last));
        let last = last.transpose().map_err(|last| {
            Usage(format!(
                "MIN_LENGTH is '{}', which is no length: {SEVERAL_INPUTS}",
                last.display()
            ))
        })?;
        if last.is_some() && min_length.is_some() {
            return Err(Usage("MIN_LENGTH is given twice: leave --min-length out".to_owned()));
        }
        let min_length = last.or(min_length).unwrap_or_default();
        Ok(Self { inputs: vec![input.clone()], output, min_length })
    }
}

const SEVERAL_INPUTS: &str =
    "to count several inputs, name the result with --output ('-' prints it)";

fn select(
    args: &WordCount,
    options: &WordCountOptions,
    bytes: Option<u64>,
    notes: Notes,
) -> anyhow::Result<Arc<dyn Backend>> {
    let choice = Choice::from_flag(args.backend.backend.as_deref());
    let workload = Workload::WordCount { bytes, options: *options };
    let select = || selection::select(&args.backend, &choice, &workload, 1, notes);
    Ok(info_span!("setup").in_scope(select)?.backend)
}

/// How long it took to order the words, and to write them.
struct Written {
    sort: Duration,
    write: Duration,
}

/// Orders the words, and writes them where there is a place for them.
fn write(
    counted: &Counted,
    min_length: usize,
    top: Option<usize>,
    executor: &dyn Executor,
    destination: Option<&Destination>,
) -> anyhow::Result<Written> {
    let start = Instant::now();
    let ranking = info_span!("sort").in_scope(|| counted.counts.ranked_on(min_length, executor));
    let sort = start.elapsed();
    let start = Instant::now();
    if let Some(destination) = destination {
        // Ctrl-C lets the file be finished now, a second one does not.
        Interrupt::listen()?;
        destination.write(Durability::Relaxed, |out| {
            let _format = info_span!("format").entered();
            let mut write = |lines: &[u8]| -> io::Result<()> {
                info_span!("write").in_scope(|| out.write_all(lines))
            };
            ranking.write_lines_on(top.unwrap_or(usize::MAX), executor, &mut write)
        })?;
    }
    Ok(Written { sort, write: start.elapsed() })
}

fn seconds(counted: &Counted, written: &Written, total: Duration) -> WordCountSeconds {
    WordCountSeconds {
        read: counted.read.as_secs_f64(),
        count: counted.count.as_secs_f64(),
        sort: written.sort.as_secs_f64(),
        write: written.write.as_secs_f64(),
        total: total.as_secs_f64(),
    }
}

fn record(
    backend: &dyn Backend,
    options: &WordCountOptions,
    counted: &Counted,
    seconds: WordCountSeconds,
) -> WordCountRecord {
    let capabilities = backend.capabilities();
    WordCountRecord {
        kernel: "wordcount",
        backend: backend.name(),
        device: capabilities.device,
        algorithm: options.algorithm.name(),
        threads: capabilities.threads,
        bytes: counted.bytes,
        words: counted.counts.total(),
        distinct: counted.counts.len(),
        bytes_per_second: counted.bytes as f64 / seconds.total,
        seconds,
        version: VERSION,
    }
}
