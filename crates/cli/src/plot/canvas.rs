//! A drawing surface that writes SVG; places are pixels from the upper left corner.

use std::fmt::{Display, Write};

/// A place on the surface.
pub(super) type Point = (f64, f64);

/// Colours that people with any colour vision tell apart (Okabe & Ito 2008).
const PALETTE: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"];

/// The colour of the series of this number; they repeat.
pub(super) fn colour(series: usize) -> &'static str {
    PALETTE[series % PALETTE.len()]
}

/// Which end of a text its place is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// The elements of a picture, in the order they are drawn.
#[derive(Debug)]
pub(super) struct Canvas {
    pub(super) width: f64,
    pub(super) height: f64,
    elements: String,
}

impl Canvas {
    pub(super) const FONT_SIZE: f64 = 14.0;

    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, elements: String::new() }
    }

    pub(super) fn line(&mut self, from: Point, to: Point, colour: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.push(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#
        ));
    }

    /// A line through all the points.
    pub(super) fn path(&mut self, points: impl Iterator<Item = Point>, colour: &str, dashes: &str) {
        let mut places = String::new();
        for (x, y) in points {
            let _ = write!(places, "{x:.1},{y:.1} ");
        }
        self.push(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dashes}"/>"#,
            places.trim_end()
        ));
    }

    pub(super) fn bar(&mut self, corner: Point, width: f64, height: f64, colour: &str) {
        let (x, y) = corner;
        self.push(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
        ));
    }

    pub(super) fn dot(&mut self, (x, y): Point, radius: f64, colour: &str) {
        self.push(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{colour}"/>"#
        ));
    }

    /// A text whose vertical middle is at the place.
    pub(super) fn text(&mut self, (x, y): Point, anchor: Anchor, text: impl Display) {
        let (y, anchor) = (y + 0.36 * Self::FONT_SIZE, anchor.name());
        let text = escaped(&text.to_string());
        self.push(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// A text that runs upwards through the place.
    pub(super) fn upright_text(&mut self, (x, y): Point, text: &str) {
        let text = escaped(text);
        self.push(format_args!(
            r#"<text transform="translate({x:.1} {y:.1}) rotate(-90)" text-anchor="middle">{text}</text>"#
        ));
    }

    /// A text above the rest that says what the picture shows.
    pub(super) fn heading(&mut self, text: &str) {
        let (x, text) = (self.width / 2.0, escaped(text));
        self.push(format_args!(
            r#"<text x="{x:.1}" y="26" text-anchor="middle" font-size="17">{text}</text>"#
        ));
    }

    pub(super) fn into_elements(self) -> String {
        self.elements
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.elements, "{element}");
    }
}

/// About how wide a text is: the letters of the font are 0.6 em wide on average.
pub(super) fn text_width(text: &str) -> f64 {
    0.62 * Canvas::FONT_SIZE * text.chars().count() as f64
}

/// The text as XML; characters that XML cannot hold become U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut canvas = Canvas::new(100.0, 100.0);
        canvas.text((1.0, 2.0), Anchor::End, "a&b<\u{1}>\"");
        assert!(canvas.into_elements().contains("a&amp;b&lt;\u{fffd}&gt;&quot;</text>"));
    }

    #[test]
    fn series_have_colours_however_many_there_are() {
        assert_ne!(colour(0), colour(1));
        assert_eq!(colour(0), colour(PALETTE.len()));
    }
}
