//! The suite of every backend, against the adapter of this machine.

use std::process::ExitCode;
use std::sync::Arc;

use backend_gpu::Gpu;
use conformance::Subject;

fn main() -> ExitCode {
    conformance::run([Subject::new("gpu", Arc::new(Gpu::new()))])
}
