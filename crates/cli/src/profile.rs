//! Where the time goes: `--profile` prints a table of the phases, `--trace` writes a timeline.
//!
//! Phases are spans of `tracing`: those of the program itself, around the calls of a kernel, and those
//! that a kernel tells of by [`perf_kernels::phase`]. Without these flags nobody listens, and a span or
//! a phase costs the reading of one number (`cargo bench -p benches --bench phases`).
//!
//! A run that fails or is interrupted tells where its time went as one that ends well.

mod device_line;
mod listener;
mod stepwise;
mod table;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_chrome::{ChromeLayerBuilder, FlushGuard};
use tracing_subscriber::layer::SubscriberExt;

use crate::args::ProfileArgs;
use crate::failure::Usage;
use crate::output::{Destination, Durability, is_standard_output};

use device_line::DeviceLine;
pub(crate) use stepwise::Stepwise;
use table::Table;

/// Listens to the phases, if somebody wants to know.
pub(crate) struct Profile {
    table: Option<Table>,
    trace: Option<Trace>,
}

impl Profile {
    /// Begins to listen, at most once per process. The trace must not replace one of the `inputs`.
    pub(crate) fn begin(args: &ProfileArgs, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        if !args.is_wanted() {
            return Ok(Self { table: None, trace: None });
        }
        let destination = args.trace.as_deref().map(|path| Destination::new(Some(path), inputs));
        let table = args.profile.then(Table::new);
        let (timeline, trace) = match destination.transpose()? {
            Some(destination) => {
                let timeline = Timeline::default();
                let writer = ChromeLayerBuilder::new().writer(timeline.clone());
                let (layer, guard) = writer.include_locations(false).include_args(true).build();
                let device_line = DeviceLine::new();
                (Some(layer), Some(Trace { destination, timeline, device_line, guard }))
            }
            None => (None, None),
        };
        let listeners = tracing_subscriber::registry().with(table.clone()).with(timeline);
        tracing::subscriber::set_global_default(listeners)?;
        listener::listen(table.clone(), trace.as_ref().map(|trace| trace.device_line.clone()));
        Ok(Self { table, trace })
    }

    /// Runs the job, then prints the table and writes the trace, even where the job failed: its error
    /// is the one that is told.
    pub(crate) fn of<R>(self, job: impl FnOnce() -> anyhow::Result<R>) -> anyhow::Result<R> {
        let result = job();
        let told = self.end();
        result.and_then(|result| told.map(|()| result))
    }

    fn end(self) -> anyhow::Result<()> {
        if let Some(table) = self.table {
            // A table that cannot be printed must not end the work.
            let _ = io::stderr().write_all(table.print().as_bytes());
        }
        self.trace.map_or(Ok(()), Trace::write)
    }
}

/// Refuses a trace on standard output where other things are printed there.
pub(crate) fn refuse_mixed(args: &ProfileArgs) -> Result<(), Usage> {
    if !args.trace.as_deref().is_some_and(is_standard_output) {
        return Ok(());
    }
    let problem = "--trace - would mix the timeline with what is printed: name a file";
    Err(Usage(problem.to_owned()))
}

/// A timeline on its way to a file.
struct Trace {
    destination: Destination,
    timeline: Timeline,
    device_line: DeviceLine,
    guard: FlushGuard,
}

impl Trace {
    fn write(self) -> anyhow::Result<()> {
        // Ends the thread that writes the timeline.
        drop(self.guard);
        let bytes = self.timeline.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = &self.device_line;
        self.destination.write(Durability::Relaxed, |mut out| line.write_behind(&bytes, &mut out))
    }
}

/// The text of a timeline, in memory: where writing fails, the exporter panics, and we do not.
#[derive(Clone, Default)]
struct Timeline(Arc<Mutex<Vec<u8>>>);

impl Write for Timeline {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
