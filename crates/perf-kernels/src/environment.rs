//! The one place where the environment is read.
//!
//! | variable | meaning |
//! |---|---|
//! | `PERF_BACKEND` | the backend's name, where neither the API nor a flag gives one |
//! | `PERF_SIMD_LEVEL` | a lower instruction level for `simd` and `rayon`, so that one machine tests all |
//!
//! An empty variable counts as none.

use std::env;

/// What the environment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) backend: Option<String>,
    pub(crate) simd_level: Option<String>,
}

impl Environment {
    pub(crate) fn read() -> Self {
        Self { backend: variable("PERF_BACKEND"), simd_level: variable("PERF_SIMD_LEVEL") }
    }
}

fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    let value = value.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
}
