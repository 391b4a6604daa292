// Inverse roots of forces in f32.

// Relative error: 2 units in the last place. Squares of distances below 2^-84 count as that much, so
// that a mass below 1 times the cube is finite, and the pull of a body on itself is 0 and not 0/0.
// (A least softening would do that too, but change the last digits of other pulls, and with the units.)
fn inverse_sqrt(x: real) -> real {
    return inverseSqrt(max(x, 0x1p-84f));
}

// w x^(-3/2)
fn over_cube(w: real, x: real) -> real {
    let y = inverse_sqrt(x);
    return (w * y) * (y * y);
}
