//! `cli compare`: time backends against each other, verify them, and say which is fastest.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::compare::Compare;
use crate::compare::changes::Changes;
use crate::compare::export::Files;
use crate::compare::{self, Record, terminal};
use crate::failure::{FAILED, FileError, Usage};
use crate::notes::Notes;

pub(super) fn run(args: &Compare, notes: Notes) -> anyhow::Result<ExitCode> {
    let old = args.from.as_deref().map(Record::read).transpose()?;
    let Some(contest) = args.contest.as_ref().or(old.as_ref().map(|old| &old.contest)) else {
        let message = "nothing to compare: name nbody or wordcount, or a record with --from";
        return Err(Usage(message.to_owned()).into());
    };
    let read = contest.input().into_iter().chain(args.from.as_deref());
    let inputs: Vec<PathBuf> = read.map(Path::to_owned).collect();
    let files = Files::new(&args.exports, &inputs)?;
    let record = compare::hold(contest, notes)?;
    let changes = old.map(|old| Changes::between(&old, &record));
    if !files.take_standard_output() {
        terminal::print(&mut anstream::stdout().lock(), &record, changes.as_ref())
            .map_err(|error| FileError::writing("standard output", error))?;
    }
    files.write(&record, changes.as_ref())?;
    if record.is_verified() {
        return Ok(ExitCode::SUCCESS);
    }
    notes.note("not every backend gave a right result");
    Ok(ExitCode::from(FAILED))
}
