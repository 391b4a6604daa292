// Sums and products of pairs with their rounding errors, and differences of near double-f32, for the host to check
// (`self_test.rs`). A pair goes through all three lanes of a vector, as the kernels' numbers do, and results come from
// different ones.

@group(0) @binding(0) var<storage, read_write> trials: array<Trial>;
@group(0) @binding(1) var<storage, read_write> results: array<Result>;
@group(0) @binding(2) var<storage, read_write> secret: u32;

struct Wide {
    hi: vec3<f32>,
    lo: vec3<f32>,
}

struct Trial {
    pair: vec2<f32>,
    // Two double-f32 of one high part. No compiler is to see that, or that the low parts have to do with it.
    high: vec2<f32>,
    low: vec2<f32>,
}

struct Result {
    sum: vec2<f32>,
    product: vec2<f32>,
    difference: vec2<f32>,
}

fn zero() -> u32 {
    return secret;
}

@compute @workgroup_size(64)
fn transform(@builtin(global_invocation_id) id: vec3<u32>) {
    let trial = trials[id.x];
    let pair = trial.pair;
    let sum = two_sum(vec3(pair.x), vec3(pair.y));
    let product = two_product(vec3(pair.x), vec3(pair.y));
    let q = Wide(vec3(trial.high.x), vec3(trial.low.x));
    let p = Wide(vec3(trial.high.y), vec3(trial.low.y));
    let difference = near_difference(q, p);
    results[id.x] = Result(vec2(sum.hi.x, sum.lo.y), vec2(product.hi.z, product.lo.x), difference.yz);
}
