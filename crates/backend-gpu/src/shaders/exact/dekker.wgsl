// a * b = hi + lo exactly, without `fma`: both factors are split into halves of 12 bits, whose
// products are exact. Dekker, Numer. Math. 18, 224 (1971).

fn two_product(a: vec3<f32>, b: vec3<f32>) -> Wide {
    let hi = kept(a * b);
    let p = halves(a);
    let q = halves(b);
    let first = kept(p.hi * q.hi) - hi;
    let second = kept(first + kept(p.hi * q.lo));
    let third = kept(second + kept(p.lo * q.hi));
    return Wide(hi, kept(third + kept(p.lo * q.lo)));
}

fn halves(x: vec3<f32>) -> Wide {
    let c = kept(x * 4097.0);
    let hi = kept(c - kept(c - x));
    return Wide(hi, kept(x - hi));
}
