// x' = x + dt v + dt^2/2 a
fn drifted(x: Cell, v: Cell, a: Cell) -> Cell {
    let moved = plus(scaled(wide(v), factors.step), scaled(wide(a), factors.half_step_squared));
    return cell(settled(plus(wide(x), moved)), weight(x));
}

// v' = v + dt/2 (a + a')
fn kicked(v: Cell, a: Wide, a_next: Wide) -> Cell {
    let kick = scaled(plus(a, a_next), factors.half_step);
    return cell(settled(plus(wide(v), kick)), 0);
}
