//! `cli zipf`: a table with the counts of the most common words of several books.

use std::path::Path;
use std::process::ExitCode;

use super::plot::stem;
use crate::args::Zipf;
use crate::output::{Destination, Durability};
use crate::power_law::PowerLaw;
use crate::readers::counts::WordCounts;

/// What --fit adds to a row.
const FITTED: [&str; 4] = ["zipf_exponent", "exponent", "exponent_error", "least_count"];

pub(super) fn run(args: &Zipf) -> anyhow::Result<ExitCode> {
    let destination = Destination::new(args.output.as_deref(), &args.books)?;
    let rows = args.books.iter().map(|book| row(book, args)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(header(args))?;
    for row in rows {
        table.write_record(row)?;
    }
    let bytes = table.into_inner()?;
    destination.write(Durability::Relaxed, |out| out.write_all(&bytes))?;
    Ok(ExitCode::SUCCESS)
}

/// `Book,word1,word2,...`
fn header(args: &Zipf) -> Vec<String> {
    let words = (1..=args.words).map(|rank| format!("word{rank}"));
    let fitted = FITTED.iter().take(if args.fit { FITTED.len() } else { 0 });
    ["Book".to_owned()]
        .into_iter()
        .chain(words)
        .chain(fitted.map(|&name| name.to_owned()))
        .collect()
}

/// The counts of a book; what it has no words or no law for stays empty.
fn row(book: &Path, args: &Zipf) -> anyhow::Result<Vec<String>> {
    let counts = WordCounts::read(book)?.counts();
    let mut row = vec![stem(book)];
    row.extend(
        (0..args.words).map(|rank| counts.get(rank).map(u64::to_string).unwrap_or_default()),
    );
    if args.fit {
        row.extend(fitted(PowerLaw::fit(&counts)));
    }
    Ok(row)
}

fn fitted(law: Option<PowerLaw>) -> [String; FITTED.len()] {
    law.map_or_else(Default::default, |law| {
        [
            format!("{:.4}", law.zipf_exponent()),
            format!("{:.4}", law.exponent),
            format!("{:.4}", law.error),
            law.least_count.to_string(),
        ]
    })
}
