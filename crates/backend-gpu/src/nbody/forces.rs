//! The evaluation of the forces on the device: `shaders/forces.wgsl` in one shape.

use std::ops::Range;

use kernels_core::Error;
use wgpu::{BindGroup, ComputePipeline};

use super::buffers::{BINDINGS, Buffers, Span};
use super::plan::Plan;
use super::shape::Shape;
use crate::device::Device;
use crate::device::stream::Stream;
use crate::shaders::{self, NBodyShader, Numbers};

/// The program `forces`.
#[derive(Debug)]
pub(super) struct Forces {
    shape: Shape,
    pipeline: ComputePipeline,
    bound: BindGroup,
    /// How many blocks one dispatch takes at most.
    most: u32,
}

impl Forces {
    /// The program in a shape.
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
        let shader = NBodyShader::Forces { tile: plan.tile, bodies: shape.bodies, turn: plan.turn };
        let source = shaders::nbody(shader, numbers, shape.workgroup);
        let program = device.program(source, BINDINGS, Span::BYTES)?;
        Ok(Self {
            shape,
            pipeline: program.entry(device, "forces")?,
            bound: program.bind(device, &buffers.all())?,
            most: device.most_workgroups(),
        })
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// The blocks of all bodies.
    pub(super) fn blocks(&self, plan: &Plan) -> Range<u32> {
        0..plan.bodies.div_ceil(self.shape.block())
    }

    /// The sum of each slot for the bodies of these blocks, a part of the slots at a time, in dispatches
    /// that fit the budget.
    ///
    /// # Errors
    /// [`Error::Device`] of an earlier submission.
    pub(super) fn pull(
        &self,
        stream: &mut Stream<'_>,
        plan: &Plan,
        blocks: Range<u32>,
    ) -> Result<(), Error> {
        for (first, count) in plan.reaches() {
            let a_block = u64::from(plan.slots) * u64::from(count) * u64::from(self.shape.block());
            let mut first_block = blocks.start;
            while first_block < blocks.end {
                let now = fitting(stream.budget() / a_block, blocks.end - first_block, self.most);
                let flags = u32::from(first > 0);
                let words = Span { first_block, first, count, flags, ..Span::of(plan) }.words();
                let arguments = bytemuck::cast_slice(&words);
                let cost = u64::from(now) * a_block;
                let groups = (now, plan.slots);
                stream.dispatch(&self.pipeline, &self.bound, arguments, groups, cost)?;
                first_block += now;
            }
        }
        Ok(())
    }
}

/// How many blocks to take of those that are left: as many as fit, at least one, at most what one
/// dimension of a dispatch holds.
pub(super) fn fitting(fit: u64, left: u32, most: u32) -> u32 {
    u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, left.min(most))
}
