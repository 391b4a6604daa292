//! The suite of every backend, against the adapter of this machine, and in processes of their own against
//! SwiftShader, which has no f64 and small workgroups, and against Mesa 22.3, which cuts long loops.

use std::process::{Command, ExitCode};
use std::sync::Arc;

use backend_gpu::Gpu;
use common::{mesa_22, not_run, swiftshader};
use conformance::{Required, Subject};
use libtest_mimic::{Arguments, Failed, Trial};

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;

/// Names the adapter in the process for another one.
const ADAPTER: &str = "PERF_GPU_ADAPTER";

/// The cases that depend on the adapter, to keep the other runs short: the rest is the host's work.
const CASES: [&str; 3] = ["nbody_", "words_of_generated_text", "last_word_is"];

fn main() -> ExitCode {
    let required = Required::from_env();
    let gpu = Arc::new(Gpu::new());
    let mut trials = match std::env::var(ADAPTER) {
        Ok(adapter) => {
            conformance::trials(&Subject::new(format!("gpu[{adapter}]"), gpu), &required)
        }
        Err(_) => conformance::trials(&Subject::new("gpu", gpu), &required),
    };
    if std::env::var_os(ADAPTER).is_none() {
        for (adapter, driver) in [("swiftshader", swiftshader()), ("mesa-22.3", mesa_22())] {
            trials.extend(CASES.map(|cases| on_driver(adapter, driver, cases, &required)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn on_driver(
    adapter: &'static str,
    driver: Result<&'static str, &'static str>,
    cases: &'static str,
    required: &Required,
) -> Trial {
    let name = format!("gpu[{adapter}]::{cases}");
    match driver {
        Ok(driver) => Trial::test(name, move || run(adapter, driver, cases)),
        Err(reason) => not_run(&name, reason, required.names(adapter)),
    }
}

fn run(adapter: &str, driver: &str, cases: &str) -> Result<(), Failed> {
    let output = Command::new(std::env::current_exe()?)
        .arg(cases)
        .env("VK_DRIVER_FILES", driver)
        .env("PERF_REQUIRE", "gpu")
        .env(ADAPTER, adapter)
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    // No case of that name would be a success, too.
    if output.status.success() && !told.contains(" 0 passed") {
        return Ok(());
    }
    Err(Failed::from(told))
}
