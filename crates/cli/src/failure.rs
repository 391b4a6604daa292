//! Errors as the user sees them: one line, `cli: what: where: what to do`, and an exit code.

use std::io::{self, Write};
use std::process::ExitCode;
use std::{fmt, fs};

use clap::error::ErrorKind;
use perf_kernels::{Error, SelectionError};

/// Bad input, or reading or writing failed.
pub(crate) const FAILED: u8 = 1;
/// The command line asks for what cannot be.
const USAGE: u8 = 2;
/// The backend cannot run here.
const UNAVAILABLE: u8 = 3;
/// Ended by Ctrl-C, as shells number it.
pub(crate) const INTERRUPTED: u8 = 130;

/// A command line that parses and still makes no sense.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// What messages call it.
pub(crate) const STANDARD_OUTPUT: &str = "standard output";

/// Reading or writing failed: what, where, why, and what may help.
#[derive(Debug)]
pub(crate) struct FileError {
    what: &'static str,
    place: String,
    error: io::Error,
}

impl FileError {
    /// The error of opening or reading what is called `place`.
    pub(crate) fn reading(place: impl Into<String>, error: io::Error) -> Self {
        Self { what: "cannot read", place: place.into(), error }
    }

    /// The error of making or writing what is called `place`.
    pub(crate) fn writing(place: impl Into<String>, error: io::Error) -> Self {
        Self { what: "cannot write", place: place.into(), error }
    }

    /// Whether a terminal that was closed does not take what is printed. A disk may fail with the same error.
    fn is_of_gone_terminal(&self) -> bool {
        /// What Unix calls EIO.
        const FAILED: i32 = 5;
        let is_file = || fs::metadata("/dev/stdout").is_ok_and(|metadata| metadata.is_file());
        cfg!(unix)
            && self.place == STANDARD_OUTPUT
            && self.error.raw_os_error() == Some(FAILED)
            && !is_file()
    }

    fn advice(&self) -> &'static str {
        match self.error.kind() {
            io::ErrorKind::NotFound => ": check the path",
            io::ErrorKind::PermissionDenied => ": check who may use it (ls -l)",
            io::ErrorKind::IsADirectory => ": give a file",
            io::ErrorKind::NotADirectory => ": check the folders of the path",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ": free some space or choose another place"
            }
            _ => "",
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.error.to_string();
        let cause = cause.split(" (os error").next().unwrap_or(&cause);
        write!(f, "{}: {}: {cause}{}", self.what, self.place, self.advice())
    }
}

impl std::error::Error for FileError {}

/// Prints what clap has to say, which may be the help or the version that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody is left to be told where the help cannot be printed.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        _ => end(&one_line(error), USAGE),
    }
}

/// The first paragraph of clap's message, its tips, and where to read on.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let told = text.split("\nUsage:").next().unwrap_or(&text);
    let words = told.trim_start_matches("error: ").split_whitespace();
    let message = words.collect::<Vec<_>>().join(" ");
    let message = message.replace(" For more information, try '--help'.", "");
    let message = message.trim_end_matches('.');
    match message.split_once(" tip: ") {
        Some((problem, tip)) => format!("{problem}: {tip}, or see --help"),
        None => format!("{message}: see --help"),
    }
}

/// Prints the error unless it is only that nobody reads the results any more.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let parts: Vec<_> = error.chain().map(|cause| cause.to_string()).collect();
    end(&parts.join(": "), exit_code(error))
}

/// The first failure of what was done side by side, each of which had its try. Those behind it are told now, a line each.
pub(crate) fn first_of(done: Vec<anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut failures = done.into_iter().filter_map(Result::err);
    let first = failures.next();
    for error in failures {
        report(&error);
    }
    first.map_or(Ok(()), Err)
}

fn end(message: &str, code: u8) -> ExitCode {
    let line: Vec<_> = message.lines().map(str::trim).collect();
    let _ = writeln!(io::stderr(), "cli: {}", line.join(" "));
    ExitCode::from(code)
}

/// Whether it is only that nobody reads the results any more: the pipe is closed, or the terminal.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<FileError>().is_some_and(|file| {
        file.error.kind() == io::ErrorKind::BrokenPipe || file.is_of_gone_terminal()
    })
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() {
        return USAGE;
    }
    match (error.downcast_ref::<SelectionError>(), error.downcast_ref::<Error>()) {
        (Some(SelectionError::Unknown { .. } | SelectionError::InvalidSetting { .. }), _) => USAGE,
        (Some(_), _) | (_, Some(Error::Unavailable { .. })) => UNAVAILABLE,
        (_, Some(error)) if is_usage(error) => USAGE,
        _ => FAILED,
    }
}

/// Whether another command line would have avoided the error, whatever the input.
fn is_usage(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidOption { .. }
            | Error::UnsupportedPrecision { .. }
            | Error::UnsupportedAlgorithm { .. }
            | Error::UnsupportedCombination { .. }
    )
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn codes_tell_usage_from_failure() {
        let usage = anyhow::Error::new(Usage("no".to_owned())).context("reading");
        assert_eq!(exit_code(&usage), USAGE);
        let failed = Err::<(), _>(Error::NoBodies).context("input16").unwrap_err();
        assert_eq!(exit_code(&failed), FAILED);
        let missing =
            Error::Unavailable { backend: "gpu", reason: String::new(), remedy: String::new() };
        assert_eq!(exit_code(&missing.into()), UNAVAILABLE);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let error = |kind| FileError::writing("standard output", io::Error::from(kind)).into();
        assert!(is_closed_pipe(&error(io::ErrorKind::BrokenPipe)));
        assert!(!is_closed_pipe(&error(io::ErrorKind::StorageFull)));
    }
}
