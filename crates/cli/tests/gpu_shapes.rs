//! What a run on a GPU finds out about the adapter.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Folder, cli, root, stdout};

mod common;

/// A run is long enough after a second, and a software adapter compiles slowly.
const PATIENCE: Duration = Duration::from_secs(300);

/// The program takes its steps in many short calls, so no call is a long one.
#[test]
fn a_long_run_finds_the_best_shape_and_keeps_it() {
    if common::is_without("gpu", "shapes of a GPU") {
        return;
    }
    let folder = Folder::new();
    let mut run = Command::new(env!("CARGO_BIN_EXE_cli"));
    run.args(["nbody", "-q", "-b", "gpu", "data/input1k", "--t-end", "1e9"]).current_dir(root());
    run.env("PERF_CACHE_DIR", folder.path("cache")).stdout(Stdio::null());
    let mut run = run.spawn().expect("the program");
    let (begun, found) = (Instant::now(), folder.path("cache/gpu-shapes.tsv"));
    while !found.exists() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    run.kill().expect("it still runs");
    run.wait().expect("its end");
    let told = stdout(cli("backends").env("PERF_CACHE_DIR", folder.path("cache")));
    assert!(told.contains("from 1024 bodies on: workgroups of"), "{told}");
}
