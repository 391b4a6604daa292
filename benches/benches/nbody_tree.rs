//! The time of a step against the number of bodies: the tree, and the direct sum as far as it is
//! worth waiting for, with one thread and with two.
//!
//! ```text
//! cargo bench -p benches --bench nbody_tree -- --output record/nbody-tree
//! ```
//!
//! writes the curves as a table (`.csv`) and as a picture (`.svg`). A table of the same machine that is there is added to, and
//! of each point the least time counts. So a machine that is quiet for a while only can be measured point by point:
//! `--only tree_1 --size 1048576` measures one. With `--test` a few are, to see that they run.

mod chart;

use std::collections::BTreeMap;
use std::error::Error;
use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backend_rayon::Threads;
use backend_simd::Simd;
use chart::Chart;
use kernels_core::nbody::{reference_accelerations_of, rms_error};
use kernels_core::{Backend, Bodies, NBody, NBodyAlgorithm, NBodyOptions, tolerances};
use ndarray::{Array2, Axis};

/// One of the curves.
struct Series {
    /// Its column in the table.
    name: &'static str,
    label: &'static str,
    algorithm: NBodyAlgorithm,
    threads: usize,
    /// The most bodies that are worth waiting for.
    largest: usize,
}

const SERIES: [Series; 4] = [
    Series::new("tree_1", "tree, 1 thread", NBodyAlgorithm::Tree, 1, 1 << 20),
    Series::new("tree_2", "tree, 2 threads", NBodyAlgorithm::Tree, 2, 1 << 20),
    Series::new("direct_1", "direct, 1 thread", NBodyAlgorithm::Direct, 1, 1 << 17),
    Series::new("direct_2", "direct, 2 threads", NBodyAlgorithm::Direct, 2, 1 << 17),
];

/// Steps of a point: until they took that long, at least 3 and at most 15. The least time counts.
const PATIENCE: Duration = Duration::from_secs(1);

/// Milliseconds of a step, by number of bodies and name of the curve.
type Table = BTreeMap<usize, BTreeMap<&'static str, f64>>;

impl Series {
    const fn new(
        name: &'static str,
        label: &'static str,
        algorithm: NBodyAlgorithm,
        threads: usize,
        largest: usize,
    ) -> Self {
        Self { name, label, algorithm, threads, largest }
    }

    fn kernel(&self) -> Result<Box<dyn NBody>, kernels_core::Error> {
        let options = NBodyOptions { algorithm: self.algorithm, ..NBodyOptions::default() };
        let simd = Simd::new();
        match self.threads {
            1 => simd.nbody(&options),
            n => Threads::over("rayon", Arc::new(simd), NonZeroUsize::new(n)).nbody(&options),
        }
    }

    /// The milliseconds of a step.
    fn measure(&self, mut bodies: Bodies) -> Result<f64, Box<dyn Error>> {
        let mut kernel = self.kernel()?;
        self.check(kernel.as_mut(), &bodies)?;
        let (begun, mut least, mut steps) = (Instant::now(), f64::INFINITY, 0);
        while steps < 3 || steps < 15 && begun.elapsed() < PATIENCE {
            if steps > 0 && begun.elapsed() > 5 * PATIENCE {
                break;
            }
            let start = Instant::now();
            kernel.leapfrog(&mut bodies, 1e-6, 1)?;
            least = least.min(start.elapsed().as_secs_f64() * 1e3);
            steps += 1;
        }
        Ok(least)
    }

    /// Fails where the accelerations of some bodies are off by more than the published bound.
    fn check(&self, kernel: &mut dyn NBody, bodies: &Bodies) -> Result<(), Box<dyn Error>> {
        let mut found = Array2::zeros((bodies.len(), 3));
        kernel.accelerations(bodies, found.view_mut())?;
        let sample: Vec<usize> = (0..bodies.len()).step_by(bodies.len() / 32).collect();
        let reference = reference_accelerations_of(bodies, &sample, 0.0);
        let error = rms_error(found.select(Axis(0), &sample).view(), reference.view());
        let bound = match self.algorithm {
            NBodyAlgorithm::Tree => tolerances::TREE_RMS,
            _ => tolerances::F64_RMS,
        };
        match error <= bound {
            true => Ok(()),
            false => {
                Err(format!("{}, {} bodies: off by {error:e}", self.name, bodies.len()).into())
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.and_then(|at| arguments.get(at + 1))
    };
    let mut sizes: Vec<usize> = (10..=20).map(|power| 1 << power).collect();
    if arguments.iter().any(|argument| argument == "--test") {
        sizes.truncate(2);
    }
    if let Some(size) = value("--size") {
        sizes = vec![size.parse()?];
    }
    let output = value("--output");
    let machine = Simd::new().device();
    let earlier = output.map(|name| read(&format!("{name}.csv"), &machine));
    let mut table = earlier.transpose()?.unwrap_or_default();
    let wanted = |series: &&Series| value("--only").is_none_or(|only| only == series.name);
    for series in SERIES.iter().filter(wanted) {
        for &size in sizes.iter().filter(|&&size| size <= series.largest) {
            let time = series.measure(plummer(size)?)?;
            writeln!(io::stdout(), "{}, {size} bodies: {time:.2} ms", series.label)?;
            let least = table.entry(size).or_default().entry(series.name).or_insert(time);
            *least = least.min(time);
        }
    }
    if let Some(name) = output {
        std::fs::write(format!("{name}.csv"), csv(&table, &machine)?)?;
        std::fs::write(format!("{name}.svg"), svg(&table)?)?;
    }
    Ok(())
}

/// A Plummer sphere at rest, of equal masses that add up to 1, by SplitMix64.
fn plummer(n: usize) -> Result<Bodies, kernels_core::Error> {
    let mut state = 4_u64;
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    };
    let mut position = || {
        let radius = (uniform().powf(-2.0 / 3.0) - 1.0).powf(-0.5);
        let (z, angle) = (2.0 * uniform() - 1.0, TAU * uniform());
        let flat = radius * (1.0 - z * z).sqrt();
        [flat * angle.cos(), flat * angle.sin(), radius * z]
    };
    let positions = (0..n).map(|_| position()).collect();
    Bodies::from_rows(vec![1.0 / n as f64; n], positions, vec![[0.0; 3]; n])
}

/// The table of an earlier run; an empty one where there is none.
fn read(path: &str, machine: &str) -> Result<Table, Box<dyn Error>> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(Table::new()) };
    let mut table = Table::new();
    let mut lines = text.lines();
    let measured_on = lines.next().unwrap_or_default();
    if measured_on != head(machine) {
        let problem = format!("{path} has '{measured_on}' and this is {machine}: name another");
        return Err(problem.into());
    }
    for line in lines.skip(1) {
        let mut fields = line.split(',');
        let row = table.entry(fields.next().ok_or("an empty line")?.parse()?).or_default();
        for (series, field) in SERIES.iter().zip(fields).filter(|(_, field)| !field.is_empty()) {
            row.insert(series.name, field.parse()?);
        }
    }
    Ok(table)
}

/// The first line of a table.
fn head(machine: &str) -> String {
    format!("# measured on {machine}")
}

/// The machine, then a row a size: the bodies, and for each curve the milliseconds of a step.
fn csv(table: &Table, machine: &str) -> Result<String, std::fmt::Error> {
    let columns = SERIES.iter().map(|series| format!(",{}_ms", series.name));
    let mut csv = format!("{}\nbodies{}\n", head(machine), columns.collect::<String>());
    for (n, row) in table {
        let field = |series: &Series| match row.get(series.name) {
            Some(time) => format!(",{time:.3}"),
            None => ",".to_owned(),
        };
        writeln!(csv, "{n}{}", SERIES.iter().map(field).collect::<String>())?;
    }
    Ok(csv)
}

fn svg(table: &Table) -> Result<String, std::fmt::Error> {
    let line = |series: &Series| {
        let point =
            |(&n, row): (&usize, &BTreeMap<_, f64>)| Some((n as f64, *row.get(series.name)?));
        (series.label.to_owned(), table.iter().filter_map(point).collect())
    };
    let ticks = [
        (0.1, "0.1 ms"),
        (1.0, "1 ms"),
        (10.0, "10 ms"),
        (100.0, "0.1 s"),
        (1e3, "1 s"),
        (1e4, "10 s"),
    ];
    let chart = Chart {
        title: "Time of a step of a Plummer sphere, f64, opening 0.6",
        x_label: "bodies n",
        x: (10..=20)
            .step_by(2)
            .map(|power| (f64::from(1 << power), (1 << power).to_string()))
            .collect(),
        y: ticks.map(|(ms, text)| (ms, text.to_owned())).to_vec(),
        lines: SERIES.iter().map(line).collect(),
    };
    chart.svg()
}
