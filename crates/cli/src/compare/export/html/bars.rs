//! Horizontal bars with whiskers.

use std::fmt::Write;

use super::axis::{Axis, label};
use super::escaped;

/// From 0 to the end of the axis.
const LENGTH: f64 = 410.0;
/// For the names, at least, and what a character of a longer one takes.
const LEFT: f64 = 240.0;
const CHARACTER: f64 = 7.2;
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

/// Where the bars lie.
struct Scale {
    /// Where they begin: behind the longest name.
    left: f64,
    axis: Axis,
}

impl Scale {
    fn of(bars: &[Bar]) -> Self {
        let longest = bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or_default();
        let left = LEFT.max((longest + 2) as f64 * CHARACTER);
        Self { left, axis: Axis::from_zero(bars.iter().map(|bar| bar.value + bar.spread)) }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + LENGTH * self.axis.place(value)
    }
}

/// The bars as an SVG element.
pub(super) fn svg(title: &str, axis_title: &str, bars: &[Bar]) -> String {
    let scale = Scale::of(bars);
    let width = scale.left + LENGTH + RIGHT;
    let bottom = ROW * bars.len() as f64;
    let height = bottom + BOTTOM;
    let title = escaped(title);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\"><title>{title}</title>\n"
    );
    for tick in scale.axis.ticks() {
        let x = scale.x(tick);
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
        draw(&mut svg, &scale, ROW * row as f64, bar);
    }
    let (middle, y) = (scale.left + LENGTH / 2.0, height - 6.0);
    let axis_title = escaped(axis_title);
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\">{axis_title}</text>"
    );
    svg + "</svg>\n"
}

fn draw(svg: &mut String, scale: &Scale, top: f64, bar: &Bar) {
    let Bar { name, colour, value, spread, text } = bar;
    let (start, end) = (scale.x(0.0), scale.x(*value));
    let (low, high) = (scale.x((value - spread).max(0.0)), scale.x(value + spread));
    let (y, middle) = (top + (ROW - BAR) / 2.0, top + ROW / 2.0);
    let (name, text, baseline) = (escaped(name), escaped(text), middle + 4.0);
    let (name_end, text_start, width) = (scale.left - 10.0, high + 8.0, end - start);
    let _ = write!(
        svg,
        "<text class=\"name\" x=\"{name_end}\" y=\"{baseline}\" text-anchor=\"end\">{name}</text>\n\
         <rect class=\"bar c{colour}\" x=\"{start:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
         <path class=\"whisker\" d=\"M{low:.1} {middle}H{high:.1}\"/>\n\
         <text class=\"value\" x=\"{text_start:.1}\" y=\"{baseline}\">{text}</text>\n",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_has_room() {
        let bar = |name: &str| Bar {
            name: name.to_owned(),
            colour: 0,
            value: 1.0,
            spread: 0.0,
            text: String::new(),
        };
        let left = |name: &str| Scale::of(&[bar("simd"), bar(name)]).left;
        assert_eq!(left("scalar"), LEFT);
        let long = "auto (rayon-scalar) 2 threads replace";
        assert!(left(long) > CHARACTER * long.len() as f64 + 10.0);
    }
}
