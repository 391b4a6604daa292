//! The field of far cells, eight sources at a time.

use fearless_simd::prelude::*;

use super::cell::{Cell, difference};
use super::expansion::{self, LOCALS, Local, MOMENTS, ORDER};
use crate::nbody::lanes::Lanes;

/// Adds the field of the `cells` at the places `sources` to the local expansion of `target`.
pub(super) fn add<S: Lanes>(
    simd: S,
    eps2: f64,
    cells: &[Cell],
    sources: &[u32],
    target: &Cell,
    local: &mut Local,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut sum = [S::f64s::splat(simd, 0.0); LOCALS];
            for batch in sources.chunks(S::f64s::LEN) {
                add_batch(simd, eps2, cells, batch, target, &mut sum);
            }
            for (local, sum) in local.iter_mut().zip(sum) {
                *local += sum.reduce_sum();
            }
        },
    );
}

/// Adds the field of a source in each lane.
#[inline(always)]
fn add_batch<S: Lanes>(
    simd: S,
    eps2: f64,
    cells: &[Cell],
    sources: &[u32],
    target: &Cell,
    sum: &mut [S::f64s; LOCALS],
) {
    let splat = |x| S::f64s::splat(simd, x);
    // Lanes without a source are at a distance and have no moments.
    let mut d = [splat(1.0); 3];
    let mut moments = [splat(0.0); MOMENTS];
    for (lane, &place) in sources.iter().enumerate() {
        let source = &cells[place as usize];
        let from_source = difference(target.centre, source.centre);
        (0..3).for_each(|k| d[k].as_mut_slice()[lane] = from_source[k]);
        (0..MOMENTS).for_each(|m| moments[m].as_mut_slice()[lane] = source.moments[m]);
    }
    let fused = |a: S::f64s, b: S::f64s, c: S::f64s| a.mul_add(b, c);
    let r2 = fused(d[2], d[2], fused(d[1], d[1], fused(d[0], d[0], splat(eps2))));
    let tensor = expansion::derivatives(d, radial(simd, r2), fused);
    expansion::contract::<_, MOMENTS, true>(&moments, &tensor, sum, fused);
}

/// The derivatives of `r2^(-1/2)` by `r2 / 2`.
#[inline(always)]
fn radial<S: Lanes>(simd: S, r2: S::f64s) -> [S::f64s; ORDER + 1] {
    let weight = S::f64s::splat(simd, S::INVERSE_WEIGHT_F64);
    let mut radial = [simd.inverse_f64(r2, simd.seed_f64(r2)) * weight; ORDER + 1];
    let per_step = radial[0] * radial[0];
    for k in 1..=ORDER {
        radial[k] = radial[k - 1] * per_step * (1.0 - 2.0 * k as f64);
    }
    radial
}
