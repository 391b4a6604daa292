// a + b = hi + lo exactly. Knuth, TAOCP 2, 4.2.2.

fn two_sum(a: vec3<f32>, b: vec3<f32>) -> Wide {
    let hi = kept(a + b);
    let b_part = kept(hi - a);
    let a_part = kept(hi - b_part);
    return Wide(hi, kept(a - a_part) + kept(b - b_part));
}
