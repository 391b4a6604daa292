//! Pictures: charts drawn as SVG, and the same SVG rasterised where a PNG is asked for.
//!
//! The font comes with the program, so that a machine without fonts draws the same picture.

mod bars;
mod canvas;
mod energy;
mod frame;
mod orbits;
mod picture;
mod scale;
mod zipf;

pub(crate) use bars::bars;
pub(crate) use energy::energy_error;
pub(crate) use orbits::orbits;
pub(crate) use picture::{Picture, PictureFile};
pub(crate) use zipf::{Book, rank_frequency};
