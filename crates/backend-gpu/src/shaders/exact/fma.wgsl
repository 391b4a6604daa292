// a * b = hi + lo exactly, where `fma` rounds once.

fn two_product(a: vec3<f32>, b: vec3<f32>) -> Wide {
    let hi = kept(a * b);
    return Wide(hi, fma(a, b, -hi));
}
