//! `cli compare`: what it measures, verifies, prints and exports.

mod common;

use std::fs;
use std::path::Path;

use common::{Folder, assert_error, cli, stdout};
use serde_json::Value;

/// A contest that is over in a moment.
const QUICK: &str = "compare nbody data/input16 --steps 20 --runs 3 --warmup 0";
const TEXT: &str = "The cat and the dog. A dog, a cat -- and the \u{c9}lan!\n";

fn record(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn results(record: &Value) -> &Vec<Value> {
    record["results"].as_array().unwrap()
}

#[test]
fn every_ready_backend_is_timed_and_verified() {
    let folder = Folder::new();
    let json = folder.path("record.json");
    let text = stdout(cli(QUICK).arg("--export-json").arg(&json));
    let record = record(&json);
    let listed = stdout(&mut cli("backends --json"));
    let backends: Vec<Value> = serde_json::from_str(&listed).unwrap();
    for backend in &backends {
        let name = backend["name"].as_str().unwrap();
        assert!(text.contains(name), "{name} is neither measured nor missing: {text}");
        let found = results(&record).iter().find(|result| result["backend"] == name);
        assert_eq!(found.is_some(), backend["ready"] == true, "{name}");
    }
    for result in results(&record) {
        assert_eq!(result["times"].as_array().unwrap().len(), 3);
        assert_eq!(result["verification"]["passed"], true);
        let error = result["verification"]["error"].as_f64().unwrap();
        assert!(error <= result["verification"]["bound"].as_f64().unwrap());
        let times = ["min", "median", "max"].map(|name| result[name].as_f64().unwrap());
        assert!(times[0] > 0.0 && times.is_sorted(), "{times:?}");
        for name in ["command", "mean", "stddev", "device", "lanes", "threads", "cold"] {
            assert!(!result[name].is_null(), "{name}");
        }
    }
    for part in ["± ", "runs", "interactions/s", "rms error", "Summary", "cold:"] {
        assert!(text.contains(part), "'{part}' is not in: {text}");
    }
}

#[test]
fn word_counts_are_equal_and_auto_says_what_it_is() {
    let folder = Folder::new();
    let (text, json) = (folder.file("text", TEXT), folder.path("record.json"));
    let mut command = cli("compare wordcount --backends scalar,auto --runs 2 --export-json");
    command.arg(&json).arg(&text).assert().success();
    let record = record(&json);
    let [scalar, auto] = results(&record).as_slice() else { panic!("{record}") };
    assert_eq!((&scalar["requested"], &scalar["speedup"]), (&"scalar".into(), &1.0.into()));
    assert_eq!(auto["requested"], "auto");
    assert_ne!(auto["backend"], "auto");
    assert!(auto["reason"].as_str().unwrap().contains("bytes of text"));
    assert_eq!(record["inputs"][0]["size"], TEXT.len());
    assert!(record["inputs"][0]["task"].as_str().unwrap().contains("12 words, 6 distinct"));
}

#[test]
fn sizes_and_algorithms_are_entered_one_by_one() {
    let folder = Folder::new();
    let json = folder.path("record.json");
    let line = "compare nbody --sizes 4,8 --algorithms direct,pairs --precisions f64,f32 \
                --backends scalar --steps 2 --runs 1 --export-json";
    cli(line).arg(&json).assert().success();
    let record = record(&json);
    assert_eq!(results(&record).len(), 8);
    assert_eq!(record["inputs"][1]["task"], "8 bodies, 2 steps of 0.001");
    let f32 = results(&record).iter().find(|result| result["precision"] == "f32").unwrap();
    assert!(f32["verification"]["error"].as_f64().unwrap() > 1e-10);
    let stddev = &results(&record)[0]["stddev"];
    assert!(stddev.is_null(), "one run has none: {stddev}");
}

#[test]
fn what_a_backend_cannot_do_is_listed() {
    let text = stdout(&mut cli(&format!("{QUICK} --backends scalar --algorithms direct,tree")));
    assert!(text.contains("Not measured"), "{text}");
    assert!(text.contains("the scalar backend has no algorithm tree"), "{text}");
    let nothing = format!("{QUICK} --backends scalar --algorithms tree");
    assert_error(&mut cli(&nothing), 2, &["nothing is left to compare", "no algorithm tree"]);
}

/// Two bodies so far from the origin that f32 does not resolve how far they are from each other.
const FAR: &str = "1 1 1000000.3 0 0 0 0 0\n2 1 1000001.9 0 0 0 0 0\n";

#[test]
fn a_wrong_result_is_red_has_no_rank_and_ends_in_code_1() {
    let folder = Folder::new();
    let (far, json) = (folder.file("far", FAR), folder.path("record.json"));
    let mut command =
        cli("compare nbody -b scalar --algorithms direct,pairs --precisions f64,f32 \
                           --steps 1 --runs 2 --warmup 0 --export-json");
    command.arg(&json).arg(&far).env("CLICOLOR_FORCE", "1");
    let output = command.assert().code(1).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    let note = String::from_utf8(output.stderr).unwrap();
    assert_eq!(note, "cli: not every backend gave a right result\n");
    assert_eq!(text.matches("\u{1b}[1m\u{1b}[31mWRONG RESULT: the accelerations").count(), 2);
    let (_, summary) = text.split_once("Summary").unwrap();
    assert!(summary.contains("scalar f64 direct") && !summary.contains("f32"), "{summary}");
    for result in results(&record(&json)) {
        assert_eq!(result["verification"]["passed"], result["precision"] == "f64", "{result}");
        assert_eq!(result["speedup"].is_null(), result["precision"] == "f32", "{result}");
    }
}

#[test]
fn threads_reference_and_end_are_taken_from_the_command_line() {
    if common::is_without("rayon", "numbers of threads") {
        return;
    }
    let folder = Folder::new();
    let json = folder.path("record.json");
    let line = "compare nbody data/input16 --runs 2 --warmup 0 --t-end 0.0195 --threads 1,2 \
                -b scalar,rayon-scalar --reference rayon-scalar --export-json";
    let text = stdout(cli(line).arg(&json));
    assert!(text.contains("times as fast as rayon-scalar"), "{text}");
    let record = record(&json);
    let threads: Vec<_> = results(&record).iter().map(|result| &result["threads"]).collect();
    assert_eq!(threads, [1, 1, 2]);
    for (result, flag) in results(&record)[1..].iter().zip(["--threads 1 ", "--threads 2 "]) {
        assert!(result["command"].as_str().unwrap().contains(flag), "{result}");
    }
    assert_eq!(results(&record)[1]["speedup"], 1.0);
    assert_eq!(record["inputs"][0]["task"], "16 bodies, 20 steps of 0.001");
}

#[test]
fn wrong_arguments_are_told() {
    let unknown = ["--backends", "did you mean 'scalar'"];
    assert_error(&mut cli(&format!("{QUICK} --backends scaler")), 2, &unknown);
    let all = ["--reference names the backend 'all'"];
    assert_error(&mut cli(&format!("{QUICK} --reference all")), 2, &all);
    assert_error(&mut cli("compare"), 2, &["nothing to compare", "--from"]);
    assert_error(&mut cli("compare nbody"), 2, &["<INPUT>"]);
    assert_error(&mut cli("compare nbody nowhere"), 1, &["cannot read: nowhere"]);
    assert_error(&mut cli("compare --from data/input16"), 1, &["no record of cli compare"]);
    let long = "compare wordcount data/sample.txt --sizes 90G";
    assert_error(&mut cli(long), 2, &["--sizes 90000000000", "has only"]);
    for many in ["18446744073709551615", "5000000000000"] {
        let line = format!("compare nbody --sizes {many}");
        assert_error(&mut cli(&line), 1, &[&format!("no memory for {many} bodies")]);
    }
}

#[test]
fn a_single_body_goes_straight_on() {
    let folder = Folder::new();
    let one = folder.file("one", "1 1 0 0 0 0.5 0 0\n");
    let text = stdout(cli("compare nbody -b scalar --runs 2").arg(&one));
    assert!(text.contains("1 body, 10000 steps of 0.001"), "{text}");
    assert!(!text.contains("Throughput"), "it has no interactions: {text}");
}

#[test]
fn a_reference_without_f64_is_compared_with_scalar() {
    let Some(driver) = common::swiftshader("a reference without f64") else { return };
    let gpu = |line: &str| stdout(cli(line).env("VK_DRIVER_FILES", driver));
    for line in ["-b gpu", "-b gpu --precisions f32", "-b gpu,scalar --reference gpu"] {
        let text = gpu(&format!("{QUICK} {line}"));
        assert!(text.contains("SwiftShader") && text.contains("Verified:"), "{line}: {text}");
    }
    let record: Value =
        serde_json::from_str(&gpu(&format!("{QUICK} -b gpu --export-json -"))).unwrap();
    let build = results(&record)[0]["cold"]["build"].as_f64().unwrap();
    assert!(build > 1e-3, "a driver is not loaded in {build} s");
}

#[test]
fn a_saved_record_is_repeated_and_set_beside() {
    let folder = Folder::new();
    let (old, new) = (folder.path("old.json"), folder.path("new.json"));
    cli(QUICK).args(["-b", "scalar", "--export-json"]).arg(&old).assert().success();
    let mut slower: Value = record(&old);
    for time in slower["results"][0]["times"].as_array_mut().unwrap() {
        *time = (time.as_f64().unwrap() / 1000.0).into();
    }
    slower["inputs"][0]["sha256"] = "of another".into();
    fs::write(&old, slower.to_string()).unwrap();
    let text = stdout(cli("compare --export-json").arg(&new).arg("--from").arg(&old));
    assert!(text.contains("Against the record of"), "{text}");
    assert!(text.contains("the old record has no counterpart of 1 of the results"), "{text}");
    assert_eq!(record(&new)["contest"], slower["contest"]);
    let mut over = cli("compare --export-json");
    let over = over.arg(&old).arg("--from").arg(&old);
    assert_error(over, 2, &["old.json is an input and would be overwritten"]);
    slower["contest"]["nbody"]["input"] = Value::Null;
    fs::write(&old, slower.to_string()).unwrap();
    let damaged = ["nothing to compare: neither an input nor --sizes"];
    assert_error(cli("compare --from").arg(&old), 2, &damaged);
}

#[test]
fn a_run_slower_than_the_record_is_flagged() {
    let folder = Folder::new();
    let old = folder.path("old.json");
    let line = "compare nbody data/input16 --steps 20 --runs 12 -b scalar";
    cli(line).arg("--export-json").arg(&old).assert().success();
    let mut faster = record(&old);
    let result = &mut faster["results"][0];
    for time in result["times"].as_array_mut().unwrap() {
        *time = (time.as_f64().unwrap() / 1000.0).into();
    }
    result["median"] = (result["median"].as_f64().unwrap() / 1000.0).into();
    result["spread"] = 0.0.into();
    fs::write(&old, faster.to_string()).unwrap();
    let text = stdout(cli("compare --from").arg(&old));
    assert!(text.contains("SLOWER"), "{text}");
}

#[test]
fn colours_come_and_go_as_the_user_wants() {
    let line = format!("{QUICK} --backends scalar");
    let forced = stdout(cli(&line).env("CLICOLOR_FORCE", "1"));
    assert!(forced.contains("\u{1b}["), "{forced:?}");
    let piped = stdout(&mut cli(&line));
    assert!(!piped.contains('\u{1b}'), "{piped:?}");
    let plain = stdout(cli(&line).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
}

#[test]
fn exports_are_whole_files() {
    let folder = Folder::new();
    let paths = ["table.csv", "table.md", "report.html"].map(|name| folder.path(name));
    cli(&format!("{QUICK} -b scalar,simd --algorithms direct,tree --precisions f32"))
        .arg("--export-csv")
        .arg(&paths[0])
        .arg("--export-markdown")
        .arg(&paths[1])
        .arg("--html")
        .arg(&paths[2])
        .assert()
        .success();
    let [csv, markdown, html] = paths.map(|path| fs::read_to_string(path).unwrap());
    assert!(csv.starts_with("command,mean,stddev,median,min,max,"), "{csv}");
    assert!(markdown.starts_with("`cli compare nbody data/input16"), "{markdown}");
    assert!(
        markdown.contains("\nNot measured:\n\n- scalar f32 tree: the scalar backend"),
        "{markdown}"
    );
    assert!(html.ends_with("</html>\n") && html.contains("<svg") && !html.contains("http"));
    assert_eq!(folder.names().len(), 3);
}

#[test]
fn a_tree_in_f32_is_listed_with_the_reason() {
    if common::is_without("simd", "the tree") {
        return;
    }
    let line = format!("{QUICK} -b simd --algorithms direct,tree --precisions f64,f32");
    let record: Value =
        serde_json::from_str(&stdout(&mut cli(&format!("{line} --export-json -")))).unwrap();
    let form =
        |r: &Value| [&r["algorithm"], &r["precision"]].map(|v| v.as_str().unwrap().to_owned());
    let measured: Vec<_> = results(&record).iter().map(form).collect();
    assert_eq!(measured, [["direct", "f64"], ["direct", "f32"], ["tree", "f64"]]);
    let skipped = &record["skipped"][0];
    assert_eq!(skipped["what"], "simd f32 tree");
    assert!(skipped["reason"].as_str().unwrap().contains("in f64 only"), "{skipped}");
}

#[test]
fn an_export_to_standard_output_is_alone_there() {
    let text = stdout(&mut cli(&format!("{QUICK} --backends scalar --export-json -")));
    let record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["kernel"], "nbody");
    let twice = format!("{QUICK} --html nowhere.x --export-json nowhere.x");
    assert_error(&mut cli(&twice), 2, &["--export-json and --html both write nowhere.x"]);
    let both = format!("{QUICK} --html - --export-json -");
    assert_error(&mut cli(&both), 2, &["only one export can go to standard output"]);
}

#[test]
fn the_input_is_not_overwritten() {
    let folder = Folder::new();
    let text = folder.file("text", TEXT);
    let mut command = cli("compare wordcount --html");
    assert_error(command.arg(&text).arg(&text), 2, &["is an input and would be overwritten"]);
}
