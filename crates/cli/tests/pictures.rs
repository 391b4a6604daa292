//! `cli plot`, `cli zipf`, and the pictures and trajectories of `cli nbody`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;

const BINARY: &str = "1 1 -0.5 0 0 0 -0.7 0\n2 1 0.5 0 0 0 0.7 0\n";
const COUNTS: &str = "the 20 62.5\nσοφός 10 31.25\na&b 2 6.25\n";

struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn cli(&self, line: &str) -> assert_cmd::assert::Assert {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
        command.current_dir(self.0.path()).env_remove("PERF_BACKEND");
        command.args(line.split_whitespace()).assert()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

fn is_png(path: &Path) -> bool {
    fs::read(path).unwrap().starts_with(b"\x89PNG\r\n\x1a\n")
}

#[test]
fn the_bar_chart_shows_as_many_words_as_asked_for() {
    let folder = Folder::with(&[("book.dat", COUNTS)]);
    folder.cli("plot book.dat words.svg -n 2").success().stdout("");
    let svg = folder.text("words.svg");
    assert!(svg.contains(">the</text>") && svg.contains(">σοφός</text>"));
    assert!(!svg.contains("a&amp;b"));
    assert!(svg.contains("The 2 most common words of book"));
    for words in ["0", "100000"] {
        let refused = folder.cli(&format!("plot book.dat none.png -n {words}")).code(2);
        refused.stderr(predicate::str::contains("--top"));
    }
    for words in ["0", "99999999999"] {
        let refused = folder.cli(&format!("zipf {words} book.dat")).code(2);
        refused.stderr(predicate::str::contains("<N>"));
    }
    folder.cli("plot book.dat all.svg").success();
    assert!(folder.text("all.svg").contains(">a&amp;b</text>"));
}

#[test]
fn the_name_of_the_picture_says_its_format() {
    let folder = Folder::with(&[("book.dat", COUNTS)]);
    folder.cli("plot book.dat words.png").success();
    assert!(is_png(&folder.path("words.png")));
    folder.cli("plot book.dat words.jpg").code(2).stderr(predicate::str::contains(".svg or .png"));
    assert!(!folder.path("words.jpg").exists());
}

#[test]
fn counts_without_a_word_still_make_a_picture() {
    let folder = Folder::with(&[("empty.dat", "")]);
    folder.cli("plot empty.dat words.png").success();
    folder.cli("plot --zipf --fit empty.dat zipf.svg").success();
    folder
        .cli("zipf 2 --fit empty.dat")
        .success()
        .stdout(predicate::str::ends_with("\nempty,,,,,,\n"));
}

#[test]
fn what_are_no_counts_is_told_with_its_line() {
    let folder = Folder::with(&[("text", "the 20 66.7\nonce upon a time\n"), ("book.dat", COUNTS)]);
    folder
        .cli("plot text words.svg")
        .code(1)
        .stderr(predicate::str::contains("text: line 2: 4 columns"));
    folder.cli("zipf 3 text").code(1).stderr(predicate::str::contains("line 2"));
    folder
        .cli("plot nowhere.dat words.svg")
        .code(1)
        .stderr(predicate::str::contains("nowhere.dat"));
    folder.cli("plot book.dat text words.svg").code(2).stderr(predicate::str::contains("--zipf"));
    assert!(!folder.path("words.svg").exists());
}

#[test]
fn a_picture_never_replaces_its_input() {
    let folder = Folder::with(&[("book.svg", COUNTS)]);
    folder.cli("plot book.svg book.svg").code(2);
    assert_eq!(folder.text("book.svg"), COUNTS);
}

#[test]
fn a_trajectory_does_not_go_among_the_printed_lines() {
    let folder = Folder::with(&[("binary", BINARY)]);
    let refused = folder.cli("nbody binary --t-end 0.1 --trajectory -").code(2).stdout("");
    refused.stderr(predicate::str::contains("--trajectory - would mix"));
}

#[test]
fn zipf_tabulates_the_counts_of_each_book() {
    let folder = Folder::with(&[("a.dat", COUNTS), ("b c,d.dat", "x 3 100.0\n")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli"));
    let command = command.current_dir(folder.0.path()).args(["zipf", "3", "a.dat", "b c,d.dat"]);
    command.assert().success().stdout("Book,word1,word2,word3\na,20,10,2\n\"b c,d\",3,,\n");
}

#[test]
fn zipf_fits_the_law_that_generated_text_follows() {
    let folder = Folder::with(&[]);
    folder.cli("generate text --bytes 300K --vocabulary 5000 --output text").success();
    folder.cli("wordcount --backend scalar text a.dat").success();
    folder.cli("zipf 1 --fit a.dat --output results.csv").success().stdout("");
    let table = folder.text("results.csv");
    let (header, row) = table.trim_end().split_once('\n').unwrap();
    assert_eq!(header, "Book,word1,zipf_exponent,exponent,exponent_error,least_count");
    let exponent: f64 = row.split(',').nth(2).unwrap().parse().unwrap();
    assert!((0.5..2.0).contains(&exponent), "{row}");
    folder.cli("plot --zipf --fit a.dat zipf.svg").success();
    let line = format!("rank^−{exponent:.2}");
    assert!(folder.text("zipf.svg").contains(&line), "{line}");
}

#[test]
fn a_run_draws_its_energy_error() {
    let folder = Folder::with(&[("binary", BINARY)]);
    let lines = "nbody -b scalar binary --t-end 0.5 --dt 0.01 --report-every 10";
    let plain = folder.cli(lines).success().get_output().stdout.clone();
    let drawn =
        folder.cli(&format!("{lines} --plot energy.svg")).success().get_output().stdout.clone();
    let without_time = |text: Vec<u8>| {
        let text = String::from_utf8(text).unwrap();
        text.lines().filter(|line| !line.contains("run in")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_time(plain), without_time(drawn));
    assert!(folder.text("energy.svg").contains("Energy error of binary"));
    assert!(folder.text("energy.svg").contains("<polyline"));
    folder.cli("nbody binary --report-every 0 --plot energy.svg").code(2);
    folder.cli("nbody binary --plot energy.gif").code(2);
}

#[test]
fn a_trajectory_holds_every_frame_and_makes_a_picture() {
    let folder = Folder::with(&[("binary", BINARY)]);
    folder
        .cli("nbody -b scalar binary --t-end 0.245 --dt 0.01 --trajectory out.npz --trajectory-every 10 -o end")
        .success();
    let script = "import numpy, sys\n\
                  t = numpy.load('out.npz')\n\
                  print(sorted(t), t['times'].tolist(), t['positions'].shape, t['velocities'].shape)\n\
                  end = numpy.loadtxt('end')\n\
                  assert (t['positions'][-1] == end[:, 2:5]).all() and (t['masses'] == end[:, 1]).all()\n\
                  assert t['positions'][0].tolist() == [[-0.5, 0, 0], [0.5, 0, 0]]";
    if let Some(printed) = numpy(&folder, script) {
        let arrays = "['masses', 'positions', 'times', 'velocities']";
        assert_eq!(printed, format!("{arrays} [0.0, 0.1, 0.2, 0.25] (4, 2, 3) (4, 2, 3)\n"));
    }
    folder.cli("plot out.npz orbits.svg").success();
    assert_eq!(folder.text("orbits.svg").matches("<circle").count(), 2);
    folder.cli("plot out.npz orbits.png").success();
    assert!(is_png(&folder.path("orbits.png")));
}

/// What NumPy prints, if it is there.
fn numpy(folder: &Folder, script: &str) -> Option<String> {
    let has = Process::new("python3").args(["-c", "import numpy"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        assert!(
            !common::is_required("python"),
            "PERF_REQUIRE asks for python, and it has no numpy"
        );
        common::skip("the comparison with NumPy", "python3 has no module numpy");
        return None;
    }
    let python = Process::new("python3").current_dir(folder.0.path()).args(["-c", script]).output();
    let python = python.unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    Some(String::from_utf8(python.stdout).unwrap())
}

#[test]
fn a_damaged_trajectory_is_told() {
    let folder = Folder::with(&[("out.npz", "PK and no archive")]);
    folder.cli("plot out.npz orbits.svg").code(1).stderr(predicate::str::contains("out.npz"));
    assert!(!folder.path("orbits.svg").exists());
}
