// The potential energy, -1/2 m_i sum over j != i of m_j / sqrt(r_ij^2 + eps^2), first the inner sum of each body, without
// those that it has met, then everything added up by workgroups. The host adds the workgroups' in f64.

var<workgroup> tile: array<Cell, WORKGROUP>;
var<workgroup> sums: array<real, WORKGROUP>;

fn potential_of_tile(own: u32, p: Cell, tile_first: u32, count: u32) -> real {
    let eps2 = factors.softening_squared;
    var sum = real();
    for (var k = 0u; k < count; k++) {
        let d = difference(tile[k], p);
        let r2 = d.x * d.x + (d.y * d.y + (d.z * d.z + eps2));
        let nothing = tile_first + k == own || r2 == real();
        sum += select(weight(tile[k]) * inverse_sqrt(r2), real(), nothing);
    }
    return sum;
}

// partials[i].x += the potential of the bodies `first`, ... at the body i, over its mass.
@compute @workgroup_size(WORKGROUP)
fn potential(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let i = (span.first_block + group.x) * WORKGROUP + lane;
    let p = positions[i];
    var sum = Wide();
    if (span.flags & 1) != 0 {
        sum = wide(partials[i]);
    }
    let behind = min(span.first + span.count, span.bodies);
    for (var tile_first = span.first; tile_first < behind; tile_first += WORKGROUP) {
        tile[lane] = positions[tile_first + lane];
        workgroupBarrier();
        let part = potential_of_tile(i, p, tile_first, min(WORKGROUP, behind - tile_first));
        sum = plus(sum, widened(vec3(part, real(), real())));
        workgroupBarrier();
    }
    partials[i] = cell(sum, 0);
}

fn energy_of(i: u32) -> real {
    if i >= span.bodies {
        return real();
    }
    return real(-0.5) * weight(positions[i]) * narrowed(wide(partials[i])).x;
}

@compute @workgroup_size(WORKGROUP)
fn energy(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let block = group.y * groups.x + group.x;
    sums[lane] = energy_of(block * WORKGROUP + lane);
    for (var half = WORKGROUP / 2u; half > 0; half /= 2) {
        workgroupBarrier();
        if lane < half {
            sums[lane] += sums[lane + half];
        }
    }
    if lane == 0 {
        energies[block] = sums[0];
    }
}
