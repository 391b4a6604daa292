// The parts of a step that touch each body once: velocity Verlet around the forces.
//
// Workgroups are laid out in two dimensions, since one holds 65,535 of them at most.

fn own_body(global: vec3<u32>, groups: vec3<u32>) -> u32 {
    return global.y * groups.x * WORKGROUP + global.x;
}

// The sum over all slots, in their order; four are read at once, since each read takes a while.
fn total(i: u32) -> Wide {
    var sum = wide(partials[i]);
    var slot = 1u;
    for (; slot + 4 <= span.slots; slot += 4) {
        let at = slot * span.padded + i;
        let a = wide(partials[at]);
        let b = wide(partials[at + span.padded]);
        let c = wide(partials[at + 2 * span.padded]);
        let d = wide(partials[at + 3 * span.padded]);
        sum = plus(plus(plus(plus(sum, a), b), c), d);
    }
    for (; slot < span.slots; slot++) {
        sum = plus(sum, wide(partials[slot * span.padded + i]));
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP)
fn drift(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = own_body(id, groups);
    if i < span.bodies {
        positions[i] = drifted(positions[i], velocities[i], accelerations[i]);
    }
}

@compute @workgroup_size(WORKGROUP)
fn kick(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = own_body(id, groups);
    if i < span.bodies {
        let next = total(i);
        velocities[i] = kicked(velocities[i], wide(accelerations[i]), next);
        accelerations[i] = cell(next, 0);
    }
}

// The accelerations of a system at rest in time: before the first step, or wanted for themselves.
@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = own_body(id, groups);
    if i < span.bodies {
        accelerations[i] = cell(total(i), 0);
    }
}
