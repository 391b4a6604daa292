//! The one place where the environment is read.
//!
//! | variable | meaning |
//! |---|---|
//! | `PERF_BACKEND` | the backend's name, where neither the API nor a flag gives one |
//! | `PERF_CACHE_DIR` | where calibrations and what is found out about a GPU are kept; else `perf-kernels` in `XDG_CACHE_HOME`, else in `~/.cache` |
//! | `PERF_SIMD_LEVEL` | a lower instruction level for `simd` and `rayon`, so that one machine tests all |
//!
//! An empty variable counts as none.

use std::env;
use std::path::PathBuf;

/// What the environment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) backend: Option<String>,
    pub(crate) simd_level: Option<String>,
    /// The directory for what may be lost; none where the user has no home.
    pub(crate) cache: Option<PathBuf>,
}

impl Environment {
    pub(crate) fn read() -> Self {
        Self {
            backend: variable("PERF_BACKEND"),
            simd_level: variable("PERF_SIMD_LEVEL"),
            cache: cache(path),
        }
    }
}

/// The cache directory by the XDG Base Directory Specification, which has relative paths ignored.
fn cache(path: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name| path(name).filter(|path| path.is_absolute());
    path("PERF_CACHE_DIR").or_else(|| {
        let home = || absolute("HOME").map(|home| home.join(".cache"));
        absolute("XDG_CACHE_HOME").or_else(home).map(|caches| caches.join("perf-kernels"))
    })
}

fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    let value = value.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_most_special_variable_says() {
        let find = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, path)| (*name, PathBuf::from(path))).collect();
            cache(|wanted| {
                set.iter().find(|(name, _)| *name == wanted).map(|(_, path)| path.clone())
            })
        };
        let all = [("PERF_CACHE_DIR", "here"), ("XDG_CACHE_HOME", "/caches"), ("HOME", "/home/me")];
        assert_eq!(find(&all), Some("here".into()));
        assert_eq!(find(&all[1..]), Some("/caches/perf-kernels".into()));
        assert_eq!(find(&all[2..]), Some("/home/me/.cache/perf-kernels".into()));
        let relative = [("XDG_CACHE_HOME", "caches"), all[2]];
        assert_eq!(find(&relative), Some("/home/me/.cache/perf-kernels".into()));
        assert_eq!(find(&[]), None);
    }
}
