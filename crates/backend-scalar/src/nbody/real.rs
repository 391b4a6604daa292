//! The two float types that a system may be computed in.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

/// `f64` or `f32`.
pub(super) trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Mul<Output = Self>
    + Div<Output = Self>
    + Into<f64>
    + 'static
{
    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;

    fn sqrt(self) -> Self;
}

impl Real for f64 {
    fn from_f64(x: f64) -> Self {
        x
    }

    fn sqrt(self) -> Self {
        self.sqrt()
    }
}

impl Real for f32 {
    fn from_f64(x: f64) -> Self {
        x as Self
    }

    fn sqrt(self) -> Self {
        self.sqrt()
    }
}

/// `m / r^3` from `r^2`, and 0 where `r` is 0: a body does not attract itself.
///
/// Bodies at one point are refused before a run. Where a run takes two of them to one point, or the
/// float type cannot tell them apart, they do not attract each other for that moment.
#[inline(always)]
pub(super) fn over_cube<T: Real>(mass: T, r2: T) -> T {
    if r2 > T::default() { mass / (r2 * r2.sqrt()) } else { T::default() }
}
