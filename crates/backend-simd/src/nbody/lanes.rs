//! What an instruction level knows about `r^-3`, and which numbers it computes in.

use std::fmt::Debug;

#[cfg(target_arch = "aarch64")]
use fearless_simd::Neon;
use fearless_simd::prelude::*;
#[cfg(target_arch = "x86_64")]
use fearless_simd::{Avx2, Avx512, Sse2};
use fearless_simd::{Fallback, Simd};
use kernels_core::Precision;

#[cfg(target_arch = "x86_64")]
mod series;

/// A native vector of `T`.
pub(super) type Vector<S, T> = <T as SimdFloatElement>::Native<S>;

/// The numbers of a kernel: f64 or f32.
pub(super) trait Real: SimdFloatElement + Send + Sync + Debug + 'static {
    /// What the type is called.
    const PRECISION: Precision;

    /// The largest number.
    const LARGEST: f64;

    /// Rounded from f64.
    fn from_f64(x: f64) -> Self;

    /// Widened to f64.
    fn to_f64(self) -> f64;

    /// Whether the pairs of a body with a block are too much for the registers, seed and all.
    fn in_passes<S: Lanes>() -> bool {
        false
    }

    /// `r^-1` times a factor, roughly.
    fn seed<S: Lanes>(simd: S, r2: Vector<S, Self>) -> Vector<S, Self>;

    /// What a mass is multiplied with in front of the sum, since [`Real::inverse_cube`] lacks it.
    fn weight<S: Lanes>() -> f64;

    /// `r^-3` over [`Real::weight`] from its seed, to the precision of the type.
    fn inverse_cube<S: Lanes>(
        simd: S,
        r2: Vector<S, Self>,
        seed: Vector<S, Self>,
    ) -> Vector<S, Self>;
}

impl Real for f64 {
    const PRECISION: Precision = Precision::F64;
    const LARGEST: f64 = Self::MAX;

    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn in_passes<S: Lanes>() -> bool {
        S::LONG_SEED_F64
    }

    #[inline(always)]
    fn seed<S: Lanes>(simd: S, r2: S::f64s) -> S::f64s {
        simd.seed_f64(r2)
    }

    #[inline(always)]
    fn weight<S: Lanes>() -> f64 {
        S::WEIGHT_F64
    }

    #[inline(always)]
    fn inverse_cube<S: Lanes>(simd: S, r2: S::f64s, seed: S::f64s) -> S::f64s {
        simd.inverse_cube_f64(r2, seed)
    }
}

impl Real for f32 {
    const PRECISION: Precision = Precision::F32;
    const LARGEST: f64 = Self::MAX as f64;

    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as Self
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn seed<S: Lanes>(simd: S, r2: S::f32s) -> S::f32s {
        simd.seed_f32(r2)
    }

    #[inline(always)]
    fn weight<S: Lanes>() -> f64 {
        S::WEIGHT_F32
    }

    #[inline(always)]
    fn inverse_cube<S: Lanes>(simd: S, r2: S::f32s, seed: S::f32s) -> S::f32s {
        simd.inverse_cube_f32(r2, seed)
    }
}

/// An instruction level: how it begins `r^-1` and what is left to do.
///
/// The provided methods are for levels without a fast reciprocal square root in the type: the seed is
/// exact but for rounding, and only has to be cubed.
pub(super) trait Lanes: Simd {
    /// Whether two vectors of bodies and what is computed of them fit into the registers.
    const MANY_REGISTERS: bool = false;

    /// Whether the seed in f64 takes many operations.
    const LONG_SEED_F64: bool = false;

    /// The factor that [`Lanes::inverse_cube_f64`] lacks.
    const WEIGHT_F64: f64 = 1.0;

    /// The factor that [`Lanes::inverse_f64`] lacks.
    const INVERSE_WEIGHT_F64: f64 = 1.0;

    /// The factor that [`Lanes::inverse_cube_f32`] lacks.
    const WEIGHT_F32: f64 = 1.0;

    /// `r^-1` times a factor, roughly.
    #[inline(always)]
    fn seed_f64(self, r2: Self::f64s) -> Self::f64s {
        Self::f64s::splat(self, 1.0) / r2.sqrt()
    }

    /// `r^-3` over [`Lanes::WEIGHT_F64`] from its seed.
    #[inline(always)]
    fn inverse_cube_f64(self, _r2: Self::f64s, seed: Self::f64s) -> Self::f64s {
        seed * seed * seed
    }

    /// `r^-1` over [`Lanes::INVERSE_WEIGHT_F64`] from its seed.
    #[inline(always)]
    fn inverse_f64(self, _r2: Self::f64s, seed: Self::f64s) -> Self::f64s {
        seed
    }

    /// `r^-1`, roughly.
    #[inline(always)]
    fn seed_f32(self, r2: Self::f32s) -> Self::f32s {
        Self::f32s::splat(self, 1.0) / r2.sqrt()
    }

    /// `r^-3` over [`Lanes::WEIGHT_F32`] from its seed.
    #[inline(always)]
    fn inverse_cube_f32(self, _r2: Self::f32s, seed: Self::f32s) -> Self::f32s {
        seed * seed * seed
    }
}

impl Lanes for Fallback {}

#[cfg(target_arch = "x86_64")]
impl Lanes for Sse2 {}

#[cfg(target_arch = "aarch64")]
impl Lanes for Neon {}

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    const MANY_REGISTERS: bool = true;
    const WEIGHT_F64: f64 = series::CUBE.weight;
    const INVERSE_WEIGHT_F64: f64 = series::INVERSE.weight;
    const WEIGHT_F32: f64 = series::WEIGHT_F32;

    #[inline(always)]
    fn seed_f64(self, r2: Self::f64s) -> Self::f64s {
        if cfg!(miri) {
            return Self::f64s::splat(self, MIRI_ERROR) / r2.sqrt();
        }
        x86::rsqrt14_f64(self, r2.into()).simd_into(self)
    }

    #[inline(always)]
    fn inverse_cube_f64(self, r2: Self::f64s, seed: Self::f64s) -> Self::f64s {
        series::inverse_cube(self, &series::CUBE, r2, seed)
    }

    #[inline(always)]
    fn inverse_f64(self, r2: Self::f64s, seed: Self::f64s) -> Self::f64s {
        series::inverse(self, &series::INVERSE, r2, seed)
    }

    #[inline(always)]
    fn seed_f32(self, r2: Self::f32s) -> Self::f32s {
        if cfg!(miri) {
            return Self::f32s::splat(self, MIRI_ERROR as f32) / r2.sqrt();
        }
        x86::rsqrt14_f32(self, r2.into()).simd_into(self)
    }

    #[inline(always)]
    fn inverse_cube_f32(self, r2: Self::f32s, seed: Self::f32s) -> Self::f32s {
        series::inverse_cube_f32(self, r2, seed)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
    const LONG_SEED_F64: bool = true;
    const WEIGHT_F64: f64 = series::CUBE_OF_POLISHED.weight;
    const INVERSE_WEIGHT_F64: f64 = series::INVERSE_OF_POLISHED.weight;
    const WEIGHT_F32: f64 = series::WEIGHT_F32;

    #[inline(always)]
    fn seed_f64(self, r2: Self::f64s) -> Self::f64s {
        series::polish(self, r2, x86::halve_exponent(self, r2.into()).simd_into(self))
    }

    #[inline(always)]
    fn inverse_cube_f64(self, r2: Self::f64s, seed: Self::f64s) -> Self::f64s {
        series::inverse_cube(self, &series::CUBE_OF_POLISHED, r2, seed)
    }

    #[inline(always)]
    fn inverse_f64(self, r2: Self::f64s, seed: Self::f64s) -> Self::f64s {
        series::inverse(self, &series::INVERSE_OF_POLISHED, r2, seed)
    }

    #[inline(always)]
    fn seed_f32(self, r2: Self::f32s) -> Self::f32s {
        if cfg!(miri) {
            return Self::f32s::splat(self, MIRI_ERROR as f32) / r2.sqrt();
        }
        x86::rsqrt_f32(self, r2.into()).simd_into(self)
    }

    #[inline(always)]
    fn inverse_cube_f32(self, r2: Self::f32s, seed: Self::f32s) -> Self::f32s {
        series::inverse_cube_f32(self, r2, seed)
    }
}

/// By how much a seed is off under Miri, which lacks the instructions: as much as `rsqrt14` may be.
#[cfg(target_arch = "x86_64")]
const MIRI_ERROR: f64 = 1.0 + 1.0 / 16_384.0;

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The instructions that `fearless_simd` has no name for.

    use std::arch::x86_64::*;

    fearless_simd::kernel!(
        /// `r^-1` to 14 bits, for every normal and subnormal number.
        #[inline(always)]
        pub(super) fn rsqrt14_f64(avx512: Avx512, r2: __m512d) -> __m512d {
            _mm512_rsqrt14_pd(r2)
        }
    );

    fearless_simd::kernel!(
        /// `r^-1` to 14 bits.
        #[inline(always)]
        pub(super) fn rsqrt14_f32(avx512: Avx512, r2: __m512) -> __m512 {
            _mm512_rsqrt14_ps(r2)
        }
    );

    fearless_simd::kernel!(
        /// `r^-1` to 11.4 bits.
        #[inline(always)]
        pub(super) fn rsqrt_f32(avx2: Avx2, r2: __m256) -> __m256 {
            _mm256_rsqrt_ps(r2)
        }
    );

    fearless_simd::kernel!(
        /// `r^-1` to 3.5 %: the exponent halved and negated, the fraction interpolated.
        #[inline(always)]
        pub(super) fn halve_exponent(avx2: Avx2, r2: __m256d) -> __m256d {
            let magic = _mm256_set1_epi64x(0x5fe6_eb50_c7b5_37a9);
            let half = _mm256_srli_epi64::<1>(_mm256_castpd_si256(r2));
            _mm256_castsi256_pd(_mm256_sub_epi64(magic, half))
        }
    );
}
