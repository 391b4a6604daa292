//! The programs that move a system: in tiles, or a small one in one workgroup.

use kernels_core::Error;
use wgpu::{BindGroup, ComputePipeline};

use super::buffers::{BINDINGS, Buffers, Span};
use super::forces::Forces;
use super::plan::Plan;
use super::shape::Shape;
use crate::device::Device;
use crate::shaders::{self, NBodyShader, Numbers};

/// The programs that move a system.
#[derive(Debug)]
pub(super) enum Motion {
    Tiled(Tiled),
    Small(Small),
}

/// The programs of a system that takes several workgroups.
#[derive(Debug)]
pub(super) struct Tiled {
    pub(super) forces: Forces,
    pub(super) gather: ComputePipeline,
    pub(super) drift: ComputePipeline,
    pub(super) kick: ComputePipeline,
    pub(super) bound: BindGroup,
}

/// The program of a system that one workgroup holds.
#[derive(Debug)]
pub(super) struct Small {
    pub(super) shape: Shape,
    pub(super) steps: ComputePipeline,
    pub(super) bound: BindGroup,
}

impl Motion {
    /// The programs of a plan in a shape.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the compiler.
    pub(super) fn new(
        device: &Device,
        numbers: Numbers,
        plan: &Plan,
        buffers: &Buffers,
        shape: Shape,
    ) -> Result<Self, Error> {
        if plan.small {
            Small::new(device, numbers, plan, buffers, shape).map(Self::Small)
        } else {
            Tiled::new(device, numbers, plan, buffers, shape).map(Self::Tiled)
        }
    }

    /// The shape of what pulls.
    pub(super) fn shape(&self) -> Shape {
        match self {
            Self::Tiled(tiled) => tiled.forces.shape(),
            Self::Small(small) => small.shape,
        }
    }
}

impl Tiled {
    fn new(
        device: &Device,
        numbers: Numbers,
        plan: &Plan,
        buffers: &Buffers,
        shape: Shape,
    ) -> Result<Self, Error> {
        let source = shaders::nbody(NBodyShader::Step, numbers, plan.workgroup);
        let program = device.program(source, BINDINGS, Span::BYTES)?;
        Ok(Self {
            forces: Forces::new(device, numbers, plan, buffers, shape)?,
            gather: program.entry(device, "gather")?,
            drift: program.entry(device, "drift")?,
            kick: program.entry(device, "kick")?,
            bound: program.bind(device, &buffers.all())?,
        })
    }
}

impl Small {
    fn new(
        device: &Device,
        numbers: Numbers,
        plan: &Plan,
        buffers: &Buffers,
        shape: Shape,
    ) -> Result<Self, Error> {
        let shader = NBodyShader::Small { capacity: plan.padded };
        let source = shaders::nbody(shader, numbers, shape.workgroup);
        let program = device.program(source, BINDINGS, Span::BYTES)?;
        let bound = program.bind(device, &buffers.all())?;
        Ok(Self { shape, steps: program.entry(device, "steps")?, bound })
    }
}
