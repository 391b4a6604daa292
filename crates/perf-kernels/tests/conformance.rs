//! The suite of every backend, against those that a program gets from the facade.

use std::process::ExitCode;
use std::sync::Arc;

use conformance::Subject;

fn main() -> ExitCode {
    let backends = perf_kernels::backends().expect("the settings of the environment");
    conformance::run(
        backends.iter().map(|backend| Subject::new(backend.name(), Arc::clone(backend))),
    )
}
