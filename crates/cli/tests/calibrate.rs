//! `cli calibrate`, and what `auto` makes of its result.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use common::{Folder, assert_error, cli, root, stdout};
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
    let note_of_first = note(RUN, &folder);
    let remedy = "for 16 bodies, by built-in crossovers (cli calibrate measures them here)\n";
    assert!(note_of_first.contains(remedy), "{note_of_first}");
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

/// The first note of a run that is ended there, long before it would be done.
fn first_note(line: &str, folder: &Folder) -> String {
    let mut run = Process::new(env!("CARGO_BIN_EXE_cli"))
        .current_dir(root())
        .args(line.split(' '))
        .env("PERF_CACHE_DIR", folder.path("cache"))
        .env_remove("PERF_BACKEND")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut note = String::new();
    BufReader::new(run.stderr.take().unwrap()).read_line(&mut note).unwrap();
    run.kill().unwrap();
    run.wait().unwrap();
    note
}

#[test]
fn a_long_run_measures_its_task_unasked_and_once() {
    let folder = Folder::new();
    let long = "nbody data/input128 --t-end 10000";
    let note = first_note(long, &folder);
    assert!(note.ends_with("for 128 bodies, by a calibration made now\n"), "{note}");
    let kept: Value = serde_json::from_slice(&fs::read(file(&folder)).unwrap()).unwrap();
    let curves = kept["calibrations"][0]["curves"].as_array().unwrap();
    assert!(curves.iter().all(|curve| curve["task"] == "nbody direct f64"), "{kept}");
    let note = first_note(long, &folder);
    assert!(note.ends_with("for 128 bodies, by calibration\n"), "{note}");
}

#[test]
fn without_a_directory_of_its_own_the_cache_is_where_xdg_says() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("xdg/perf-kernels")).unwrap();
    let path = folder.file("xdg/perf-kernels/calibration.json", "damaged");
    let mut command = cli(RUN);
    command.env_remove("PERF_CACHE_DIR").env("XDG_CACHE_HOME", folder.path("xdg"));
    let note = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(note.contains(&format!("{}, which is ignored", path.display())), "{note}");
}

#[test]
fn a_cache_that_cannot_be_written_is_told_before_anything_is_measured() {
    let folder = Folder::new();
    let place = folder.file("cache", "no directory");
    let kept = ["the calibration cannot be kept", &place.display().to_string()];
    assert_error(&mut with_cache("calibrate", &folder), 1, &kept);
    let mut homeless = cli("calibrate");
    for variable in ["PERF_CACHE_DIR", "XDG_CACHE_HOME", "HOME"] {
        homeless.env_remove(variable);
    }
    assert_error(&mut homeless, 1, &["set PERF_CACHE_DIR"]);
}
