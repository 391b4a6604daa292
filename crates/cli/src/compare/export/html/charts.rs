//! The charts of a comparison: what is drawn over what.

use super::super::super::record::{Measurement, Record};
use super::super::super::units::{rate, ratio, seconds};
use super::axis::Axis;
use super::bars::{self, Bar};
use super::plot::{self, Frame, Lines, Point, Series};

/// The colours of the page.
const COLOURS: usize = 8;

/// Which colour a backend has in all charts.
fn colour(record: &Record, result: &Measurement) -> usize {
    let mut names: Vec<&str> = Vec::new();
    for result in &record.results {
        if !names.contains(&result.requested.as_str()) {
            names.push(&result.requested);
        }
    }
    names.iter().position(|name| *name == result.requested).unwrap_or(0) % COLOURS
}

/// How much faster than the reference each backend is on one input.
pub(super) fn speedups(record: &Record, input: usize) -> Option<String> {
    let bar = |result: &Measurement| {
        let (value, spread) = (result.speedup?, result.speedup_spread?);
        let text = ratio(value, spread);
        Some(Bar { name: result.label(), colour: colour(record, result), value, spread, text })
    };
    let bars: Vec<_> = record.ranking(input).into_iter().filter_map(bar).collect();
    let axis_title = format!("times as fast as {}", record.reference);
    (!bars.is_empty()).then(|| bars::svg("Speed-up", &axis_title, &bars))
}

/// Throughput over the size of the input.
pub(super) fn throughput(record: &Record) -> Option<String> {
    let size = |result: &Measurement| record.inputs[result.input].size as f64;
    let point = |result: &Measurement| (result.entrant(), size(result), result.throughput);
    let series = series(record, point);
    let x_title = if record.kernel == "nbody" { "bodies" } else { "bytes of text" };
    let y_title = format!("{}/s", record.unit);
    let frame = Frame {
        title: "Throughput against size",
        x_title,
        y_title: &y_title,
        x: Axis::log(points(&series).map(|point| point.x)),
        y: Axis::log(points(&series).map(|point| point.y)),
    };
    (!series.is_empty()).then(|| plot::svg(&frame, Lines::Joined, &series))
}

/// Throughput over the number of threads, of backends measured with several.
pub(super) fn scaling(record: &Record) -> Option<String> {
    let point = |result: &Measurement| {
        let Measurement { requested, algorithm, precision, .. } = result;
        let precision = precision.as_deref().unwrap_or_default();
        let name =
            format!("{requested} {precision} {algorithm}, {}", record.inputs[result.input].task);
        (name, result.threads as f64, result.throughput)
    };
    let mut series = series(record, point);
    series.retain(|series| series.points.iter().any(|point| point.x != series.points[0].x));
    let y_title = format!("{}/s", record.unit);
    let frame = Frame {
        title: "Scaling with threads",
        x_title: "threads",
        y_title: &y_title,
        x: Axis::from_zero(points(&series).map(|point| point.x)),
        y: Axis::from_zero(points(&series).map(|point| point.y)),
    };
    (!series.is_empty()).then(|| plot::svg(&frame, Lines::Joined, &series))
}

/// The error of the accelerations over throughput; of verified results that have an error.
pub(super) fn errors(record: &Record) -> Option<String> {
    let mut series: Vec<Series> = Vec::new();
    let verified = record.results.iter().filter(|result| result.verification.passed);
    for result in verified {
        let Some(error) = result.verification.error.filter(|error| *error > 0.0) else { continue };
        let point = Point { x: result.throughput, y: error, note: note(record, result) };
        push(&mut series, record, result, result.entrant(), point);
    }
    let x_title = format!("{}/s", record.unit);
    let frame = Frame {
        title: "Error against speed",
        x_title: &x_title,
        y_title: "rms error of accelerations",
        x: Axis::log(points(&series).map(|point| point.x)),
        y: Axis::log(points(&series).map(|point| point.y)),
    };
    (!series.is_empty()).then(|| plot::svg(&frame, Lines::None, &series))
}

/// The verified results in series of one name, each in the order of `x`.
fn series(record: &Record, point: impl Fn(&Measurement) -> (String, f64, f64)) -> Vec<Series> {
    let mut series = Vec::new();
    for result in record.results.iter().filter(|result| result.verification.passed) {
        let (name, x, y) = point(result);
        // Nothing has no logarithm: an empty text has no throughput.
        if x <= 0.0 || y <= 0.0 {
            continue;
        }
        push(&mut series, record, result, name, Point { x, y, note: note(record, result) });
    }
    for series in &mut series {
        series.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    series
}

fn push(
    series: &mut Vec<Series>,
    record: &Record,
    result: &Measurement,
    name: String,
    point: Point,
) {
    if let Some(known) = series.iter_mut().find(|known| known.name == name) {
        known.points.push(point);
        return;
    }
    let colour = colour(record, result);
    let variant = series.iter().filter(|known| known.colour == colour).count();
    series.push(Series { name, colour, variant, points: vec![point] });
}

fn points(series: &[Series]) -> impl Iterator<Item = &Point> + Clone {
    series.iter().flat_map(|series| &series.points)
}

fn note(record: &Record, result: &Measurement) -> String {
    let task = &record.inputs[result.input].task;
    let rate = rate(result.throughput, &record.unit);
    format!("{}, {task}: {}, {rate}", result.label(), seconds(result.median))
}
