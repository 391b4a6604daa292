//! `cli man`: the manual page, made from what `--help` knows.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::Cli;
use crate::output::{Destination, Durability};

pub(super) fn run() -> anyhow::Result<ExitCode> {
    let mut command = Cli::command();
    command.build();
    Destination::StandardOutput.write(Durability::Relaxed, |out| {
        Man::new(command.clone()).render(out)?;
        // The options of each subcommand, in the same page.
        for subcommand in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let page = Man::new(subcommand.clone());
            writeln!(out, ".SH \"CLI {}\"", subcommand.get_name().to_uppercase())?;
            page.render_description_section(out)?;
            page.render_synopsis_section(out)?;
            page.render_options_section(out)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
