//! Backends timed against each other on the same work.
//!
//! For each input every entrant (a backend with an algorithm, a precision and a number of threads)
//! finds its device, builds its kernel and runs once; that is the **cold** time, with driver, pipelines
//! and thread pool. Its warm-up
//! runs follow, then the timed **warm** runs: A B C A B C and never A A A B B B, since clock rates
//! and neighbours drift by more than the differences that matter, over seconds, not milliseconds
//! (Mytkowicz et al., Producing Wrong Data Without Doing Anything Obviously Wrong, ASPLOS 2009).
//! Reading input, copying the state to start from and verifying lie outside the timed region; what a
//! GPU has queued is done before the clock stops, since a kernel returns its result.
//!
//! Each run is **verified**: see [`nbody`] and [`word_count`]. A wrong result has no rank.

pub(crate) mod changes;
mod contest;
pub(crate) mod export;
mod nbody;
mod record;
mod roster;
mod runner;
mod statistics;
pub(crate) mod terminal;
pub(crate) mod units;
mod word_count;

pub(crate) use contest::hold;
pub(crate) use record::Record;
