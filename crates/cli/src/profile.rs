//! Where the time goes: `--profile` prints a table of the phases, `--trace` writes a timeline.
//!
//! Phases are spans of `tracing`: those of the program itself, around the calls of a kernel, and those
//! that a kernel tells of by [`perf_kernels::phase`]. Without these flags nobody listens, and a span or
//! a phase costs the reading of one number (`cargo bench -p benches --bench phases`).

mod listener;
mod stepwise;
mod table;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_chrome::{ChromeLayerBuilder, FlushGuard};
use tracing_subscriber::layer::SubscriberExt;

use crate::args::ProfileArgs;
use crate::output::{Destination, Durability};

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
                (Some(layer), Some(Trace { destination, timeline, guard }))
            }
            None => (None, None),
        };
        let listeners = tracing_subscriber::registry().with(table.clone()).with(timeline);
        tracing::subscriber::set_global_default(listeners)?;
        listener::listen(table.clone());
        Ok(Self { table, trace })
    }

    /// Prints the table and writes the trace.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        if let Some(table) = self.table {
            // A table that cannot be printed must not end the work.
            let _ = io::stderr().write_all(table.print().as_bytes());
        }
        self.trace.map_or(Ok(()), Trace::write)
    }
}

/// A timeline on its way to a file.
struct Trace {
    destination: Destination,
    timeline: Timeline,
    guard: FlushGuard,
}

impl Trace {
    fn write(self) -> anyhow::Result<()> {
        // Ends the thread that writes the timeline.
        drop(self.guard);
        let bytes = self.timeline.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.destination.write(Durability::Relaxed, |out| out.write_all(&bytes))
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
