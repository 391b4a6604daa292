// partials[slot][i] = sum over the bodies j of the slot of m_j (x_j - x_i) / r_ij^3
//
// A workgroup takes a block of BODIES * WORKGROUP bodies, BODIES of them to an invocation in registers,
// and lets the bodies of its slot pull them, a tile of TILE at a time from workgroup memory: BODIES
// interactions for a read. Sums are taken within a tile first, then over the tiles of a dispatch, then over
// dispatches, which spares the digits that a long sum loses. BODIES and WORKGROUP change the time that
// takes and no bit of the result.
//
// A line with a `$` is written once for each body of an invocation, with its number in place of the `$`.
// The text in front of this one defines BODIES and TILE, a multiple of 4.
//
// Nyland, Harris & Prins, Fast N-Body Simulation with CUDA, GPU Gems 3, 31 (2007).

var<workgroup> tile: array<array<Cell, 4>, TILE / 4>;

fn load_tile(lane: u32, first: u32) {
    for (var k = lane; k < TILE; k += WORKGROUP) {
        tile[k / 4][k % 4] = positions[first + k];
    }
}

// The sum of the slot so far: a slot that is too long for one dispatch takes several.
fn begun(at: u32) -> Wide {
    if (span.flags & 1) != 0 {
        return wide(partials[at]);
    }
    return Wide();
}

@compute @workgroup_size(WORKGROUP)
fn forces(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let i = (span.first_block + group.x) * BODIES * WORKGROUP + lane;
    let at = group.y * span.padded + i;
    let eps2 = factors.softening_squared;
    let p$ = positions[i + $ * WORKGROUP];
    var total$ = Wide();

    let first = span.first + group.y * span.per_slot;
    let behind = min(first + span.count, (span.bodies + 3) / 4 * 4);
    for (var tile_first = first; tile_first < behind; tile_first += TILE) {
        load_tile(lane, tile_first);
        workgroupBarrier();
        let quads = min(TILE, behind - tile_first) / 4;
        var sum$ = vec3<real>();
        for (var k = 0u; k < quads; k++) {
            sum$ += pull(tile[k][0], p$, eps2);
            sum$ += pull(tile[k][1], p$, eps2);
            sum$ += pull(tile[k][2], p$, eps2);
            sum$ += pull(tile[k][3], p$, eps2);
        }
        total$ = plus(total$, widened(sum$));
        workgroupBarrier();
    }

    partials[at + $ * WORKGROUP] = cell(plus(begun(at + $ * WORKGROUP), total$), 0);
}
