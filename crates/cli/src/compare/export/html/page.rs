//! The page around the charts: what was compared, where, and all numbers.

use std::fmt::Write;

use super::super::super::changes::{Change, Changes, Verdict};
use super::super::super::record::{Input, Measurement, Record, Skipped};
use super::super::super::terminal::warnings;
use super::super::super::units::{rate, ratio, seconds, seconds_like};
use super::{charts, escaped};

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(super) fn page(record: &Record, changes: Option<&Changes>) -> String {
    let title = format!("{}: backends compared", record.kernel);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    page += &origin(record);
    for (index, input) in record.inputs.iter().enumerate() {
        page += &results(record, index, input);
    }
    let unthreaded = "Measured with one number of threads only: --threads 1,2,4 shows scaling.";
    let exact = "All results are equal to the reference's: there is no error to draw.";
    page += &figure("Throughput against size", charts::throughput(record), "Nothing was verified.");
    page += &figure("Scaling with threads", charts::scaling(record), unthreaded);
    page += &figure("Error against speed", charts::errors(record), exact);
    page += &changes.map(changed).unwrap_or_default();
    page += &skipped(&record.skipped);
    page + "</main>\n</body>\n</html>\n"
}

fn origin(record: &Record) -> String {
    let machine = &record.machine;
    format!(
        "<pre>{}</pre>\n<p class=\"origin\">{}, {} threads, {}<br>version {}, {}</p>\n",
        escaped(&record.command),
        escaped(&machine.processor),
        machine.threads,
        escaped(&machine.system),
        escaped(&record.version),
        escaped(&record.date),
    )
}

fn results(record: &Record, index: usize, input: &Input) -> String {
    let chart = charts::speedups(record, index).unwrap_or_default();
    let mut section = format!(
        "<section>\n<h2>{}: {}</h2>\n{chart}<div class=\"wide\"><table>\n<thead><tr><th>backend</th>\
         <th>median ± spread</th><th>min … max</th><th>runs</th><th>throughput</th><th>× {}</th>\
         <th>build</th><th>first run</th><th>verified</th><th>device</th></tr></thead>\n<tbody>\n",
        escaped(&input.name),
        escaped(&input.task),
        escaped(&record.reference),
    );
    for result in record.results_of(index) {
        section += &row(result, &record.unit);
    }
    let hash = escaped(&input.sha256);
    section
        + &format!("</tbody>\n</table></div>\n<p class=\"hash\">sha256 {hash}</p>\n</section>\n")
}

fn row(result: &Measurement, unit: &str) -> String {
    let time = |x: f64| seconds_like(x, result.median);
    let notes: Vec<_> = warnings(result).iter().map(|warning| escaped(warning)).collect();
    let warning = if notes.is_empty() {
        String::new()
    } else {
        format!(" <abbr title=\"{}\">⚠</abbr>", notes.join("; "))
    };
    let cells = [
        escaped(&result.label()) + &warning,
        format!("{} ± {}", time(result.median), time(result.spread)),
        format!("{} … {}", time(result.min), time(result.max)),
        result.times.len().to_string(),
        rate(result.throughput, unit),
        speedup(result),
        seconds(result.cold.build),
        seconds(result.cold.first_run),
        verification(result),
        escaped(&result.device),
    ];
    let class = if result.verification.passed { "" } else { " class=\"wrong\"" };
    format!("<tr{class}><td>{}</td></tr>\n", cells.join("</td><td>"))
}

fn speedup(result: &Measurement) -> String {
    match (result.speedup, result.speedup_spread) {
        (Some(value), Some(spread)) => ratio(value, spread),
        _ => String::new(),
    }
}

fn verification(result: &Measurement) -> String {
    let verification = &result.verification;
    match (&verification.failure, verification.error, verification.bound) {
        (Some(failure), ..) => format!("wrong: {}", escaped(failure)),
        (None, Some(error), Some(bound)) => format!("{error:.1e} &lt; {bound:.0e}"),
        _ => "equal".to_owned(),
    }
}

/// A chart, or why there is none.
fn figure(title: &str, chart: Option<String>, otherwise: &str) -> String {
    let content = chart.unwrap_or_else(|| format!("<p>{otherwise}</p>\n"));
    format!("<section>\n<h2>{title}</h2>\n{content}</section>\n")
}

fn changed(changes: &Changes) -> String {
    let mut section =
        format!("<section>\n<h2>Against the record of {}</h2>\n", escaped(&changes.date));
    for doubt in &changes.doubts {
        let _ = writeln!(section, "<p>{}</p>", escaped(doubt));
    }
    section += "<div class=\"wide\"><table>\n<thead><tr><th>backend</th><th>input</th><th>before</th>\
                <th>now</th><th>now / before</th><th>p</th><th></th></tr></thead>\n<tbody>\n";
    for Change { label, task, before, after, ratio, p, verdict } in &changes.changes {
        let (class, word) = match verdict {
            Verdict::Slower => (" class=\"wrong\"", "slower"),
            Verdict::Faster => ("", "faster"),
            Verdict::Same => ("", "the same within the noise"),
            Verdict::TooFewRuns => ("", "too few runs to tell"),
        };
        let _ = writeln!(
            section,
            "<tr{class}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3} ± {:.3}</td>\
             <td>{p:.1e}</td><td>{word}</td></tr>",
            escaped(label),
            escaped(task),
            seconds(*before),
            seconds(*after),
            ratio.value,
            ratio.spread,
        );
    }
    section + "</tbody>\n</table></div>\n</section>\n"
}

fn skipped(skipped: &[Skipped]) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let mut section = String::from("<section>\n<h2>Not measured</h2>\n<ul>\n");
    for Skipped { what, reason, failed } in skipped {
        let class = if *failed { " class=\"wrong\"" } else { "" };
        let _ = writeln!(section, "<li{class}>{}: {}</li>", escaped(what), escaped(reason));
    }
    section + "</ul>\n</section>\n"
}
