// x' = x + dt (v + dt/2 a): a square of the step may leave f32, and of x + dt v + dt^2/2 a a driver adds up the larger two
// first, so that x is rounded twice.
fn drifted(x: Cell, v: Cell, a: Cell) -> Cell {
    let mean = plus(wide(v), scaled(wide(a), factors.half_step));
    return cell(settled(plus(wide(x), scaled(mean, factors.step))), weight(x));
}

// v' = v + dt/2 (a + a')
fn kicked(v: Cell, a: Wide, a_next: Wide) -> Cell {
    let kick = scaled(plus(a, a_next), factors.half_step);
    return cell(settled(plus(wide(v), kick)), 0);
}
