//! The potential energy on the device: `shaders/energy.wgsl`.

use kernels_core::nbody::CompensatedSum;
use kernels_core::{Error, Precision};
use wgpu::{BindGroup, ComputePipeline};

use super::buffers::{BINDINGS, Buffers, Span};
use super::cells;
use super::forces::fitting;
use super::plan::{Plan, REACH};
use crate::device::Device;
use crate::device::stream::Stream;
use crate::shaders::{self, NBodyShader, Numbers};

/// The programs `potential` and `energy`.
#[derive(Debug)]
pub(super) struct Energy {
    potential: ComputePipeline,
    energy: ComputePipeline,
    bound: BindGroup,
    grid: (u32, u32),
    /// The bytes of the sums of all workgroups.
    bytes: u64,
    /// How many blocks one dispatch takes at most.
    most: u32,
}

impl Energy {
    /// Compiles them.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the compiler.
    pub(super) fn new(
        device: &Device,
        numbers: Numbers,
        plan: &Plan,
        buffers: &Buffers,
    ) -> Result<Self, Error> {
        let source = shaders::nbody(NBodyShader::Energy, numbers, plan.workgroup);
        let program = device.program(source, BINDINGS, Span::BYTES)?;
        let (columns, rows) = device.grid(plan.groups());
        let real = cells::real_size(numbers.precision());
        Ok(Self {
            potential: program.entry(device, "potential")?,
            energy: program.entry(device, "energy")?,
            bound: program.bind(device, &buffers.all())?,
            grid: (columns, rows),
            bytes: u64::from(columns) * u64::from(rows) * real,
            most: device.most_workgroups(),
        })
    }

    /// The potential energy of each workgroup, into the staging buffer of energies.
    ///
    /// # Errors
    /// [`Error::Device`] of an earlier submission.
    pub(super) fn evaluate(
        &self,
        stream: &mut Stream<'_>,
        plan: &Plan,
        buffers: &Buffers,
    ) -> Result<(), Error> {
        self.potentials(stream, plan)?;
        let words = Span::of(plan).words();
        stream.dispatch(&self.energy, &self.bound, bytemuck::cast_slice(&words), self.grid, 0)?;
        stream.copy(&buffers.energies, &buffers.staged_energies, self.bytes);
        Ok(())
    }

    fn potentials(&self, stream: &mut Stream<'_>, plan: &Plan) -> Result<(), Error> {
        let blocks = plan.groups();
        let count = REACH;
        let a_block = u64::from(count) * u64::from(plan.workgroup);
        for first in (0..plan.bodies).step_by(count as usize) {
            let mut first_block = 0;
            while first_block < blocks {
                let now = fitting(stream.budget() / a_block, blocks - first_block, self.most);
                let flags = u32::from(first > 0);
                let words = Span { first_block, first, count, flags, ..Span::of(plan) }.words();
                let arguments = bytemuck::cast_slice(&words);
                let cost = u64::from(now) * a_block;
                stream.dispatch(&self.potential, &self.bound, arguments, (now, 1), cost)?;
                first_block += now;
            }
        }
        Ok(())
    }

    /// The sum over all workgroups, from the bytes of the staging buffer.
    pub(super) fn sum(&self, precision: Precision, staged: &[u8]) -> f64 {
        let reals = cells::reals(precision, &staged[..self.bytes as usize]);
        reals.into_iter().collect::<CompensatedSum>().value()
    }
}
