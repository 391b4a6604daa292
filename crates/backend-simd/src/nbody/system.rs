//! A system of bodies in lanes, and the units that its forces are cut into, whose number depends on `n`
//! alone.

use std::ops::Range;
use std::sync::{Mutex, RwLock};

use fearless_simd::prelude::*;
use kernels_core::Bodies;

use super::lanes::{Lanes, Real, Vector};
use super::motion::Moving;
use super::pairs::{Block, Triple, filled, zero};
use super::tiles::Row;

/// How many units the forces of `n` bodies are cut into.
///
/// Each has a sum of its own for every body: enough units for the threads, few enough that writing and adding
/// up the sums stays near a hundredth of the work, and that they do not fill the memory. So no more than 8 threads take
/// part below 8,192 bodies, 16 below 65,536 and from 262,144 on, 32 between.
fn unit_count(bodies: usize) -> usize {
    match bodies {
        0..512 => 1,
        512..1024 => 4,
        1024..8192 => 8,
        65_536..262_144 => 32,
        _ => 16,
    }
}

/// The force on each block as one unit has summed it.
pub(super) type Forces<S, T> = RwLock<Vec<Triple<Vector<S, T>>>>;

/// The forces of every unit, and the bodies in as many pieces.
type Pieces<'a, S, T> = (&'a [Forces<S, T>], Vec<Mutex<Piece<'a, S, T>>>);

/// Blocks that one unit of the motion moves.
pub(super) struct Piece<'a, S: Lanes, T: Real> {
    /// Which they are.
    pub(super) blocks: Range<usize>,
    pub(super) moving: Moving<'a, S, T>,
}

/// The bodies of a kernel with all that moves with them.
#[derive(Debug)]
pub(super) struct System<S: Lanes, T: Real> {
    bodies: usize,
    /// Positions, and masses times [`Real::weight`].
    pub(super) blocks: Vec<Block<Vector<S, T>>>,
    pub(super) velocities: Vec<Triple<Vector<S, T>>>,
    pub(super) accelerations: Vec<Triple<Vector<S, T>>>,
    /// What each unit has summed. None where there is only one unit, which needs no sum of its own.
    pub(super) units: Vec<Forces<S, T>>,
}

impl<S: Lanes, T: Real> System<S, T> {
    pub(super) fn new(simd: S, bodies: usize) -> Self {
        let zero = zero::<S, T>(simd);
        let nothing = vec![zero; bodies.div_ceil(Vector::<S, T>::LEN)];
        let units = match unit_count(bodies) {
            1 => 0,
            units => units,
        };
        Self {
            bodies,
            blocks: vec![Block { position: zero, mass: zero[0] }; nothing.len()],
            velocities: nothing.clone(),
            accelerations: nothing.clone(),
            units: (0..units).map(|_| RwLock::new(nothing.clone())).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bodies
    }

    pub(super) fn row(&self) -> Row<'_, Vector<S, T>> {
        Row::new(&self.blocks, self.bodies)
    }

    /// The bodies of the last block.
    fn in_last_block(&self) -> usize {
        self.bodies - self.blocks.len().saturating_sub(1) * Vector::<S, T>::LEN
    }

    pub(super) fn moving(&mut self, simd: S) -> Moving<'_, S, T> {
        let filled = filled::<S, T>(simd, self.in_last_block());
        Moving {
            filled,
            blocks: &mut self.blocks,
            velocities: &mut self.velocities,
            accelerations: &mut self.accelerations,
        }
    }

    /// What the units have summed, and the bodies in as many pieces.
    pub(super) fn pieces(&mut self, simd: S) -> Pieces<'_, S, T> {
        let (all, rest, end) = (Vector::<S, T>::LEN, self.in_last_block(), self.blocks.len());
        let length = self.blocks.len().div_ceil(self.units.len());
        let pieces = (self.blocks.chunks_mut(length))
            .zip(self.velocities.chunks_mut(length))
            .zip(self.accelerations.chunks_mut(length))
            .enumerate()
            .map(|(k, ((blocks, velocities), accelerations))| {
                let own = k * length..k * length + blocks.len();
                let filled = filled::<S, T>(simd, if own.end == end { rest } else { all });
                Piece { blocks: own, moving: Moving { blocks, velocities, accelerations, filled } }
            });
        (&self.units, pieces.map(Mutex::new).collect())
    }

    /// Takes masses and positions over. Returns whether any of them is new.
    pub(super) fn load(&mut self, bodies: &Bodies) -> bool {
        let mut new = false;
        let mut set = |slot: &mut T, x: f64| {
            new |= slot.to_f64().to_bits() != T::from_f64(x).to_f64().to_bits();
            *slot = T::from_f64(x);
        };
        for body in 0..self.bodies {
            let (block, lane) = place::<S, T>(body);
            let block = &mut self.blocks[block];
            let mass = bodies.mass_slice()[body] * T::weight::<S>();
            set(&mut block.mass.as_mut_slice()[lane], mass);
            for axis in 0..3 {
                let slot = &mut block.position[axis].as_mut_slice()[lane];
                set(slot, bodies.position_rows()[body][axis]);
            }
        }
        new
    }

    pub(super) fn load_velocities(&mut self, bodies: &Bodies) {
        for (body, velocity) in bodies.velocity_rows().iter().enumerate() {
            let (block, lane) = place::<S, T>(body);
            for axis in 0..3 {
                let slot = &mut self.velocities[block][axis].as_mut_slice()[lane];
                *slot = T::from_f64(velocity[axis]);
            }
        }
    }

    /// A quantity of every body, in order.
    pub(super) fn rows(&self, triple: impl Fn(usize) -> Triple<Vector<S, T>>) -> Vec<[f64; 3]> {
        let row = |body| {
            let (block, lane) = place::<S, T>(body);
            triple(block).map(|v| v.as_slice()[lane].to_f64())
        };
        (0..self.bodies).map(row).collect()
    }
}

/// The block and the lane of a body.
fn place<S: Lanes, T: Real>(body: usize) -> (usize, usize) {
    (body / Vector::<S, T>::LEN, body % Vector::<S, T>::LEN)
}
