// Sums and products of pairs with their rounding errors, and differences of near double-f32, for the host to check
// (`self_test.rs`). A pair goes through all three lanes of a vector, as the kernels' numbers do, and results come from
// different ones.

@group(0) @binding(0) var<storage, read_write> pairs: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> results: array<Result>;
@group(0) @binding(2) var<storage, read_write> secret: u32;

struct Wide {
    hi: vec3<f32>,
    lo: vec3<f32>,
}

struct Result {
    sum: vec2<f32>,
    product: vec2<f32>,
    // (a + b / 2^33) - (a - a / 2^33)
    difference: f32,
    unused: f32,
}

fn zero() -> u32 {
    return secret;
}

@compute @workgroup_size(64)
fn transform(@builtin(global_invocation_id) id: vec3<u32>) {
    let pair = pairs[id.x];
    let sum = two_sum(vec3(pair.x), vec3(pair.y));
    let product = two_product(vec3(pair.x), vec3(pair.y));
    // No compiler is to see that these two are one number.
    let other = bitcast<f32>(bitcast<u32>(pair.x) ^ zero());
    let q = Wide(vec3(pair.x), vec3(pair.y * 0x1p-33f));
    let p = Wide(vec3(other), vec3(other * -0x1p-33f));
    let difference = near_difference(q, p);
    results[id.x] = Result(vec2(sum.hi.x, sum.lo.y), vec2(product.hi.z, product.lo.x), difference.y, 0.0);
}
