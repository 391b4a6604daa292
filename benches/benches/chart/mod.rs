//! A line chart on two logarithmic axes, as SVG.

use std::fmt::{self, Write as _};

/// The colours of Okabe and Ito, which the colour-blind can tell apart.
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

/// Where the axes end, from the left and from the top.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 800.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 540.0;

/// A value on an axis and what is written there.
pub(crate) type Tick = (f64, String);

/// Curves with a name each. The axes reach from their first tick to their last.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_label: &'a str,
    pub(crate) x: Vec<Tick>,
    pub(crate) y: Vec<Tick>,
    pub(crate) lines: Vec<(String, Vec<(f64, f64)>)>,
}

impl Chart<'_> {
    /// The chart as a document of its own.
    pub(crate) fn svg(&self) -> Result<String, fmt::Error> {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 920 610\" \
             font-family=\"sans-serif\" font-size=\"14\">\n\
             <rect width=\"920\" height=\"610\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"26\" font-size=\"16\">{}</text>\n\
             <text x=\"440\" y=\"595\" text-anchor=\"middle\">{}</text>\n",
            self.title, self.x_label
        );
        self.grid(&mut svg)?;
        for (k, (name, points)) in self.lines.iter().enumerate() {
            self.line(&mut svg, k, name, points)?;
        }
        svg.push_str("</svg>\n");
        Ok(svg)
    }

    fn grid(&self, svg: &mut String) -> fmt::Result {
        for (value, text) in &self.x {
            let x = self.across(*value);
            writeln!(
                svg,
                "<path d=\"M{x:.1} {TOP}V{BOTTOM}\" stroke=\"#ddd\"/>\
                 <text x=\"{x:.1}\" y=\"562\" text-anchor=\"middle\">{text}</text>"
            )?;
        }
        for (value, text) in &self.y {
            let y = self.up(*value);
            writeln!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"#ddd\"/>\
                 <text x=\"72\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                y + 5.0
            )?;
        }
        Ok(())
    }

    /// The curve, and its name above the chart.
    fn line(&self, svg: &mut String, k: usize, name: &str, points: &[(f64, f64)]) -> fmt::Result {
        let place = |&(x, y): &(f64, f64)| format!("{:.1},{:.1}", self.across(x), self.up(y));
        let (path, colour) = (points.iter().map(place), COLOURS[k % COLOURS.len()]);
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\
             <text x=\"{}\" y=\"50\" fill=\"{colour}\">{name}</text>",
            path.collect::<Vec<_>>().join(" "),
            LEFT + 170.0 * k as f64
        )
    }

    fn across(&self, x: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * part(&self.x, x)
    }

    fn up(&self, y: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * part(&self.y, y)
    }
}

/// Where a value lies between the first tick, at 0, and the last, at 1.
fn part(ticks: &[Tick], value: f64) -> f64 {
    let [first, last] = [ticks.first(), ticks.last()].map(|tick| tick.map_or(1.0, |tick| tick.0));
    (value / first).ln() / (last / first).ln()
}
