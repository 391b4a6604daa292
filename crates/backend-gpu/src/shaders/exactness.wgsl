// Sums and products of pairs with their rounding errors, for the host to check (`self_test.rs`).
// A pair goes through all three lanes of a vector, as the kernels' numbers do, and results come from different ones.

@group(0) @binding(0) var<storage, read_write> pairs: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> secret: u32;

struct Wide {
    hi: vec3<f32>,
    lo: vec3<f32>,
}

fn zero() -> u32 {
    return secret;
}

@compute @workgroup_size(64)
fn transform(@builtin(global_invocation_id) id: vec3<u32>) {
    let pair = pairs[id.x];
    let sum = two_sum(vec3(pair.x), vec3(pair.y));
    let product = two_product(vec3(pair.x), vec3(pair.y));
    results[id.x] = vec4(sum.hi.x, sum.lo.y, product.hi.z, product.lo.x);
}
