//! A system of bodies on a device: its buffers, its programs, and what is done to it there.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use kernels_core::phase::Phase;
use kernels_core::{Bodies, Error};
use wgpu::{BindGroup, Buffer, ComputePipeline, SubmissionIndex};

use super::buffers::{Buffers, Span};
use super::cells;
use super::energy::Energy;
use super::motion::{Motion, Small};
use super::pairs;
use super::plan::{Chip, Plan};
use super::tuned::{Key, Tuned};
use super::tuning::Tuning;
use super::units::{Purpose, Units};
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
    /// The masses and the state that lie on the device, the latter where the host knows it.
    masses: Vec<f64>,
    content: Option<State>,
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
        let begun = Instant::now();
        let motion = Motion::new(&device, numbers, &plan, &buffers, shape)?;
        let compiled = begun.elapsed();
        let is_over = known.is_some() || plan.other_shapes(shape, most).is_empty();
        Ok(Self {
            device,
            numbers,
            plan,
            buffers,
            motion,
            energy: None,
            units: Units::UNSCALED,
            masses: Vec::new(),
            content: None,
            accelerated: false,
            tuning: Tuning::new(is_over, shape, compiled),
        })
    }

    /// Whether it takes systems of so many bodies and its device is in order.
    pub(super) fn suits(&self, bodies: &Bodies) -> bool {
        self.plan.bodies as usize == bodies.len() && !self.device.is_lost()
    }

    /// Brings a system to the device, where it is not there already in units that fit the purpose.
    ///
    /// # Errors
    /// As [`Units::fitting`] and [`pairs::require_apart`].
    pub(super) fn load(
        &mut self,
        bodies: &Bodies,
        softening: f64,
        purpose: Purpose,
    ) -> Result<(), Error> {
        let precision = self.numbers.precision();
        let holds = |content| self.holds(content, bodies);
        if self.units.fit(precision, purpose) && self.content.as_ref().is_some_and(holds) {
            return Ok(());
        }
        let units = Units::fitting(bodies, softening, precision, purpose)?;
        pairs::require_apart(bodies, units, precision, softening)?;
        self.units = units;
        let masses = bodies.mass_slice().iter().map(|&m| units.mass(m));
        let positions = bodies.position_rows().iter().map(|x| x.map(|x| units.length(x)));
        self.write(&self.buffers.positions, positions.zip(masses), [OUTSIDE; 3]);
        let velocities = bodies.velocity_rows().iter().map(|v| v.map(|v| units.velocity(v)));
        self.write(&self.buffers.velocities, velocities.map(|v| (v, 0.0)), [0.0; 3]);
        self.write_factors(0.0, softening);
        self.masses = bodies.mass_slice().to_vec();
        let (positions, velocities) = (bodies.position_rows(), bodies.velocity_rows());
        let state = State { positions: positions.to_vec(), velocities: velocities.to_vec() };
        self.content = Some(state);
        self.accelerated = false;
        Ok(())
    }

    /// Whether its masses and a state are those of `bodies`, in every bit.
    fn holds(&self, state: &State, bodies: &Bodies) -> bool {
        is_same(&self.masses, bodies.mass_slice())
            && is_same(state.positions.as_flattened(), bodies.position_rows().as_flattened())
            && is_same(state.velocities.as_flattened(), bodies.velocity_rows().as_flattened())
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
        for factor in [dt, 0.5 * dt] {
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
        let done = self.on_stream(pace, |system, stream| {
            system.accelerate(stream)?;
            system.stage(stream, [&system.buffers.accelerations]);
            Ok(())
        })?;
        self.accelerated = true;
        self.staged(0, done, |a| self.units.to_acceleration(a))
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
        let done = self.on_stream(pace, |system, stream| {
            system.accelerate_blocks(stream, 0..1)?;
            system.accelerate_blocks(stream, last..last + 1)?;
            system.stage(stream, [&system.buffers.accelerations]);
            Ok(())
        })?;
        self.accelerated = false;
        let is_at_end = |i: usize| i < block as usize || i >= (last * block) as usize;
        let all = self.staged(0, done, |a| self.units.to_acceleration(a))?;
        Ok(all.into_iter().enumerate().filter(|(i, _)| is_at_end(*i)).collect())
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
        let left = self.tune(steps, tuned, pace)?;
        let begun = Instant::now();
        let done = self.on_stream(pace, |system, stream| {
            system.step(stream, left)?;
            system.stage(stream, [&system.buffers.positions, &system.buffers.velocities]);
            Ok(())
        })?;
        self.tuning.learn(self.motion.shape(), left, begun.elapsed());
        Ok(State {
            positions: self.staged(0, done.clone(), |x| self.units.to_length(x))?,
            velocities: self.staged(1, done, |v| self.units.to_velocity(v))?,
        })
    }

    /// Makes steps, from accelerations that belong to the positions to such.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn advance(&self, steps: u64, pace: &mut Pace) -> Result<(), Error> {
        self.on_stream(pace, |system, stream| system.step(stream, steps)).map(drop)
    }

    /// Records dispatches, and waits for the last of them.
    fn on_stream(
        &self,
        pace: &mut Pace,
        record: impl FnOnce(&Self, &mut Stream<'_>) -> Result<(), Error>,
    ) -> Result<Option<SubmissionIndex>, Error> {
        let mut stream = Stream::new(&self.device, pace);
        record(self, &mut stream)?;
        stream.finish()
    }

    /// Has vectors copied to where the host reads them.
    fn stage<const N: usize>(&self, stream: &mut Stream<'_>, buffers: [&Buffer; N]) {
        let bytes = u64::from(self.plan.bodies) * cells::size(self.numbers.precision());
        for (from, to) in buffers.iter().zip(&self.buffers.staged) {
            stream.copy(from, to, bytes);
        }
    }

    /// The vectors that a submission has left in a staging buffer, in other units.
    fn staged(
        &self,
        number: usize,
        done: Option<SubmissionIndex>,
        unit: impl Fn(f64) -> f64,
    ) -> Result<Vec<[f64; 3]>, Error> {
        let precision = self.numbers.precision();
        let bytes = self.plan.bodies as usize * cells::size(precision) as usize;
        self.device.with_mapped(&self.buffers.staged[number], done, |staged| {
            cells::vectors(precision, &staged[..bytes], unit)
        })
    }

    /// Remembers that `state`, which came from the device, is the one there.
    pub(super) fn keep(&mut self, state: State) {
        self.content = Some(state);
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

    /// The potential energy of the system.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(super) fn potential(&mut self, pace: &mut Pace) -> Result<f64, Error> {
        let energy = match self.energy.take() {
            Some(energy) => energy,
            None => Energy::new(&self.device, self.numbers, &self.plan, &self.buffers)?,
        };
        let energy = self.energy.insert(energy);
        let mut stream = Stream::new(&self.device, pace);
        stream.phase(Phase::Energies);
        energy.evaluate(&mut stream, &self.plan, &self.buffers)?;
        let (done, precision) = (stream.finish()?, self.numbers.precision());
        let staged = &self.buffers.staged_energies;
        let sum = self.device.with_mapped(staged, done, |staged| energy.sum(precision, staged))?;
        Ok(self.units.to_energy(sum))
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

/// Whether numbers are equal in every bit.
fn is_same(a: &[f64], b: &[f64]) -> bool {
    bytemuck::cast_slice::<_, u64>(a) == bytemuck::cast_slice::<_, u64>(b)
}
