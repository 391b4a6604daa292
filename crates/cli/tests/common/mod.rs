//! What every test of the program needs: the program, the project's data, a place to write.
#![expect(dead_code, reason = "every test program uses a part of it")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use tempfile::TempDir;

/// Two bodies that circle each other.
pub(crate) const BINARY: &str = "1 0.5 -0.5 0 0 0 -0.5 0\n2 0.5 0.5 0 0 0 0.5 0\n";

/// The program, with nothing of the environment that could change what it does.
pub(crate) fn cli(arguments: &str) -> Command {
    Command::from_std(program(arguments))
}

/// The same as a command of the standard library, to be started and watched.
pub(crate) fn program(arguments: &str) -> process::Command {
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_cli"));
    command.current_dir(root()).args(arguments.split_whitespace());
    for variable in ["PERF_BACKEND", "PERF_SIMD_LEVEL", "RAYON_NUM_THREADS", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.env("PERF_CACHE_DIR", cache());
    command
}

/// A folder that is not there, and of no other test program where something is kept in it: what was found out about this
/// machine is none of a test's business.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cache-{}", process::id()))
}

/// The root of the repository, where the README's commands are typed.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the program prints on standard output when all goes well.
pub(crate) fn stdout(command: &mut Command) -> String {
    let output = command.assert().success().get_output().stdout.clone();
    String::from_utf8(output).expect("UTF-8")
}

/// An error as a user sees it: one line on standard error, this code, and nothing else.
pub(crate) fn assert_error(command: &mut Command, code: i32, parts: &[&str]) {
    let output = command.assert().code(code).get_output().clone();
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("cli: "), "{error}");
    for part in parts {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

/// A folder of one test's own.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with these contents.
    pub(crate) fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).expect("a new file");
        path
    }

    /// The names of all files, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder");
        let name =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }
}

/// Says on the terminal, past the harness that swallows what passing tests print, what is not tested.
pub(crate) fn skip(what: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "skipped: {what}: {reason}");
}

/// Whether `PERF_REQUIRE` makes a skip of what needs `name` a failure.
pub(crate) fn is_required(name: &str) -> bool {
    let list = std::env::var("PERF_REQUIRE").unwrap_or_default();
    list.split(',').any(|required| required.trim() == name)
}

/// Whether a test of `what` is skipped because a backend is not ready, which `PERF_REQUIRE` makes a failure.
pub(crate) fn is_without(backend: &str, what: &str) -> bool {
    let Some(reason) = missing(backend) else { return false };
    assert!(!is_required(backend), "PERF_REQUIRE asks for {backend}: {reason}");
    skip(what, &reason);
    true
}

/// Why a backend is not ready.
pub(crate) fn missing(backend: &str) -> Option<String> {
    static LISTED: OnceLock<String> = OnceLock::new();
    let listed = LISTED.get_or_init(|| stdout(&mut cli("backends --json")));
    let records: Vec<serde_json::Value> = serde_json::from_str(listed).unwrap();
    match records.iter().find(|record| record["name"] == backend) {
        Some(record) => record["reason"].as_str().map(str::to_owned),
        None => Some(format!("this build has no {backend} backend")),
    }
}

/// The folder of real input beside the repository, or a skip with the reason.
pub(crate) fn shared(what: &str) -> Option<PathBuf> {
    let folder = root().join("../shared").join(what);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(!is_required("shared"), "PERF_REQUIRE asks for the folder shared: no {what} in it");
    skip(what, "there is no such folder beside the repository");
    None
}

/// Columns of numbers, line by line, without the ids.
pub(crate) fn bodies(text: &str) -> Vec<Vec<f64>> {
    let row = |line: &str| line.split(' ').skip(1).map(|x| x.parse().unwrap()).collect();
    text.lines().map(row).collect()
}

/// A GPU driver without f64, or a skip of `what` with the reason.
pub(crate) fn swiftshader(what: &str) -> Option<&'static str> {
    if let Some(reason) = missing("gpu").filter(|reason| reason.starts_with("this build")) {
        skip(what, &reason);
        return None;
    }
    let driver = "/opt/swiftshader/vk_swiftshader_icd.json";
    if Path::new(driver).exists() {
        return Some(driver);
    }
    assert!(!is_required("swiftshader"), "PERF_REQUIRE asks for SwiftShader: {driver}");
    skip(what, "no SwiftShader is installed");
    None
}

/// The program at work, its output thrown away.
pub(crate) fn start(arguments: &str, paths: &[&Path]) -> Child {
    program(arguments).args(paths).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until the file is there.
pub(crate) fn wait_for(path: &Path) {
    wait_until(&format!("{} to be there", path.display()), || path.exists());
}

/// Waits until the run has saved itself behind a step. Its first save is of its start.
pub(crate) fn wait_for_steps(saved: &Path) {
    wait_until(&format!("a step in {}", saved.display()), || {
        saved.exists() && steps_done(saved) > 0
    });
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited a minute for {what}");
        sleep(Duration::from_millis(2));
    }
}

/// The number of steps in the header of a saved run.
pub(crate) fn steps_done(saved: &Path) -> u64 {
    let bytes = fs::read(saved).unwrap();
    let header = bytes.split(|&byte| byte == b'\n').nth(1).unwrap();
    serde_json::from_slice::<serde_json::Value>(header).unwrap()["step"].as_u64().unwrap()
}

/// Ends a run as Ctrl-C does, and gives what it printed.
#[cfg(unix)]
pub(crate) fn interrupt(run: Child) -> Output {
    end_by("INT", run)
}

/// Ends a run by a signal that it heeds, and gives what it printed.
#[cfg(unix)]
pub(crate) fn end_by(signal: &str, run: Child) -> Output {
    let (id, (ended, watched)) = (run.id(), mpsc::channel::<()>());
    send(signal, id);
    // A shell has what it starts in the background ignore Ctrl-C, and nobody is to wait for a long run then.
    let watch = thread::spawn(move || {
        if watched.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            send("KILL", id);
        }
    });
    let output = run.wait_with_output().unwrap();
    drop(ended);
    watch.join().unwrap();
    assert_eq!(output.status.code(), Some(130), "after {signal}");
    output
}

/// Sends a signal to a process.
#[cfg(unix)]
pub(crate) fn send(signal: &str, process: u32) {
    let command = ["-s", signal, &process.to_string()].map(str::to_owned);
    assert!(process::Command::new("kill").args(command).status().unwrap().success());
}
