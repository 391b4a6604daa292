//! The phases that kernels tell of, as spans, and what GPUs measured, as events.

use std::time::Duration;

use perf_kernels::phase::{self, Listener, Phase};
use tracing::{Span, info, info_span};

use super::table::Table;

/// Passes phases on to whoever listens to spans; of a GPU's own times there are no spans.
struct Spans {
    table: Option<Table>,
}

/// Hears the phases of all kernels from now on. The `table`, if there is one, takes the GPU's times.
pub(super) fn listen(table: Option<Table>) {
    // The first listener stays: a process has one profile.
    phase::listen(Box::leak(Box::new(Spans { table })));
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
        info!(name: "done on the GPU", phase = %name, microseconds = time.as_secs_f64() * 1e6);
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
