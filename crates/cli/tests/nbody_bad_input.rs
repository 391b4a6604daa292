//! `cli nbody` on input and options that make no sense: one line, the right code, nothing written.

mod common;

use std::fs;

use common::{BINARY, Folder, assert_error, cli, skip};

/// Runs on `input` with an output that must stay as it is.
#[track_caller]
fn assert_refused(input: &str, options: &str, code: i32, parts: &[&str]) {
    let folder = Folder::new();
    let (path, output) = (folder.file("bodies", input), folder.file("out", "as it was"));
    let mut command = cli(&format!("nbody -b scalar --t-end 1 {options} --output"));
    assert_error(command.arg(&output).arg(&path), code, parts);
    assert_eq!(fs::read_to_string(&output).unwrap(), "as it was");
    assert_eq!(folder.names(), ["bodies", "out"]);
}

#[test]
fn missing_file() {
    assert_error(&mut cli("nbody no/such"), 1, &["no/such", "No such file", "check the path"]);
}

#[test]
fn directory() {
    assert_error(&mut cli("nbody data"), 1, &["data", "directory", "give a file"]);
}

#[cfg(unix)]
#[test]
fn unreadable_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.file("bodies", BINARY);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        return skip("unreadable file", "this user may read every file");
    }
    assert_error(cli("nbody").arg(&path), 1, &["bodies", "ermission denied", "ls -l"]);
}

#[test]
fn empty_file() {
    assert_refused("", "", 1, &["bodies", "no bodies"]);
    assert_refused("\n \n", "", 1, &["bodies", "no bodies"]);
}

#[test]
fn invalid_utf8() {
    let folder = Folder::new();
    let path = folder.file("bodies", b"1 1 0 0\xff 0 0 0 0");
    assert_error(cli("nbody").arg(&path), 1, &["bodies", "byte 7", "UTF-8"]);
}

#[test]
fn wrong_number_of_fields() {
    assert_refused(&format!("{BINARY}3 1 0 0 0"), "", 1, &["bodies", "line 3", "5 fields"]);
    assert_refused("1 2 3", "", 1, &["line 1", "3 fields", "there must be 8"]);
}

#[test]
fn not_a_number() {
    assert_refused(
        &format!("{BINARY}\n3 1 0 zero 0 0 0 0"),
        "",
        1,
        &["line 4", "character 7", "'zero'"],
    );
}

#[test]
fn nan_or_infinity() {
    assert_refused(&format!("3 1 0 nan 0 0 0 0\n{BINARY}"), "", 1, &["line 1", "'nan'", "finite"]);
    assert_refused(&format!("3 1 0 0 0 0 0 -inf\n{BINARY}"), "", 1, &["(vz)", "'-inf'", "finite"]);
    assert_refused(&format!("3 1 0 0 0 0 0 1e400\n{BINARY}"), "", 1, &["'1e400'", "finite"]);
}

#[test]
fn negative_mass() {
    assert_refused(&format!("{BINARY}3 -1 0 0 0 0 0 0"), "", 1, &["line 3", "mass", "-1"]);
}

#[test]
fn two_bodies_at_one_point() {
    let bodies = format!("{BINARY}\n3 1 0.5 0 0 0 0 0");
    assert_refused(&bodies, "", 1, &["lines 2 and 4", "one point", "--softening"]);
    assert_refused(&bodies, "--softening 1e-170", 1, &["lines 2 and 4", "larger --softening"]);
}

#[test]
fn two_bodies_at_one_point_in_f32_only() {
    let bodies = "1 1 1e6 0 0 0 0 0\n2 1 1000000.001 0 0 0 0 0\n";
    assert_refused(bodies, "--precision f32", 1, &["lines 1 and 2", "in f32", "--precision f64"]);
    let mut command = cli("nbody -b scalar --t-end 0.001 -");
    command.write_stdin(bodies).assert().success();
}

#[test]
fn time_step_or_end_that_is_none() {
    for option in ["--dt", "--t-end"] {
        for value in ["0", "-1", "nan", "inf", "soon"] {
            let mut command = cli(&format!("nbody data/input16 {option} {value}"));
            assert_error(&mut command, 2, &[option, value, "finite number above 0", "--help"]);
        }
    }
}

#[test]
fn softening_or_opening_that_is_none() {
    assert_error(&mut cli("nbody data/input16 --softening -1"), 2, &["--softening", "at least 0"]);
    assert_error(
        &mut cli("nbody -q data/input16 --softening 1e101"),
        2,
        &["softening", "0 to 1e100"],
    );
    for opening in ["0", "1.5", "nan"] {
        let mut command = cli(&format!("nbody data/input16 --opening={opening}"));
        assert_error(&mut command, 2, &["--opening", "above 0, at most 1"]);
    }
    let mut command = cli("nbody data/input16 --opening 0.3");
    assert_error(&mut command, 2, &["--opening", "--algorithm tree"]);
}

#[test]
fn more_steps_than_anybody_waits_for() {
    let mut command = cli("nbody data/input16 --t-end 1e300 --dt 1e-300");
    assert_error(&mut command, 2, &["--t-end 1e300 with --dt 1e-300", "steps", "longer step"]);
}

#[test]
fn no_threads() {
    for command in ["nbody data/input16", "wordcount data/sample.txt", "compare nbody data/input16"]
    {
        let mut command = cli(&format!("{command} --threads 0"));
        assert_error(&mut command, 2, &["--threads", "a whole number above 0"]);
    }
}

#[test]
fn output_equal_to_input() {
    let folder = Folder::new();
    let path = folder.file("bodies", BINARY);
    for option in ["--output", "--checkpoint"] {
        let mut command = cli("nbody -b scalar");
        let same = folder.path("./bodies");
        assert_error(command.arg(&path).arg(option).arg(same), 2, &["would be overwritten"]);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), BINARY);
}

#[test]
fn two_outputs_in_one_file_that_is_not_there_yet() {
    let folder = Folder::new();
    let (path, same) = (folder.path("x.svg"), folder.path("./x.svg"));
    let options = ["--output", "--checkpoint", "--trajectory", "--plot", "--trace"];
    for (at, first) in options.iter().enumerate() {
        for second in &options[at + 1..] {
            let mut command = cli("nbody -b scalar data/input16 --t-end 0.01");
            command.arg(first).arg(&path).arg(second).arg(&same);
            assert_error(&mut command, 2, &[first, second, "both write", "name two files"]);
        }
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn checkpoint_on_standard_output() {
    let mut command = cli("nbody -b scalar data/input16 --t-end 0.01 --checkpoint -");
    assert_error(&mut command, 2, &["- is no file", "name a file"]);
}

#[test]
fn output_where_nothing_can_be_made() {
    assert_error(
        &mut cli("nbody data/input16 --output no/such/out"),
        1,
        &["cannot write", "no/such"],
    );
    assert_error(&mut cli("nbody data/input16 --output data"), 1, &["cannot write", "directory"]);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_cli"))
        .current_dir(common::root())
        .args(["nbody", "-q", "-b", "scalar", "data/input16", "--t-end", "0.01"])
        .stdout(full())
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(1));
    let error = String::from_utf8(status.stderr).unwrap();
    assert!(error.contains("standard output") && error.contains("free some space"), "{error}");
    let mut command =
        cli("nbody -b scalar data/input16 --t-end 0.01 --report-every 0 --output /dev/full");
    assert_error(&mut command, 1, &["/dev/full", "free some space"]);
}

#[test]
fn unknown_backend() {
    assert_error(
        &mut cli("nbody -b sclar data/input16"),
        2,
        &["--backend", "'sclar'", "'scalar'?"],
    );
    let mut command = cli("nbody data/input16");
    assert_error(command.env("PERF_BACKEND", "abc"), 2, &["PERF_BACKEND", "'abc'", "scalar"]);
}

#[test]
fn backend_that_cannot_run() {
    // No driver is found where the loader is told to look nowhere.
    let mut command = cli("nbody -b gpu data/input16");
    for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES"] {
        command.env(variable, "/no/such.json");
    }
    assert_error(&mut command, 3, &["--backend", "'gpu'"]);
}

#[test]
fn precision_or_algorithm_that_the_backend_lacks() {
    let mut command = cli("nbody -b scalar data/input16 --precision mixed");
    assert_error(&mut command, 2, &["scalar", "precision mixed", "f64"]);
    let mut command = cli("nbody -b scalar data/input16 --algorithm tree");
    assert_error(&mut command, 2, &["scalar", "algorithm tree", "direct"]);
}

#[test]
fn a_tree_in_another_precision_than_its_own() {
    if common::is_without("rayon", "the tree") {
        return;
    }
    for precision in ["f32", "mixed"] {
        let line = format!("nbody data/input16 --algorithm tree --precision {precision}");
        for backend in ["simd", "rayon"] {
            let whose = format!("the {backend} backend");
            let told = [&whose, "algorithm tree in f64 only", precision, "ask for f64"];
            assert_error(&mut cli(&format!("{line} -b {backend}")), 2, &told);
        }
        let what = format!("N-body by 'tree' in {precision}");
        assert_error(&mut cli(&line), 3, &["no backend", &what, "another precision"]);
    }
}

#[test]
fn a_state_that_leaves_the_range_of_numbers() {
    let bodies = "1 1 0 0 0 1e308 0 0\n1 1 1 0 0 -1e308 0 0\n";
    assert_refused(bodies, "--dt 100 --report-every 0", 1, &["smaller time step"]);
}
