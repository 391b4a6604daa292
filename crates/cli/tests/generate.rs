//! `cli generate`, and that the project's data are made by it.

mod common;

use std::collections::HashSet;
use std::fs;

use common::{Folder, assert_error, bodies, cli, root, stdout};

/// What data/README.md says was typed to make each file.
const DATA: [(&str, &str); 4] = [
    ("input16", "generate plummer 16 --seed 19"),
    ("input128", "generate plummer 128 --seed 18"),
    ("input1k", "generate plummer 1024 --seed 1"),
    ("sample.txt", "generate text --bytes 200K --vocabulary 8000 --non-ascii 0.02 --seed 1"),
];

#[test]
fn the_projects_data_can_be_made_again() {
    let readme = fs::read_to_string(root().join("data/README.md")).unwrap();
    for (name, arguments) in DATA {
        let made = stdout(&mut cli(arguments));
        let kept = fs::read_to_string(root().join("data").join(name)).unwrap();
        assert!(made == kept, "data/{name} is not what cli {arguments} prints");
        assert!(readme.contains(&format!("cli {arguments} --output data/{name}")), "{name}");
    }
}

#[test]
fn a_cluster_has_unit_mass_and_rests() {
    let rows = bodies(&stdout(&mut cli("generate plummer 500 --seed 3")));
    assert_eq!(rows.len(), 500);
    let mass: f64 = rows.iter().map(|row| row[0]).sum();
    assert!((mass - 1.0).abs() < 1e-13);
    for column in 1..7 {
        let mean: f64 = rows.iter().map(|row| row[0] * row[column]).sum();
        assert!(mean.abs() < 1e-15, "column {column}: {mean}");
    }
}

#[test]
fn a_cluster_has_the_energy_of_henons_units() {
    let folder = Folder::new();
    let cluster = stdout(&mut cli("generate plummer 200 --seed 4"));
    let path = folder.file("cluster", cluster);
    let record = stdout(cli("nbody -q -b scalar --json --t-end 0.001").arg(&path));
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert!((record["energy"]["initial"].as_f64().unwrap() + 0.25).abs() < 1e-15, "{record}");
}

#[test]
fn a_text_has_the_bytes_asked_for() {
    let text = stdout(&mut cli("generate text --bytes 50K --vocabulary 300 --non-ascii 0.3"));
    assert_eq!(text.len(), 50_000);
    assert!(!text.is_ascii());
    let word = |c: char| !c.is_alphabetic();
    let words: HashSet<_> = text.to_lowercase().split(word).map(str::to_owned).collect();
    assert!((150..=302).contains(&words.len()), "{} words", words.len());
}

#[test]
fn an_output_is_written_to_its_file() {
    let folder = Folder::new();
    let path = folder.path("text");
    cli("generate text --bytes 10 --vocabulary 3 --output")
        .arg(&path)
        .assert()
        .success()
        .stdout("");
    assert_eq!(fs::metadata(&path).unwrap().len(), 10);
    assert_eq!(folder.names(), ["text"]);
}

#[test]
fn what_cannot_be_made_is_refused() {
    assert_error(&mut cli("generate plummer 1"), 2, &["'1'", "N"]);
    assert_error(&mut cli("generate text --bytes 0 --vocabulary 3"), 2, &["--bytes", "above 0"]);
    let mut command = cli("generate text --bytes 9 --vocabulary 3 --non-ascii 2");
    assert_error(&mut command, 2, &["--non-ascii", "from 0 to 1"]);
    assert_error(&mut cli("generate plummer 9 --backend abc"), 2, &["'abc'"]);
    let many = "generate plummer 18446744073709551615";
    assert_error(&mut cli(many), 1, &["no memory for 18446744073709551615 bodies"]);
}
