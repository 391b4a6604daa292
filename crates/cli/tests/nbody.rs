//! `cli nbody` on good input.

mod common;

use std::fs;

use common::{BINARY, Folder, bodies, cli, shared, stdout};
use predicates::prelude::*;
use serde_json::Value;

fn json(arguments: &str) -> Value {
    serde_json::from_str(&stdout(&mut cli(arguments))).expect("one JSON record")
}

/// The line with every digit a 9 and every sign a minus; a number without a sign gets one where
/// the sign is printed only if needed.
fn shape(line: &str) -> String {
    let same = |c: char| match c {
        '0'..='9' => '9',
        '+' => '-',
        other => other,
    };
    line.chars().map(same).collect::<String>().replace("Final dE/E = 9", "Final dE/E = -9")
}

#[test]
fn prints_as_the_lesson_does() {
    let printed = stdout(&mut cli("nbody -b scalar data/input16 --t-end 0.25"));
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), 5);
    for (line, t) in lines.iter().zip(["t =  0.00, ", "t =  0.10, ", "t =  0.20, "]) {
        assert!(line.starts_with(t), "{line}");
        assert!(line.contains("E = -0.25") || line.contains("E = -0.24999"), "{line}");
    }
    assert_eq!(shape(lines[1]), "t =  9.99, E = -9.9999999999, dE/E = -9.9999999999");
    assert_eq!(shape(lines[3]), "Final dE/E = -9.999999e-99");
    assert_eq!(shape(lines[4]), "999 time steps run in 9:99:99.999999");
    assert!(lines[4].starts_with("251 "), "{}", lines[4]);
}

#[test]
fn ends_nbabels_input16_where_every_correct_program_does() {
    let Some(folder) = shared("data/nbabel") else { return };
    let mut command = cli("nbody -b scalar");
    let printed = stdout(command.arg(folder.join("input16")));
    let last: Vec<_> = printed.lines().rev().take(3).collect();
    assert!(last[2].starts_with("t = 10.00, E = 1.7096"), "{}", last[2]);
    assert!(last[1].starts_with("Final dE/E = -7.838"), "{}", last[1]);
    assert!(last[0].starts_with("10001 time steps run in"), "{}", last[0]);
}

#[test]
fn changes_are_against_the_print_before() {
    let printed = stdout(&mut cli("nbody -b scalar data/input16 --t-end 0.03 --report-every 10"));
    let number = |line: &str, key: &str| -> f64 {
        let rest = line.split(key).nth(1).unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    };
    let lines: Vec<_> = printed.lines().filter(|line| line.starts_with("t =")).collect();
    assert_eq!(lines.len(), 4);
    for pair in lines.windows(2) {
        let (before, after) = (number(pair[0], "E = "), number(pair[1], "E = "));
        assert!(((after - before) / before - number(pair[1], "dE/E = ")).abs() < 1e-9);
    }
}

#[test]
fn report_every_0_computes_no_energies() {
    let printed = stdout(&mut cli("nbody -b scalar data/input16 --t-end 0.1 --report-every 0"));
    assert!(printed.starts_with("101 time steps run in"), "{printed}");
    assert_eq!(printed.lines().count(), 1);
    let record = json("nbody -b scalar data/input16 --t-end 0.1 --report-every 0 --json");
    assert_eq!(record["energy"]["initial"], Value::Null);
    assert_eq!(record["energy"]["final"], Value::Null);
    assert_eq!(record["energy"]["relative_error"], Value::Null);
    assert_eq!(record["seconds"]["energies"], 0.0);
}

#[test]
fn json_is_one_record_with_every_field() {
    let record = json("nbody -b scalar data/input16 --t-end 0.1 --json");
    assert_eq!(record["kernel"], "nbody");
    assert_eq!(record["backend"], "scalar");
    assert_eq!(record["precision"], "f64");
    assert_eq!(record["threads"], 1);
    assert_eq!(record["n"], 16);
    assert_eq!(record["steps"], 101);
    assert_eq!(record["dt"], 0.001);
    assert_eq!(record["t_end"], 0.1);
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
    assert!(record["device"].is_string());
    for part in ["read", "setup", "simulate", "energies", "total"] {
        assert!(record["seconds"][part].as_f64().unwrap() > 0.0, "{part}");
    }
    let rate = record["interactions_per_second"].as_f64().unwrap();
    let expected = 16.0 * 15.0 * 101.0 / record["seconds"]["simulate"].as_f64().unwrap();
    assert!((rate / expected - 1.0).abs() < 1e-9);
    assert!((record["energy"]["initial"].as_f64().unwrap() + 0.25).abs() < 1e-15);
    let energy = |key: &str| record["energy"][key].as_f64().unwrap();
    let error = (energy("final") - energy("initial")) / energy("initial");
    assert_eq!(energy("relative_error"), error);
}

/// At rest its energy is 0, and dE/E what Python prints for 0 / 0.
#[test]
fn one_body_is_a_system() {
    let folder = Folder::new();
    let run = |line: &str| {
        let mut command = cli("nbody -b scalar --t-end 0.1 --report-every 50");
        stdout(command.arg(folder.file("one", line)))
    };
    let printed = run("1 2 0 0 0 3 0 4");
    assert!(printed.contains("t =  0.05, E = 25.0000000000, dE/E = +0.0000000000\n"), "{printed}");
    assert!(printed.contains("\nFinal dE/E = 0.000000e+00\n"), "{printed}");
    let printed = run("1 2 0 0 0 0 0 0");
    assert!(printed.contains("t =  0.05, E = 0.0000000000, dE/E = +nan\n"), "{printed}");
    assert!(printed.contains("\nFinal dE/E = nan\n"), "{printed}");
}

#[test]
fn the_final_state_is_written_in_the_format_of_the_input() {
    let folder = Folder::new();
    let (input, output) = (folder.file("in", BINARY), folder.path("out"));
    let mut command = cli("nbody -b scalar --dt 0.01 --t-end 1 --report-every 0 --output");
    command.arg(&output).arg(&input).assert().success();
    let text = fs::read_to_string(&output).unwrap();
    let rows = bodies(&text);
    assert_eq!(
        text.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["1", "2"]
    );
    // A circle of radius 1/2 and speed 1/2, after 101 steps.
    let angle: f64 = 1.01;
    assert!((rows[1][1] - 0.5 * angle.cos()).abs() < 1e-4, "{rows:?}");
    assert!((rows[1][2] - 0.5 * angle.sin()).abs() < 1e-4, "{rows:?}");
    assert_eq!(folder.names(), ["in", "out"]);
}

#[test]
fn where_a_run_is_cut_and_what_it_prints_does_not_change_its_bits() {
    let folder = Folder::new();
    let end = |name: &str, report_every: u64| {
        let path = folder.path(name);
        let mut command = cli("nbody -b scalar data/input128 --t-end 0.2 --output");
        command.arg(&path).args(["--report-every", &report_every.to_string()]).assert().success();
        fs::read(path).unwrap()
    };
    assert_eq!(end("often", 1), end("never", 0));
    assert_eq!(end("sometimes", 37), end("never", 0));
}

#[test]
fn bodies_come_from_standard_input_with_or_without_ids() {
    let with_ids = stdout(cli("nbody -b scalar --t-end 1 -").write_stdin(BINARY));
    let without = "0.5 -0.5 0 0 0 -0.5 0\n\n0.5 0.5 0 0 0 0.5 0";
    let without = stdout(cli("nbody -b scalar --t-end 1 -").write_stdin(without));
    let energies =
        |text: &str| text.rsplit_once('\n').map(|_| text.lines().next().unwrap().to_owned());
    assert_eq!(energies(&with_ids), energies(&without));
}

#[test]
fn softening_lets_bodies_share_a_point() {
    let bodies = "1 0 0 0 0 0 0\n1 0 0 0 0 0 0\n";
    cli("nbody -b scalar --t-end 0.1 --softening 0.1 -").write_stdin(bodies).assert().success();
}

#[test]
fn the_environment_names_the_backend_and_the_flag_beats_it() {
    let backend = |command: &mut assert_cmd::Command| -> Value {
        serde_json::from_str(&stdout(command.args(["--json", "--t-end", "0.01", "data/input16"])))
            .unwrap()
    };
    let record = backend(cli("nbody").env("PERF_BACKEND", "scalar"));
    assert_eq!(record["backend"], "scalar");
    let record = backend(cli("nbody -b scalar").env("PERF_BACKEND", "no-such"));
    assert_eq!(record["backend"], "scalar");
}

#[test]
fn auto_says_what_it_chose_unless_it_is_to_be_quiet() {
    let chosen = predicate::str::starts_with("cli: backend ");
    cli("nbody data/input16 --t-end 0.01").assert().success().stderr(chosen);
    cli("nbody data/input16 --t-end 0.01 -q").assert().success().stderr("");
    cli("nbody -b scalar data/input16 --t-end 0.01").assert().success().stderr("");
    let told = predicate::str::contains("simulate");
    cli("nbody -b scalar data/input16 --t-end 0.01 -v").assert().success().stderr(told);
}

#[test]
fn a_run_that_loses_its_energy_says_so() {
    let told = |options: &str| {
        let mut command = cli(&format!("nbody -b scalar data/input16 {options}"));
        String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap()
    };
    assert!(told("--dt 20 --t-end 100").starts_with("cli: the energy changed by "));
    assert!(told("--t-end 0.1").is_empty() && told("--dt 20 --t-end 100 -q").is_empty());
}

#[test]
fn a_precision_that_nobody_chose_is_told_unless_it_is_f64() {
    let Some(driver) = common::swiftshader("a precision that nobody chose") else { return };
    let told = |options: &str| {
        let mut command = cli(&format!("nbody -b gpu data/input16 --t-end 0.01{options}"));
        let output = command.env("VK_DRIVER_FILES", driver).assert().success().get_output().clone();
        String::from_utf8(output.stderr).unwrap()
    };
    let note = "cli: the device has no f64: the run is in mixed (--precision)\n";
    assert_eq!(told(""), note);
    assert!(!told(" --precision mixed").contains("f64") && told(" -q").is_empty());
}

#[test]
fn threads_that_cannot_be_had_are_not_left_out_silently() {
    let told = predicate::str::contains("scalar runs on one thread, not 3");
    cli("nbody -b scalar --threads 3 data/input16 --t-end 0.01").assert().success().stderr(told);
}
