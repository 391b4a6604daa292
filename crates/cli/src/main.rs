//! The program `cli`: word count and N-body on the backend you name.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod compare;
mod counting;
mod failure;
mod generate;
mod interrupt;
mod nbody;
mod notes;
mod output;
mod plot;
mod power_law;
mod profile;
mod progress;
mod python;
mod readers;
mod report;
mod selection;
mod trajectory;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
