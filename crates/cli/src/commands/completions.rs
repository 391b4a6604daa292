//! `cli completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::output::{Destination, Durability};

pub(super) fn run(args: &Completions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cli", &mut script);
    Destination::StandardOutput.write(Durability::Relaxed, |out| out.write_all(&script))?;
    Ok(ExitCode::SUCCESS)
}
