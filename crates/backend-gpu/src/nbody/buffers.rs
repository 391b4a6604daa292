//! What the shaders of `shaders/bodies.wgsl` see: their buffers, in the order of the binding numbers, and
//! the arguments of a dispatch.

use kernels_core::Error;
use wgpu::Buffer;

use super::plan::Plan;
use crate::device::Device;

/// The buffers of one system.
#[derive(Debug)]
pub(super) struct Buffers {
    pub(super) positions: Buffer,
    pub(super) velocities: Buffer,
    pub(super) accelerations: Buffer,
    pub(super) partials: Buffer,
    pub(super) factors: Buffer,
    pub(super) energies: Buffer,
    pub(super) secret: Buffer,
    /// Where the host reads vectors of the bodies: positions or accelerations, and velocities.
    pub(super) staged: [Buffer; 2],
    /// Where it reads energies.
    pub(super) staged_energies: Buffer,
}

/// How many there are.
pub(super) const BINDINGS: u32 = 7;

impl Buffers {
    /// Buffers for the cells of a plan, `cell` bytes each.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Device`].
    pub(super) fn new(device: &Device, plan: &Plan, cell: u64) -> Result<Self, Error> {
        let cells = u64::from(plan.padded) * cell;
        Ok(Self {
            positions: device.storage("the buffer of positions", cells)?,
            velocities: device.storage("the buffer of velocities", cells)?,
            accelerations: device.storage("the buffer of accelerations", cells)?,
            partials: device
                .storage("the buffer of partial sums", cells * u64::from(plan.slots))?,
            factors: device.storage("the buffer of factors", 32)?,
            energies: device.storage("the buffer of energies", cells)?,
            secret: device.storage("a zero", 4)?,
            staged: [device.read_back(cells)?, device.read_back(cells)?],
            staged_energies: device.read_back(cells)?,
        })
    }

    /// All of them, in the order of their binding numbers.
    pub(super) fn all(&self) -> [&Buffer; BINDINGS as usize] {
        [
            &self.positions,
            &self.velocities,
            &self.accelerations,
            &self.partials,
            &self.factors,
            &self.energies,
            &self.secret,
        ]
    }
}

/// The arguments of one dispatch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) bodies: u32,
    pub(super) padded: u32,
    pub(super) first_block: u32,
    pub(super) first: u32,
    pub(super) per_slot: u32,
    pub(super) count: u32,
    pub(super) slots: u32,
    pub(super) steps: u32,
    /// Bit 0: a sum goes on (`forces`, `potential`); forces alone, without motion (`steps`).
    pub(super) flags: u32,
}

impl Span {
    /// The bytes of the arguments.
    pub(super) const BYTES: u32 = 36;

    /// Those of a dispatch over all of a system.
    pub(super) fn of(plan: &Plan) -> Self {
        let &Plan { bodies, padded, per_slot, slots, .. } = plan;
        let (first_block, first, count, steps, flags) = (0, 0, 0, 0, 0);
        Self { bodies, padded, first_block, first, per_slot, count, slots, steps, flags }
    }

    /// The arguments as the shader takes them.
    pub(super) fn words(self) -> [u32; 9] {
        [
            self.bodies,
            self.padded,
            self.first_block,
            self.first,
            self.per_slot,
            self.count,
            self.slots,
            self.steps,
            self.flags,
        ]
    }
}
