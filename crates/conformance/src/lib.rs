//! One suite of tests, run against every backend.
//!
//! A case is a function that takes a backend and panics where the backend is wrong. Three kinds:
//!
//! - **laws**: what physics or algebra demands of any implementation (no net force, reversibility,
//!   counts that do not depend on how a text is cut);
//! - **differential**: the same numbers as something slow and obviously right
//!   ([`kernels_core::nbody::reference_accelerations`], a naive word count), at every size around the
//!   widths at which fast code changes its path;
//! - **refusals**: the right error, with the right place in it, and nothing changed by it.
//!
//! A backend runs the suite from a test without a harness of its own:
//!
//! ```no_run
//! use conformance::Subject;
//! # fn all_levels() -> Vec<Subject> { Vec::new() }
//!
//! fn main() -> std::process::ExitCode {
//!     conformance::run(all_levels())
//! }
//! ```
//!
//! A backend that cannot run here shows as one ignored test whose name holds the reason, and so does a
//! case that needs what is not there (Python, the shared data). A skipped test is not a passed one:
//! `PERF_REQUIRE=scalar,simd,rayon,gpu,python,shared` turns the skips it names into failures.
#![forbid(unsafe_code)]

mod harness;
pub mod nbody;
mod need;
pub mod word_count;

pub use harness::{Case, Subject, cases, run, trials};
pub use need::{Need, Required};
