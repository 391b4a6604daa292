//! One page with charts, to be opened in any browser or sent by mail: nothing is loaded from anywhere.
//!
//! The charts are SVG inside the page and take their colours from its style sheet, which follows the
//! reader's choice of light or dark.

mod axis;
mod bars;
mod charts;
mod page;
mod plot;

use std::io::{self, Write};

use super::{Changes, Exporter, Record};

pub(super) struct Html;

impl Exporter for Html {
    fn write(
        &self,
        out: &mut dyn Write,
        record: &Record,
        changes: Option<&Changes>,
    ) -> io::Result<()> {
        out.write_all(page::page(record, changes).as_bytes())
    }
}

/// Text that is no markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::super::record::tests::{measurement, record};
    use super::super::super::record::{Input, Measurement};
    use super::*;

    fn text(record: &Record) -> String {
        let mut out = Vec::new();
        Html.write(&mut out, record, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_page_is_whole_and_loads_nothing() {
        let text = text(&record());
        assert!(text.starts_with("<!doctype html>") && text.ends_with("</html>\n"));
        for link in ["http:", "https:", "src=", "href=", "url(", "@import", "<script"] {
            assert!(!text.contains(link), "{link}");
        }
    }

    #[test]
    fn names_are_no_markup() {
        let text = text(&record());
        assert!(text.contains("A &lt;fast&gt; processor") && !text.contains("<fast>"));
    }

    #[test]
    fn a_wrong_result_has_no_bar_and_is_told() {
        let text = text(&record());
        assert_eq!(text.matches("class=\"bar ").count(), 2);
        assert!(text.contains("class=\"wrong\""), "{text}");
    }

    #[test]
    fn every_chart_that_there_is_something_for_is_drawn() {
        let mut record = record();
        assert_eq!(
            text(&record).matches("role=\"img\"").count(),
            3,
            "no scaling with one number of threads"
        );
        record.results.push(measurement("rayon", 4, vec![0.01; 10]));
        assert_eq!(text(&record).matches("role=\"img\"").count(), 4);
    }

    #[test]
    fn auto_is_one_line_through_all_sizes() {
        let mut record = record();
        record.inputs.push(Input { size: 4096, ..record.inputs[0].clone() });
        for (input, backend, threads) in [(0, "simd", 1), (1, "rayon", 2)] {
            let requested = "auto".to_owned();
            let chosen = measurement(backend, threads, vec![0.01; 10]);
            record.results.push(Measurement { requested, input, ..chosen });
        }
        let text = text(&record);
        let (_, throughput) = text.split_once("<title>Throughput against size</title>").unwrap();
        let (lines, _) = throughput.split_once("</ul>").unwrap();
        assert_eq!(lines.matches("</svg>auto f64 direct</li>").count(), 1, "{lines}");
        assert!(!lines.contains("</svg>auto ("), "{lines}");
    }

    #[test]
    fn points_of_one_backend_differ_by_shape_in_plot_and_legend() {
        let mut record = record();
        let f32 = Measurement { precision: Some("f32".to_owned()), ..record.results[1].clone() };
        record.results.push(f32);
        let text = text(&record);
        for title in ["Throughput against size", "Error against speed"] {
            let (_, chart) = text.split_once(&format!("<title>{title}</title>")).unwrap();
            let (plot, rest) = chart.split_once("<ul class=\"legend\">").unwrap();
            let (legend, _) = rest.split_once("</ul>").unwrap();
            for shape in ["m-4 0a4", "m-4 -4h8"] {
                let point = |text: &str| {
                    text.lines().any(|line| line.contains("point c1") && line.contains(shape))
                };
                assert!(point(plot) && point(legend), "{title}, {shape}: {chart}");
            }
        }
    }

    #[test]
    fn no_coordinate_is_missing() {
        let text = text(&record());
        assert!(!text.contains("NaN") && !text.contains("inf\""));
    }
}
