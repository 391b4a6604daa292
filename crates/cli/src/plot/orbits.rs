//! The orbits of bodies, seen along the z axis.

use ndarray::{ArrayView3, Axis};

use super::canvas::{Canvas, colour};
use super::frame::{Frame, Titles};
use super::picture::Picture;
use super::scale::Scale;

/// The path of each body in x and y, with a dot where it ends; `positions` has the shape
/// (frames, bodies, 3).
pub(crate) fn orbits(heading: &str, positions: ArrayView3<'_, f64>) -> Picture {
    let mut canvas = Canvas::new(800.0, 800.0);
    let (x, y) = (extent(positions, 0), extent(positions, 1));
    let (x, y) = Scale::same_units(x, y, Frame::lengths(&canvas));
    let frame = Frame::draw(&mut canvas, x, y, &Titles { heading, x: "x", y: "y" });
    for (body, path) in positions.axis_iter(Axis(1)).enumerate() {
        let mut places = path.rows().into_iter().map(|row| frame.point(row[0], row[1]));
        canvas.path(places.clone(), colour(body), "");
        if let Some(end) = places.next_back() {
            canvas.dot(end, 3.0, colour(body));
        }
    }
    Picture::new(canvas, heading.to_owned())
}

/// The least and the greatest coordinate.
fn extent(positions: ArrayView3<'_, f64>, coordinate: usize) -> (f64, f64) {
    let fold = |(low, high): (f64, f64), &x: &f64| (low.min(x), high.max(x));
    let all = positions.index_axis(Axis(2), coordinate);
    let (low, high) = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), fold);
    if low <= high { (low, high) } else { (0.0, 0.0) }
}
