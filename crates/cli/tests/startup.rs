//! What the program starts before it computes: nothing that was not asked for.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

#[test]
fn one_core_is_one_thread_and_no_driver() {
    for (backend, threads) in
        [("scalar", 1), ("simd", 1), ("auto", 1), ("rayon --threads 3", 1 + 3)]
    {
        let running = Running::start(&format!("nbody data/input16 --report-every 1 -b {backend}"));
        assert_eq!(running.threads(), threads, "{backend}");
        assert!(!running.has_loaded("libvulkan"), "{backend}");
    }
    // Where there is a GPU, its driver is seen in the same way.
    if common::is_without("gpu", "the driver of a GPU") {
        return;
    }
    let running = Running::start("nbody data/input16 --report-every 1 -b gpu");
    assert!(running.has_loaded("libvulkan"));
}

/// The program at work, after its first line.
struct Running {
    child: Child,
    /// Open and not read: the lines of a run are more than a pipe holds, so that the program waits.
    _output: BufReader<ChildStdout>,
}

impl Running {
    fn start(arguments: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
            .current_dir(common::root())
            .env("PERF_CACHE_DIR", common::cache())
            .args(arguments.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with("t = "), "{arguments}: {line}");
        Self { child, _output: output }
    }

    /// What the kernel tells of the process.
    fn told(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    fn threads(&self) -> usize {
        let status = self.told("status");
        let line = status.lines().find_map(|line| line.strip_prefix("Threads:"));
        line.and_then(|number| number.trim().parse().ok()).expect("a number of threads")
    }

    fn has_loaded(&self, library: &str) -> bool {
        self.told("maps").contains(library)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("it runs until it is killed");
        self.child.wait().expect("it was started");
    }
}
