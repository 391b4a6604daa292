// The numbers of precision `mixed`: a state in double-f32, forces in f32.
//
// A double-f32 is an unevaluated sum hi + lo of two f32, about 48 bits. `two_sum`, `two_product` and
// `near_difference` come from the text in front of this one, in the form that the adapter computes exactly.
//
// A `Cell` is what lies in a buffer: a vector and a weight (the mass of a body, else 0).
// A `Wide` is a vector of the state, a `Factor` what scales it, `real` what a force is computed in.
//
// Dekker, Numer. Math. 18, 224 (1971); Thall, Extended-Precision Floating-Point Numbers for GPU
// Computation (2006).

alias real = f32;

struct Wide {
    hi: vec3<f32>,
    lo: vec3<f32>,
}

alias Factor = vec2<f32>;

struct Cell {
    hi: vec4<f32>,
    lo: vec4<f32>,
}

struct Factors {
    step: Factor,
    half_step: Factor,
    softening_squared: real,
}

fn wide(c: Cell) -> Wide {
    return Wide(c.hi.xyz, c.lo.xyz);
}

fn weight(c: Cell) -> real {
    return c.hi.w;
}

fn cell(v: Wide, w: real) -> Cell {
    return Cell(vec4(v.hi, w), vec4(v.lo, 0.0));
}

fn widened(v: vec3<real>) -> Wide {
    return Wide(v, vec3<f32>());
}

fn narrowed(v: Wide) -> vec3<real> {
    return v.hi + v.lo;
}

// q - p
fn difference(q: Cell, p: Cell) -> vec3<real> {
    return near_difference(wide(q), wide(p));
}

fn plus(a: Wide, b: Wide) -> Wide {
    let high = two_sum(a.hi, b.hi);
    let low = two_sum(a.lo, b.lo);
    let sum = two_sum(high.hi, high.lo + low.hi);
    return two_sum(sum.hi, sum.lo + low.lo);
}

fn scaled(v: Wide, f: Factor) -> Wide {
    let product = two_product(v.hi, vec3(f.x));
    return two_sum(product.hi, product.lo + (v.hi * f.y + v.lo * f.x));
}

// A state that the host can hold in an f64 without loss, so that it may go there and back. Of a `lo` from
// 2^-29 of the leading digit on, the 24 bits end above 2^-52 of it anyway; of a smaller one, what lies
// below 2^-51 is rounded away, by adding and taking away a number between whose neighbours, up to 2^-29
// to either side, lie 2^-51.
fn settled(v: Wide) -> Wide {
    let leading = bitcast<vec3<f32>>(bitcast<vec3<u32>>(v.hi) & vec3(0x7f800000u));
    let rounder = leading * 0x1.8p-28f;
    let rounded = kept(kept(v.lo + rounder) - rounder);
    return Wide(v.hi, select(v.lo, rounded, abs(v.lo) < leading * 0x1p-29f));
}
