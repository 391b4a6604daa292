//! Notes on standard error, as loud as the user wants them.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::args::Volume;

/// Where notes go: standard error, or nowhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notes(Volume);

impl Notes {
    pub(crate) fn new(volume: Volume) -> Self {
        Self(volume)
    }

    /// Something the user should know.
    pub(crate) fn note(self, note: impl Display) {
        if !self.0.quiet {
            // A note that cannot be written must not end the work.
            let _ = writeln!(io::stderr(), "cli: {note}");
        }
    }

    /// Something the user may want to know.
    pub(crate) fn detail(self, note: impl FnOnce() -> String) {
        if self.0.verbose {
            self.note(note());
        }
    }

    /// Whether a progress bar would be seen and welcome.
    pub(crate) fn shows_progress(self) -> bool {
        !self.0.quiet && io::stderr().is_terminal()
    }
}
