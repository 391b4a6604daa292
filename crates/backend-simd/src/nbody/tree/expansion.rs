//! Cartesian Taylor expansions of the potential, up to and including degree [`ORDER`].
//!
//! A term is a multi-index `n = (i, j, k)` of degree `|n| = i + j + k`, with `x^n = x^i y^j z^k` and
//! `n! = i! j! k!`. With `g(r) = (r^2 + eps^2)^(-1/2)`, bodies `j` at `s + b_j` and a point at `t + a`:
//!
//! ```text
//! moments      M_m = sum over j of m_j (-b_j)^m / m!
//! translation  M'_(n+m) += (-d)^n / n! M_m           from a centre to one at -d from it
//! far field    L_n = sum over m of M_m D_(n+m)       D_n = the n-th derivative of g at t - s
//! translation  L'_n = sum over m of d^m / m! L_(n+m) from a centre to one at d from it
//! potential    G = sum over n of a^n / n! L_n        its gradient is the acceleration
//! ```
//!
//! Terms with `|n| + |m|` above the order are dropped, which makes the force of one cell on another
//! exactly opposite to that of the other on the one: it is a polynomial in `a - b` (Dehnen 2002).
//!
//! The derivatives come from those by `r^2 / 2`, `f_k = (-1)^k (2k - 1)!! (r^2 + eps^2)^(-k - 1/2)`, by
//! `D^k_n = x_i D^(k+1)_(n - e_i) + (n_i - 1) D^(k+1)_(n - 2 e_i)`, `D^k_0 = f_k`, `D_n = D^0_n`
//! (McMurchie & Davidson, J. Comput. Phys. 26, 218 (1978)), so softening is exact in every term.

use std::array::from_fn;
use std::ops::{Add, Mul};

/// The highest degree of a term.
pub(super) const ORDER: usize = 5;

/// Terms of a local expansion: every degree up to the order.
pub(super) const LOCALS: usize = terms(ORDER);

/// Moments of a cell: every degree below the order. Those of the order act on the potential alone.
pub(super) const MOMENTS: usize = terms(ORDER - 1);

/// The far field around the centre of a cell.
pub(super) type Local = [f64; LOCALS];

/// The moments of the bodies of a cell about its centre.
pub(super) type Moments = [f64; MOMENTS];

/// A number, or one in each lane.
pub(super) trait Number:
    Copy + Add<Output = Self> + Mul<Output = Self> + Mul<f64, Output = Self>
{
}

impl<T: Copy + Add<Output = T> + Mul<Output = T> + Mul<f64, Output = T>> Number for T {}

/// How many terms there are up to `degree`.
const fn terms(degree: usize) -> usize {
    (degree + 1) * (degree + 2) * (degree + 3) / 6
}

/// The place of a term: by degree, then by falling `i`, then by rising `k`.
const fn place([i, j, k]: [usize; 3]) -> usize {
    let degree = i + j + k;
    degree * (degree + 1) * (degree + 2) / 6 + (j + k) * (j + k + 1) / 2 + k
}

/// The terms in their places.
const TERMS: [[usize; 3]; LOCALS] = {
    let mut all = [[0; 3]; LOCALS];
    let (mut i, mut j, mut k) = (0, 0, 0);
    while i <= ORDER {
        all[place([i, j, k])] = [i, j, k];
        k += 1;
        if i + j + k > ORDER {
            (j, k) = (j + 1, 0);
        }
        if i + j > ORDER {
            (i, j) = (i + 1, 0);
        }
    }
    all
};

const fn degree(n: usize) -> usize {
    TERMS[n][0] + TERMS[n][1] + TERMS[n][2]
}

/// How many terms can be added to term `n` without passing the order: the first so many.
const fn partners(n: usize) -> usize {
    terms(ORDER - degree(n))
}

/// The place of `n + m` for every `n` and its partners `m`.
const SUM: [[usize; LOCALS]; LOCALS] = {
    let mut table = [[0; LOCALS]; LOCALS];
    let mut n = 0;
    while n < LOCALS {
        let mut m = 0;
        while m < partners(n) {
            let (a, b) = (TERMS[n], TERMS[m]);
            table[n][m] = place([a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
            m += 1;
        }
        n += 1;
    }
    table
};

/// A way down from a term: along the axis with the lowest exponent above 0.
#[derive(Clone, Copy)]
struct Step {
    axis: usize,
    exponent: usize,
    /// The term with the exponent lowered by 1.
    lower: usize,
    /// The term with the exponent lowered by 2, where that can be.
    lowest: usize,
}

const STEPS: [Step; LOCALS] = {
    let mut steps = [Step { axis: 0, exponent: 0, lower: 0, lowest: 0 }; LOCALS];
    let mut n = 1;
    while n < LOCALS {
        steps[n] = step(TERMS[n]);
        n += 1;
    }
    steps
};

const fn step(mut term: [usize; 3]) -> Step {
    let mut axis = 0;
    let mut other = 1;
    while other < 3 {
        if term[axis] == 0 || (term[other] > 0 && term[other] < term[axis]) {
            axis = other;
        }
        other += 1;
    }
    let exponent = term[axis];
    term[axis] = exponent - 1;
    let lower = place(term);
    term[axis] = exponent.saturating_sub(2);
    Step { axis, exponent, lower, lowest: place(term) }
}

/// `x^n / n!` for the first `K` terms.
#[inline(always)]
pub(super) fn monomials<T: Number, const K: usize>(x: [T; 3], one: T) -> [T; K] {
    let mut out = [one; K];
    for n in 1..K {
        let Step { axis, exponent, lower, .. } = STEPS[n];
        let raised = out[lower] * x[axis];
        out[n] = if exponent > 1 { raised * (1.0 / exponent as f64) } else { raised };
    }
    out
}

/// The derivatives of a radial function at `x`, from its derivatives by half the squared radius.
/// `fused(a, b, c)` is `a b + c`.
#[inline(always)]
pub(super) fn derivatives<T: Number>(
    x: [T; 3],
    radial: [T; ORDER + 1],
    fused: impl Fn(T, T, T) -> T,
) -> [T; LOCALS] {
    let mut d = [radial[ORDER]; LOCALS];
    for degree in 1..=ORDER {
        // From the highest term down: each needs only lower ones, as they were before this round.
        for n in (1..terms(degree)).rev() {
            let Step { axis, exponent, lower, lowest } = STEPS[n];
            d[n] = match exponent {
                1 => x[axis] * d[lower],
                2 => fused(x[axis], d[lower], d[lowest]),
                _ => fused(x[axis], d[lower], d[lowest] * (exponent - 1) as f64),
            };
        }
        d[0] = radial[ORDER - degree];
    }
    d
}

/// Adds `sum over m of weights_m tensor_(n+m)` to `out_n`, for `n` from `FIRST` on; with `CENTRED`
/// weights, those of degree 1 are zero. `fused(a, b, c)` is `a b + c`.
///
/// Without its zeroth term a local expansion still has the force, but not the potential.
#[inline(always)]
pub(super) fn contract<T: Number, const K: usize, const FIRST: usize, const CENTRED: bool>(
    weights: &[T; K],
    tensor: &[T; LOCALS],
    out: &mut [T; LOCALS],
    fused: impl Fn(T, T, T) -> T,
) {
    for n in FIRST..LOCALS {
        let mut sum = out[n];
        for m in (0..partners(n).min(K)).filter(|m| !(CENTRED && degree(*m) == 1)) {
            sum = fused(weights[m], tensor[SUM[n][m]], sum);
        }
        out[n] = sum;
    }
}

/// Adds the moments of a part, whose centre lies at `-d` from the whole's, to those of the whole.
pub(super) fn add_moments(whole: &mut Moments, part: &Moments, d: [f64; 3]) {
    let weights: Moments = monomials(d, 1.0);
    for n in 0..MOMENTS {
        for m in 0..terms(ORDER - 1 - degree(n)) {
            whole[SUM[n][m]] += weights[n] * part[m];
        }
    }
}

/// Adds the moments of a body, whose place is at `-d` from the centre.
pub(super) fn add_body(moments: &mut Moments, mass: f64, d: [f64; 3]) {
    let weights: Moments = monomials(d, 1.0);
    for (moment, weight) in moments.iter_mut().zip(weights) {
        *moment += mass * weight;
    }
}

/// Adds the gradient of a local expansion, at the place with the given monomials, to `sum`.
/// `fused(a, b, c)` is `a b + c`.
#[inline(always)]
pub(super) fn gradient<T: Number>(
    monomials: &[T; LOCALS],
    local: &Local,
    sum: [T; 3],
    fused: impl Fn(T, f64, T) -> T,
) -> [T; 3] {
    from_fn(|axis| {
        (0..MOMENTS).fold(sum[axis], |sum, m| fused(monomials[m], local[SUM[1 + axis][m]], sum))
    })
}
