//! From a rough inverse root to `r^-1` and `r^-3`.
//!
//! ```text
//! h = 1 - r^2 y^2      r^-1 = y   (1 + 1/2 h + 3/8  h^2 +  5/16 h^3)
//!                      r^-3 = y^3 (1 + 3/2 h + 15/8 h^2 + 35/16 h^3)
//! ```
//!
//! leaves a term of fourth order, `35/128 h^4` and `315/128 h^4`: with `|h| < 2^-13` less than rounding. By Horner that is 4
//! operations behind `h`, the product with `y^3` among them. One less is enough (Knuth, The Art of Computer Programming 2,
//! 4.6.4, adaptation of coefficients): a shift, `t = h + 2/7` for `r^-3`, takes the square out of the polynomial, the
//! first factor is left to the masses, and the shift and a scale of the seed cost nothing, since they are in the
//! constants:
//!
//! ```text
//! t = BEHIND - r^2 y^2      r^-3 = WEIGHT y^3 (t (t^2 + LINEAR) + LAST)
//! ```
//!
//! Error: rounding, some 3 units in the last place.

use fearless_simd::prelude::*;

/// A series of third order without its square.
#[derive(Debug)]
pub(super) struct Series {
    /// `t` is this less `r^2 y^2`.
    behind: f64,
    linear: f64,
    last: f64,
    /// What the result has to be multiplied with.
    pub(super) weight: f64,
}

/// Of `r^-3`.
pub(super) const CUBE: Series = Series {
    behind: 1.285_714_285_714_285_8,
    linear: 0.440_816_326_530_612_26,
    last: 0.307_871_720_116_618_06,
    weight: 2.187_499_999_999_999_6,
};

/// Of `r^-1`.
pub(super) const INVERSE: Series =
    Series { behind: 1.4, linear: 1.12, last: 2.688, weight: 0.3125 };

/// Of `r^-3`, from what [`polish`] gives.
pub(super) const CUBE_OF_POLISHED: Series = Series {
    behind: 9.118_417_683_522_972,
    linear: 22.172_144_280_315_855,
    last: 109.823_387_523_940_9,
    weight: 0.000_324_683_714_424_154_26,
};

/// Of `r^-1`, from what [`polish`] gives.
pub(super) const INVERSE_OF_POLISHED: Series = Series {
    behind: 9.928_943_699_836_125,
    linear: 56.333_670_282_580_28,
    last: 958.858_012_527_207_5,
    weight: 0.000_328_955_747_017_459,
};

impl Series {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, r2: S::f64s, y2: S::f64s) -> S::f64s {
        let t = (-r2).mul_add(y2, S::f64s::splat(simd, self.behind));
        let square = t.mul_add(t, S::f64s::splat(simd, self.linear));
        t.mul_add(square, S::f64s::splat(simd, self.last))
    }
}

/// `r^-3` over the weight of the series.
#[inline(always)]
pub(super) fn inverse_cube<S: Simd>(simd: S, series: &Series, r2: S::f64s, y: S::f64s) -> S::f64s {
    let y2 = y * y;
    (y * y2) * series.of(simd, r2, y2)
}

/// `r^-1` over the weight of the series.
#[inline(always)]
pub(super) fn inverse<S: Simd>(simd: S, series: &Series, r2: S::f64s, y: S::f64s) -> S::f64s {
    y * series.of(simd, r2, y * y)
}

/// What [`inverse_cube_f32`] has to be multiplied with.
pub(super) const WEIGHT_F32: f64 = 1.5;

/// `r^-3` over [`WEIGHT_F32`]: in f32 the series ends with `3/2 h`, and 1 + 3/2 h = 3/2 (5/3 - r^2 y^2).
#[inline(always)]
pub(super) fn inverse_cube_f32<S: Simd>(simd: S, r2: S::f32s, y: S::f32s) -> S::f32s {
    let y2 = y * y;
    (y * y2) * (-r2).mul_add(y2, S::f32s::splat(simd, 5.0 / 3.0))
}

/// A seed with `|h| < 2^-13`, but for a factor of 2.663, from a `y` that is off by at most 3.5 %: `y` times a
/// polynomial in `w = r^2 y^2` of least largest error from `w^(-1/2)`, `0.3755 ((w - 1.667)^2 + 2.218)`, that factor
/// left out.
#[inline(always)]
pub(super) fn polish<S: Simd>(simd: S, r2: S::f64s, y: S::f64s) -> S::f64s {
    let t = r2.mul_add(y * y, S::f64s::splat(simd, -1.667_234_319_769_195_7));
    y * t.mul_add(t, S::f64s::splat(simd, 2.217_899_124_554_309_6))
}

#[cfg(test)]
mod tests {
    use fearless_simd::Fallback;

    use super::*;

    /// The factor that [`polish`] leaves to the series.
    const SCALE: f64 = 2.663_100_193_898_098_5;

    type Number = <Fallback as Simd>::f64s;

    /// Squares of distances beside `1/r`, and a root that is off by up to 2^-14, times a scale.
    fn roots(scale: f64) -> impl Iterator<Item = (f64, f64, f64)> {
        (0..700).map(move |k| {
            let (r2, off) = (1.0 + f64::from(k) / 100.0, f64::from(k % 7 - 3) / 3.0);
            (r2, 1.0 / r2.sqrt(), scale * (1.0 + off * 2f64.powi(-14)) / r2.sqrt())
        })
    }

    fn number(x: f64) -> Number {
        Number::splat(Fallback::new(), x)
    }

    #[test]
    fn series_are_right_to_rounding() {
        let simd = Fallback::new();
        let all = [(CUBE, INVERSE, 1.0), (CUBE_OF_POLISHED, INVERSE_OF_POLISHED, SCALE)];
        for (cube, plain, scale) in all {
            for (r2, root, y) in roots(scale) {
                let found = inverse_cube(simd, &cube, number(r2), number(y))[0] * cube.weight;
                let error = found / (root * root * root) - 1.0;
                assert!(error.abs() < 1.5e-15, "{error:e} at {r2} of {cube:?}");
                let found = inverse(simd, &plain, number(r2), number(y))[0] * plain.weight;
                let error = found / root - 1.0;
                assert!(error.abs() < 1e-15, "{error:e} at {r2} of {plain:?}");
            }
        }
    }

    #[test]
    fn what_is_polished_is_within_the_series() {
        for (r2, root, _) in roots(1.0) {
            for off in [-0.035, -0.02, 0.0, 0.02, 0.035] {
                let y = polish(Fallback::new(), number(r2), number(root * (1.0 + off)))[0];
                let h = 1.0 - r2 * (y / SCALE) * (y / SCALE);
                assert!(h.abs() < 2f64.powi(-13), "{h:e} at {r2}, {off}");
            }
        }
    }
}
