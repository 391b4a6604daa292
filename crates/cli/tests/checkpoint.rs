//! Runs that are saved, stopped, killed and continued: they end in the bits of one that was not.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{Folder, assert_error, cli, root};

/// The program at work, its output thrown away.
fn start(arguments: &str, paths: &[&Path]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cli"))
        .current_dir(root())
        .args(arguments.split_whitespace())
        .args(paths)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the file is there.
fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "{} never came", path.display());
        sleep(Duration::from_millis(2));
    }
}

/// The end of an uninterrupted run, for a backend.
fn end(folder: &Folder, backend: &str, options: &str) -> Vec<u8> {
    let path = folder.path("uninterrupted");
    let mut command = cli(&format!("nbody -q -b {backend} data/input128 {options} --output"));
    command.arg(&path).assert().success();
    fs::read(path).unwrap()
}

#[test]
fn a_run_goes_on_where_it_was_saved() {
    for backend in ["scalar", "auto"] {
        let folder = Folder::new();
        let (saved, output) = (folder.path("run.ckpt"), folder.path("out"));
        let mut command =
            cli(&format!("nbody -q -b {backend} data/input128 --t-end 0.13 --checkpoint"));
        let first = command.arg(&saved).assert().success().get_output().stdout.clone();
        let mut command = cli("nbody -q --t-end 0.3 --resume");
        let second = command.arg(&saved).arg("--output").arg(&output).assert().success();
        let printed = [first, second.get_output().stdout.clone()].concat();
        assert_eq!(fs::read(&output).unwrap(), end(&folder, backend, "--t-end 0.3"), "{backend}");
        // The prints of both parts are those of the whole, but for the ends of the parts.
        let whole =
            cli(&format!("nbody -q -b {backend} data/input128 --t-end 0.3")).output().unwrap();
        assert_eq!(prints(&printed), prints(&whole.stdout), "{backend}");
    }
}

/// The lines with energies.
fn prints(stdout: &[u8]) -> Vec<String> {
    let lines = std::str::from_utf8(stdout).unwrap().lines();
    lines.filter(|line| line.starts_with("t =")).map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_last_complete_state() {
    let folder = Folder::new();
    let (saved, output) = (folder.path("run.ckpt"), folder.path("out"));
    let child = start(
        "nbody -b scalar data/input128 --t-end 10000 --report-every 0 --checkpoint-every 0.01",
        &[Path::new("--checkpoint"), &saved, Path::new("--output"), &output],
    );
    wait_for(&saved);
    let interrupt = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(interrupt.unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    // The state written is the one saved: going on for no step writes it again.
    let (step, again) = (steps_done(&saved), folder.path("again"));
    assert!(step > 0);
    let t_end = 0.001 * (step as f64 - 0.5);
    let mut command = cli(&format!("nbody -q --resume {} --t-end {t_end}", saved.display()));
    command.arg("--output").arg(&again).assert().success();
    assert_eq!(fs::read(&output).unwrap(), fs::read(&again).unwrap());
    assert_eq!(common::bodies(&fs::read_to_string(&output).unwrap()).len(), 128);
}

/// The number of steps in the header of a saved run.
fn steps_done(saved: &Path) -> u64 {
    let bytes = fs::read(saved).unwrap();
    let header = bytes.split(|&byte| byte == b'\n').nth(1).unwrap();
    serde_json::from_slice::<serde_json::Value>(header).unwrap()["step"].as_u64().unwrap()
}

#[test]
fn a_run_killed_at_any_moment_goes_on_from_a_good_save() {
    let folder = Folder::new();
    let (saved, output) = (folder.path("run.ckpt"), folder.path("out"));
    let options = "--t-end 3 --report-every 0 --checkpoint-every 0.0001";
    let mut kills = 0;
    for attempt in 1.. {
        let (checkpoint, out) = (Path::new("--checkpoint"), Path::new("--output"));
        let mut child = if saved.exists() {
            start(
                "nbody -q --checkpoint-every 0.0001",
                &[Path::new("--resume"), &saved, out, &output],
            )
        } else {
            let fresh = format!("nbody -q -b scalar data/input128 {options}");
            start(&fresh, &[checkpoint, &saved, out, &output])
        };
        // Later and later, so that the run comes to its end on any machine.
        sleep(Duration::from_millis(5 + 3 * attempt));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "attempt {attempt}: {status}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > 0, "the run was over before it could be killed");
    assert_eq!(fs::read(&output).unwrap(), end(&folder, "scalar", "--t-end 3 --report-every 0"));
}

#[test]
fn a_damaged_save_is_refused() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    cli("nbody -b scalar data/input16 --t-end 0.01 --checkpoint").arg(&saved).assert().success();
    let mut bytes = fs::read(&saved).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = folder.file("damaged", &bytes);
    assert_error(cli("nbody --resume").arg(&damaged), 1, &["damaged", "checksum", "older copy"]);
    let cut = folder.file("cut", &bytes[..middle]);
    assert_error(cli("nbody --resume").arg(&cut), 1, &["cut", "damaged"]);
    assert_error(&mut cli("nbody --resume data/input16"), 1, &["input16", "no saved run"]);
    assert_error(&mut cli("nbody --resume no/such"), 1, &["no/such", "No such file"]);
}

#[test]
fn a_resumed_run_keeps_its_physics() {
    for option in
        ["--dt 0.1", "--softening 1", "--precision f32", "--algorithm pairs", "data/input16"]
    {
        let mut command = cli(&format!("nbody --resume run.ckpt {option}"));
        assert_error(&mut command, 2, &["--resume", "cannot be used with"]);
    }
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let mut command =
        cli("nbody -b scalar data/input16 --t-end 0.01 --report-every 0 --checkpoint");
    command.arg(&saved).assert().success();
    let mut command = cli("nbody --report-every 10 --resume");
    assert_error(command.arg(&saved), 2, &["kept no energies", "--report-every 0"]);
}
