//! Runs that are saved, stopped, killed and continued: they end in the bits of one that was not.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use common::{
    Folder, assert_error, cli, root, start, stdout, steps_done, wait_for, wait_for_steps,
};

/// The end of an uninterrupted run, for a backend.
fn end(folder: &Folder, backend: &str, options: &str) -> Vec<u8> {
    let path = folder.path("uninterrupted");
    let mut command = cli(&format!("nbody -q -b {backend} data/input128 {options} --output"));
    command.arg(&path).assert().success();
    fs::read(path).unwrap()
}

/// A run of eleven steps, saved.
fn short_run(folder: &Folder, options: &str) -> PathBuf {
    let saved = folder.path("run.ckpt");
    let line = format!("nbody -q -b scalar data/input16 --t-end 0.01 {options} --checkpoint");
    cli(&line).arg(&saved).assert().success();
    saved
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

/// Nearly all of its time such a run saves itself: a step in each call, and a save behind each call.
const SAVES: &str = "--report-every 1 --checkpoint-every 1e-9 --t-end 1000";

#[test]
fn a_run_killed_at_any_moment_goes_on_from_a_good_save() {
    let folder = Folder::new();
    let (saved, output) = (folder.path("run.ckpt"), folder.path("out"));
    let (mut kills_in_a_save, mut steps) = (0, 0);
    for attempt in 0_u64.. {
        assert!(attempt < 500, "no kill hit a save");
        let option = if saved.exists() { "--resume" } else { "data/input128 --checkpoint" };
        let arguments = format!("nbody -q -b scalar {SAVES} {option}");
        let mut child = start(&arguments, &[&saved]);
        sleep(Duration::from_millis(20 + 7 * attempt % 31));
        assert_eq!(child.try_wait().unwrap(), None, "attempt {attempt} did not go on");
        child.kill().unwrap();
        child.wait().unwrap();
        if saved.exists() {
            assert!(steps_done(&saved) >= steps, "attempt {attempt} fell behind step {steps}");
            steps = steps_done(&saved);
        }
        // A save that was begun and not ended leaves its file, which the next attempt removes.
        kills_in_a_save += folder.names().iter().filter(|name| name.ends_with(".tmp")).count();
        if kills_in_a_save >= 3 && saved.exists() {
            break;
        }
    }
    let options = format!("--t-end {}", 0.001 * (steps_done(&saved) + 20) as f64);
    let mut command = cli(&format!("nbody -q {options} --resume {}", saved.display()));
    command.arg("--output").arg(&output).assert().success();
    assert_eq!(folder.names(), ["out", "run.ckpt"], "a killed run left something for ever");
    assert_eq!(fs::read(&output).unwrap(), end(&folder, "scalar", &options));
}

/// The bits of a run belong to backend, level and options, wherever it was saved.
#[test]
fn every_variant_goes_on_to_the_same_bits() {
    for variant in [
        "data/input1k -b simd",
        "data/input1k -b simd --precision f32",
        "data/input128 -b simd --simd-level avx2",
        "data/input128 -b simd --simd-level sse2",
        "data/input128 -b simd --simd-level portable",
        "data/input1k -b simd --algorithm tree",
        "data/input1k -b rayon --threads 3",
        "data/input1k -b rayon --threads 2 --algorithm tree --softening 0.01",
        "data/input128 -b rayon-scalar --threads 2",
        "data/input128 -b scalar --precision f32",
        "data/input128 -b scalar --algorithm pairs --softening 0.01",
    ] {
        let folder = Folder::new();
        let (saved, output, whole) = (folder.path("ckpt"), folder.path("out"), folder.path("all"));
        let mut first = cli(&format!("nbody -q {variant} --t-end 0.0075 --checkpoint"));
        if is_lacking(first.arg(&saved)) {
            common::skip(variant, "this processor lacks the level");
            continue;
        }
        // The physics are in the save, the machine is named again.
        let again: Vec<_> = variant.split(' ').collect();
        let is_machine = |pair: &&[&str]| ["-b", "--simd-level", "--threads"].contains(&pair[0]);
        let machine = again[1..].chunks(2).filter(is_machine).flatten().copied();
        let mut second = cli("nbody -q --t-end 0.0205 --resume");
        second.arg(&saved).args(machine).arg("--output").arg(&output).assert().success();
        let mut uninterrupted = cli(&format!("nbody -q {variant} --t-end 0.0205 --output"));
        uninterrupted.arg(&whole).assert().success();
        assert_eq!(fs::read(&output).unwrap(), fs::read(&whole).unwrap(), "{variant}");
    }
}

/// Whether the run fails because the processor lacks its level.
fn is_lacking(command: &mut assert_cmd::Command) -> bool {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || error.contains("level"), "{error}");
    !output.status.success()
}

/// Two massless bodies that are at one point behind the second step.
#[test]
fn a_run_goes_on_from_where_bodies_meet() {
    let folder = Folder::new();
    let bodies = "0 -0.5 0 0 1 0 0\n0 0.5 0 0 -1 0 0\n0 0 9 0 0 0 0\n";
    let input = folder.file("bodies", bodies);
    for backend in ["scalar", "simd", "rayon", "rayon-scalar"] {
        let run = |t_end: f64, options: &[&Path]| {
            let command = format!("nbody -q -b {backend} --report-every 0 --t-end {t_end}");
            cli(&command).args(options).assert().success();
        };
        let [saved, output, whole] =
            ["ckpt", "out", "whole"].map(|name| folder.path(&format!("{backend}.{name}")));
        let [dt, quarter] = ["--dt", "0.25"].map(Path::new);
        let [checkpoint, resume, out] = ["--checkpoint", "--resume", "--output"].map(Path::new);
        run(0.3, &[dt, quarter, &input, checkpoint, &saved]);
        run(2.0, &[resume, &saved, out, &output]);
        run(2.0, &[dt, quarter, &input, out, &whole]);
        assert_eq!(fs::read(&output).unwrap(), fs::read(&whole).unwrap(), "{backend}");
    }
}

#[test]
fn a_save_is_not_replaced_by_another_run_or_an_earlier_state() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let begin = |arguments: &str| {
        let mut command = cli(&format!("nbody -q -b scalar --t-end 0.01 {arguments} --checkpoint"));
        command.arg(&saved);
        command
    };
    begin("data/input16").assert().success();
    let before = fs::read(&saved).unwrap();
    for same in ["data/input16", "data/input16 --report-every 7", "data/input16 --precision f64"] {
        assert_error(&mut begin(same), 2, &["holds this run", "behind step 11", "--resume"]);
    }
    for other in ["data/input128", "data/input16 --dt 0.002", "data/input16 --softening 0.1"] {
        assert_error(&mut begin(other), 2, &["run.ckpt", "another saved run", "of 16 bodies"]);
    }
    assert_error(&mut begin("data/input16 --precision f32"), 2, &["another saved run"]);
    let moved = fs::read_to_string(root().join("data/input16")).unwrap();
    let moved = folder.file("moved", moved.replacen("-1.047", "-1.147", 1));
    assert_error(&mut begin(moved.to_str().unwrap()), 2, &["another saved run"]);
    assert_eq!(fs::read(&saved).unwrap(), before);
    for text in ["my thesis", &String::from_utf8_lossy(&before[..before.len() / 2])] {
        fs::write(&saved, text).unwrap();
        assert_error(
            &mut begin("data/input16"),
            2,
            &["run.ckpt holds no whole saved run", "another file"],
        );
        assert_eq!(fs::read_to_string(&saved).unwrap(), text);
    }
    fs::write(&saved, "").unwrap();
    begin("data/input128").assert().success();
}

/// Standard output has the lines and nothing else.
#[test]
fn a_run_resumed_from_standard_input_saves_itself_only_where_it_is_told_to() {
    let folder = Folder::new();
    let saved = short_run(&folder, "");
    let mut command = cli("nbody -q --t-end 0.02 --resume -");
    let printed = stdout(command.write_stdin(fs::read(&saved).unwrap()));
    assert!(printed.ends_with("\n") && printed.lines().count() == 2, "{printed}");
    let other = folder.path("other.ckpt");
    let mut command = cli("nbody -q --t-end 0.02 --resume - --checkpoint");
    command.arg(&other).write_stdin(fs::read(&saved).unwrap()).assert().success();
    assert_eq!(steps_done(&other), 21);
}

/// Each would put its own state over that of the other.
#[cfg(unix)]
#[test]
fn two_runs_do_not_save_themselves_in_one_file() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let mut first =
        start(&format!("nbody -b scalar {SAVES} data/input128 --checkpoint"), &[&saved]);
    wait_for(&saved);
    for second in ["data/input128 --checkpoint", "data/input16 --checkpoint", "--resume"] {
        let mut command = cli(&format!("nbody -b scalar --t-end 0.01 {second}"));
        assert_error(command.arg(&saved), 2, &["run.ckpt", "another run saves itself there"]);
    }
    let other = folder.path("other.ckpt");
    let mut command = cli("nbody -q -b scalar --t-end 0.001 --resume");
    command.arg(&saved).arg("--checkpoint").arg(&other).assert().success();
    first.kill().unwrap();
    first.wait().unwrap();
    let t_end = 0.001 * (steps_done(&saved) + 3) as f64;
    cli(&format!("nbody -q --t-end {t_end} --resume")).arg(&saved).assert().success();
}

#[test]
fn a_resumed_run_goes_on_with_its_trajectory() {
    let folder = Folder::new();
    let [saved, parts, whole] =
        ["run.ckpt", "parts.npz", "whole.npz"].map(|name| folder.path(name));
    let run = |arguments: &str, paths: [&Path; 2]| {
        let mut command = cli(&format!("nbody -q --trajectory-every 10 {arguments}"));
        command.arg(paths[0]).arg("--trajectory").arg(paths[1]);
        command
    };
    let input = "-b scalar data/input16 --t-end";
    run(&format!("{input} 0.0375 --checkpoint"), [&saved, &parts]).assert().success();
    run("--t-end 0.06 --resume", [&saved, &parts]).assert().success();
    run("--t-end 0.1 --resume", [&saved, &parts]).assert().success();
    let mut uninterrupted =
        run(&format!("{input} 0.1 --checkpoint"), [&folder.path("all"), &whole]);
    uninterrupted.assert().success();
    let parts_were = fs::read(&parts).unwrap();
    assert!(parts_were == fs::read(&whole).unwrap(), "another trajectory");
    // Only the frame in which a session ended is left out by another interval.
    let mut command = cli("nbody -q --t-end 0.15 --trajectory-every 1000 --resume");
    command.arg(&saved).arg("--trajectory").arg(&parts).assert().success();
    assert_eq!(fs::read(&parts).unwrap().len(), parts_were.len());
    // One that ends elsewhere stays, and so does what is none.
    let [other, softened, earlier] = ["other", "softened", "earlier"].map(|name| folder.path(name));
    let begin = |arguments: &str, saved: &Path| {
        cli(&format!("nbody -q -b scalar {arguments} --checkpoint")).arg(saved).assert().success();
    };
    begin("data/input128 --t-end 0.15", &other);
    begin("data/input16 --softening 0.1 --t-end 0.15", &softened);
    begin("data/input16 --t-end 0.1", &earlier);
    let text = folder.file("text", "no trajectory");
    for (saved, there) in
        [(&other, &parts), (&softened, &parts), (&earlier, &parts), (&saved, &text)]
    {
        let before = fs::read(there).unwrap();
        let told = ["cannot go on with the trajectory", "name another file"];
        assert_error(&mut run("--t-end 0.2 --resume", [saved, there]), 1, &told);
        assert!(fs::read(there).unwrap() == before, "{}", saved.display());
    }
    let nothing = folder.file("nothing", "");
    run("--t-end 0.2 --resume", [&saved, &nothing]).assert().success();
}

#[test]
fn steps_taken_one_by_one_are_told_on_resume() {
    let folder = Folder::new();
    let saved = short_run(&folder, "");
    let mut command = cli("nbody --t-end 0.02 --profile --resume");
    let told = predicates::str::contains("steps one by one): the last digits may differ");
    command.arg(&saved).assert().success().stderr(told);
}

/// JSON has no number for an energy that is none.
#[test]
fn a_run_without_a_finite_energy_goes_on() {
    let folder = Folder::new();
    let saved = folder.path("run.ckpt");
    let heavy = folder.file("heavy", "1 1e200 -1 0 0 0 0 0\n2 1e200 1 0 0 0 0 0\n");
    let mut command = cli("nbody -q -b scalar --dt 1e-120 --t-end 3e-120 --report-every 1");
    command.arg(&heavy).arg("--checkpoint").arg(&saved).assert().success();
    cli("nbody -q --t-end 5e-120 --resume").arg(&saved).assert().success();
    assert_eq!(steps_done(&saved), 6);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_the_lines_and_not_the_run() {
    use std::io::Read;

    let folder = Folder::new();
    let (output, saved) = (folder.path("out"), folder.path("run.ckpt"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
    let line = "nbody -q -b simd data/input128 --report-every 1 --t-end 3";
    command.current_dir(root()).args(line.split_whitespace());
    command.arg("--output").arg(&output).arg("--checkpoint").arg(&saved);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    run.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    let ended = run.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0));
    assert_eq!(fs::read(&output).unwrap(), end(&folder, "simd", "--t-end 3"));
    assert_eq!(steps_done(&saved), 3001);
}

#[test]
fn what_a_run_came_to_stays_where_it_fails() {
    let folder = Folder::new();
    // Behind the first step it is at 1e308.
    let input = folder.file("fast", "1 1 0 0 0 1e308 0 0\n2 1 5 5 5 0 0 0\n");
    let (output, saved) = (folder.path("out"), folder.path("run.ckpt"));
    let mut command = cli("nbody -q -b scalar --dt 1 --t-end 10 --report-every 1");
    command.arg(&input).arg("--output").arg(&output).arg("--checkpoint").arg(&saved);
    let failed = command.output().unwrap();
    let told = String::from_utf8(failed.stderr).unwrap();
    assert!(failed.status.code() == Some(1) && told.contains("left the range"), "{told}");
    assert!(fs::read_to_string(&output).unwrap().contains("e308"));
    assert_eq!(steps_done(&saved), 1);
    // What fails before it has moved anything replaces nothing.
    let touching = folder.file("touching", "1 1 0 0 0 0 0 0\n2 1 0 0 0 0 0 0\n");
    let mut command = cli("nbody -q -b scalar --t-end 1");
    command.arg(&touching).arg("--output").arg(&output);
    assert_error(&mut command, 1, &["at one point"]);
    assert!(fs::read_to_string(&output).unwrap().contains("e308"));
}

#[test]
fn a_run_without_prints_goes_on_without_energies() {
    let folder = Folder::new();
    let saved = short_run(&folder, "");
    let mut command = cli("nbody -q --t-end 0.02 --report-every 0 --resume");
    assert!(!stdout(command.arg(&saved)).contains("dE/E"));
}

#[test]
fn seconds_between_saves_need_a_place_to_save() {
    let mut command = cli("nbody -b scalar data/input16 --t-end 0.01 --checkpoint-every 1");
    assert_error(&mut command, 2, &["--checkpoint <FILE>", "--resume <FILE>"]);
}

#[test]
fn a_save_of_another_version_is_not_replaced() {
    let folder = Folder::new();
    let saved = short_run(&folder, "");
    let bytes = fs::read(&saved).unwrap();
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    let older = [&bytes[..end - 1], b"1", &bytes[end..]].concat();
    fs::write(&saved, &older).unwrap();
    let mut command = cli("nbody -b scalar data/input128 --t-end 0.01 --checkpoint");
    assert_error(command.arg(&saved), 2, &["another version", "name another file"]);
    assert!(fs::read(&saved).unwrap() == older);
}

#[test]
fn a_damaged_save_is_refused() {
    let folder = Folder::new();
    let saved = short_run(&folder, "");
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
    let saved = short_run(&folder, "--report-every 0");
    let mut command = cli("nbody --report-every 10 --resume");
    assert_error(command.arg(&saved), 2, &["kept no energies", "--report-every 0"]);
}

#[test]
fn an_end_that_lies_behind_is_not_saved() {
    let folder = Folder::new();
    let saved = short_run(&folder, "");
    let before = fs::read(&saved).unwrap();
    let told =
        predicates::str::contains("has done 11 steps and is past its end, step 3: a later --t-end");
    cli("nbody --t-end 0.002 --resume").arg(&saved).assert().success().stderr(told);
    assert_eq!(fs::read(&saved).unwrap(), before);
}

#[test]
fn lines_before_a_save_are_printed_when_it_is_written() {
    let folder = Folder::new();
    let (saved, lines) = (folder.path("run.ckpt"), folder.path("lines"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
        .current_dir(root())
        .args(format!("nbody -q -b scalar data/input16 {SAVES} --checkpoint").split_whitespace())
        .arg(&saved)
        .stdout(fs::File::create(&lines).unwrap())
        .spawn()
        .unwrap();
    wait_for_steps(&saved);
    sleep(Duration::from_millis(50));
    child.kill().unwrap();
    child.wait().unwrap();
    // One line behind each step.
    let printed = prints(&fs::read(&lines).unwrap()).len() as u64;
    let done = steps_done(&saved);
    assert!(done > 0 && printed >= done, "{printed} lines, {done} steps");
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_does_not_keep_the_others_from_being_written() {
    let folder = Folder::new();
    let (trajectory, picture) = (folder.path("run.npz"), folder.path("run.svg"));
    let mut command =
        cli("nbody -q -b scalar data/input16 --t-end 0.01 --output /dev/full --trajectory");
    let failed = command.arg(&trajectory).arg("--plot").arg(&picture).assert().code(1);
    let told = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(
        told.starts_with("cli: cannot write: /dev/full") && told.lines().count() == 1,
        "{told}"
    );
    assert!(trajectory.exists() && picture.exists());
}
