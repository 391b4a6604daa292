// The numbers of precision `f32`: everything single.
//
// A `Cell` is what lies in a buffer: a vector and a weight (the mass of a body, else 0).
// A `Wide` is a vector of the state, a `Factor` what scales it, `real` what a force is computed in.

alias real = f32;
alias Wide = vec3<f32>;
alias Factor = f32;
alias Cell = vec4<f32>;

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
