//! The axes of a chart: a frame with ticks, grid and titles, and the way from numbers to places.

use super::canvas::{Anchor, Canvas, Point};
use super::scale::Scale;

const GRID: &str = "#dddddd";
const INK: &str = "#333333";
const LEFT: f64 = 92.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 62.0;

/// What stands at the axes and above the chart.
pub(super) struct Titles<'a> {
    pub(super) heading: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
}

/// A pair of axes on a canvas.
pub(super) struct Frame {
    x: Scale,
    y: Scale,
    lengths: (f64, f64),
}

impl Frame {
    /// How long the axes are.
    pub(super) fn lengths(canvas: &Canvas) -> (f64, f64) {
        (canvas.width - LEFT - RIGHT, canvas.height - TOP - BOTTOM)
    }

    /// Draws the axes.
    pub(super) fn draw(canvas: &mut Canvas, x: Scale, y: Scale, titles: &Titles<'_>) -> Self {
        let frame = Self { x, y, lengths: Self::lengths(canvas) };
        let (left, bottom) = frame.place(0.0, 0.0);
        let (right, top) = frame.place(1.0, 1.0);
        for tick in frame.x.ticks() {
            let (at, _) = frame.place(tick.place, 0.0);
            canvas.line((at, bottom), (at, top), GRID);
            canvas.text((at, bottom + 16.0), Anchor::Middle, tick.label);
        }
        for tick in frame.y.ticks() {
            let (_, at) = frame.place(0.0, tick.place);
            canvas.line((left, at), (right, at), GRID);
            canvas.text((left - 8.0, at), Anchor::End, tick.label);
        }
        canvas.line((left, bottom), (right, bottom), INK);
        canvas.line((left, bottom), (left, top), INK);
        canvas.heading(titles.heading);
        canvas.text(((left + right) / 2.0, canvas.height - 18.0), Anchor::Middle, titles.x);
        canvas.upright_text((22.0, (top + bottom) / 2.0), titles.y);
        frame
    }

    /// The place of a pair of numbers.
    pub(super) fn point(&self, x: f64, y: f64) -> Point {
        self.place(self.x.place(x), self.y.place(y))
    }

    /// A line of the legend, `row` lines below the top.
    pub(super) fn legend(
        &self,
        canvas: &mut Canvas,
        row: usize,
        colour: &str,
        dashes: &str,
        text: &str,
    ) {
        let (right, top) = self.place(1.0, 1.0);
        let y = top + 18.0 * (row as f64 + 1.0);
        let sample = [(right - 34.0, y), (right - 8.0, y)];
        canvas.path(sample.into_iter(), colour, dashes);
        canvas.text((right - 42.0, y), Anchor::End, text);
    }

    /// From parts of the axes' lengths to pixels, which grow downwards.
    fn place(&self, x: f64, y: f64) -> Point {
        (LEFT + x * self.lengths.0, TOP + (1.0 - y) * self.lengths.1)
    }
}
