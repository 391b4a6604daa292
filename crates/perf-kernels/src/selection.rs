//! Which backend was asked for, by whom, and what became of it.
//!
//! API argument > flag > `PERF_BACKEND` > `auto`. There is no silent fallback: a named backend runs or
//! fails, and the error says where the name came from.

use std::fmt;
use std::sync::Arc;

use kernels_core::Backend;

use crate::environment::Environment;

/// A backend's name, or `auto`, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The name, lower case.
    pub name: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Choice {
    /// The word that leaves the choice to the library.
    pub const AUTO: &str = "auto";

    /// The name a program gives.
    #[must_use]
    pub fn argument(name: &str) -> Self {
        Self::new(name, Origin::Argument)
    }

    /// The name a flag gives, else the one `PERF_BACKEND` gives, else `auto`.
    #[must_use]
    pub fn from_flag(flag: Option<&str>) -> Self {
        Self::first_of(flag, Environment::read().backend.as_deref())
    }

    /// `auto`, since nobody gave a name.
    #[must_use]
    pub fn auto() -> Self {
        Self::new(Self::AUTO, Origin::Default)
    }

    /// Whether the library is to choose.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.name == Self::AUTO
    }

    fn first_of(flag: Option<&str>, variable: Option<&str>) -> Self {
        match (flag, variable) {
            (Some(name), _) => Self::new(name, Origin::Flag("--backend")),
            (None, Some(name)) => Self::new(name, Origin::Environment),
            (None, None) => Self::auto(),
        }
    }

    fn new(name: &str, origin: Origin) -> Self {
        Self { name: name.to_ascii_lowercase(), origin }
    }
}

/// Where the name of a backend came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An argument of a function of this library.
    Argument,
    /// A flag of the command line, such as `--backend`.
    Flag(&'static str),
    /// The variable `PERF_BACKEND`.
    Environment,
    /// Nowhere: the default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argument => "the argument",
            Self::Flag(flag) => flag,
            Self::Environment => "PERF_BACKEND",
            Self::Default => "the default",
        })
    }
}

/// The backend that will run.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The backend.
    pub backend: Arc<dyn Backend>,
    /// What was asked for: its name, or `auto`.
    pub requested: String,
    /// Of `auto`: what it chose and why, one line without the backend's rivals.
    pub reason: Option<String>,
}

/// Why no backend could be selected. The message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// There is no backend of this name.
    #[error(
        "{origin} names the backend '{name}', which does not exist: choose one of {}{}",
        valid.join(", "),
        suggestion.as_ref().map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
    )]
    Unknown {
        /// The name given.
        name: String,
        /// Where it came from.
        origin: Origin,
        /// The names there are.
        valid: Vec<String>,
        /// The nearest of them, if it is near.
        suggestion: Option<String>,
    },
    /// The backend exists, but this build leaves it out.
    #[error(
        "{origin} names the backend '{name}', which this build leaves out: build with --features {features}"
    )]
    NotCompiledIn {
        /// The name given.
        name: String,
        /// Where it came from.
        origin: Origin,
        /// The Cargo features it needs.
        features: &'static str,
    },
    /// The backend cannot run on this machine.
    #[error("{origin} names the backend '{name}', which cannot run here: {reason}; {remedy}")]
    Unavailable {
        /// Its name.
        name: &'static str,
        /// Where the name came from.
        origin: Origin,
        /// What is missing.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// No backend that is ready and that `auto` may choose can do what is asked.
    #[error(
        "no backend that auto may choose here has {what}: {}ask for another precision or algorithm",
        software.map_or_else(String::new, |name| format!("name '{name}', whose adapter is software, or "))
    )]
    NoneFits {
        /// The precision and algorithm asked for.
        what: String,
        /// The backend that could do it, on a software adapter.
        software: Option<&'static str>,
    },
    /// A setting of the environment or the program cannot be.
    #[error("{setting} is '{value}': {expected}")]
    InvalidSetting {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it could be.
        expected: String,
    },
    /// Two backends of one name.
    #[error("a backend named '{name}' is registered already: give yours another name")]
    Duplicate {
        /// The name.
        name: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_environment_and_that_beats_auto() {
        let origin = |flag, variable| Choice::first_of(flag, variable).origin;
        assert_eq!(origin(Some("simd"), Some("gpu")), Origin::Flag("--backend"));
        assert_eq!(origin(None, Some("gpu")), Origin::Environment);
        assert_eq!(origin(None, None), Origin::Default);
        assert!(Choice::first_of(None, None).is_auto());
        assert!(Choice::first_of(Some("AUTO"), Some("gpu")).is_auto());
    }
}
