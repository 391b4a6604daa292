//! The energy error of an N-body run against time.

use super::canvas::{Canvas, colour};
use super::frame::{Frame, Titles};
use super::picture::Picture;
use super::scale::Scale;

/// `|E(t) - E(0)| / |E(0)|` at each time, on a logarithmic scale; points without an error are left
/// out.
pub(crate) fn energy_error(heading: &str, points: &[(f64, f64)]) -> Picture {
    let mut canvas = Canvas::new(800.0, 500.0);
    let x = Scale::linear(points.iter().map(|point| point.0));
    let y = Scale::logarithmic(points.iter().map(|point| point.1.abs()));
    let titles = Titles { heading, x: "time", y: "|E − E(0)| / |E(0)|" };
    let frame = Frame::draw(&mut canvas, x, y, &titles);
    let drawn = points.iter().filter(|point| point.1 != 0.0 && point.1.is_finite());
    let places: Vec<_> = drawn.map(|&(time, error)| frame.point(time, error.abs())).collect();
    canvas.path(places.iter().copied(), colour(0), "");
    if let [only] = places[..] {
        canvas.dot(only, 3.0, colour(0));
    }
    Picture::new(canvas, heading.to_owned())
}
