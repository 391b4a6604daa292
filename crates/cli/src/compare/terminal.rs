//! The comparison on the terminal, laid out as hyperfine's.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::changes::{Change, Changes, Verdict};
use super::record::{Measurement, Record, Skipped};
use super::units::{rate, ratio, seconds, seconds_like};

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
/// A shorter run is not much longer than an interrupt or two, which take microseconds.
const TRUSTED: f64 = 1e-3;

/// Prints everything. `out` drops the colours where nobody wants them.
pub(crate) fn print(
    out: &mut dyn Write,
    record: &Record,
    changes: Option<&Changes>,
) -> io::Result<()> {
    for (index, input) in record.inputs.iter().enumerate() {
        writeln!(out, "{BOLD}{}{BOLD:#}: {}\n", input.name, input.task)?;
        for result in record.results_of(index) {
            print_result(out, result, &record.unit)?;
        }
        print_ranking(out, record, index)?;
    }
    print_skipped(out, &record.skipped)?;
    changes.map_or(Ok(()), |changes| print_changes(out, changes))
}

fn print_result(out: &mut dyn Write, result: &Measurement, unit: &str) -> io::Result<()> {
    let like = result.median;
    let time = |x: f64| seconds_like(x, like);
    writeln!(out, "  {BOLD}{}{BOLD:#}  {}", result.label(), result.device)?;
    writeln!(
        out,
        "    Time  (median ± spread):  {GREEN}{:>9}{GREEN:#} ± {:<9}  cold: {} to build, {} first run",
        time(result.median),
        time(result.spread),
        seconds(result.cold.build),
        seconds(result.cold.first_run),
    )?;
    writeln!(
        out,
        "    Range (min … max):        {:>9} … {:<9}  {} runs",
        time(result.min),
        time(result.max),
        result.times.len()
    )?;
    // A single body and an empty text are no work.
    if result.work > 0.0 {
        writeln!(out, "    Throughput:               {:>9}", rate(result.throughput, unit))?;
    }
    if let Some(reason) = &result.reason {
        writeln!(out, "    Chosen:                   {reason}")?;
    }
    print_verification(out, result)?;
    print_warnings(out, result)?;
    writeln!(out)
}

fn print_verification(out: &mut dyn Write, result: &Measurement) -> io::Result<()> {
    let verification = &result.verification;
    if let Some(failure) = &verification.failure {
        return writeln!(out, "    {RED}WRONG RESULT: {failure}{RED:#}");
    }
    match (verification.error, verification.bound) {
        (Some(error), Some(bound)) => {
            writeln!(out, "    Verified:                 rms error {error:.1e}, bound {bound:.0e}")
        }
        _ => writeln!(out, "    Verified:                 equal to the reference's"),
    }
}

fn print_warnings(out: &mut dyn Write, result: &Measurement) -> io::Result<()> {
    for warning in warnings(result) {
        writeln!(out, "    {YELLOW}Warning:{YELLOW:#} {warning}")?;
    }
    Ok(())
}

/// What speaks against trusting the times.
pub(crate) fn warnings(result: &Measurement) -> Vec<String> {
    let mut warnings = Vec::new();
    if result.median < TRUSTED {
        warnings.push(format!(
            "a run takes less than {}, too short to trust: give it more to do",
            seconds(TRUSTED)
        ));
    }
    if result.outliers > 0 {
        warnings.push(format!(
            "{} of {} runs are outliers: other programs were using the machine",
            result.outliers,
            result.times.len()
        ));
    }
    warnings
}

fn print_ranking(out: &mut dyn Write, record: &Record, input: usize) -> io::Result<()> {
    let ranking = record.ranking(input);
    if ranking.len() < 2 {
        return Ok(());
    }
    writeln!(out, "  {BOLD}Summary{BOLD:#}, times as fast as {}", record.reference)?;
    let width = ranking.iter().map(|result| result.label().chars().count()).max().unwrap_or(0);
    let has_reference = record.results_of(input).any(|result| result.requested == record.reference);
    for result in ranking {
        let speedup = match (result.speedup, result.speedup_spread) {
            (Some(x), Some(spread)) => format!("{:>13}", ratio(x, spread)),
            _ if has_reference => "the reference is wrong".to_owned(),
            _ => "the reference was not measured".to_owned(),
        };
        writeln!(out, "    {:<width$}  {GREEN}{speedup}{GREEN:#}", result.label())?;
    }
    writeln!(out)
}

fn print_skipped(out: &mut dyn Write, skipped: &[Skipped]) -> io::Result<()> {
    if skipped.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {BOLD}Not measured{BOLD:#}")?;
    for Skipped { what, reason, failed } in skipped {
        let style = if *failed { RED } else { YELLOW };
        writeln!(out, "    {style}{what}{style:#}: {reason}")?;
    }
    writeln!(out)
}

fn print_changes(out: &mut dyn Write, changes: &Changes) -> io::Result<()> {
    writeln!(out, "  {BOLD}Against the record of {}{BOLD:#}", changes.date)?;
    for doubt in &changes.doubts {
        writeln!(out, "    {YELLOW}Warning:{YELLOW:#} {doubt}")?;
    }
    for Change { label, task, before, after, ratio, p, verdict } in &changes.changes {
        let (style, word) = match verdict {
            Verdict::Slower => (RED, "SLOWER"),
            Verdict::Faster => (GREEN, "faster"),
            Verdict::Same => (Style::new(), "the same within the noise"),
            Verdict::TooFewRuns => (YELLOW, "too few runs to tell"),
        };
        writeln!(
            out,
            "    {label}, {task}: {} → {}, {:.3} ± {:.3} times as long, p = {}: {style}{word}{style:#}",
            seconds(*before),
            seconds(*after),
            ratio.value,
            ratio.spread,
            probability(*p),
        )?;
    }
    writeln!(out)
}

fn probability(p: f64) -> String {
    if p < 0.01 { format!("{p:.0e}") } else { format!("{p:.2}") }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    fn text(record: &Record, changes: Option<&Changes>) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        print(&mut out, record, changes).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn everything_is_told() {
        insta::assert_snapshot!(text(&record(), None));
    }

    #[test]
    fn changes_are_told() {
        let (old, mut new) = (record(), record());
        new.results[1].times.iter_mut().for_each(|time| *time *= 2.0);
        new.results[1].median *= 2.0;
        let changes = Changes::between(&old, &new);
        let text = text(&new, Some(&changes));
        let (_, told) = text.split_once("Against").unwrap();
        insta::assert_snapshot!(told);
    }

    #[test]
    fn a_wrong_reference_is_told_from_none() {
        let mut record = record();
        for result in &mut record.results {
            (result.speedup, result.speedup_spread) = (None, None);
        }
        assert_eq!(text(&record, None).matches("the reference is wrong").count(), 2);
        record.reference = "abacus".to_owned();
        let text = text(&record, None);
        assert_eq!(text.matches("the reference was not measured").count(), 2, "{text}");
    }

    #[test]
    fn a_wrong_result_is_red() {
        let mut out = Vec::new();
        print(&mut out, &record(), None).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\u{1b}[1m\u{1b}[31mWRONG RESULT"), "{text:?}");
    }
}
