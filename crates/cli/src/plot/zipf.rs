//! How often the words of books occur, by rank: Zipf's law is a straight line here.

use super::canvas::{Canvas, colour};
use super::frame::{Frame, Titles};
use super::picture::Picture;
use super::scale::Scale;
use crate::power_law::PowerLaw;

const DASHES: &str = "6 4";
/// Straight pieces that a fitted curve is drawn with.
const PIECES: i32 = 60;

/// The counts of a book's words, by falling count.
pub(crate) struct Book {
    pub(crate) name: String,
    pub(crate) counts: Vec<u64>,
}

/// Counts against ranks on logarithmic scales, each book with its fitted law where there is one.
pub(crate) fn rank_frequency(heading: &str, books: &[(Book, Option<PowerLaw>)]) -> Picture {
    let mut canvas = Canvas::new(800.0, 560.0);
    let ranks = books.iter().map(|(book, _)| book.counts.len() as f64);
    let counts = books.iter().flat_map(|(book, _)| book.counts.iter().map(|&count| count as f64));
    let (x, y) = (Scale::logarithmic(ranks.chain([1.0])), Scale::logarithmic(counts.chain([1.0])));
    let titles = Titles { heading, x: "rank of the word", y: "occurrences" };
    let frame = Frame::draw(&mut canvas, x, y, &titles);
    let mut row = 0;
    for (series, (book, law)) in books.iter().enumerate() {
        let steps = steps(&book.counts).map(|(rank, count)| frame.point(rank, count));
        canvas.path(steps, colour(series), "");
        frame.legend(&mut canvas, row, colour(series), "", &book.name);
        row += 1;
        if let Some(law) = law {
            let curve = curve(law, &book.counts).map(|(rank, count)| frame.point(rank, count));
            canvas.path(curve, colour(series), DASHES);
            let text = format!("fitted: rank^−{:.2}", law.zipf_exponent());
            frame.legend(&mut canvas, row, colour(series), DASHES, &text);
            row += 1;
        }
    }
    Picture::new(canvas, heading.to_owned())
}

/// The corners of the staircase: the first and the last rank of each count.
fn steps(counts: &[u64]) -> impl Iterator<Item = (f64, f64)> {
    let is_corner = move |rank: usize| {
        let count = Some(&counts[rank]);
        rank == 0 || counts.get(rank - 1) != count || counts.get(rank + 1) != count
    };
    let corners = (0..counts.len()).filter(move |&rank| is_corner(rank));
    corners.map(|rank| ((rank + 1) as f64, counts[rank] as f64))
}

/// What the law says, from the least count for which it holds to the highest count of the book.
fn curve(law: &PowerLaw, counts: &[u64]) -> impl Iterator<Item = (f64, f64)> {
    let highest = counts.first().map_or(1.0, |&count| count as f64);
    let least = law.least_count as f64;
    let count =
        move |part: i32| least * (highest / least).powf(f64::from(part) / f64::from(PIECES));
    (0..=PIECES)
        .map(move |part| (law.rank(count(part)), count(part)))
        .filter(|point| point.0 >= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staircase_keeps_its_corners_only() {
        let corners: Vec<_> = steps(&[9, 2, 2, 2, 1]).collect();
        assert_eq!(corners, [(1.0, 9.0), (2.0, 2.0), (4.0, 2.0), (5.0, 1.0)]);
        assert_eq!(steps(&[]).count(), 0);
    }

    #[test]
    fn the_curve_begins_at_the_last_word_of_the_law() {
        let law = PowerLaw { exponent: 2.0, error: 0.1, least_count: 3, words: 100 };
        let points: Vec<_> = curve(&law, &[5000, 3]).collect();
        assert!((points[0].0 - 100.0).abs() < 1e-9 && points[0].1 == 3.0);
        assert!(points.iter().all(|point| point.0 >= 1.0 && point.1 <= 5000.0));
        assert!(points.len() > 10);
    }
}
