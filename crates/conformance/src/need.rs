//! What a case needs besides the backend, and which skips are failures.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// What a case needs besides the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A `python3` to run the oracle.
    Python,
    /// The folder `shared` beside the repository, with books, nbabel's inputs and golden results.
    Shared,
}

impl Need {
    /// The word by which `PERF_REQUIRE` demands it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Shared => "shared",
        }
    }

    /// Nothing where it is there, else why it is not.
    ///
    /// # Errors
    /// The reason, without a full stop.
    pub fn probe(self) -> Result<(), String> {
        match self {
            Self::Python => python().clone(),
            Self::Shared if shared().join("data").is_dir() => Ok(()),
            Self::Shared => Err("no folder shared/data beside the repository".to_owned()),
        }
    }
}

/// The names in `PERF_REQUIRE`: what may not be skipped.
#[derive(Debug, Clone, Default)]
pub struct Required(Vec<String>);

impl Required {
    /// The list of the environment variable `PERF_REQUIRE`.
    #[must_use]
    pub fn from_env() -> Self {
        Self::parse(&std::env::var("PERF_REQUIRE").unwrap_or_default())
    }

    /// A list of names with commas between them.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        Self(names.map(str::to_owned).collect())
    }

    /// Whether `name` is in the list.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.0.iter().any(|required| required == name)
    }
}

/// The folder with real input, beside the repository.
pub(crate) fn shared() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "..", "shared"].iter().collect()
}

fn python() -> &'static Result<(), String> {
    static PROBE: OnceLock<Result<(), String>> = OnceLock::new();
    PROBE.get_or_init(|| match Command::new("python3").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("python3 --version ended with {}", output.status)),
        Err(error) => Err(format!("no python3: {error}")),
    })
}
