//! The cost of a step against the number of bodies: every size from 2 to 1,024, odd ones and the borders of
//! lanes and tiles included, at every instruction level of this processor.
//!
//! ```text
//! cargo bench -p benches --bench nbody_sizes -- --output record/nbody-sizes
//! ```
//!
//! writes the curves as a table (`.csv`) and as a picture (`.svg`). No size should stand out of the
//! smooth curve through its neighbours: the three of each level that do most are printed, and one that costs more than
//! [`MOST`] times the curve ends the program with an error, behind the files. The smooth curve at `n` is the power law of
//! least squares through the sizes up to a quarter, and at least 4, below and above, as far as there are any. It is not
//! followed beyond them: 2 bodies are compared with the curve at 3, since they fill as few lanes. With `--test` a few
//! sizes are run once, to see that they run.

mod chart;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Instant;

use backend_simd::{Level, Simd};
use chart::Chart;
use kernels_core::nbody::{reference_accelerations_of, rms_error};
use kernels_core::{Backend, Bodies, NBodyOptions, tolerances};
use ndarray::{Array2, Axis};

/// Nanoseconds a step by number of bodies.
type Curve = BTreeMap<usize, f64>;

/// Directed interactions of one timed run, at least.
const RUN: usize = 200_000;

/// How often all sizes are timed; the least time counts, which is that without a disturbance.
const ROUNDS: usize = 5;

/// How much a size may cost against the smooth curve.
const MOST: f64 = 1.5;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let (sizes, rounds) = match arguments.iter().any(|argument| argument == "--test") {
        true => (vec![2, 7, 8, 9, 33, 513], 1),
        false => ((2..=1024).collect(), ROUNDS),
    };
    let (mut curves, mut rough) = (Vec::new(), false);
    for level in Level::available() {
        let curve = measure(level, &sizes, rounds)?;
        let worst = outliers(&curve);
        let told: Vec<_> = worst.iter().map(|(r, n)| format!("n = {n} costs {r:.2}")).collect();
        writeln!(io::stdout(), "{level}: {} times the smooth curve", told.join(", "))?;
        rough |= worst.first().is_some_and(|(ratio, _)| *ratio > MOST);
        curves.push((level, curve));
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--output") {
        let name = arguments.get(at + 1).ok_or("--output NAME")?;
        std::fs::write(format!("{name}.csv"), csv(&curves)?)?;
        std::fs::write(format!("{name}.svg"), svg(&curves)?)?;
    }
    // One round of a few sizes tells nothing.
    match rough && rounds > 1 {
        true => Err(format!("a size costs more than {MOST} times the smooth curve").into()),
        false => Ok(()),
    }
}

fn measure(level: Level, sizes: &[usize], rounds: usize) -> Result<Curve, Box<dyn Error>> {
    let simd = Simd::with_level(level).ok_or("an available level")?;
    sizes.iter().try_for_each(|&n| check(&simd, n))?;
    let mut curve = Curve::new();
    for _ in 0..rounds {
        for &n in sizes {
            let mut bodies = spiral(n)?;
            let mut kernel = simd.nbody(&NBodyOptions::default())?;
            // The run goes on from there, with as many evaluations as it has steps.
            kernel.accelerations(&bodies, Array2::zeros((n, 3)).view_mut())?;
            let steps = RUN.div_ceil((n * n).max(64)) as u64;
            let start = Instant::now();
            kernel.leapfrog(&mut bodies, 1e-9, steps)?;
            let time = start.elapsed().as_secs_f64() * 1e9 / steps as f64;
            let least = curve.entry(n).or_insert(time);
            *least = least.min(time);
        }
    }
    Ok(curve)
}

/// Fails where the accelerations of the first, a middle and the last body are off.
fn check(simd: &Simd, n: usize) -> Result<(), Box<dyn Error>> {
    let bodies = spiral(n)?;
    let mut found = Array2::zeros((n, 3));
    simd.nbody(&NBodyOptions::default())?.accelerations(&bodies, found.view_mut())?;
    let sample = [0, n / 2, n - 1];
    let reference = reference_accelerations_of(&bodies, &sample, 0.0);
    let error = rms_error(found.select(Axis(0), &sample).view(), reference.view());
    match error <= tolerances::F64_RMS {
        true => Ok(()),
        false => Err(format!("{n} bodies: the accelerations are off by {error:e}").into()),
    }
}

/// Bodies of equal mass on a spiral around the z axis, at rest.
fn spiral(n: usize) -> Result<Bodies, kernels_core::Error> {
    let position = |body: usize| {
        let (angle, height) = (2.4 * body as f64, (body as f64 + 0.5) / n as f64);
        [angle.cos(), angle.sin(), 2.0 * height - 1.0]
    };
    Bodies::from_rows(vec![1.0 / n as f64; n], (0..n).map(position).collect(), vec![[0.0; 3]; n])
}

/// The three sizes that cost most against the smooth curve through their neighbours, with the ratios.
fn outliers(curve: &Curve) -> Vec<(f64, usize)> {
    let mut ratios: Vec<_> =
        curve.iter().filter_map(|(&n, time)| Some((time / smooth(curve, n)?, n))).collect();
    ratios.sort_by(|a, b| b.0.total_cmp(&a.0));
    ratios.truncate(3);
    ratios
}

/// The power law through the neighbours of `n`, at `n` or the neighbour next to it. None without two of them.
fn smooth(curve: &Curve, n: usize) -> Option<f64> {
    let reach = (n / 4).max(4);
    let neighbours = curve.range(n.saturating_sub(reach)..=n + reach).filter(|&(&k, _)| k != n);
    let points: Vec<[f64; 2]> = neighbours.map(|(&k, t)| [(k as f64).ln(), t.ln()]).collect();
    if points.len() < 2 {
        return None;
    }
    let at = (n as f64).ln().clamp(points[0][0], points[points.len() - 1][0]);
    let mean = |axis: usize| points.iter().map(|p| p[axis]).sum::<f64>() / points.len() as f64;
    let centre = [mean(0), mean(1)];
    let moment = |axis: usize| {
        points.iter().map(|p| (p[0] - centre[0]) * (p[axis] - centre[axis])).sum::<f64>()
    };
    let slope = moment(1) / moment(0);
    Some((centre[1] + slope * (at - centre[0])).exp())
}

/// A row a size: the bodies, and for each level the nanoseconds of a step.
fn csv(curves: &[(Level, Curve)]) -> Result<String, Box<dyn Error>> {
    let levels = curves.iter().map(|(level, _)| format!(",{level}_ns"));
    let mut csv = format!("bodies{}\n", levels.collect::<String>());
    for n in curves.first().ok_or("no level")?.1.keys() {
        let times = curves.iter().map(|(_, curve)| format!(",{:.1}", curve[n]));
        writeln!(csv, "{n}{}", times.collect::<String>())?;
    }
    Ok(csv)
}

/// The curves as a picture: the time of a step over its `n (n - 1)` interactions.
fn svg(curves: &[(Level, Curve)]) -> Result<String, std::fmt::Error> {
    let interaction = |(&n, &ns): (&usize, &f64)| (n as f64, ns / (n * (n - 1)) as f64);
    let ticks = |ns: &[f64]| ns.iter().map(|&ns| (ns, format!("{ns} ns"))).collect();
    let line = |(level, curve): &(Level, Curve)| {
        (level.to_string(), curve.iter().map(interaction).collect())
    };
    let chart = Chart {
        title: "Time of a step for each of its n (n − 1) interactions, one thread, f64",
        x_label: "bodies n",
        x: (1..=10).map(|power| (f64::from(1 << power), (1 << power).to_string())).collect(),
        y: ticks(&[0.3, 1.0, 3.0, 10.0, 30.0, 100.0]),
        lines: curves.iter().map(line).collect(),
    };
    chart.svg()
}
