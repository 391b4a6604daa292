// The numbers of precision `f64`: everything double. Needs SHADER_F64.
//
// A `Cell` is what lies in a buffer: a vector and a weight (the mass of a body, else 0).
// A `Wide` is a vector of the state, a `Factor` what scales it, `real` what a force is computed in.

alias real = f64;
alias Wide = vec3<f64>;
alias Factor = f64;
alias Cell = vec4<f64>;

struct Factors {
    step: Factor,
    half_step: Factor,
    softening_squared: real,
}

fn wide(c: Cell) -> Wide {
    return c.xyz;
}

fn weight(c: Cell) -> real {
    return c.w;
}

fn cell(v: Wide, w: real) -> Cell {
    return vec4(v, w);
}

fn widened(v: vec3<real>) -> Wide {
    return v;
}

fn narrowed(v: Wide) -> vec3<real> {
    return v;
}

// q - p
fn difference(q: Cell, p: Cell) -> vec3<real> {
    return q.xyz - p.xyz;
}

fn plus(a: Wide, b: Wide) -> Wide {
    return a + b;
}

fn scaled(v: Wide, f: Factor) -> Wide {
    return v * f;
}

fn settled(v: Wide) -> Wide {
    return v;
}

// GPUs have a fast inverse square root in f32 only: y with h = 1 - x y^2, |h| < 2^-20.
//
// Squares of distances below 2^-125 have no inverse in f32; with a least one instead, the pull of a body
// on itself is 0 and not 0/0.
fn estimate(x: real) -> f32 {
    return inverseSqrt(max(f32(x), 0x1p-125f));
}

// One step of third order, y + y h (1/2 + 3/8 h), leaves 5/16 h^3 < 2^-61 and two roundings.
// Householder, The Numerical Treatment of a Single Nonlinear Equation (1970).
fn inverse_sqrt(x: real) -> real {
    let y = real(estimate(x));
    let h = fma(-x * y, y, 1.0lf);
    return fma(y * h, fma(0.375lf, h, 0.5lf), y);
}

// What y is scaled by in `over_cube`, the seventh root of 15/8, and the constants that follow from it.
const SCALE = 1.0939568f;
const BEHIND = 1.675438145948688lf;
const LEAST = 0.5346843773142815lf;

// w x^(-3/2), by a step of the same order: with h = 1 - x y^2, y^3 (1 + 3/2 h + 15/8 h^2) leaves 35/16 h^3 < 2^-58 and
// some roundings. The square is completed, (h + 2/5)^2 + 28/75, times 15/8, and that factor is the scale of
// y to the seventh power. So the series takes 3 operations of the 15 of an interaction, and not 4.
fn over_cube(w: real, x: real) -> real {
    let y = real(SCALE * estimate(x));
    let y2 = y * y;
    let t = fma(-x, y2, BEHIND);
    return (w * y) * y2 * fma(t, t, LEAST);
}
