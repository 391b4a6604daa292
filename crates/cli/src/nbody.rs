//! A run of N-body: what is asked for, how far it is, and how it is saved.

pub(crate) mod checkpoint;
pub(crate) mod job;
mod pace;
pub(crate) mod plan;
pub(crate) mod recording;
pub(crate) mod simulation;
