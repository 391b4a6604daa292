//! The walk over the tree: for each target cell, from the root down, which sources act on it how.
//!
//! A pair of cells is *accepted*, one field for all bodies of the target, where
//!
//! ```text
//! 2 max(r_target, r_source) c < opening sqrt(|t - s|^2 + (eps/4)^2)
//! ```
//!
//! with the centres of mass `t` and `s` and radii about these, so that a centre off the middle of its
//! cell counts: either cell, seen from the other, is smaller than the opening angle. (The sum of the radii would
//! not do: a lone heavy body has none, and would leave the target twice the size.) The caution `c` is 1, and
//! above it where one of the cells holds more than [`LIGHT`](super::cell::LIGHT) of all mass:
//!
//! ```text
//! c = (m / (LIGHT M))^(1/15)        m the mass of the heavier cell, M all mass
//! ```
//!
//! which makes the errors of light and of heavy cells add alike (Dehnen 2002: the error of a cell is its mass
//! by the fifth power of its angle, and its share is to grow with the cube root of its mass alone). Heavy cells are
//! few, so this costs next to nothing, and the error is that of [`super`] where one mass outweighs
//! all others. (Softened expansions converge up to `sqrt(|t - s|^2 + eps^2)`, but the force of bodies closer
//! than `eps` is so weak that half of that is no measure of its error. A quarter keeps heaps of bodies
//! at one point O(n).) Other pairs are split at the larger cell, or at both where they are equally large, and
//! a pair of leaves that is not accepted is summed body by body. The rule is the same for both
//! cells of a pair: whatever one does to the other comes back, and the net force is zero.

use std::ops::Range;

use super::cell::{Cell, Row, difference, square};
use super::expansion::{self, LOCALS, Local};
use super::far;
use super::grow::Tree;
use super::near::NearField;
use crate::nbody::lanes::Lanes;

/// How bodies attract, and how exactly that is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    /// The square of the softening length.
    pub(super) eps2: f64,
    /// The square of the opening angle.
    pub(super) opening2: f64,
}

/// The walk of one unit: from the root down to the bodies of the unit.
///
/// Cells above the unit are walked once by every unit below them. That is little work, and spares
/// a round of waiting for each level.
pub(super) struct Walk<'a, S: Lanes, const POTENTIAL: bool> {
    tree: &'a Tree,
    law: Law,
    simd: S,
    unit: Range<usize>,
    /// Accepted sources of the present target.
    far: Vec<u32>,
    /// Bodies that act on the present target one by one.
    near: Vec<Range<usize>>,
    /// Sources still to be looked at.
    stack: Vec<u32>,
    /// Lists that no target uses at the moment.
    spare: Vec<Vec<u32>>,
}

/// What a source is to a target.
enum Verdict {
    Far,
    Near,
    /// To be split.
    SourceTooLarge,
    /// The source is to be looked at again by the halves of the target.
    TargetTooLarge,
    /// The halves of the source are to be looked at by those of the target.
    BothTooLarge,
}

impl<'a, S: Lanes, const POTENTIAL: bool> Walk<'a, S, POTENTIAL> {
    pub(super) fn new(simd: S, law: Law, tree: &'a Tree, unit: Range<usize>) -> Self {
        Self {
            tree,
            law,
            simd,
            unit,
            far: Vec::new(),
            near: Vec::new(),
            stack: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Accelerations and potentials of the unit's bodies. Without `POTENTIAL` the fourth column is
    /// without meaning.
    pub(super) fn run(mut self, out: &mut [Row]) {
        self.descend(0, [0.0; LOCALS], &[0], out);
    }

    /// The field in the cell at `place` and all below it. `local` is that of the sources accepted above,
    /// `candidates` are those still open.
    fn descend(&mut self, place: u32, mut local: Local, candidates: &[u32], out: &mut [Row]) {
        let tree = self.tree;
        let target = &tree.cells[place as usize];
        let mut open = self.spare.pop().unwrap_or_default();
        self.sort_sources(place, candidates, &mut open);
        far::add(self.simd, self.law.eps2, &tree.cells, &self.far, target, &mut local);
        if target.is_leaf() {
            let start = target.bodies().start - self.unit.start;
            let out = &mut out[start..start + target.bodies().len()];
            let near = NearField::<S, POTENTIAL> { simd: self.simd, law: self.law, tree };
            near.evaluate(target, &local, &self.near, out);
        }
        for child in target.children {
            if self.concerns(child) {
                let d = difference(tree.cells[child as usize].centre, target.centre);
                self.descend(child, expansion::moved(&local, d), &open, out);
            }
        }
        open.clear();
        self.spare.push(open);
    }

    /// Whether bodies of the unit lie in the cell at `place`, a child.
    fn concerns(&self, place: u32) -> bool {
        let bodies = self.tree.cells[place as usize].bodies();
        place != 0 && bodies.start < self.unit.end && self.unit.start < bodies.end
    }

    /// Sorts candidates and their descendants into `far`, `near` and those open to the halves.
    fn sort_sources(&mut self, target: u32, candidates: &[u32], open: &mut Vec<u32>) {
        let cells = &self.tree.cells;
        self.far.clear();
        self.near.clear();
        self.stack.extend(candidates.iter().rev());
        while let Some(place) = self.stack.pop() {
            let source = &cells[place as usize];
            match self.judge(&cells[target as usize], source, target == place) {
                Verdict::Far => self.far.push(place),
                Verdict::Near => add_run(&mut self.near, source.bodies()),
                Verdict::SourceTooLarge => self.stack.extend(source.children.iter().rev()),
                Verdict::TargetTooLarge => open.push(place),
                Verdict::BothTooLarge => open.extend(source.children),
            }
        }
    }

    #[inline]
    fn judge(&self, target: &Cell, source: &Cell, same: bool) -> Verdict {
        let distance2 = square(difference(target.centre, source.centre)) + self.law.eps2 / 16.0;
        let caution = target.caution.max(source.caution);
        let size = 2.0 * target.radius.max(source.radius) * caution;
        if size * size < self.law.opening2 * distance2 && !same {
            return Verdict::Far;
        }
        match (target.is_leaf(), source.is_leaf()) {
            (true, true) => Verdict::Near,
            (true, false) => Verdict::SourceTooLarge,
            (false, true) => Verdict::TargetTooLarge,
            _ if target.radius < source.radius => Verdict::SourceTooLarge,
            _ if target.radius > source.radius => Verdict::TargetTooLarge,
            _ => Verdict::BothTooLarge,
        }
    }
}

/// Adds a run of bodies, to the last one where it continues that.
fn add_run(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    match runs.last_mut() {
        Some(last) if last.end == run.start => last.end = run.end,
        _ => runs.push(run),
    }
}
