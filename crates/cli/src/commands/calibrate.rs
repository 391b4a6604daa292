//! `cli calibrate`: measure which backend is fastest for which size, and remember it.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use perf_kernels::{Calibration, Curve, Settings};

use crate::args::BackendArgs;
use crate::args::compare::Calibrate;
use crate::compare::units;
use crate::failure::FileError;
use crate::notes::Notes;
use crate::output::{Destination, Durability};
use crate::{report, selection};

const NOT_KEPT: &str = "the calibration cannot be kept";

pub(super) fn run(args: &Calibrate, notes: Notes) -> anyhow::Result<ExitCode> {
    let settings = BackendArgs { backend: None, threads: None, simd_level: None };
    let registry = selection::registry(&settings)?;
    // Better to fail now than behind seconds of measuring.
    require_folder()?;
    let calibration = registry.calibrate(&mut |task| notes.note(format_args!("measuring {task}")));
    for failure in &calibration.failed {
        notes.note(format_args!("not calibrated: {failure}"));
    }
    let path = registry.remember(&calibration).context(NOT_KEPT)?;
    if args.json {
        report::print_json(&calibration)?;
    } else {
        let tables = tables(&calibration);
        Destination::StandardOutput.write(Durability::Relaxed, |out| writeln!(out, "{tables}"))?;
    }
    notes.note(format_args!("auto goes by this from now on: {}", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder in which the calibration is kept, and checks that files can be made there.
fn require_folder() -> anyhow::Result<()> {
    let missing = || anyhow!("there is no cache directory: set PERF_CACHE_DIR");
    let folder = Settings::from_env().cache.ok_or_else(missing).context(NOT_KEPT)?;
    let made = fs::create_dir_all(&folder);
    made.map_err(|error| FileError::writing(folder.display().to_string(), error))
        .context(NOT_KEPT)?;
    Destination::new(Some(&folder.join("calibration.json")), &[]).context(NOT_KEPT).map(drop)
}

/// A table for each task: sizes down, backends across, the fastest at the end.
fn tables(calibration: &Calibration) -> String {
    let mut tasks: Vec<&str> = Vec::new();
    for curve in &calibration.curves {
        if !tasks.contains(&curve.task.as_str()) {
            tasks.push(&curve.task);
        }
    }
    let table = |task: &&str| {
        let curves = calibration.curves.iter().filter(|curve| curve.task == *task);
        format!("{task}, the time of a {}\n{}", call(task), table(&curves.collect::<Vec<_>>()))
    };
    tasks.iter().map(table).collect::<Vec<_>>().join("\n\n")
}

fn call(task: &str) -> &'static str {
    if task.starts_with("nbody") { "step" } else { "text" }
}

fn table(curves: &[&Curve]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    let names = curves.iter().map(|curve| curve.backend.as_str());
    table.set_header(["size"].into_iter().chain(names).chain(["fastest"]));
    let longest =
        curves.iter().map(|curve| curve.points.as_slice()).max_by_key(|points| points.len());
    for (size, _) in longest.unwrap_or_default() {
        table.add_row(row(*size, curves));
    }
    table
}

fn row(size: f64, curves: &[&Curve]) -> Vec<String> {
    let time =
        |curve: &&Curve| curve.points.iter().find(|point| point.0 == size).map(|point| point.1);
    let times = curves.iter().map(|curve| time(curve).map_or_else(String::new, units::seconds));
    let timed = curves.iter().filter_map(|curve| Some((time(curve)?, curve.backend.as_str())));
    let fastest = timed.min_by(|a, b| a.0.total_cmp(&b.0)).map_or("", |(_, name)| name);
    [size.to_string()].into_iter().chain(times).chain([fastest.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(backend: &str, points: &[(f64, f64)]) -> Curve {
        Curve {
            task: "nbody direct f64".to_owned(),
            backend: backend.to_owned(),
            device: String::new(),
            probe: 0.0,
            points: points.to_vec(),
        }
    }

    #[test]
    fn the_fastest_of_each_size_is_named() {
        let simd = curve("simd", &[(16.0, 1e-6), (1024.0, 2e-3)]);
        let rayon = curve("rayon", &[(16.0, 2e-6), (1024.0, 1e-3)]);
        assert_eq!(row(16.0, &[&simd, &rayon]), ["16", "1.00 µs", "2.00 µs", "simd"]);
        assert_eq!(row(1024.0, &[&simd, &rayon]), ["1024", "2.00 ms", "1.00 ms", "rayon"]);
        let scalar = curve("scalar", &[(16.0, 5e-6)]);
        assert_eq!(row(1024.0, &[&scalar, &rayon]), ["1024", "", "1.00 ms", "rayon"]);
    }
}
