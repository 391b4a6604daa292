//! What a GPU was busy with, as a line of its own in a trace.
//!
//! A GPU tells how long its phases took once all of a list are over, and not when each began. So they
//! stand on the line one behind the other as late as they can have been: the last one ends where it was
//! told of. Their lengths are the GPU's, their places are not.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The line's number among those of the threads, which are counted from 0.
const LINE: u32 = 1 << 20;
/// How the exporter of the threads' lines ends its text.
const END: &[u8] = b"\n]";

/// The phases told so far.
#[derive(Debug, Clone)]
pub(super) struct DeviceLine {
    /// Where the time of the trace begins.
    origin: Instant,
    phases: Arc<Mutex<Vec<Told>>>,
}

/// A phase that a GPU has told of.
#[derive(Debug, Clone, Copy)]
struct Told {
    name: &'static str,
    /// When it was told, since the origin.
    at: Duration,
    time: Duration,
}

impl DeviceLine {
    /// An empty line, of a trace that begins now.
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), phases: Arc::default() }
    }

    pub(super) fn add(&self, name: &'static str, time: Duration) {
        let told = Told { name, at: self.origin.elapsed(), time };
        self.phases.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }

    /// Writes a trace, the text of the threads' lines, with this line at its end.
    pub(super) fn write_behind(&self, threads: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        if phases.is_empty() {
            return out.write_all(threads);
        }
        out.write_all(threads.strip_suffix(END).unwrap_or(threads))?;
        for event in [title()].into_iter().chain(placed(&phases)) {
            out.write_all(b",\n")?;
            serde_json::to_writer(&mut *out, &event)?;
        }
        out.write_all(END)
    }
}

/// What the line is called.
fn title() -> Value {
    let name = "GPU: lengths by its clock, places as late as can be";
    json!({ "ph": "M", "pid": 1, "tid": LINE, "name": "thread_name", "args": { "name": name } })
}

/// The phases in the order they ran, each with its place.
fn placed(phases: &[Told]) -> impl Iterator<Item = Value> {
    let mut starts = Vec::with_capacity(phases.len());
    let mut next = Duration::MAX;
    for phase in phases.iter().rev() {
        next = next.min(phase.at).saturating_sub(phase.time);
        starts.push(next);
    }
    phases.iter().zip(starts.into_iter().rev()).map(|(phase, start)| {
        json!({
            "ph": "X", "pid": 1, "tid": LINE, "name": phase.name, "cat": "gpu",
            "ts": microseconds(start), "dur": microseconds(phase.time),
        })
    })
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &'static str, at: u64, time: u64) -> Told {
        Told { name, at: Duration::from_micros(at), time: Duration::from_micros(time) }
    }

    /// Where each phase begins and ends.
    fn places(phases: &[Told]) -> Vec<(i64, i64)> {
        let number = |event: &Value, key: &str| event[key].as_f64().unwrap().round() as i64;
        let place = |event: Value| {
            let start = number(&event, "ts");
            (start, start + number(&event, "dur"))
        };
        placed(phases).map(place).collect()
    }

    #[test]
    fn phases_told_at_once_stand_one_behind_the_other() {
        let phases = [told("a", 100, 10), told("b", 101, 20), told("a", 102, 30)];
        assert_eq!(places(&phases), [(42, 52), (52, 72), (72, 102)]);
    }

    #[test]
    fn a_list_ends_before_what_was_told_later() {
        assert_eq!(places(&[told("a", 50, 10), told("b", 100, 20)]), [(40, 50), (80, 100)]);
        assert_eq!(places(&[told("a", 90, 10), told("b", 100, 20)]), [(70, 80), (80, 100)]);
    }

    #[test]
    fn the_line_goes_behind_those_of_the_threads() {
        let line = DeviceLine::new();
        let threads = b"[\n{\"ph\":\"B\"}\n]";
        let written = || {
            let mut out = Vec::new();
            line.write_behind(threads, &mut out).unwrap();
            serde_json::from_slice::<Vec<Value>>(&out).unwrap()
        };
        assert_eq!(written().len(), 1);
        line.add("steps", Duration::from_millis(1));
        let events = written();
        let kinds: Vec<_> = events.iter().map(|event| event["ph"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["B", "M", "X"]);
        assert_eq!(
            (events[2]["name"].as_str(), events[2]["dur"].as_f64()),
            (Some("steps"), Some(1000.0))
        );
    }
}
