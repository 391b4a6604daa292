//! What asks a run to end: it leaves its last complete state.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use common::{
    Folder, cli, end_by, interrupt, program, root, send, start, steps_done, wait_for_steps,
};

/// A run that would take an hour, and saves itself all the time.
const LONG: &str = "nbody -b scalar data/input128 --t-end 10000 --checkpoint-every 0.01";

/// A run that has saved a step, what it prints in a pipe.
fn start_piped(line: &str, saved: &Path) -> Child {
    let child = spawn_piped(line, saved);
    wait_for_steps(saved);
    child
}

fn spawn_piped(line: &str, saved: &Path) -> Child {
    let mut command = program(line);
    command.arg("--checkpoint").arg(saved).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// The energy at the end of a large system may take minutes.
#[test]
fn ctrl_c_is_followed_by_no_energy() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let child = start_piped(LONG, &saved);
    let printed = String::from_utf8(interrupt(child).stdout).unwrap();
    let last = printed.lines().last().unwrap();
    assert!(printed.starts_with("t =  0.00, E = ") && last.contains(" time steps run in "));
    assert!(!printed.contains("Final"), "{printed}");
}

#[test]
fn ctrl_c_leaves_the_last_complete_state() {
    let folder = Folder::new();
    let (saved, output) = (folder.path("run.ckpt"), folder.path("out"));
    let child = start(
        &format!("{LONG} --report-every 0"),
        &[Path::new("--checkpoint"), &saved, Path::new("--output"), &output],
    );
    wait_for_steps(&saved);
    interrupt(child);
    // The state written is the one saved: going on for no step writes it again.
    let (step, again) = (steps_done(&saved), folder.path("again"));
    assert!(step > 0);
    let t_end = 0.001 * (step as f64 - 0.5);
    let mut command = cli(&format!("nbody -q --resume {} --t-end {t_end}", saved.display()));
    command.arg("--output").arg(&again).assert().success();
    assert_eq!(fs::read(&output).unwrap(), fs::read(&again).unwrap());
    assert_eq!(common::bodies(&fs::read_to_string(&output).unwrap()).len(), 128);
}

/// The steps and the energies in it are of two moments, and both are told.
#[test]
fn the_record_of_an_interrupted_run_says_so() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let child = start_piped(&format!("{LONG} --json"), &saved);
    let record: serde_json::Value = serde_json::from_slice(&interrupt(child).stdout).unwrap();
    assert_eq!(record["interrupted"], true);
    let (steps, at) =
        (record["steps"].as_u64().unwrap(), record["energy"]["step"].as_u64().unwrap());
    assert!(steps == steps_done(&saved) && at <= steps && steps - at <= 100, "{at} of {steps}");
}

#[test]
fn a_polite_kill_and_a_closed_terminal_are_as_good_as_ctrl_c() {
    let folder = Folder::new();
    for signal in ["TERM", if cfg!(target_os = "linux") { "HUP" } else { "INT" }] {
        let saved = folder.path(signal);
        let child = start(LONG, &[Path::new("--checkpoint"), &saved]);
        wait_for_steps(&saved);
        end_by(signal, child);
        assert!(steps_done(&saved) > 0, "{signal}");
    }
}

/// A shell tells of its closed terminal, and then the system does: that is no wish to end at once.
#[test]
fn signals_in_a_row_leave_time_to_save() {
    let folder = Folder::new();
    for signals in [["HUP", "HUP"], ["TERM", "HUP"], ["TERM", "TERM"]] {
        let saved = folder.path(&signals.join("-"));
        // Nothing is saved while it runs, and each step is told of.
        let mut run = spawn_piped(
            "nbody -b scalar data/input128 --t-end 10000 --checkpoint-every 1000 --report-every 1",
            &saved,
        );
        let mut printed = BufReader::new(run.stdout.take().unwrap()).lines();
        assert_eq!(printed.by_ref().take(3).map(Result::unwrap).count(), 3);
        signals.iter().for_each(|signal| send(signal, run.id()));
        printed.for_each(|line| drop(line.unwrap()));
        run.wait().unwrap();
        assert!(steps_done(&saved) > 0, "{signals:?}");
    }
}

/// `nohup` has a program ignore the closing of its terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_run_goes_on_where_its_terminal_does_not_matter() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let command = format!(
        "trap '' HUP; exec {} {LONG} --checkpoint {}",
        env!("CARGO_BIN_EXE_cli"),
        saved.display()
    );
    let mut shell = Command::new("sh");
    shell.current_dir(root()).args(["-c", &command]);
    let mut run = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_steps(&saved);
    send("HUP", run.id());
    let before = steps_done(&saved);
    sleep(Duration::from_millis(300));
    assert_eq!(run.try_wait().unwrap(), None);
    end_by("TERM", run);
    assert!(steps_done(&saved) > before);
}
