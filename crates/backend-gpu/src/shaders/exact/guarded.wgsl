// Some compilers rewrite (a + b) - a to b. They cannot see through an exclusive or with a zero that
// is only known when the program runs.

fn kept(x: vec3<f32>) -> vec3<f32> {
    return bitcast<vec3<f32>>(bitcast<vec3<u32>>(x) ^ vec3(zero()));
}
