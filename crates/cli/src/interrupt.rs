//! Ctrl-C, a polite `kill` and a terminal that closes: they ask the work to end at the next good moment.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use anyhow::Context;
use perf_kernels::{Counts, Error, Executor, Pieces, WordCount};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::INTERRUPTED;

/// What asks. Where nobody can tell that a closing terminal is to be ignored, it ends the program as it always did.
const SIGNALS: &[c_int] = &[
    SIGINT,
    SIGTERM,
    #[cfg(target_os = "linux")]
    signal_hook::consts::SIGHUP,
];

/// Whether the user has asked the program to end. No thread is started for it.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first signal is remembered, and a Ctrl-C behind it ends the program at once. The other signals do not:
    /// of a terminal that closes the shell and the system tell, one right behind the other.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let ignored = ignored();
        for signal in SIGNALS.iter().copied().filter(|signal| ignored & bit(*signal) == 0) {
            listen_to(signal, &asked).context("cannot listen to Ctrl-C")?;
        }
        Ok(Self(asked))
    }

    /// Whether a signal came.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn listen_to(signal: c_int, asked: &Arc<AtomicBool>) -> io::Result<()> {
    if signal == SIGINT {
        // The order matters: the first signal finds the flag unset, and sets it.
        flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(asked))?;
    }
    flag::register(signal, Arc::clone(asked)).map(drop)
}

/// The signals that whoever started the program has it ignore, as `nohup` does and a shell of its background jobs.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The bit of a signal in a mask of signals.
fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

/// A word counter that takes no further pieces once the user has asked to end.
pub(crate) struct Interruptible<'a> {
    counter: &'a mut dyn WordCount,
    interrupt: Option<Interrupt>,
}

impl<'a> Interruptible<'a> {
    /// Without an `interrupt` the counter is only passed on.
    pub(crate) fn new(counter: &'a mut dyn WordCount, interrupt: Option<Interrupt>) -> Self {
        Self { counter, interrupt }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.as_ref().is_some_and(Interrupt::is_asked)
    }
}

impl WordCount for Interruptible<'_> {
    fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.counter.add(piece)
    }

    fn add_pieces(&mut self, pieces: &dyn Pieces) -> Result<(), Error> {
        match &self.interrupt {
            Some(interrupt) => self.counter.add_pieces(&Until { interrupt, pieces }),
            None => self.counter.add_pieces(pieces),
        }
    }

    fn finish(&mut self) -> Result<Counts, Error> {
        self.counter.finish()
    }

    fn executor(&self) -> &dyn Executor {
        self.counter.executor()
    }
}

/// Pieces up to the signal.
struct Until<'a> {
    interrupt: &'a Interrupt,
    pieces: &'a dyn Pieces,
}

impl Pieces for Until<'_> {
    fn next(&self, piece: &mut Vec<u8>) -> Option<u64> {
        if self.interrupt.is_asked() { None } else { self.pieces.next(piece) }
    }

    fn bytes(&self) -> Option<u64> {
        self.pieces.bytes()
    }
}
