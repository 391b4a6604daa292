//! A table for a README, with the command and the machine, without which it says nothing.

use std::io::{self, Write};

use super::super::record::{Measurement, Skipped};
use super::super::units::{rate, ratio, seconds, seconds_like};
use super::{Changes, Exporter, Record};

pub(super) struct Markdown;

impl Exporter for Markdown {
    fn write(&self, out: &mut dyn Write, record: &Record, _: Option<&Changes>) -> io::Result<()> {
        let machine = &record.machine;
        writeln!(out, "`{}`\n", record.command)?;
        writeln!(
            out,
            "{}, {} threads, {}; version {}, {}",
            machine.processor, machine.threads, machine.system, record.version, record.date
        )?;
        for (index, input) in record.inputs.iter().enumerate() {
            writeln!(out, "\n{}: {}\n", escaped(&input.name), input.task)?;
            writeln!(out, "| backend | median | throughput | × {} | first |", record.reference)?;
            writeln!(out, "|:---|---:|---:|---:|---:|")?;
            for result in record.results_of(index) {
                writeln!(out, "{}", row(result, &record.unit))?;
            }
        }
        skipped(out, &record.skipped)
    }
}

fn skipped(out: &mut dyn Write, skipped: &[Skipped]) -> io::Result<()> {
    if !skipped.is_empty() {
        writeln!(out, "\nNot measured:\n")?;
    }
    for Skipped { what, reason, .. } in skipped {
        writeln!(out, "- {what}: {reason}")?;
    }
    Ok(())
}

fn row(result: &Measurement, unit: &str) -> String {
    let speedup = match (&result.verification.failure, result.speedup, result.speedup_spread) {
        (Some(_), ..) => "**wrong result**".to_owned(),
        (_, Some(x), Some(spread)) => ratio(x, spread),
        _ => String::new(),
    };
    format!(
        "| {} | {} ± {} | {} | {speedup} | {} |",
        escaped(&result.label()),
        seconds(result.median),
        seconds_like(result.spread, result.median),
        rate(result.throughput, unit),
        seconds(result.cold.build + result.cold.first_run),
    )
}

/// Text that ends no cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::super::super::record::tests::record;
    use super::*;

    #[test]
    fn a_table_an_input() {
        let mut out = Vec::new();
        Markdown.write(&mut out, &record(), None).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
