// The pull of the body q on a body at p: m (q - p) / (|q - p|^2 + eps^2)^(3/2).
//
// The inverse of 0 is finite here (`numbers/`), so that the pull of a body on itself is 0.
fn pull(q: Cell, p: Cell, eps2: real) -> vec3<real> {
    let d = difference(q, p);
    let r2 = d.x * d.x + (d.y * d.y + (d.z * d.z + eps2));
    return d * over_cube(weight(q), r2);
}
