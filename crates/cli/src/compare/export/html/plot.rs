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

/// Points of one colour.
pub(super) struct Series {
    pub(super) name: String,
    /// Which colour of the page.
    pub(super) colour: usize,
    /// Dashes tell series of one colour apart.
    pub(super) dash: usize,
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
    svg + "</svg>\n" + &legend(series)
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
    let Series { colour, dash, points, .. } = series;
    let place = |point: &Point| format!("{:.1} {:.1}", x(frame, point.x), y(frame, point.y));
    let places: Vec<_> = points.iter().map(place).collect();
    let _ = writeln!(svg, "<path class=\"line c{colour} d{dash}\" d=\"M{}\"/>", places.join("L"));
}

fn draw_points(svg: &mut String, frame: &Frame<'_>, series: &Series) {
    let Series { colour, points, .. } = series;
    for point in points {
        let (x, y, note) = (x(frame, point.x), y(frame, point.y), escaped(&point.note));
        let _ = writeln!(
            svg,
            "<circle class=\"point c{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{note}</title></circle>"
        );
    }
}

fn legend(series: &[Series]) -> String {
    let mut legend = String::from("<ul class=\"legend\">\n");
    for Series { name, colour, dash, .. } in series {
        let name = escaped(name);
        let _ = writeln!(
            legend,
            "<li><svg class=\"swatch\" viewBox=\"0 0 28 10\" aria-hidden=\"true\"><path class=\"line c{colour} d{dash}\" d=\"M0 5H28\"/></svg>{name}</li>"
        );
    }
    legend + "</ul>\n"
}
