//! The program as a citizen of the shell: help, codes, colours, pipes.

mod common;

use std::fs;
use std::process::{Command, Stdio};

use common::{Folder, assert_error, cli, root, stdout};
use predicates::prelude::*;
use serde_json::Value;

const COMMANDS: [&str; 10] = [
    "nbody",
    "wordcount",
    "compare",
    "calibrate",
    "plot",
    "zipf",
    "backends",
    "generate",
    "completions",
    "man",
];

#[test]
fn help_shows_every_command_and_examples() {
    let help = stdout(&mut cli("--help"));
    for part in COMMANDS.iter().chain(&["Examples:", "Exit codes:", "--version"]) {
        assert!(help.contains(part), "{part}");
    }
    let opening = format!("[default: {}]", perf_kernels::NBodyOptions::DEFAULT_OPENING);
    assert!(stdout(&mut cli("nbody --help")).contains(&opening), "{opening}");
    for command in ["nbody", "wordcount"] {
        let help = stdout(&mut cli(&format!("{command} --help")));
        assert!(help.contains("Examples:") && help.contains("--backend"), "{help}");
        assert!(!help.contains("--simd-level"), "{help}");
    }
}

#[test]
fn version_is_the_packages() {
    let version = format!("cli {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(stdout(&mut cli("--version")), version);
}

#[test]
fn completions_know_the_commands_in_three_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&mut cli(&format!("completions {shell}")));
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    assert_error(&mut cli("completions tcsh"), 2, &["tcsh", "bash"]);
}

#[test]
fn the_manual_page_has_every_command_and_its_options() {
    let page = stdout(&mut cli("man"));
    assert!(page.contains(".TH cli 1"), "{page}");
    for part in
        COMMANDS.iter().chain(&["\\-\\-softening", "\\-\\-min\\-length", "CLI GENERATE PLUMMER"])
    {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn wrong_usage_is_told_in_one_line() {
    assert_error(&mut cli(""), 2, &["--help"]);
    assert_error(&mut cli("frobnicate"), 2, &["frobnicate", "--help"]);
    assert_error(&mut cli("nbody"), 2, &["INPUT", "--help"]);
    assert_error(&mut cli("nbody --no-such x"), 2, &["--no-such"]);
    let tip = "'--tend' found: a similar argument exists: '--t-end', or see --help";
    assert_error(&mut cli("nbody --tend 3 data/input16"), 2, &[tip]);
    assert_error(&mut cli("nbody --threads 0 data/input16"), 2, &["--threads"]);
    assert_error(&mut cli("nbody --report-every x data/input16"), 2, &["--report-every"]);
}

#[test]
fn a_negative_number_behind_an_option_is_refused_in_words_about_it() {
    for (line, option) in [
        ("wordcount data/sample.txt --min-length -1", "--min-length"),
        ("wordcount data/sample.txt --top -1", "--top"),
        ("compare wordcount data/sample.txt --sizes -5", "--sizes"),
        ("compare nbody data/input16 --runs -2", "--runs"),
        ("compare nbody data/input16 --warmup -2", "--warmup"),
        ("compare nbody data/input16 --steps -2", "--steps"),
        ("compare nbody data/input16 --threads -2", "--threads"),
        ("compare nbody --sizes -16", "--sizes"),
        ("nbody data/input16 --report-every -1", "--report-every"),
        ("nbody data/input16 --dt -0.001", "--dt"),
        ("generate plummer 16 --seed -1", "--seed"),
        ("plot a.dat b.svg -n -1", "--top"),
    ] {
        let mut command = cli(line);
        let told = command.assert().code(2).get_output().stderr.clone();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("invalid value '-") && told.contains(option), "{line}: {told}");
        assert!(!told.contains("'-- -"), "{line}: {told}");
    }
}

#[test]
fn a_simd_level_that_is_none_is_wrong_usage() {
    if common::is_without("simd", "SIMD levels") {
        return;
    }
    let mut command = cli("nbody data/input16 --simd-level mmx");
    assert_error(&mut command, 2, &["mmx"]);
}

#[test]
fn backends_are_listed_as_a_table_and_as_json() {
    let table = stdout(&mut cli("backends"));
    let records: Value = serde_json::from_str(&stdout(&mut cli("backends --json"))).unwrap();
    let records = records.as_array().unwrap();
    assert_eq!(records[0]["name"], "scalar");
    assert_eq!(records[0]["ready"], true);
    assert_eq!(records[0]["reason"], Value::Null);
    for record in records {
        assert!(table.contains(record["name"].as_str().unwrap()));
        assert!(record["ready"].as_bool().unwrap() == record["reason"].is_null(), "{record}");
        assert!(record["lanes"].is_u64() && record["threads"].is_u64(), "{record}");
        assert!(record["name"] == "gpu" || record["software"] == false, "{record}");
        for list in ["precisions", "tree_precisions", "algorithms"] {
            assert!(!record[list].is_null(), "{record}");
        }
    }
}

#[test]
fn the_tree_is_listed_with_its_precision() {
    if common::is_without("simd", "the tree") {
        return;
    }
    let table = stdout(&mut cli("backends"));
    let row = table.lines().find(|line| line.starts_with(" simd ")).expect("a row of it");
    assert!(row.contains("direct, tree (f64)"), "{row}");
}

#[test]
fn nothing_is_coloured_where_nobody_looks_or_no_color_is_set() {
    for no_color in ["", "1"] {
        for arguments in
            ["--help", "backends", "nbody --no-such", "nbody data/input16 --t-end 1 -v"]
        {
            let output = cli(arguments).env("NO_COLOR", no_color).output().unwrap();
            assert!(![output.stdout, output.stderr].concat().contains(&0x1b), "{arguments}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    for arguments in
        ["wordcount -q data/sample.txt", "nbody -q data/input16 --report-every 1", "man"]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
            .current_dir(root())
            .args(arguments.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments}");
        assert_eq!(output.status.code(), Some(0), "{arguments}");
    }
}

#[test]
fn results_and_notes_do_not_mix() {
    let folder = Folder::new();
    let input = folder.file("text", "one two two");
    let note = predicate::str::starts_with("cli: ").and(predicate::str::contains("two").not());
    let output = cli("wordcount -v").arg(&input).assert().success().stderr(note);
    let stdout = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(stdout.starts_with("two 2 66.66"), "{stdout}");
    assert_eq!(fs::read_to_string(&input).unwrap(), "one two two");
}
