// The system on the device, one cell a body, behind the last body filled up with massless ones far
// away so that no loop needs to look where the system ends.
//
// The text in front of this one defines the numbers and
//   WORKGROUP   the invocations of a workgroup.

@group(0) @binding(0) var<storage, read_write> positions: array<Cell>;
@group(0) @binding(1) var<storage, read_write> velocities: array<Cell>;
@group(0) @binding(2) var<storage, read_write> accelerations: array<Cell>;
// [slot][body]: the pull of one part of the bodies, added up over all slots by `step.wgsl`.
@group(0) @binding(3) var<storage, read_write> partials: array<Cell>;
@group(0) @binding(4) var<storage, read_write> factors: Factors;
// [workgroup]: sums of potential energies.
@group(0) @binding(5) var<storage, read_write> energies: array<real>;
// A zero that no compiler knows.
@group(0) @binding(6) var<storage, read_write> secret: u32;

// What differs from dispatch to dispatch.
struct Span {
    bodies: u32,        // n
    padded: u32,        // cells of each buffer, and of each slot
    first_block: u32,   // of the blocks of bodies that are pulled
    first: u32,         // of the bodies that pull, in the first slot
    per_slot: u32,      // from the first of one slot to that of the next
    count: u32,         // how many pull, in each slot
    slots: u32,
    steps: u32,
    flags: u32,
}

var<immediate> span: Span;

fn zero() -> u32 {
    return secret;
}
