//! The suite of every backend, against the plain one.

use std::process::ExitCode;
use std::sync::Arc;

use backend_scalar::Scalar;
use conformance::Subject;

fn main() -> ExitCode {
    conformance::run([Subject::new("scalar", Arc::new(Scalar::new()))])
}
