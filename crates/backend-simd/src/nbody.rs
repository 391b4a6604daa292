//! Gravitational N-body on the lanes of one core, by direct summation or by a tree.
//!
//! ```text
//! a_i = sum over j of m_j (x_j - x_i) r^-3        r^2 = |x_j - x_i|^2 + eps^2
//! y = rsqrt(r^2) to 14 bits;   t = 9/7 - r^2 y^2;   r^-3 = 35/16 y^3 (t^3 + 108/245 t + 528/1715)
//! ```
//!
//! No square root and no division: the series of `(1 - h)^(-3/2)` in `h = 1 - r^2 y^2`, `|h| < 2^-13`, stops at half a unit in
//! the last place of f64 (in f32 after the first term), and takes 3 operations in this form, the factor being left to the masses
//! ([`lanes::series`]). Levels without such a seed take a square root and divide.
//! Each pair is computed once and serves both bodies (Newton's third law), 8 pairs at a time in f64
//! with AVX-512.
//!
//! - `lanes`: what an instruction level knows about `r^-1` and `r^-3`;
//! - `pairs`: the forces within a block of bodies, a vector's width of them, and between two;
//! - `tiles`: the forces between many blocks, a tile of bodies against block after block;
//! - `resident`: many steps of up to three blocks without leaving registers and first-level cache;
//! - `system`, `step`, `motion`: the units that a large system is cut into, and how bodies move;
//! - `energy`: kinetic and potential energy;
//! - `tree`: the fast multipole method.
//!
//! # Cost
//!
//! What binds is the two ports that multiply. A vector of pairs takes 3 subtractions, 3 fused
//! multiply-adds for `r^2`, 6 operations for `r^-3`, 2 products with the masses and 6 accumulations,
//! and the seed: with AVX-512 one instruction of 3 operations, together 23 on 2 ports, 11.5 cycles for 16
//! directed interactions in f64. With AVX2, which has no such instruction for f64, the seed is made of 6
//! operations (see [`lanes`]); the subtractions and one of those go to a third port, and 22 on 2 ports make
//! 11 cycles for 8 directed interactions, which is the ceiling of that level. Sixteen registers
//! hold less than what is under way: neither intrinsics written by hand reach it nor the passes of [`tiles`], which
//! come within a tenth of the best of several hand-written forms. A level without a seed is bound by its square
//! root and division, some 10 cycles for 2 pairs.
//!
//! `benches/record/nbody-cpu.md` has what was measured, beside programs written for one processor.
//!
//! # Error
//!
//! Relative to the rms acceleration some 2e-16 to 5e-16 in f64, the same as a plain loop with square
//! root and division. Distances may lie between 1e-95 and 1e100, in f32 between 1e-9 and 1e12 (of masses near 1). In f32 the
//! positions are rounded to f32 first, and the error is that of the closest pairs' differences.
//!
//! # Bits
//!
//! The cut of the work is fixed by `n` and the level; partial sums are added in a fixed order. So a
//! result has the same bits on any number of threads. It does not depend on how a run is cut into calls
//! either: see [`motion`].
//!
//! Literature: Karp, Scientific Programming 1, 133 (1993); Nitadori, Makino & Hut, New Astronomy 12, 169
//! (2006); Tanikawa, Yoshikawa, Okamoto & Nitadori, New Astronomy 17, 82 (2012).

mod direct;
mod energy;
mod lanes;
mod motion;
mod pairs;
mod resident;
mod step;
mod system;
mod tiles;
mod tree;

use std::sync::Arc;

use fearless_simd::{Fallback, Level as Detected};
use kernels_core::{Executor, NBody, NBodyAlgorithm, NBodyOptions, Precision};

use crate::Level;
use direct::Direct;
use lanes::Lanes;

/// The kernel for `level` and `precision`, its units run by `executor`.
pub(crate) fn build(
    level: Level,
    precision: Precision,
    options: &NBodyOptions,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    let detected = Detected::new();
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if let Some(simd) = detected.as_avx512() => {
            for_level(simd, precision, options, executor)
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 if let Some(simd) = detected.as_avx2() => {
            for_level(simd, precision, options, executor)
        }
        #[cfg(target_arch = "x86_64")]
        Level::Sse2 if let Some(simd) = detected.as_sse2() => {
            for_level(simd, precision, options, executor)
        }
        #[cfg(target_arch = "aarch64")]
        Level::Neon if let Some(simd) = detected.as_neon() => {
            for_level(simd, precision, options, executor)
        }
        _ => for_level(Fallback::new(), precision, options, executor),
    }
}

fn for_level<S: Lanes>(
    simd: S,
    precision: Precision,
    options: &NBodyOptions,
    executor: Arc<dyn Executor>,
) -> Box<dyn NBody> {
    match (options.algorithm, precision) {
        (NBodyAlgorithm::Tree, _) => tree::build(simd, options, executor),
        (_, Precision::F32) => Box::new(Direct::<S, f32>::new(simd, options, executor)),
        _ => Box::new(Direct::<S, f64>::new(simd, options, executor)),
    }
}
