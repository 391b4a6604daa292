//! `--profile` and `--trace` of `cli nbody` and `cli wordcount`.

mod common;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
#[cfg(unix)]
use common::interrupt;
use tempfile::TempDir;

const BINARY: &str = "1 1 -0.5 0 0 0 -0.7 0\n2 1 0.5 0 0 0 0.7 0\n";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("binary"), BINARY).unwrap();
    fs::write(folder.path().join("text"), "the cat and the dog\n".repeat(1000)).unwrap();
    folder
}

/// What the program prints on standard output and on standard error.
fn printed(folder: &Path, line: &str) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
    let done =
        command.current_dir(folder).env_remove("PERF_BACKEND").args(line.split(' ')).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(done.stdout), text(done.stderr))
}

/// The calls of a phase in the table.
fn calls(table: &str, phase: &str) -> Option<u64> {
    let row = table.lines().find(|line| line.ends_with(&format!("  {phase}")))?;
    row.split_whitespace().next()?.parse().ok()
}

#[test]
fn nbody_tells_the_phases_of_its_steps() {
    let folder = folder();
    let line = "nbody -q -b scalar binary --t-end 0.095 --dt 0.01 --report-every 5 --output end";
    let (plain, silent) = printed(folder.path(), line);
    assert_eq!(silent, "");
    let (lines, table) = printed(folder.path(), &format!("{line} --profile"));
    assert_eq!(
        lines.lines().take(2).collect::<Vec<_>>(),
        plain.lines().take(2).collect::<Vec<_>>()
    );
    assert_eq!(calls(&table, "advance positions"), Some(10), "{table}");
    assert_eq!(calls(&table, "advance velocities"), Some(10));
    assert!(calls(&table, "accelerations").unwrap() >= 11);
    assert_eq!(calls(&table, "energies"), Some(4));
    assert_eq!(calls(&table, "read"), Some(1));
    assert_eq!(calls(&table, "validate"), Some(1));
    assert_eq!(calls(&table, "setup"), Some(1), "from the backend's name to its kernel");
    assert_eq!(calls(&table, "output"), Some(3), "two lines and the final state");
    assert!(table.lines().next().unwrap().contains("per call (s)"));
}

#[test]
fn finding_a_gpu_is_part_of_the_setup() {
    let Some(driver) = common::swiftshader("the setup of a GPU") else { return };
    let folder = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
    let line = "nbody -q -b gpu --precision f32 binary --t-end 0.01 --profile";
    command.current_dir(folder.path()).env("VK_DRIVER_FILES", driver).args(line.split(' '));
    let table = String::from_utf8(command.unwrap().stderr).unwrap();
    let seconds = |phase: &str| -> f64 {
        let row = table.lines().find(|line| line.ends_with(phase)).expect(phase);
        row.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert!(seconds("  setup") > seconds("  everything else"), "{table}");
}

#[test]
fn wordcount_tells_its_phases_and_writes_the_same() {
    let folder = folder();
    let (_, table) = printed(folder.path(), "wordcount -q -b scalar text profiled --profile");
    let phases = [
        "read",
        "validate",
        "tokenise + count",
        "finish",
        "merge",
        "sort",
        "format",
        "write",
        "setup",
        "everything else",
    ];
    for phase in phases {
        assert!(calls(&table, phase).is_some(), "{phase}: {table}");
    }
    printed(folder.path(), "wordcount -q -b scalar text plain");
    let bytes = |name| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(bytes("plain"), bytes("profiled"));
}

#[test]
fn a_gpu_tells_its_phases_by_its_own_clock() {
    if common::is_without("gpu", "phases of a GPU") {
        return;
    }
    let folder = folder();
    let bodies = common::root().join("data/input1k");
    let line = format!("nbody -q -b gpu {} --t-end 0.0095 --report-every 5", bodies.display());
    let (_, table) = printed(folder.path(), &format!("{line} --profile --trace trace.json"));
    let on_gpu = |phase: &str| calls(&table, &format!("{phase} (on the GPU, by its clock)"));
    assert_eq!(on_gpu("advance positions"), Some(10), "{table}");
    assert_eq!(on_gpu("advance velocities"), Some(10), "{table}");
    assert!(on_gpu("accelerations").unwrap() >= 11 && on_gpu("energies").is_some(), "{table}");
    assert!(calls(&table, "steps").unwrap() >= 1, "{table}");
    let trace = fs::read_to_string(folder.path().join("trace.json")).unwrap();
    let events: Vec<serde_json::Value> = serde_json::from_str(&trace).unwrap();
    let on_line: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    let is_told = |event: &&&serde_json::Value| event["name"] == "accelerations";
    assert!(on_line.iter().filter(is_told).count() >= 11, "{trace}");
    assert!(on_line.iter().all(|event| event["dur"].as_f64().unwrap() > 0.0), "{trace}");
    let (_, table) = printed(folder.path(), "wordcount -q -b gpu text counts --profile");
    let on_gpu = |phase: &str| calls(&table, &format!("{phase} (on the GPU, by its clock)"));
    assert_eq!(on_gpu("tokenise + count"), Some(1), "one chunk: {table}");
    assert_eq!(on_gpu("collect"), Some(1), "{table}");
}

#[test]
fn a_trace_is_what_perfetto_reads() {
    let folder = folder();
    printed(folder.path(), "wordcount -q -b scalar text counts --trace trace.json");
    printed(folder.path(), "nbody -q -b scalar binary --t-end 0.05 --trace steps.json");
    for (file, phase) in [("trace.json", "tokenise + count"), ("steps.json", "accelerations")] {
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        let events: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let of = |kind: &str| {
            let is_it = |event: &&serde_json::Value| event["name"] == phase && event["ph"] == kind;
            events.iter().filter(is_it).count()
        };
        assert!(of("B") > 0 && of("B") == of("E"), "{text}");
    }
}

/// Checks that the command is refused, and gives the reason.
fn refused(folder: &Path, line: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
    let refused = command.current_dir(folder).args(line.split(' ')).assert().code(2);
    String::from_utf8(refused.get_output().stderr.clone()).unwrap()
}

#[test]
fn a_trace_never_replaces_its_input() {
    let folder = folder();
    refused(folder.path(), "nbody binary --trace binary");
    assert_eq!(fs::read_to_string(folder.path().join("binary")).unwrap(), BINARY);
}

#[test]
fn a_trace_goes_where_nothing_else_is_written() {
    let folder = folder();
    for line in ["nbody binary", "nbody --json binary", "wordcount text", "wordcount --json text -"]
    {
        let error = refused(folder.path(), &format!("{line} --trace -"));
        assert!(error.contains("--trace - would mix the timeline"), "{line}: {error}");
    }
    let error = refused(folder.path(), "wordcount text counts --trace counts");
    assert!(error.contains("OUTPUT and --trace both write counts"), "{error}");
    let (trace, _) = printed(folder.path(), "wordcount -q -b scalar text counts --trace -");
    assert!(serde_json::from_str::<Vec<serde_json::Value>>(&trace).is_ok(), "{trace}");
}

/// The events of a trace, which has to be whole.
fn events(folder: &Path, name: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(folder.join(name)).expect("a trace");
    serde_json::from_str(&text).expect("a whole trace")
}

#[test]
fn what_fails_tells_where_its_time_went() {
    let folder = folder();
    fs::write(folder.path().join("bad text"), b"the cat\n\xff\n").unwrap();
    fs::write(folder.path().join("bad bodies"), "1 1 0 0 0 0 0 NaN\n").unwrap();
    for line in [["wordcount", "bad text"], ["nbody", "bad bodies"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
        command.current_dir(folder.path()).args(line);
        let failed = command.args(["-q", "--profile", "--trace", "trace.json"]).assert().code(1);
        let told = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(calls(&told, "read").is_some(), "{told}");
        assert!(told.lines().last().unwrap().starts_with("cli: bad "), "{told}");
        let events = events(folder.path(), "trace.json");
        assert!(events.iter().any(|event| event["name"] == "read"), "{events:?}");
    }
}

/// Starts the program, interrupts it as soon as it has printed or read something, and gives the table.
#[cfg(unix)]
fn interrupted(folder: &Path, line: &str, feed: Option<&str>) -> String {
    use std::io::{Read, Write};
    use std::process::{Command as Process, Stdio};

    let mut run = Process::new(env!("CARGO_BIN_EXE_cli"))
        .current_dir(folder)
        .args(line.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = run.stdin.take();
    match feed {
        // More than a pipe holds: when it is written, some of it has been read.
        Some(text) => input.as_mut().unwrap().write_all(text.as_bytes()).unwrap(),
        None => run.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap(),
    }
    // It is open until the run has been interrupted.
    run.stdin = input;
    String::from_utf8(interrupt(run).stderr).unwrap()
}

#[cfg(unix)]
#[test]
fn what_is_interrupted_tells_where_its_time_went() {
    let folder = folder();
    let options = "--profile --trace trace.json";
    let line = format!("nbody -b scalar binary --t-end 1e9 --report-every 1 {options}");
    let told = interrupted(folder.path(), &line, None);
    assert!(
        calls(&told, "accelerations").is_some() && told.contains("interrupted behind"),
        "{told}"
    );
    assert!(!events(folder.path(), "trace.json").is_empty());

    let text = "the cat and the dog\n".repeat(100_000);
    let line = format!("wordcount -b scalar - counts {options}");
    let told = interrupted(folder.path(), &line, Some(&text));
    assert!(calls(&told, "read").is_some(), "{told}");
    assert!(told.contains("interrupted: no words are written"), "{told}");
    assert!(!folder.path().join("counts").exists());
    assert!(events(folder.path(), "trace.json").iter().any(|event| event["name"] == "read"));
}
