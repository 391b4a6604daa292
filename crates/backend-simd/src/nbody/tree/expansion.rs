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
static SUM: [[usize; LOCALS]; LOCALS] = {
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

macro_rules! unrolled {
    ($n:ident $body:block $($number:literal)*) => {
        $({
            const $n: usize = $number;
            $body
        })*
    };
}

/// `$body` for every term in rising order, with its number as the constant `$n`: with loops instead,
/// the compiler would leave the look-ups in the tables to the run, which take longer than the
/// arithmetic.
macro_rules! ascending {
    ($n:ident $body:block) => {
        unrolled! { $n $body
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
            29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53
            54 55
        }
    };
}

/// As `ascending`, in falling order, without the term of degree 0.
macro_rules! descending {
    ($n:ident $body:block) => {
        unrolled! { $n $body
            55 54 53 52 51 50 49 48 47 46 45 44 43 42 41 40 39 38 37 36 35 34 33 32 31
            30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3
            2 1
        }
    };
}

const _: () = assert!(LOCALS == 56, "the lists of terms end at another order");

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
    raise::<T, 1>(x, radial[4], &mut d, &fused);
    raise::<T, 2>(x, radial[3], &mut d, &fused);
    raise::<T, 3>(x, radial[2], &mut d, &fused);
    raise::<T, 4>(x, radial[1], &mut d, &fused);
    raise::<T, 5>(x, radial[0], &mut d, &fused);
    d
}

/// From `D^(k + 1)_n` up to one degree below `DEGREE` to `D^k_n` up to `DEGREE`, in place: from the
/// highest term down, each needs only lower ones.
#[inline(always)]
fn raise<T: Number, const DEGREE: usize>(
    x: [T; 3],
    lowest: T,
    d: &mut [T; LOCALS],
    fused: &impl Fn(T, T, T) -> T,
) {
    descending!(N {
        const STEP: Step = STEPS[N];
        if (1..terms(DEGREE)).contains(&N) {
            let (x, lower) = (x[STEP.axis], d[STEP.lower]);
            d[N] = match STEP.exponent {
                1 => x * lower,
                2 => fused(x, lower, d[STEP.lowest]),
                _ => fused(x, lower, d[STEP.lowest] * (STEP.exponent - 1) as f64),
            };
        }
    });
    d[0] = lowest;
}

/// Adds `sum over m of weights_m tensor_(n+m)` to `out_n`; with `CENTRED` weights, those of degree 1
/// are zero. `fused(a, b, c)` is `a b + c`.
#[inline(always)]
pub(super) fn contract<T: Number, const K: usize, const CENTRED: bool>(
    weights: &[T; K],
    tensor: &[T; LOCALS],
    out: &mut [T; LOCALS],
    fused: impl Fn(T, T, T) -> T,
) {
    ascending!(N {
        let mut sum = fused(weights[0], tensor[N], out[N]);
        for m in if CENTRED { 4 } else { 1 }..const { partners(N) }.min(K) {
            sum = fused(weights[m], tensor[SUM[N][m]], sum);
        }
        out[N] = sum;
    });
}

/// The local expansion about a centre at `d` from the present one.
pub(super) fn moved(local: &Local, d: [f64; 3]) -> Local {
    let weights: Local = monomials(d, 1.0);
    let mut moved = [0.0; LOCALS];
    contract::<_, LOCALS, false>(&weights, local, &mut moved, |a, b, c| a * b + c);
    moved
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
    mut sum: [T; 3],
    fused: impl Fn(T, f64, T) -> T,
) -> [T; 3] {
    for n in 0..MOMENTS {
        for axis in 0..3 {
            sum[axis] = fused(monomials[n], local[SUM[n][1 + axis]], sum[axis]);
        }
    }
    sum
}

/// The value of a local expansion at the place with the given monomials, added to `sum`.
/// `fused(a, b, c)` is `a b + c`.
#[inline(always)]
pub(super) fn value<T: Number>(
    monomials: &[T; LOCALS],
    local: &Local,
    mut sum: T,
    fused: impl Fn(T, f64, T) -> T,
) -> T {
    for n in 0..LOCALS {
        sum = fused(monomials[n], local[n], sum);
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{found}, {expected}");
    }

    #[test]
    fn every_term_has_its_place() {
        assert_eq!(TERMS[..4], [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]);
        for (at, &term) in TERMS.iter().enumerate() {
            assert_eq!(place(term), at);
        }
        assert!(TERMS.is_sorted_by_key(|term| term.iter().sum::<usize>()));
    }

    #[test]
    fn monomials_are_powers_over_factorials() {
        let m: Local = monomials([2.0, 3.0, 5.0], 1.0);
        assert_close(m[place([2, 1, 1])], 4.0 * 3.0 * 5.0 / 2.0);
        assert_close(m[place([0, 3, 2])], 27.0 * 25.0 / (6.0 * 2.0));
    }

    #[test]
    fn derivatives_of_the_newtonian_potential_are_harmonic() {
        let x = [0.6, -1.2, 0.8];
        let r2: f64 = x.iter().map(|x| x * x).sum();
        let mut radial = [r2.powf(-0.5); ORDER + 1];
        for k in 1..=ORDER {
            radial[k] = radial[k - 1] * (1.0 - 2.0 * k as f64) / r2;
        }
        let d = derivatives(x, radial, |a, b, c| a * b + c);
        assert_close(d[1], -x[0] * r2.powf(-1.5));
        assert_close(d[place([1, 1, 0])], 3.0 * x[0] * x[1] * r2.powf(-2.5));
        for [i, j, k] in TERMS.into_iter().filter(|term| term.iter().sum::<usize>() <= ORDER - 2) {
            let laplacian =
                d[place([i + 2, j, k])] + d[place([i, j + 2, k])] + d[place([i, j, k + 2])];
            assert!(laplacian.abs() < 1e-11, "{i} {j} {k}: {laplacian:e}");
        }
    }

    #[test]
    fn moments_can_be_taken_in_two_steps() {
        let (mut at_once, mut part, mut whole) = ([0.0; MOMENTS], [0.0; MOMENTS], [0.0; MOMENTS]);
        for (mass, d) in [(2.0, [0.1, 0.2, -0.3]), (0.5, [-0.4, 0.3, 0.1])] {
            add_body(&mut part, mass, d);
            add_body(&mut at_once, mass, from_fn(|k| d[k] + [1.0, -2.0, 0.5][k]));
        }
        add_moments(&mut whole, &part, [1.0, -2.0, 0.5]);
        at_once.iter().zip(whole).for_each(|(&expected, found)| assert_close(found, expected));
    }

    #[test]
    fn a_field_can_be_moved() {
        let local: Local = from_fn(|n| 1.0 / (n + 1) as f64);
        let value = |local: &Local, a: [f64; 3]| -> f64 {
            monomials::<_, LOCALS>(a, 1.0).iter().zip(local).map(|(m, l)| m * l).sum()
        };
        let moved = moved(&local, [0.5, -0.25, 1.0]);
        assert_close(value(&moved, [0.1, 0.2, 0.3]), value(&local, [0.6, -0.05, 1.3]));
    }
}
