//! Points over two axes, joined or not.

use std::fmt::Write;

use super::axis::{Axis, label};
use super::escaped;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 52.0;
/// Ways to dash a line.
const DASHES: usize = 4;
/// Shapes of points around their place: disc, square, triangle, diamond, triangle, bar.
const MARKERS: [&str; 6] = [
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "m-4 -4h8v8h-8z",
    "m0 -5l5 9h-10z",
    "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
    "m0 5l5 -9h-10z",
    "m-6 -2h12v4h-12z",
];

/// Points of one colour and shape.
pub(super) struct Series {
    pub(super) name: String,
    /// Which colour of the page.
    pub(super) colour: usize,
    /// Its number among those of its colour, which its shape of points and its dashes tell.
    pub(super) variant: usize,
    pub(super) points: Vec<Point>,
}

pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// What is told where the mouse rests on it.
    pub(super) note: String,
}

/// What a plot is called and drawn over.
pub(super) struct Frame<'t> {
    pub(super) title: &'t str,
    pub(super) x_title: &'t str,
    pub(super) y_title: &'t str,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

/// Whether an order leads from point to point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    Joined,
    None,
}

/// The plot as an SVG element, with a legend below.
pub(super) fn svg(frame: &Frame<'_>, lines: Lines, series: &[Series]) -> String {
    let title = escaped(frame.title);
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{title}</title>\n");
    draw_axes(&mut svg, frame);
    for series in series {
        if lines == Lines::Joined {
            draw_line(&mut svg, frame, series);
        }
        draw_points(&mut svg, frame, series);
    }
    svg + "</svg>\n" + &legend(lines, series)
}

fn x(frame: &Frame<'_>, value: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * frame.x.place(value)
}

fn y(frame: &Frame<'_>, value: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * frame.y.place(value)
}

fn draw_axes(svg: &mut String, frame: &Frame<'_>) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for tick in frame.x.ticks() {
        let (x, text, below) = (x(frame, tick), label(tick), bottom + 18.0);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>");
        let _ = writeln!(
            svg,
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{text}</text>"
        );
    }
    for tick in frame.y.ticks() {
        let (y, text, left) = (y(frame, tick), label(tick), LEFT - 8.0);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>");
        let baseline = y + 4.0;
        let _ = writeln!(
            svg,
            "<text class=\"tick\" x=\"{left}\" y=\"{baseline:.1}\" text-anchor=\"end\">{text}</text>"
        );
    }
    let (x_title, y_title) = (escaped(frame.x_title), escaped(frame.y_title));
    let (centre, middle, below) = ((LEFT + right) / 2.0, (TOP + bottom) / 2.0, HEIGHT - 10.0);
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"{centre}\" y=\"{below}\" text-anchor=\"middle\">{x_title}</text>"
    );
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"16\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {middle})\">{y_title}</text>"
    );
}

fn draw_line(svg: &mut String, frame: &Frame<'_>, series: &Series) {
    let points = &series.points;
    let place = |point: &Point| format!("{:.1} {:.1}", x(frame, point.x), y(frame, point.y));
    let places: Vec<_> = points.iter().map(place).collect();
    let _ = writeln!(svg, "<path class=\"{}\" d=\"M{}\"/>", series.line(), places.join("L"));
}

fn draw_points(svg: &mut String, frame: &Frame<'_>, series: &Series) {
    let (class, shape) = series.marker();
    for point in &series.points {
        let (x, y, note) = (x(frame, point.x), y(frame, point.y), escaped(&point.note));
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{x:.1} {y:.1}{shape}\"><title>{note}</title></path>"
        );
    }
}

fn legend(lines: Lines, series: &[Series]) -> String {
    let mut legend = String::from("<ul class=\"legend\">\n");
    for series in series {
        let (name, swatch) = (escaped(&series.name), swatch(lines, series));
        let _ = writeln!(
            legend,
            "<li><svg class=\"swatch\" viewBox=\"0 0 36 12\" aria-hidden=\"true\">{swatch}</svg>{name}</li>"
        );
    }
    legend + "</ul>\n"
}

/// A point as in the plot, on a piece of its line where there are lines.
fn swatch(lines: Lines, series: &Series) -> String {
    let (class, shape) = series.marker();
    let point = format!("<path class=\"{class}\" d=\"M18 6{shape}\"/>");
    match lines {
        Lines::Joined => format!("<path class=\"{}\" d=\"M0 6H36\"/>{point}", series.line()),
        Lines::None => point,
    }
}

impl Series {
    /// The class of its line.
    fn line(&self) -> String {
        format!("line c{} d{}", self.colour, self.variant % DASHES)
    }

    /// The class and the shape of its points.
    fn marker(&self) -> (String, &'static str) {
        (format!("point c{}", self.colour), MARKERS[self.variant % MARKERS.len()])
    }
}
