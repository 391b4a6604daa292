// partials[slot][i] = sum over the bodies j of the slot of m_j (x_j - x_i) / r_ij^3
//
// A workgroup takes a block of BODIES * WORKGROUP bodies, BODIES of them to an invocation in registers,
// and lets the bodies of its slot pull them, a tile of TILE at a time from workgroup memory: BODIES
// interactions for a read. Sums are taken within a tile first, then over the tiles of a dispatch, then over
// dispatches, which spares the digits that a long sum loses. BODIES and WORKGROUP change the time that
// takes and no bit of the result.
//
// A line with a `$` is written once for each body of an invocation, with its number in place of the `$`,
// and one with a `#` once for each of the TURN bodies that a turn of the inner loop takes. Naga counts the turns
// of every loop, and not every driver sees that two reads of a body are one: with 8 bodies read once, an H100
// is 4 % faster in f32 and mixed and 3 % in f64 than with 4.
// The text in front of this one defines BODIES, TURN and TILE, a multiple of TURN.
//
// Nyland, Harris & Prins, Fast N-Body Simulation with CUDA, GPU Gems 3, 31 (2007).

var<workgroup> tile: array<array<Cell, TURN>, TILE / TURN>;

fn load_tile(lane: u32, first: u32) {
    for (var k = lane; k < TILE; k += WORKGROUP) {
        tile[k / TURN][k % TURN] = positions[first + k];
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
    let behind = min(first + span.count, (span.bodies + TURN - 1) / TURN * TURN);
    for (var tile_first = first; tile_first < behind; tile_first += TILE) {
        load_tile(lane, tile_first);
        workgroupBarrier();
        let turns = min(TILE, behind - tile_first) / TURN;
        var sum$ = vec3<real>();
        for (var k = 0u; k < turns; k++) {
            let q# = tile[k][#];
            sum$ += pull(q#, p$, eps2);
        }
        total$ = plus(total$, widened(sum$));
        workgroupBarrier();
    }

    partials[at + $ * WORKGROUP] = cell(plus(begun(at + $ * WORKGROUP), total$), 0);
}
