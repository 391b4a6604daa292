//! `cli calibrate`, and what `auto` makes of its result.

mod common;

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use common::{Folder, cli, stdout};
use serde_json::Value;

const RUN: &str = "nbody data/input16 --t-end 0.01";

fn with_cache(line: &str, folder: &Folder) -> Command {
    let mut command = cli(line);
    command.env("PERF_CACHE_DIR", folder.path("cache"));
    command
}

/// What is said about the choice of `auto`.
fn note(line: &str, folder: &Folder) -> String {
    let output = with_cache(line, folder).assert().success().get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

fn file(folder: &Folder) -> PathBuf {
    folder.path("cache").join("calibration.json")
}

#[test]
fn auto_goes_by_a_calibration_until_it_is_damaged() {
    let folder = Folder::new();
    assert!(note(RUN, &folder).contains("for 16 bodies, by built-in crossovers\n"));
    let json = stdout(&mut with_cache("calibrate --json", &folder));
    let calibration: Value = serde_json::from_str(&json).unwrap();
    let curves = calibration["curves"].as_array().unwrap();
    for task in ["nbody direct f64", "nbody direct f32", "wordcount scan"] {
        assert!(curves.iter().any(|curve| curve["task"] == task), "{task}");
    }
    assert!(note(RUN, &folder).ends_with("for 16 bodies, by calibration\n"));
    assert_eq!(note(&format!("{RUN} --quiet"), &folder), "");

    let written = fs::read_to_string(file(&folder)).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(written.contains(&version));
    fs::write(file(&folder), written.replace(&version, "\"version\": \"0.0.1\"")).unwrap();
    let foreign = note(RUN, &folder);
    assert!(foreign.contains("which is ignored, is of another machine"), "{foreign}");
    fs::write(file(&folder), &written[..written.len() / 2]).unwrap();
    let damaged = note(RUN, &folder);
    assert!(damaged.contains("which is ignored, cannot be used"), "{damaged}");
}

#[test]
fn a_small_run_calibrates_nothing() {
    let folder = Folder::new();
    with_cache(RUN, &folder).assert().success();
    with_cache("wordcount data/sample.txt /dev/null", &folder).assert().success();
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

#[test]
fn a_cache_that_cannot_be_written_is_an_error() {
    let folder = Folder::new();
    folder.file("cache", "no directory");
    let output = with_cache("calibrate", &folder).assert().code(1).get_output().clone();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cli: the calibration cannot be kept"), "{error}");
}
