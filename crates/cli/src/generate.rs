//! Input made by rule: a star cluster and a text.
//!
//! Both draw from ChaCha8 with a key of the seed alone, and use only operations that IEEE 754 rounds
//! exactly, so the same arguments give the same bytes on every machine.

pub(crate) mod plummer;
mod random;
pub(crate) mod text;
