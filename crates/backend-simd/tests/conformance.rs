//! The suite of every backend, against every instruction level of this processor.

use std::process::ExitCode;
use std::sync::Arc;

use backend_simd::{Level, Simd};
use conformance::Subject;

fn main() -> ExitCode {
    let simd = |level| Simd::with_level(level).map(|simd| (level, simd));
    let subjects = Level::available().into_iter().filter_map(simd);
    conformance::run(
        subjects.map(|(level, simd)| Subject::new(format!("simd[{level}]"), Arc::new(simd))),
    )
}
