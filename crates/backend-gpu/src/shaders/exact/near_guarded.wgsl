// q - p of double-f32, as in `near.wgsl`, where a compiler would take the sum in another order.

fn near_difference(q: Wide, p: Wide) -> vec3<f32> {
    return kept(kept(q.hi - p.hi) - p.lo) + q.lo;
}
