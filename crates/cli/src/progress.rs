//! A progress bar for what takes longer than half a second, where somebody watches.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::notes::Notes;

/// How long the work goes on before a bar appears.
const PATIENCE: Duration = Duration::from_millis(500);
const REDRAWS_PER_SECOND: u8 = 10;

/// A bar that appears late or never. No thread draws it: it moves when it is told.
pub(crate) struct Progress {
    start: Instant,
    length: Option<u64>,
    template: &'static str,
    shown: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Counts steps.
    pub(crate) fn steps(notes: Notes, length: u64) -> Self {
        let template = "{bar:40} {human_pos}/{human_len} steps, {eta} left";
        Self::new(notes, Some(length), template)
    }

    /// Counts timed runs.
    pub(crate) fn runs(notes: Notes, length: u64) -> Self {
        Self::new(notes, Some(length), "{bar:40} {human_pos}/{human_len} runs, {eta} left")
    }

    /// Counts bytes, of as many as there are if that is known.
    pub(crate) fn bytes(notes: Notes, length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "{bar:40} {decimal_bytes}/{decimal_total_bytes}, {eta} left",
            None => "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}",
        };
        Self::new(notes, length, template)
    }

    fn new(notes: Notes, length: Option<u64>, template: &'static str) -> Self {
        let shown = notes.shows_progress();
        Self { start: Instant::now(), length, template, shown, bar: None }
    }

    /// Moves the bar.
    pub(crate) fn at(&mut self, position: u64) {
        if !self.shown {
            return;
        }
        if self.bar.is_none() && self.start.elapsed() >= PATIENCE {
            self.bar = Some(self.draw());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        }
    }

    /// Calls `print` with the bar out of the way.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn draw(&self) -> ProgressBar {
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
        let bar = ProgressBar::with_draw_target(self.length, target);
        let style = ProgressStyle::with_template(self.template);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            .with_elapsed(self.start.elapsed())
    }
}

/// Something that turns while work goes on that does not tell how far it is.
pub(crate) struct Spinner(Option<ProgressBar>);

impl Spinner {
    /// Tells what the work is, until it is dropped.
    pub(crate) fn new(notes: Notes, work: String) -> Self {
        Self(notes.shows_progress().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
            let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
            let bar = ProgressBar::with_draw_target(None, target).with_message(work);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_secs(1) / u32::from(REDRAWS_PER_SECOND));
            bar
        }))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
