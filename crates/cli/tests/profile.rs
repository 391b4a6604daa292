//! `--profile` and `--trace` of `cli nbody` and `cli wordcount`.

mod common;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
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
    if let Some(reason) = common::missing_gpu() {
        assert!(!common::is_required("gpu"), "PERF_REQUIRE asks for a GPU: {reason}");
        return common::skip("phases of a GPU", &reason);
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
    let is_told = |event: &&serde_json::Value| event["args"]["phase"] == "accelerations";
    assert!(events.iter().filter(is_told).count() >= 11, "{trace}");
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

#[test]
fn a_trace_never_replaces_its_input() {
    let folder = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
    let refused = command.current_dir(folder.path()).args(["nbody", "binary", "--trace", "binary"]);
    refused.assert().code(2);
    assert_eq!(fs::read_to_string(folder.path().join("binary")).unwrap(), BINARY);
}
