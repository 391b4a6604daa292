//! The time of each phase, as Python's cProfile prints that of each function.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Sums the time of all spans of one name. What a phase within a phase takes counts for the inner one
/// only.
#[derive(Debug, Clone)]
pub(super) struct Table {
    start: Instant,
    main: ThreadId,
    phases: Arc<Mutex<Vec<Phase>>>,
}

/// A phase, summed for each place where it ran.
#[derive(Debug, Clone, PartialEq)]
struct Phase {
    name: &'static str,
    place: Place,
    calls: u64,
    time: Duration,
}

/// Where a phase ran. What runs beside the main thread is no part of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Main,
    Thread,
    Device,
}

impl Place {
    fn remark(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Thread => " (on another thread, beside the rest)",
            Self::Device => " (on the GPU, by its clock)",
        }
    }
}

/// When a span was entered, and how long the spans within it took.
struct Timing {
    entered: Instant,
    within: Duration,
}

impl Table {
    /// An empty table; its time runs from now on, and this thread is the main one.
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), main: thread::current().id(), phases: Arc::default() }
    }

    /// The phases, the longest first, with the rest of the time up to now.
    pub(super) fn print(&self) -> String {
        let wall = self.start.elapsed();
        let mut phases = self.phases().clone();
        let known: Duration =
            phases.iter().filter(|phase| phase.place == Place::Main).map(|phase| phase.time).sum();
        let rest = wall.saturating_sub(known);
        phases.push(Phase { name: "everything else", place: Place::Main, calls: 1, time: rest });
        phases.sort_by_key(|phase| (phase.place, std::cmp::Reverse(phase.time)));
        lines(&phases, wall)
    }

    /// Adds what a GPU took for a phase.
    pub(super) fn add_on_device(&self, name: &'static str, time: Duration) {
        self.add(name, Place::Device, time);
    }

    /// Where the caller runs.
    fn here(&self) -> Place {
        if thread::current().id() == self.main { Place::Main } else { Place::Thread }
    }

    fn add(&self, name: &'static str, place: Place, time: Duration) {
        let mut phases = self.phases();
        match phases.iter_mut().find(|phase| phase.name == name && phase.place == place) {
            Some(phase) => {
                phase.calls += 1;
                phase.time += time;
            }
            None => phases.push(Phase { name, place, calls: 1, time }),
        }
    }

    fn phases(&self) -> MutexGuard<'_, Vec<Phase>> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lines(phases: &[Phase], wall: Duration) -> String {
    let wall = wall.as_secs_f64();
    let mut text = format!(
        "{:>10} {:>12} {:>12} {:>7}  phase\n",
        "calls", "total (s)", "per call (s)", "share"
    );
    for Phase { name, place, calls, time } in phases {
        let time = time.as_secs_f64();
        let (each, share) = (time / *calls as f64, 100.0 * time / wall);
        let place = place.remark();
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "{calls:>10} {time:>12.6} {each:>12.3e} {share:>6.1}%  {name}{place}");
    }
    let _ = writeln!(text, "{:>10} {wall:>12.6} {:>12} {:>7}  all", "", "", "");
    text
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Table {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut()
                .insert(Timing { entered: Instant::now(), within: Duration::ZERO });
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(timing) = span.extensions_mut().get_mut::<Timing>() {
            timing.entered = Instant::now();
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let Some((time, own)) = span.extensions().get::<Timing>().map(Timing::elapsed) else {
            return;
        };
        self.add(span.name(), self.here(), own);
        let Some(parent) = span.parent() else { return };
        if let Some(timing) = parent.extensions_mut().get_mut::<Timing>() {
            timing.within += time;
        }
    }
}

impl Timing {
    /// All the time since the span was entered, and that outside of the spans within it.
    fn elapsed(&self) -> (Duration, Duration) {
        let time = self.entered.elapsed();
        (time, time.saturating_sub(self.within))
    }
}

#[cfg(test)]
mod tests {
    use tracing::info_span;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(20);

    #[test]
    fn phases_are_summed_and_time_within_counts_once() {
        let table = Table::new();
        let listener = tracing_subscriber::registry().with(table.clone());
        tracing::subscriber::with_default(listener, || {
            for _ in 0..2 {
                let _outer = info_span!("outer").entered();
                info_span!("inner").in_scope(|| thread::sleep(MOMENT));
            }
        });
        let phases = table.phases().clone();
        let named = |name| phases.iter().find(|phase| phase.name == name).unwrap().clone();
        assert_eq!((named("outer").calls, named("inner").calls), (2, 2));
        assert!(named("inner").time >= 2 * MOMENT);
        assert!(named("outer").time < named("inner").time);
    }

    #[test]
    fn the_table_is_ranked_and_names_other_threads() {
        let second = Duration::from_secs(1);
        let phase = |name, place| Phase { name, place, calls: 4, time: second };
        let phases = [
            phase("count", Place::Main),
            phase("read", Place::Thread),
            phase("steps", Place::Device),
        ];
        let text = lines(&phases, 2 * second);
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[1], "         4     1.000000     2.500e-1   50.0%  count");
        assert!(rows[2].ends_with("read (on another thread, beside the rest)"));
        assert!(rows[3].ends_with("steps (on the GPU, by its clock)"));
        assert!(rows[4].ends_with("  all") && rows[4].contains("2.000000"));
    }

    #[test]
    fn what_a_gpu_took_is_no_time_of_the_main_thread() {
        let table = Table::new();
        table.add_on_device("steps", Duration::from_secs(3600));
        let text = table.print();
        let rows: Vec<_> = text.lines().collect();
        assert!(rows[1].ends_with("everything else") && rows[1].contains("100.0%"), "{text}");
        assert!(rows[2].contains("3600.000000"), "{text}");
    }

    #[test]
    fn what_no_phase_took_is_told() {
        let table = Table::new();
        thread::sleep(MOMENT);
        assert!(table.print().contains("everything else"));
    }
}
