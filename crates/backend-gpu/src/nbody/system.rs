//! A system of bodies on a device: its buffers, its programs, and what is done to it there.

use std::ops::Range;
use std::sync::Arc;

use kernels_core::phase::Phase;
use kernels_core::{Bodies, Energies, Error};
use wgpu::{BindGroup, Buffer, ComputePipeline};

use super::buffers::{Buffers, Span};
use super::cells;
use super::energy::Energy;
use super::motion::{Motion, Small};
use super::pairs;
use super::plan::{Chip, Plan};
use super::tuned::{Key, Tuned};
use super::tuning::Tuning;
use super::units::Units;
use crate::device::Device;
use crate::device::stream::{Pace, Stream};
use crate::shaders::Numbers;

/// Where the cells behind the last body lie: far outside of every system, which ends at 2^8.
const OUTSIDE: f64 = 1e6;

/// The positions and velocities of all bodies.
#[derive(Debug)]
pub(super) struct State {
    pub(super) positions: Vec<[f64; 3]>,
    pub(super) velocities: Vec<[f64; 3]>,
}

/// A system on a device.
#[derive(Debug)]
pub(super) struct System {
    pub(super) device: Arc<Device>,
    pub(super) numbers: Numbers,
    pub(super) plan: Plan,
    pub(super) buffers: Buffers,
    pub(super) motion: Motion,
    energy: Option<Energy>,
    units: Units,
    /// What lies on the device, where the host knows it.
    content: Option<Bodies>,
    /// Whether the accelerations on the device belong to the positions there.
    accelerated: bool,
    pub(super) tuning: Tuning,
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
        tuned: &Tuned,
    ) -> Result<Self, Error> {
        let precision = numbers.precision();
        let cell = cells::size(precision);
        let count = count(&device, bodies.len(), cell)?;
        let chip = Chip::new(&device.limits(), precision, software);
        let plan = Plan::new(count, precision, chip);
        let buffers = Buffers::new(&device, &plan, cell)?;
        device.write(&buffers.secret, 0, &[0; 4]);
        let most = device.limits().max_compute_invocations_per_workgroup;
        let known = tuned.get(Key::new(precision, plan.bodies));
        let known = known.filter(|shape| shape.workgroup <= most);
        let shape = known.unwrap_or_else(|| plan.usual_shape(most));
        let motion = Motion::new(&device, numbers, &plan, &buffers, shape)?;
        let is_over = known.is_some() || plan.other_shapes(shape, most).is_empty();
        Ok(Self {
            device,
            numbers,
            plan,
            buffers,
            motion,
            energy: None,
            units: Units::of(bodies),
            content: None,
            accelerated: false,
            tuning: Tuning::new(is_over),
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
    ///
    /// # Errors
    /// As [`pairs::require_apart`].
    pub(super) fn load(&mut self, bodies: &Bodies, softening: f64) -> Result<(), Error> {
        if self.content.as_ref().is_some_and(|content| is_same(content, bodies)) {
            return Ok(());
        }
        let units = Units::of(bodies);
        pairs::require_apart(bodies, units, self.numbers.precision(), softening)?;
        self.units = units;
        let masses = bodies.mass_slice().iter().map(|&m| units.mass(m));
        let positions = bodies.position_rows().iter().map(|x| x.map(|x| units.length(x)));
        self.write(&self.buffers.positions, positions.zip(masses), [OUTSIDE; 3]);
        let velocities = bodies.velocity_rows().iter().map(|v| v.map(|v| units.velocity(v)));
        self.write(&self.buffers.velocities, velocities.map(|v| (v, 0.0)), [0.0; 3]);
        self.write_factors(0.0, softening);
        self.content = Some(bodies.clone());
        self.accelerated = false;
        Ok(())
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
        let softening_squared = self.units.softening_squared(softening);
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

    /// The accelerations of the first and of the last block of bodies alone, with their places.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn accelerations_of_ends(
        &mut self,
        pace: &mut Pace,
    ) -> Result<Vec<(usize, [f64; 3])>, Error> {
        let Motion::Tiled(tiled) = &self.motion else {
            return Ok(self.accelerations(pace)?.into_iter().enumerate().collect());
        };
        let (last, block) = (tiled.forces.blocks(&self.plan).end - 1, tiled.forces.shape().block());
        self.on_stream(pace, |system, stream| {
            system.accelerate_blocks(stream, 0..1)?;
            system.accelerate_blocks(stream, last..last + 1)
        })?;
        let is_at_end = |i: usize| i < block as usize || i >= (last * block) as usize;
        let all = self.read(&self.buffers.accelerations)?.into_iter().enumerate();
        let to_acceleration = |a: [f64; 3]| a.map(|a| self.units.to_acceleration(a));
        Ok(all.filter(|(i, _)| is_at_end(*i)).map(|(i, a)| (i, to_acceleration(a))).collect())
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
        tuned: &Tuned,
        pace: &mut Pace,
    ) -> Result<State, Error> {
        self.write_factors(dt, softening);
        self.content = None;
        if !std::mem::take(&mut self.accelerated) {
            self.on_stream(pace, |system, stream| system.accelerate(stream))?;
        }
        self.run(steps, tuned, pace)?;
        self.state()
    }

    /// Makes steps, from accelerations that belong to the positions to such.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn advance(&self, steps: u64, pace: &mut Pace) -> Result<(), Error> {
        self.on_stream(pace, |system, stream| system.step(stream, steps))
    }

    /// Records dispatches, and waits for the last of them.
    fn on_stream(
        &self,
        pace: &mut Pace,
        record: impl FnOnce(&Self, &mut Stream<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut stream = Stream::new(&self.device, pace);
        record(self, &mut stream)?;
        stream.finish()
    }

    fn state(&self) -> Result<State, Error> {
        let units = self.units;
        let positions = self.read(&self.buffers.positions)?.into_iter();
        let velocities = self.read(&self.buffers.velocities)?.into_iter();
        Ok(State {
            positions: positions.map(|x| x.map(|x| units.to_length(x))).collect(),
            velocities: velocities.map(|v| v.map(|v| units.to_velocity(v))).collect(),
        })
    }

    /// Remembers that the state of the device is that of `bodies`, which came from there.
    pub(super) fn keep(&mut self, bodies: &Bodies) {
        self.content = Some(bodies.clone());
        self.accelerated = true;
    }

    fn accelerate(&self, stream: &mut Stream<'_>) -> Result<(), Error> {
        stream.phase(Phase::Accelerations);
        match &self.motion {
            Motion::Tiled(tiled) => self.accelerate_blocks(stream, tiled.forces.blocks(&self.plan)),
            Motion::Small(Small { steps, bound, .. }) => {
                let span = Span { steps: 1, flags: 1, ..Span::of(&self.plan) };
                dispatch(stream, steps, bound, span, (1, 1), self.plan.interactions())
            }
        }
    }

    /// The accelerations of the bodies of these blocks; those of the others are of no use.
    fn accelerate_blocks(&self, stream: &mut Stream<'_>, blocks: Range<u32>) -> Result<(), Error> {
        let Motion::Tiled(tiled) = &self.motion else { return self.accelerate(stream) };
        tiled.forces.pull(stream, &self.plan, blocks)?;
        self.each(stream, &tiled.gather, &tiled.bound)
    }

    fn step(&self, stream: &mut Stream<'_>, steps: u64) -> Result<(), Error> {
        match &self.motion {
            Motion::Tiled(tiled) => (0..steps).try_for_each(|_| {
                stream.phase(Phase::AdvancePositions);
                self.each(stream, &tiled.drift, &tiled.bound)?;
                stream.phase(Phase::Accelerations);
                tiled.forces.pull(stream, &self.plan, tiled.forces.blocks(&self.plan))?;
                stream.phase(Phase::AdvanceVelocities);
                self.each(stream, &tiled.kick, &tiled.bound)
            }),
            Motion::Small(Small { steps: pipeline, bound, shape }) => {
                stream.phase(Phase::Steps);
                let mut left = steps;
                while left > 0 {
                    let most = (stream.budget() / self.plan.interactions()).clamp(1, left);
                    let now = u32::try_from(most)
                        .unwrap_or(u32::MAX)
                        .min(self.plan.steps(shape.workgroup));
                    let span = Span { steps: now, ..Span::of(&self.plan) };
                    let cost = u64::from(now) * self.plan.interactions();
                    dispatch(stream, pipeline, bound, span, (1, 1), cost)?;
                    left -= u64::from(now);
                }
                Ok(())
            }
        }
    }

    /// One invocation for each body.
    fn each(
        &self,
        stream: &mut Stream<'_>,
        pipeline: &ComputePipeline,
        bound: &BindGroup,
    ) -> Result<(), Error> {
        let cost = u64::from(self.plan.bodies) * u64::from(self.plan.slots);
        let grid = self.device.grid(self.plan.groups());
        dispatch(stream, pipeline, bound, Span::of(&self.plan), grid, cost)
    }

    /// The energies of the system.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn energies(&mut self, pace: &mut Pace) -> Result<Energies, Error> {
        let energy = match self.energy.take() {
            Some(energy) => energy,
            None => Energy::new(&self.device, self.numbers, &self.plan, &self.buffers)?,
        };
        let energy = self.energy.insert(energy);
        let mut stream = Stream::new(&self.device, pace);
        stream.phase(Phase::Energies);
        energy.evaluate(&mut stream, &self.plan)?;
        stream.finish()?;
        let [kinetic, potential] = energy.sums(&self.device, self.numbers, &self.buffers)?;
        Ok(Energies {
            kinetic: self.units.to_energy(kinetic),
            potential: self.units.to_energy(potential),
        })
    }

    fn read(&self, buffer: &Buffer) -> Result<Vec<[f64; 3]>, Error> {
        let precision = self.numbers.precision();
        let bytes = u64::from(self.plan.bodies) * cells::size(precision);
        Ok(cells::vectors(precision, &self.device.read(buffer, 0..bytes)?))
    }
}

fn dispatch(
    stream: &mut Stream<'_>,
    pipeline: &ComputePipeline,
    bound: &BindGroup,
    span: Span,
    groups: (u32, u32),
    cost: u64,
) -> Result<(), Error> {
    let words = span.words();
    stream.dispatch(pipeline, bound, bytemuck::cast_slice(&words), groups, cost)
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

/// Whether two systems are equal in every bit.
fn is_same(a: &Bodies, b: &Bodies) -> bool {
    let same = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
    };
    same(a.mass_slice(), b.mass_slice())
        && same(a.position_rows().as_flattened(), b.position_rows().as_flattened())
        && same(a.velocity_rows().as_flattened(), b.velocity_rows().as_flattened())
}
