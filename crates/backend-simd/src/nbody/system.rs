//! A system of bodies in lanes, cut into parts whose number and borders depend on `n` alone.

use std::sync::{Mutex, PoisonError, RwLock};

use fearless_simd::prelude::*;
use kernels_core::Bodies;

use super::lanes::{Lanes, Real, Vector};
use super::motion::Moving;
use super::pairs::{Block, Triple, zero};
use super::tiles::Row;

/// How many parts `n` bodies are cut into.
///
/// `p` parts make `p (p + 1) / 2` units of pairs and `p` partial sums a body to be added up: enough
/// units for the threads, few enough that the additions stay below a hundredth of the work.
fn part_count(bodies: usize) -> usize {
    match bodies {
        0..512 => 1,
        512..4096 => 4,
        4096..16384 => 8,
        _ => 16,
    }
}

/// A run of consecutive bodies with everything that moves with them.
#[derive(Debug)]
pub(super) struct Part<S: Lanes, T: Real> {
    /// Index of its first body.
    first: usize,
    /// How many bodies it holds.
    bodies: usize,
    pub(super) blocks: Vec<Block<Vector<S, T>>>,
    pub(super) velocities: Vec<Triple<Vector<S, T>>>,
    pub(super) accelerations: Vec<Triple<Vector<S, T>>>,
}

impl<S: Lanes, T: Real> Part<S, T> {
    fn new(simd: S, first: usize, bodies: usize) -> Self {
        let zero = zero::<S, T>(simd);
        let blocks = bodies.div_ceil(Vector::<S, T>::LEN);
        Self {
            first,
            bodies,
            blocks: vec![Block { position: zero, mass: zero[0] }; blocks],
            velocities: vec![zero; blocks],
            accelerations: vec![zero; blocks],
        }
    }

    pub(super) fn row(&self) -> Row<'_, Vector<S, T>> {
        let width = Vector::<S, T>::LEN;
        Row { blocks: &self.blocks, full: self.bodies / width, rest: self.bodies % width }
    }

    pub(super) fn moving(&mut self) -> Moving<'_, S, T> {
        Moving {
            blocks: &mut self.blocks,
            velocities: &mut self.velocities,
            accelerations: &self.accelerations,
        }
    }

    /// Takes masses and positions over. Returns whether any of them is new.
    fn load(&mut self, bodies: &Bodies) -> bool {
        let mut new = false;
        for body in 0..self.bodies {
            let (block, lane) = (body / Vector::<S, T>::LEN, body % Vector::<S, T>::LEN);
            let mut set = |vector: &mut Vector<S, T>, x: f64| {
                let slot = &mut vector.as_mut_slice()[lane];
                new |= slot.to_f64().to_bits() != T::from_f64(x).to_f64().to_bits();
                *slot = T::from_f64(x);
            };
            let from = self.first + body;
            set(&mut self.blocks[block].mass, bodies.mass_slice()[from]);
            for axis in 0..3 {
                set(&mut self.blocks[block].position[axis], bodies.position_rows()[from][axis]);
            }
        }
        new
    }

    fn load_velocities(&mut self, bodies: &Bodies) {
        for body in 0..self.bodies {
            let (block, lane) = (body / Vector::<S, T>::LEN, body % Vector::<S, T>::LEN);
            for axis in 0..3 {
                self.velocities[block][axis].as_mut_slice()[lane] =
                    T::from_f64(bodies.velocity_rows()[self.first + body][axis]);
            }
        }
    }
}

/// The bodies of a kernel, with the forces between every two parts.
#[derive(Debug)]
pub(super) struct System<S: Lanes, T: Real> {
    bodies: usize,
    pub(super) parts: Vec<RwLock<Part<S, T>>>,
    /// At `k * parts + l`: what the bodies of part `l` do to those of part `k`.
    forces: Vec<Mutex<Forces<S, T>>>,
}

/// The force on each block of a part.
type Forces<S, T> = Vec<Triple<Vector<S, T>>>;

/// The only part of a small system, and the forces within it.
pub(super) type Single<'a, S, T> = (&'a mut Part<S, T>, &'a mut Forces<S, T>);

impl<S: Lanes, T: Real> System<S, T> {
    pub(super) fn new(simd: S, bodies: usize) -> Self {
        let count = part_count(bodies);
        let blocks = bodies / Vector::<S, T>::LEN;
        let border = |part: usize| match part {
            part if part == count => bodies,
            part => blocks * part / count * Vector::<S, T>::LEN,
        };
        let parts: Vec<_> = (0..count)
            .map(|part| Part::new(simd, border(part), border(part + 1) - border(part)))
            .collect();
        let forces = (0..count * count)
            .map(|at| Mutex::new(parts[at / count].accelerations.clone()))
            .collect();
        Self { bodies, parts: parts.into_iter().map(RwLock::new).collect(), forces }
    }

    pub(super) fn len(&self) -> usize {
        self.bodies
    }

    /// What the bodies of part `l` do to those of part `k`.
    pub(super) fn forces(&self, k: usize, l: usize) -> &Mutex<Forces<S, T>> {
        &self.forces[k * self.parts.len() + l]
    }

    /// The part of a system that has only one, and the forces within it.
    pub(super) fn single_mut(&mut self) -> Option<Single<'_, S, T>> {
        let [part] = &mut self.parts[..] else { return None };
        let part = part.get_mut().unwrap_or_else(PoisonError::into_inner);
        let forces = self.forces[0].get_mut().unwrap_or_else(PoisonError::into_inner);
        Some((part, forces))
    }

    /// Takes masses and positions over. Returns whether any of them is new.
    pub(super) fn load(&mut self, bodies: &Bodies) -> bool {
        let mut new = false;
        for part in self.parts_mut() {
            new |= part.load(bodies);
        }
        new
    }

    pub(super) fn load_velocities(&mut self, bodies: &Bodies) {
        self.parts_mut().for_each(|part| part.load_velocities(bodies));
    }

    pub(super) fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part<S, T>> {
        self.parts.iter_mut().map(|part| part.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// A quantity of every body, in order.
    pub(super) fn rows(
        &mut self,
        triples: impl Fn(&Part<S, T>, usize) -> Triple<Vector<S, T>>,
    ) -> Vec<[f64; 3]> {
        let mut rows = Vec::with_capacity(self.bodies);
        for part in self.parts_mut() {
            for body in 0..part.bodies {
                let (block, lane) = (body / Vector::<S, T>::LEN, body % Vector::<S, T>::LEN);
                rows.push(triples(part, block).map(|v| v.as_slice()[lane].to_f64()));
            }
        }
        rows
    }
}
