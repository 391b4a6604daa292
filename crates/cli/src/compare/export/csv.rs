//! A line a result; the first columns are those of hyperfine's `--export-csv`. What was not measured has
//! no numbers, and no line.

use std::io::{self, Write};

use super::super::record::Measurement;
use super::{Changes, Exporter, Record};

pub(super) struct Csv;

const HEADER: [&str; 23] = [
    "command",
    "mean",
    "stddev",
    "median",
    "min",
    "max",
    "spread",
    "runs",
    "backend",
    "requested",
    "algorithm",
    "precision",
    "threads",
    "device",
    "input",
    "size",
    "throughput",
    "speedup",
    "speedup_spread",
    "build",
    "first_run",
    "verified",
    "error",
];

impl Exporter for Csv {
    fn write(&self, out: &mut dyn Write, record: &Record, _: Option<&Changes>) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(HEADER)?;
        for result in &record.results {
            writer.write_record(row(record, result))?;
        }
        writer.flush()
    }
}

fn row(record: &Record, result: &Measurement) -> [String; HEADER.len()] {
    let input = &record.inputs[result.input];
    [
        result.command.clone(),
        result.mean.to_string(),
        optional(result.stddev),
        result.median.to_string(),
        result.min.to_string(),
        result.max.to_string(),
        result.spread.to_string(),
        result.times.len().to_string(),
        result.backend.clone(),
        result.requested.clone(),
        result.algorithm.clone(),
        result.precision.clone().unwrap_or_default(),
        result.threads.to_string(),
        result.device.clone(),
        input.name.clone(),
        input.size.to_string(),
        result.throughput.to_string(),
        optional(result.speedup),
        optional(result.speedup_spread),
        result.cold.build.to_string(),
        result.cold.first_run.to_string(),
        result.verification.passed.to_string(),
        optional(result.verification.error),
    ]
}

/// Nothing where there is no number.
fn optional(x: Option<f64>) -> String {
    x.map(|x| x.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::record::tests::record;
    use super::*;

    #[test]
    fn a_line_a_result() {
        let mut out = Vec::new();
        Csv.write(&mut out, &record(), None).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
