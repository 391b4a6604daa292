//! The phases that kernels tell of, as spans; what GPUs measured goes to the table and the trace itself.

use std::time::Duration;

use perf_kernels::phase::{self, Listener, Phase};
use tracing::{Span, info_span};

use super::device_line::DeviceLine;
use super::table::Table;

/// Passes phases on to whoever listens to spans; of a GPU's own times there are no spans.
struct Spans {
    table: Option<Table>,
    line: Option<DeviceLine>,
}

/// Hears the phases of all kernels from now on. The `table` and the `line` of a trace, if there are any,
/// take the GPU's times.
pub(super) fn listen(table: Option<Table>, line: Option<DeviceLine>) {
    // The first listener stays: a process has one profile.
    phase::listen(Box::leak(Box::new(Spans { table, line })));
}

impl Listener for Spans {
    fn within(&self, phase: Phase, job: &mut dyn FnMut()) {
        span(phase).in_scope(job);
    }

    fn on_device(&self, phase: Phase, time: Duration) {
        let name = name(phase);
        if let Some(table) = &self.table {
            table.add_on_device(name, time);
        }
        if let Some(line) = &self.line {
            line.add(name, time);
        }
    }
}

/// A span has a name that is known when the program is compiled.
fn span(phase: Phase) -> Span {
    match phase {
        Phase::Validate => info_span!("validate"),
        Phase::Count => info_span!("tokenise + count"),
        Phase::Collect => info_span!("collect"),
        Phase::Merge => info_span!("merge"),
        Phase::Accelerations => info_span!("accelerations"),
        Phase::AdvancePositions => info_span!("advance positions"),
        Phase::AdvanceVelocities => info_span!("advance velocities"),
        Phase::Steps => info_span!("steps"),
        Phase::Energies => info_span!("energies"),
    }
}

fn name(phase: Phase) -> &'static str {
    span(phase).metadata().map_or("a phase", |metadata| metadata.name())
}
