// partials[slot][i] = sum over the bodies j of the slot of m_j (x_j - x_i) / r_ij^3
//
// A workgroup takes a block of 4 WORKGROUP bodies, four to an invocation in registers, and lets the
// bodies of its slot pull them, a tile of WORKGROUP at a time from workgroup memory: 16 interactions
// for 4 reads. Sums are taken within a tile first, then over tiles, which halves the digits that a
// long sum loses.
//
// Nyland, Harris & Prins, Fast N-Body Simulation with CUDA, GPU Gems 3, 31 (2007).

const BLOCK = 4 * WORKGROUP;

var<workgroup> tile: array<array<Cell, 4>, WORKGROUP / 4>;

struct Four {
    a: vec3<real>,
    b: vec3<real>,
    c: vec3<real>,
    d: vec3<real>,
}

struct FourCells {
    a: Cell,
    b: Cell,
    c: Cell,
    d: Cell,
}

fn pull_four(q: Cell, p: FourCells, eps2: real, sum: Four) -> Four {
    return Four(
        sum.a + pull(q, p.a, eps2),
        sum.b + pull(q, p.b, eps2),
        sum.c + pull(q, p.c, eps2),
        sum.d + pull(q, p.d, eps2),
    );
}

fn load_tile(lane: u32, tile_first: u32) {
    tile[lane / 4][lane % 4] = positions[tile_first + lane];
}

fn pull_of_tile(p: FourCells, eps2: real, count: u32) -> Four {
    var sum = Four();
    for (var k = 0u; k < count; k += 4) {
        let q = k / 4;
        sum = pull_four(tile[q][0], p, eps2, sum);
        sum = pull_four(tile[q][1], p, eps2, sum);
        sum = pull_four(tile[q][2], p, eps2, sum);
        sum = pull_four(tile[q][3], p, eps2, sum);
    }
    return sum;
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
    let i = (span.first_block + group.x) * BLOCK + lane;
    let p = FourCells(
        positions[i],
        positions[i + WORKGROUP],
        positions[i + 2 * WORKGROUP],
        positions[i + 3 * WORKGROUP],
    );
    let eps2 = factors.softening_squared;
    let slot = group.y * span.padded;
    var a = begun(slot + i);
    var b = begun(slot + i + WORKGROUP);
    var c = begun(slot + i + 2 * WORKGROUP);
    var d = begun(slot + i + 3 * WORKGROUP);

    let first = span.first + group.y * span.per_slot;
    let behind = min(first + span.count, (span.bodies + 3) / 4 * 4);
    for (var tile_first = first; tile_first < behind; tile_first += WORKGROUP) {
        load_tile(lane, tile_first);
        workgroupBarrier();
        let sum = pull_of_tile(p, eps2, min(WORKGROUP, behind - tile_first));
        a = plus(a, widened(sum.a));
        b = plus(b, widened(sum.b));
        c = plus(c, widened(sum.c));
        d = plus(d, widened(sum.d));
        workgroupBarrier();
    }

    partials[slot + i] = cell(a, 0);
    partials[slot + i + WORKGROUP] = cell(b, 0);
    partials[slot + i + 2 * WORKGROUP] = cell(c, 0);
    partials[slot + i + 3 * WORKGROUP] = cell(d, 0);
}
