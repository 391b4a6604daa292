//! `cli man`: the manual page, made from what `--help` knows.

use std::io;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::Cli;
use crate::output::{Destination, Durability, Sink};

pub(super) fn run() -> anyhow::Result<ExitCode> {
    let mut command = Cli::command();
    command.build();
    Destination::StandardOutput.write(Durability::Relaxed, |out| {
        Man::new(command.clone()).render(out)?;
        command.get_subcommands().try_for_each(|subcommand| chapter(subcommand, out))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A subcommand and those below it, in the same page.
fn chapter(command: &Command, out: &mut Sink<'_>) -> io::Result<()> {
    if command.get_name() == "help" {
        return Ok(());
    }
    let name = command.get_display_name().unwrap_or(command.get_name());
    writeln!(out, ".SH \"{}\"", name.replace('-', " ").to_uppercase())?;
    let page = Man::new(command.clone());
    page.render_description_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_options_section(out)?;
    command.get_subcommands().try_for_each(|subcommand| chapter(subcommand, out))
}
