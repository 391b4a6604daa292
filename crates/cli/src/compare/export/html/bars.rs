//! Horizontal bars with whiskers.

use std::fmt::Write;

use super::axis::{Axis, label};
use super::escaped;

const WIDTH: f64 = 760.0;
/// For the names.
const LEFT: f64 = 240.0;
/// For the numbers.
const RIGHT: f64 = 110.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;
const BOTTOM: f64 = 44.0;

/// A bar.
pub(super) struct Bar {
    pub(super) name: String,
    /// Which colour of the page.
    pub(super) colour: usize,
    pub(super) value: f64,
    pub(super) spread: f64,
    /// What is written beside it.
    pub(super) text: String,
}

/// The bars as an SVG element.
pub(super) fn svg(title: &str, axis_title: &str, bars: &[Bar]) -> String {
    let axis = Axis::from_zero(bars.iter().map(|bar| bar.value + bar.spread));
    let bottom = ROW * bars.len() as f64;
    let height = bottom + BOTTOM;
    let title = escaped(title);
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"><title>{title}</title>\n");
    for tick in axis.ticks() {
        let x = x(&axis, tick);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"0\" x2=\"{x:.1}\" y2=\"{bottom}\"/>"
        );
        let y = bottom + 16.0;
        let _ = writeln!(
            svg,
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
            label(tick)
        );
    }
    for (row, bar) in bars.iter().enumerate() {
        draw(&mut svg, &axis, ROW * row as f64, bar);
    }
    let (middle, y) = ((LEFT + WIDTH - RIGHT) / 2.0, height - 6.0);
    let axis_title = escaped(axis_title);
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\">{axis_title}</text>"
    );
    svg + "</svg>\n"
}

fn x(axis: &Axis, value: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * axis.place(value)
}

fn draw(svg: &mut String, axis: &Axis, top: f64, bar: &Bar) {
    let Bar { name, colour, value, spread, text } = bar;
    let (start, end) = (x(axis, 0.0), x(axis, *value));
    let (low, high) = (x(axis, (value - spread).max(0.0)), x(axis, value + spread));
    let (y, middle) = (top + (ROW - BAR) / 2.0, top + ROW / 2.0);
    let (name, text, baseline) = (escaped(name), escaped(text), middle + 4.0);
    let (name_end, text_start, width) = (LEFT - 10.0, high + 8.0, end - start);
    let _ = write!(
        svg,
        "<text class=\"name\" x=\"{name_end}\" y=\"{baseline}\" text-anchor=\"end\">{name}</text>\n\
         <rect class=\"bar c{colour}\" x=\"{start:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
         <path class=\"whisker\" d=\"M{low:.1} {middle}H{high:.1}\"/>\n\
         <text class=\"value\" x=\"{text_start:.1}\" y=\"{baseline}\">{text}</text>\n",
    );
}
