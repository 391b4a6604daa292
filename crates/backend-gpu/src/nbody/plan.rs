//! How the work on a system is laid out: by the number of bodies and the adapter alone, so that a
//! result always has the same bits on one adapter.

use kernels_core::Precision;

use super::cells;
use super::shape::Shape;

/// The bodies of one invocation of `forces` that the number of slots is meant for.
const BODIES: u32 = 4;

/// From this many bodies on, tiles are long; before, slots of short ones fill the chip.
const LONG_TILES_FROM: u32 = 1 << 14;

/// The bodies that pull in one dispatch: 4,096 turns of the inner loop, well below the 65,535 of all loops
/// after which some drivers stop, and such that the least dispatch, one block in `forces`, may have at most
/// [`LEAST_DISPATCH`] interactions.
pub(super) const REACH: u32 = 1 << 14;

/// The interactions of the least dispatch, for each invocation that the chip has at once: 2^24 take a processor less
/// than a tenth of a second.
const LEAST_DISPATCH: u64 = 1 << 13;

/// The iterations of all loops that one invocation of `steps` may do.
const ITERATIONS: u32 = 1 << 15;

// An invocation of `potential` takes a turn for each body of a reach and one for each tile; one of `forces` fewer.
const _: () = assert!(2 * REACH <= ITERATIONS);

/// The partial sums of all slots take at most so many bytes.
const PARTIALS: u64 = 1 << 27;

/// More slots than this cost more to add up than they win.
const MOST_SLOTS: u32 = 64;

/// What of the adapter the plan depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chip {
    /// How many invocations keep all its cores busy.
    pub(super) invocations: u32,
    /// The invocations of a workgroup.
    pub(super) workgroup: u32,
    /// The bytes of workgroup memory.
    pub(super) workgroup_memory: u32,
    /// The bytes of one buffer.
    pub(super) buffer: u64,
    /// The bodies that a turn of the inner loop of `forces` takes. A processor compiles a longer one half a second
    /// longer and is no faster.
    pub(super) turn: u32,
    /// The bodies below which one workgroup is faster than all with more dispatches, a power of two, since shapes
    /// are remembered by such. On lavapipe with two cores a step of 128 bodies takes 0.14 ms in one workgroup
    /// and 0.17 ms in tiles, one of 256 0.55 and 0.44 ms. On an H100 4,000 steps of 256 bodies take 0.05 s in one
    /// workgroup in f32, 0.06 in mixed and 0.10 in f64, in tiles 0.10, 0.15 and 0.14; of 500 bodies 0.13, 0.17 and 0.24,
    /// in tiles 0.12, 0.17 and 0.14. It is not tuned as shapes are, since tiles add up in another order: a run would
    /// differ from one made before.
    pub(super) small: u32,
}

impl Chip {
    /// What the limits of an adapter allow. How many cores a chip has, no interface tells: a real one
    /// gets several times what the largest holds (an H200 270,336 invocations), so that the cores which
    /// have no part in the last round are few; a processor gets work for some threads.
    pub(super) fn new(limits: &wgpu::Limits, precision: Precision, software: bool) -> Self {
        let most = limits.max_compute_invocations_per_workgroup;
        Self {
            invocations: if software { 1 << 11 } else { 1 << 20 },
            workgroup: most.min(if software { 64 } else { 256 }),
            workgroup_memory: limits.max_compute_workgroup_storage_size,
            buffer: limits.max_storage_buffer_binding_size,
            turn: if software { 4 } else { 8 },
            small: match precision {
                _ if software => 128,
                Precision::F64 => 256,
                Precision::Mixed | Precision::F32 => 512,
            },
        }
    }

    fn least_dispatch(&self) -> u64 {
        u64::from(self.invocations) * LEAST_DISPATCH
    }
}

/// The layout of one system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// The bodies.
    pub(super) bodies: u32,
    /// The cells of a buffer: a multiple of the bodies of any workgroup.
    pub(super) padded: u32,
    /// The invocations of a workgroup, except where a [`Shape`] says it.
    pub(super) workgroup: u32,
    /// The bodies of a tile.
    pub(super) tile: u32,
    /// The parts whose pulls are summed apart from each other, at the same time.
    pub(super) slots: u32,
    /// The bodies of a slot.
    pub(super) per_slot: u32,
    /// The bodies of a turn of the inner loop.
    pub(super) turn: u32,
    /// The interactions that a block may have in one dispatch.
    least_dispatch: u64,
    /// Whether one workgroup does many steps of the whole system.
    pub(super) small: bool,
}

impl Plan {
    /// The layout for so many bodies.
    pub(super) fn new(bodies: u32, precision: Precision, chip: Chip) -> Self {
        if let Some(small) = Self::small(bodies, precision, chip) {
            return small;
        }
        let workgroup = chip.workgroup;
        let tile = if bodies < LONG_TILES_FROM { 64 } else { 256 };
        let padded = bodies.next_multiple_of(Shape::LARGEST_BLOCK);
        let tiles = bodies.div_ceil(tile);
        let fitting = PARTIALS.min(chip.buffer) / (u64::from(padded) * cells::size(precision));
        let slots = (chip.invocations / bodies.div_ceil(BODIES))
            .min(u32::try_from(fitting).unwrap_or(u32::MAX))
            .min(tiles)
            .clamp(1, MOST_SLOTS);
        let per_slot = tiles.div_ceil(slots) * tile;
        let slots = bodies.div_ceil(per_slot);
        let (turn, least_dispatch) = (chip.turn, chip.least_dispatch());
        Self {
            bodies,
            padded,
            workgroup,
            tile,
            slots,
            per_slot,
            turn,
            least_dispatch,
            small: false,
        }
    }

    /// The layout of a system that one workgroup holds and is not too slow for.
    fn small(bodies: u32, precision: Precision, chip: Chip) -> Option<Self> {
        let workgroup = bodies.next_power_of_two().clamp(32, chip.workgroup);
        let padded = bodies.next_multiple_of(workgroup);
        let bytes = u64::from(padded) * cells::size(precision);
        let fits = bytes <= u64::from(chip.workgroup_memory) && bodies < chip.small;
        fits.then_some(Self {
            bodies,
            padded,
            workgroup,
            tile: padded,
            slots: 1,
            per_slot: padded,
            turn: chip.turn,
            least_dispatch: chip.least_dispatch(),
            small: true,
        })
    }

    /// The steps of a small system that one dispatch of so many invocations may do.
    pub(super) fn steps(&self, workgroup: u32) -> u32 {
        let (a_step, around) = self.iterations(workgroup);
        ((ITERATIONS - around) / a_step).max(1)
    }

    /// The iterations of all loops of an invocation of `steps`: in a step, and around the steps.
    fn iterations(&self, workgroup: u32) -> (u32, u32) {
        let own = self.bodies.div_ceil(workgroup);
        let pulling = self.bodies.div_ceil(4);
        (1 + own + own * (1 + pulling), self.padded.div_ceil(workgroup) + own)
    }

    /// The shape of what pulls, where none is known to be better.
    pub(super) fn usual_shape(&self, most: u32) -> Shape {
        if self.small {
            return Shape { workgroup: self.workgroup, bodies: 1 };
        }
        Shape::usual(self.bodies, most)
    }

    /// Every other shape that is worth a trial, the most promising one last.
    pub(super) fn other_shapes(&self, shape: Shape, most: u32) -> Vec<Shape> {
        let mut shapes: Vec<_> = if self.small {
            Shape::all_alone(self.bodies, most).collect()
        } else {
            Shape::all(most)
                .filter(|shape| self.of_a_block(*shape) <= self.least_dispatch)
                .collect()
        };
        shapes.retain(|other| *other != shape);
        shapes.reverse();
        shapes
    }

    /// The interactions of one block in the longest dispatch.
    fn of_a_block(&self, shape: Shape) -> u64 {
        let reach = REACH.min(self.per_slot);
        u64::from(self.slots) * u64::from(reach) * u64::from(shape.block())
    }

    /// The parts of a slot that single dispatches take: the first body and how many.
    pub(super) fn reaches(&self) -> impl Iterator<Item = (u32, u32)> {
        let per_slot = self.per_slot;
        (0..per_slot).step_by(REACH as usize).map(move |first| (first, REACH.min(per_slot - first)))
    }

    /// The workgroups with an invocation for each body.
    pub(super) fn groups(&self) -> u32 {
        self.bodies.div_ceil(self.workgroup)
    }

    /// The interactions of a step.
    pub(super) fn interactions(&self) -> u64 {
        u64::from(self.bodies) * u64::from(self.bodies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHIP: Chip = Chip {
        invocations: 1 << 20,
        workgroup: 256,
        workgroup_memory: 32_768,
        buffer: 1 << 27,
        turn: 8,
        small: 512,
    };

    fn plan(bodies: u32) -> Plan {
        Plan::new(bodies, Precision::F64, CHIP)
    }

    #[test]
    fn every_body_has_its_place_in_a_block_and_a_slot() {
        for bodies in [2, 16, 255, 256, 257, 512, 513, 1023, 1025, 16_384, 100_003, 1 << 20] {
            let plan = plan(bodies);
            assert!(plan.padded >= bodies && plan.slots * plan.per_slot >= bodies, "{plan:?}");
            assert!((plan.slots - 1) * plan.per_slot < bodies, "an empty slot in {plan:?}");
            assert_eq!(plan.per_slot % plan.tile, 0);
            let reached: u32 = plan.reaches().map(|(_, count)| count).sum();
            assert_eq!(reached, plan.per_slot);
        }
    }

    #[test]
    fn a_million_bodies_fit_the_buffers_of_a_small_adapter() {
        let plan = plan(1 << 20);
        assert!(u64::from(plan.slots * plan.padded) * 32 <= CHIP.buffer);
        assert!(plan.reaches().count() > 1);
    }

    #[test]
    fn a_middling_system_fills_the_chip() {
        let plan = plan(16_384);
        assert_eq!(plan.bodies / BODIES * plan.slots, 1 << 18, "as many slots as there may be");
        assert_eq!(plan.slots, MOST_SLOTS);
        let more = Plan::new(1 << 17, Precision::F64, CHIP);
        assert_eq!(more.bodies / BODIES * more.slots, CHIP.invocations);
    }

    #[test]
    fn the_least_dispatch_is_short() {
        let slow = Chip { invocations: 1 << 11, workgroup: 64, small: 64, ..CHIP };
        for (bodies, dropped) in [(1 << 12, 0), (1 << 16, 1), (1 << 17, 1), (1 << 20, 1)] {
            let plan = Plan::new(bodies, Precision::F64, slow);
            let usual = plan.usual_shape(256);
            let others = plan.other_shapes(usual, 256);
            assert_eq!(others.len(), Shape::all(256).count() - 1 - dropped, "{others:?}");
            for shape in others.into_iter().chain([usual]) {
                let longest = plan.reaches().map(|(_, count)| count).max().expect("a reach");
                assert!(u64::from(plan.slots * longest * shape.block()) <= 1 << 24, "{plan:?}");
            }
        }
    }

    #[test]
    fn loops_stay_short() {
        for bodies in [2, 16, 300, 511] {
            let plan = plan(bodies);
            assert!(plan.small);
            for Shape { workgroup, .. } in Shape::all_alone(bodies, 1024) {
                let (a_step, around) = plan.iterations(workgroup);
                let all = plan.steps(workgroup) * a_step + around;
                assert!(all <= ITERATIONS && all > ITERATIONS / 2, "{all} of {bodies}");
            }
        }
        assert!(!plan(512).small);
    }
}
