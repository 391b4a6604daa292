//! A system of bodies on a device: its buffers, its programs, and what is done to it there.

use std::sync::Arc;

use kernels_core::{Bodies, Energies, Error};
use wgpu::{BindGroup, Buffer, ComputePipeline};

use super::buffers::{BINDINGS, Buffers, Span};
use super::cells;
use super::plan::{Chip, Plan};
use super::units::Units;
use crate::device::Device;
use crate::device::program::Program;
use crate::device::stream::{Pace, Stream};
use crate::shaders::{self, NBodyShader, Numbers};

/// Where the cells behind the last body lie: far outside of every system, which ends at 2^8.
const OUTSIDE: f64 = 1e6;

/// The pipelines that move a system.
#[derive(Debug)]
enum Motion {
    Tiled {
        forces: ComputePipeline,
        gather: ComputePipeline,
        drift: ComputePipeline,
        kick: ComputePipeline,
    },
    Small {
        steps: ComputePipeline,
    },
}

#[derive(Debug)]
struct EnergyPipelines {
    potential: ComputePipeline,
    energy: ComputePipeline,
    buffers: BindGroup,
}

/// The positions and velocities of all bodies.
#[derive(Debug)]
pub(super) struct State {
    pub(super) positions: Vec<[f64; 3]>,
    pub(super) velocities: Vec<[f64; 3]>,
}

/// A system on a device.
#[derive(Debug)]
pub(super) struct System {
    device: Arc<Device>,
    numbers: Numbers,
    plan: Plan,
    buffers: Buffers,
    bound: BindGroup,
    motion: Motion,
    energy: Option<EnergyPipelines>,
    units: Units,
    /// What lies on the device, where the host knows it.
    content: Option<Bodies>,
    /// Whether the accelerations on the device belong to the positions there.
    accelerated: bool,
}

impl System {
    /// Buffers and programs for systems of the size of `bodies`.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Device`].
    pub(super) fn new(
        device: Arc<Device>,
        numbers: Numbers,
        software: bool,
        bodies: &Bodies,
    ) -> Result<Self, Error> {
        let cell = cells::size(numbers.precision());
        let count = count(&device, bodies.len(), cell)?;
        let plan = Plan::new(count, numbers.precision(), Chip::new(&device.limits(), software));
        let buffers = Buffers::new(&device, &plan, cell)?;
        device.write(&buffers.secret, 0, &[0; 4]);
        let (motion, bound) = motion(&device, numbers, &plan, &buffers)?;
        Ok(Self {
            device,
            numbers,
            plan,
            buffers,
            bound,
            motion,
            energy: None,
            units: Units::of(bodies),
            content: None,
            accelerated: false,
        })
    }

    /// Whether it takes systems of so many bodies and its device is in order.
    pub(super) fn suits(&self, bodies: &Bodies) -> bool {
        self.plan.bodies as usize == bodies.len() && !self.device.is_lost()
    }

    /// Whether its device was lost and another one may do better.
    pub(super) fn may_be_replaced(&self) -> bool {
        self.device.may_be_replaced()
    }

    /// Brings a system to the device, where it is not there already.
    pub(super) fn load(&mut self, bodies: &Bodies, softening: f64) {
        if self.content.as_ref().is_some_and(|content| is_same(content, bodies)) {
            return;
        }
        self.units = Units::of(bodies);
        let units = self.units;
        let masses = bodies.mass_slice().iter().map(|&m| units.mass(m));
        let positions = bodies.position_rows().iter().map(|x| x.map(|x| units.length(x)));
        self.write(&self.buffers.positions, positions.zip(masses), [OUTSIDE; 3]);
        let velocities = bodies.velocity_rows().iter().map(|v| v.map(|v| units.velocity(v)));
        self.write(&self.buffers.velocities, velocities.map(|v| (v, 0.0)), [0.0; 3]);
        self.write_factors(0.0, softening);
        self.content = Some(bodies.clone());
        self.accelerated = false;
    }

    fn write(
        &self,
        buffer: &Buffer,
        cells: impl Iterator<Item = ([f64; 3], f64)>,
        padding: [f64; 3],
    ) {
        let precision = self.numbers.precision();
        let padded = self.plan.padded as usize;
        let mut bytes = Vec::with_capacity(padded * cells::size(precision) as usize);
        for (vector, weight) in cells.chain(std::iter::repeat((padding, 0.0))).take(padded) {
            cells::push(precision, vector, weight, &mut bytes);
        }
        self.device.write(buffer, 0, &bytes);
    }

    fn write_factors(&self, dt: f64, softening: f64) {
        let precision = self.numbers.precision();
        let dt = self.units.time(dt);
        let mut bytes = Vec::with_capacity(32);
        for factor in [dt, 0.5 * dt, 0.5 * dt * dt] {
            cells::push_factor(precision, factor, &mut bytes);
        }
        let softening_squared = self.units.softening_squared(softening, precision);
        cells::push_real(precision, softening_squared, &mut bytes);
        self.device.write(&self.buffers.factors, 0, &bytes);
    }

    /// The accelerations of all bodies.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn accelerations(&mut self, pace: &mut Pace) -> Result<Vec<[f64; 3]>, Error> {
        let mut stream = Stream::new(&self.device, pace);
        self.accelerate(&mut stream)?;
        stream.finish()?;
        self.accelerated = true;
        let accelerations = self.read(&self.buffers.accelerations)?;
        let to_acceleration = |a: [f64; 3]| a.map(|a| self.units.to_acceleration(a));
        Ok(accelerations.into_iter().map(to_acceleration).collect())
    }

    /// Moves the system, and gives its positions and velocities.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn leapfrog(
        &mut self,
        dt: f64,
        softening: f64,
        steps: u64,
        pace: &mut Pace,
    ) -> Result<State, Error> {
        self.write_factors(dt, softening);
        self.content = None;
        let mut stream = Stream::new(&self.device, pace);
        if !self.accelerated {
            self.accelerate(&mut stream)?;
        }
        self.accelerated = false;
        self.step(&mut stream, steps)?;
        stream.finish()?;
        let units = self.units;
        let positions = self.read(&self.buffers.positions)?.into_iter();
        let velocities = self.read(&self.buffers.velocities)?.into_iter();
        Ok(State {
            positions: positions.map(|x| x.map(|x| units.to_length(x))).collect(),
            velocities: velocities.map(|v| v.map(|v| units.to_velocity(v))).collect(),
        })
    }

    /// Remembers that `bodies`, as they were handed out, are what lies on the device.
    pub(super) fn keep(&mut self, bodies: &Bodies) {
        self.content = Some(bodies.clone());
        self.accelerated = true;
    }

    fn accelerate(&self, stream: &mut Stream<'_>) -> Result<(), Error> {
        match &self.motion {
            Motion::Tiled { forces, gather, .. } => {
                self.pull(stream, forces)?;
                self.each(stream, gather)
            }
            Motion::Small { steps } => self.small(stream, steps, 1, 1),
        }
    }

    fn step(&self, stream: &mut Stream<'_>, steps: u64) -> Result<(), Error> {
        match &self.motion {
            Motion::Tiled { forces, drift, kick, .. } => (0..steps).try_for_each(|_| {
                self.each(stream, drift)?;
                self.pull(stream, forces)?;
                self.each(stream, kick)
            }),
            Motion::Small { steps: pipeline } => {
                let mut left = steps;
                while left > 0 {
                    let most = (stream.budget() / self.interactions()).clamp(1, left);
                    let now = u32::try_from(most).unwrap_or(u32::MAX).min(self.plan.steps());
                    self.small(stream, pipeline, now, 0)?;
                    left -= u64::from(now);
                }
                Ok(())
            }
        }
    }

    fn interactions(&self) -> u64 {
        u64::from(self.plan.bodies) * u64::from(self.plan.bodies)
    }

    fn span(&self) -> Span {
        let Plan { bodies, padded, per_slot, slots, .. } = self.plan;
        Span {
            bodies,
            padded,
            first_block: 0,
            first: 0,
            per_slot,
            count: 0,
            slots,
            steps: 0,
            flags: 0,
        }
    }

    fn small(
        &self,
        stream: &mut Stream<'_>,
        pipeline: &ComputePipeline,
        steps: u32,
        flags: u32,
    ) -> Result<(), Error> {
        let span = Span { steps, flags, ..self.span() };
        let cost = u64::from(steps) * self.interactions();
        self.dispatch(stream, pipeline, span, (1, 1), cost)
    }

    /// One invocation for each body.
    fn each(&self, stream: &mut Stream<'_>, pipeline: &ComputePipeline) -> Result<(), Error> {
        let cost = u64::from(self.plan.bodies) * u64::from(self.plan.slots);
        self.dispatch(stream, pipeline, self.span(), self.plan.groups(), cost)
    }

    /// The forces on all blocks of bodies, a part of the slots at a time, in dispatches that fit the
    /// budget.
    fn pull(&self, stream: &mut Stream<'_>, pipeline: &ComputePipeline) -> Result<(), Error> {
        let Plan { blocks, slots, workgroup, .. } = self.plan;
        for (first, count) in self.plan.reaches() {
            let a_block = u64::from(slots) * u64::from(count) * 4 * u64::from(workgroup);
            let mut first_block = 0;
            while first_block < blocks {
                let now = fitting(stream.budget() / a_block, blocks - first_block);
                let flags = u32::from(first > 0);
                let span = Span { first_block, first, count, flags, ..self.span() };
                self.dispatch(stream, pipeline, span, (now, slots), u64::from(now) * a_block)?;
                first_block += now;
            }
        }
        Ok(())
    }

    fn dispatch(
        &self,
        stream: &mut Stream<'_>,
        pipeline: &ComputePipeline,
        span: Span,
        groups: (u32, u32),
        cost: u64,
    ) -> Result<(), Error> {
        let words = span.words();
        stream.dispatch(pipeline, &self.bound, bytemuck::cast_slice(&words), groups, cost)
    }

    /// The energies of the system.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn energies(&mut self, pace: &mut Pace) -> Result<Energies, Error> {
        let pipelines = match self.energy.take() {
            Some(pipelines) => pipelines,
            None => self.energy_pipelines()?,
        };
        let energies = self.energies_by(&pipelines, pace);
        self.energy = Some(pipelines);
        energies
    }

    fn energies_by(&self, pipelines: &EnergyPipelines, pace: &mut Pace) -> Result<Energies, Error> {
        let mut stream = Stream::new(&self.device, pace);
        self.potentials(&mut stream, pipelines)?;
        let words = self.span().words();
        let groups = self.plan.groups();
        let arguments = bytemuck::cast_slice(&words);
        stream.dispatch(&pipelines.energy, &pipelines.buffers, arguments, groups, 0)?;
        stream.finish()?;
        self.sum_of_workgroups(groups)
    }

    fn potentials(
        &self,
        stream: &mut Stream<'_>,
        pipelines: &EnergyPipelines,
    ) -> Result<(), Error> {
        let EnergyPipelines { potential, buffers, .. } = pipelines;
        let blocks = self.plan.bodies.div_ceil(self.plan.workgroup);
        for first in (0..self.plan.bodies).step_by(Plan::ENERGY_REACH as usize) {
            let a_block = u64::from(Plan::ENERGY_REACH) * u64::from(self.plan.workgroup);
            let mut first_block = 0;
            while first_block < blocks {
                let now = fitting(stream.budget() / a_block, blocks - first_block);
                let flags = u32::from(first > 0);
                let span =
                    Span { first_block, first, count: Plan::ENERGY_REACH, flags, ..self.span() };
                let cost = u64::from(now) * a_block;
                let words = span.words();
                stream.dispatch(
                    potential,
                    buffers,
                    bytemuck::cast_slice(&words),
                    (now, 1),
                    cost,
                )?;
                first_block += now;
            }
        }
        Ok(())
    }

    fn sum_of_workgroups(&self, groups: (u32, u32)) -> Result<Energies, Error> {
        let precision = self.numbers.precision();
        let pair = 2 * cells::real_size(precision);
        let bytes = u64::from(groups.0) * u64::from(groups.1) * pair;
        let reals = cells::reals(precision, &self.device.read(&self.buffers.energies, 0..bytes)?);
        let sum = |k: usize| reals.iter().skip(k).step_by(2).sum();
        Ok(Energies {
            kinetic: self.units.to_energy(sum(0)),
            potential: self.units.to_energy(sum(1)),
        })
    }

    fn energy_pipelines(&self) -> Result<EnergyPipelines, Error> {
        let program = program(&self.device, NBodyShader::Energy, self.numbers, &self.plan)?;
        Ok(EnergyPipelines {
            potential: program.entry(&self.device, "potential")?,
            energy: program.entry(&self.device, "energy")?,
            buffers: program.bind(&self.device, &self.buffers.all())?,
        })
    }

    fn read(&self, buffer: &Buffer) -> Result<Vec<[f64; 3]>, Error> {
        let precision = self.numbers.precision();
        let bytes = u64::from(self.plan.bodies) * cells::size(precision);
        Ok(cells::vectors(precision, &self.device.read(buffer, 0..bytes)?))
    }
}

/// How many blocks to take of those that are left: as many as fit, at least one, at most what one
/// dimension of a dispatch holds.
fn fitting(fit: u64, left: u32) -> u32 {
    u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, left.min(65_535))
}

/// The number of bodies as the shaders count.
fn count(device: &Device, bodies: usize, cell: u64) -> Result<u32, Error> {
    // Indices of cells, padding included, must stay within u32.
    u32::try_from(bodies).ok().filter(|&bodies| bodies < 1 << 30).ok_or_else(|| Error::TooLarge {
        what: "the buffer of positions",
        device: device.name().to_owned(),
        needed: bodies as u64 * cell,
        limit: device.limits().max_storage_buffer_binding_size,
        remedy: "take a smaller input or another backend",
    })
}

fn program(
    device: &Device,
    shader: NBodyShader,
    numbers: Numbers,
    plan: &Plan,
) -> Result<Arc<Program>, Error> {
    let source = shaders::nbody(shader, numbers, plan.workgroup);
    device.program(source, BINDINGS, Span::BYTES)
}

fn motion(
    device: &Device,
    numbers: Numbers,
    plan: &Plan,
    buffers: &Buffers,
) -> Result<(Motion, BindGroup), Error> {
    if plan.small {
        let shader = NBodyShader::Small { capacity: plan.padded };
        let program = program(device, shader, numbers, plan)?;
        let motion = Motion::Small { steps: program.entry(device, "steps")? };
        return Ok((motion, program.bind(device, &buffers.all())?));
    }
    let program = program(device, NBodyShader::Tiled, numbers, plan)?;
    let motion = Motion::Tiled {
        forces: program.entry(device, "forces")?,
        gather: program.entry(device, "gather")?,
        drift: program.entry(device, "drift")?,
        kick: program.entry(device, "kick")?,
    };
    Ok((motion, program.bind(device, &buffers.all())?))
}

/// Whether two systems are equal in every bit.
fn is_same(a: &Bodies, b: &Bodies) -> bool {
    let same = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
    };
    same(a.mass_slice(), b.mass_slice())
        && same(a.position_rows().as_flattened(), b.position_rows().as_flattened())
        && same(a.velocity_rows().as_flattened(), b.velocity_rows().as_flattened())
}
