//! The bar chart of the most common words.

use super::canvas::{Anchor, Canvas, colour, text_width};
use super::picture::Picture;

const WIDTH: f64 = 800.0;
const ROW: f64 = 30.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 16.0;
const GAP: f64 = 10.0;
/// Longer words are cut, so that the bars keep the larger part.
const LONGEST_LABEL: usize = 32;

/// A bar for each word, as long as its count; the words come by falling count.
pub(crate) fn bars(heading: &str, words: &[(String, u64)]) -> Picture {
    let mut canvas = Canvas::new(WIDTH, TOP + ROW * words.len().max(1) as f64 + BOTTOM);
    let labels: Vec<_> = words.iter().map(|(word, _)| shortened(word)).collect();
    let left = GAP + widest(labels.iter().map(String::as_str)) + GAP;
    let right = WIDTH - GAP - widest(words.iter().map(|(_, count)| grouped(*count)));
    let most = words.iter().map(|(_, count)| *count).max().unwrap_or(1) as f64;
    for (row, (label, (_, count))) in labels.iter().zip(words).enumerate() {
        let middle = TOP + ROW * (row as f64 + 0.5);
        let length = (right - left - GAP) * *count as f64 / most;
        canvas.text((left - GAP, middle), Anchor::End, label);
        canvas.bar((left, middle - 0.36 * ROW), length, 0.72 * ROW, colour(0));
        canvas.text((left + length + GAP, middle), Anchor::Start, grouped(*count));
    }
    canvas.heading(heading);
    Picture::new(canvas, heading.to_owned())
}

fn widest(labels: impl Iterator<Item: AsRef<str>>) -> f64 {
    labels.map(|label| text_width(label.as_ref())).fold(0.0, f64::max)
}

fn shortened(word: &str) -> String {
    if word.chars().count() <= LONGEST_LABEL {
        return word.to_owned();
    }
    let start: String = word.chars().take(LONGEST_LABEL - 1).collect();
    format!("{start}…")
}

/// `1 234 567`, with spaces that do not break.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("\u{a0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_long_words_cut() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(shortened(&"é".repeat(32)).chars().count(), 32);
        assert!(shortened(&"é".repeat(33)).ends_with('…'));
    }
}
