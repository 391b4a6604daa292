// Many steps of a small system in one dispatch of one workgroup, which keeps the positions in its
// memory. A dispatch costs microseconds, a step of sixteen bodies less than one.
//
// `flags` 1: evaluate the forces only, without moving anything.
//
// The text in front of this one defines CAPACITY, the bodies that fit, a multiple of WORKGROUP.

var<workgroup> tile: array<array<Cell, 4>, CAPACITY / 4>;

fn pull_of_all(p: Cell, eps2: real) -> Wide {
    var a = vec3<real>();
    var b = vec3<real>();
    let quads = (span.bodies + 3) / 4;
    for (var k = 0u; k < quads; k++) {
        a += pull(tile[k][0], p, eps2);
        b += pull(tile[k][1], p, eps2);
        a += pull(tile[k][2], p, eps2);
        b += pull(tile[k][3], p, eps2);
    }
    return plus(widened(a), widened(b));
}

fn move_own(lane: u32) {
    for (var i = lane; i < span.bodies; i += WORKGROUP) {
        tile[i / 4][i % 4] = drifted(tile[i / 4][i % 4], velocities[i], accelerations[i]);
    }
}

fn kick_own(lane: u32, moving: bool) {
    for (var i = lane; i < span.bodies; i += WORKGROUP) {
        let next = pull_of_all(tile[i / 4][i % 4], factors.softening_squared);
        if moving {
            velocities[i] = kicked(velocities[i], wide(accelerations[i]), next);
        }
        accelerations[i] = cell(next, 0);
    }
}

@compute @workgroup_size(WORKGROUP)
fn steps(@builtin(local_invocation_index) lane: u32) {
    for (var i = lane; i < CAPACITY; i += WORKGROUP) {
        tile[i / 4][i % 4] = positions[i];
    }
    let moving = (span.flags & 1) == 0;
    for (var step = 0u; step < span.steps; step++) {
        if moving {
            move_own(lane);
        }
        workgroupBarrier();
        kick_own(lane, moving);
        workgroupBarrier();
    }
    for (var i = lane; i < span.bodies; i += WORKGROUP) {
        positions[i] = tile[i / 4][i % 4];
    }
}
