//! The subcommands, one file each.

mod backends;
mod calibrate;
mod compare;
mod completions;
mod generate;
mod man;
mod nbody;
mod plot;
mod wordcount;
mod zipf;

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::notes::Notes;

pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let notes = Notes::new(cli.volume);
    match cli.command {
        Command::Nbody(args) => nbody::run(&args, notes),
        Command::WordCount(args) => wordcount::run(&args, notes),
        Command::Compare(args) => compare::run(&args, notes),
        Command::Calibrate(args) => calibrate::run(&args, notes),
        Command::Plot(args) => plot::run(&args),
        Command::Zipf(args) => zipf::run(&args),
        Command::Backends(args) => backends::run(&args),
        Command::Generate(args) => generate::run(&args.what, notes),
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    }
}
