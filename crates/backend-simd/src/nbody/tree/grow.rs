//! Growing the tree: bodies sorted into cells, cells halved until a leaf's few bodies are left.
//!
//! A cell is cut across the longest side of the smallest box around its bodies: in the middle where
//! it holds many, which gives well-shaped cells whatever the density does; by number where it holds
//! few, at a multiple of [`GRAIN`], so that the lanes of nearly every leaf are full. Bodies at one
//! point, and everything below [`DEEPEST`], are cut by number too, which bounds the depth.
//!
//! Where cells are cut depends on positions and on the order of the bodies, and on nothing else.
//! The first cuts are made cell by cell in rounds; what then holds few enough bodies is a *unit*,
//! whose subtree grows on a thread of its own.
//!
//! Cost: O(n) a level, and a level halves the longest side: O(n log n) for anything but contrived
//! positions.

use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use kernels_core::Executor;

use super::cell::{Bounds, Cell, Row};

/// The largest leaf.
const LEAF: usize = 16;

/// Bodies of a leaf come in multiples of this, which holds the lanes of every level.
const GRAIN: usize = 8;

/// Cells of at most so many bodies are halved by number.
const COUNTED: usize = 64;

/// The depth below which every cell is halved by number.
const DEEPEST: usize = 100;

/// Rows behind the last body, so that a vector can be loaded from any.
const PADDING: usize = GRAIN;

/// How many units the bodies are cut into, about.
const UNITS: usize = 128;

/// The smallest number of bodies that are worth a unit.
const SMALLEST_UNIT: usize = 256;

/// The bodies sorted by cells, and the cells: the root first, children behind their parents.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Positions and numbers of the bodies.
    sorted: Vec<Row>,
    /// Positions and masses of the bodies in the same order, with padding.
    pub(super) sources: Vec<Row>,
    pub(super) cells: Vec<Cell>,
    /// The bodies of each unit.
    pub(super) units: Vec<Range<usize>>,
}

/// Bodies that will be the cell at `place`.
#[derive(Debug, Clone)]
struct Run {
    bodies: Range<usize>,
    place: usize,
    depth: usize,
}

impl Run {
    /// The two halves, at neighbouring places.
    fn halves(&self, border: usize, place: usize) -> [Self; 2] {
        let depth = self.depth + 1;
        [
            Self { bodies: self.bodies.start..border, place, depth },
            Self { bodies: border..self.bodies.end, place: place + 1, depth },
        ]
    }
}

impl Tree {
    /// Sorts the bodies and makes all cells anew.
    pub(super) fn grow(&mut self, positions: &[[f64; 3]], masses: &[f64], executor: &dyn Executor) {
        self.sorted.clear();
        let rows = positions.iter().enumerate();
        self.sorted.extend(rows.map(|(body, &[x, y, z])| [x, y, z, body as f64]));
        self.sources.resize(positions.len() + PADDING, [0.0; 4]);
        let (units, cuts) = self.cut(executor);
        let subtrees = self.grow_units(&units, masses, executor);
        for (unit, cells) in units.iter().zip(subtrees) {
            // The first of them, the unit's root, has its place already.
            let by = self.cells.len() - 1;
            self.cells[unit.place] = cells[0].moved(by);
            self.cells.extend(cells[1..].iter().map(|cell| cell.moved(by)));
        }
        for (place, bounds) in cuts.iter().rev() {
            let children = self.cells[*place].children.map(|child| child as usize);
            let halves = children.map(|child| &self.cells[child]);
            self.cells[*place] = Cell::join(children, halves, bounds);
        }
        let total = self.cells[0].mass();
        self.cells.iter_mut().for_each(|cell| cell.weigh(total));
        self.units = units.into_iter().map(|unit| unit.bodies).collect();
    }

    /// The number of the body in each place of the sorted order.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> {
        self.sorted.iter().map(|row| row[3] as usize)
    }

    /// Cuts the bodies into units, in their order, and returns them with the cells above them, parents
    /// first.
    fn cut(&mut self, executor: &dyn Executor) -> (Vec<Run>, Vec<(usize, Bounds)>) {
        let largest = (self.sorted.len() / UNITS).max(SMALLEST_UNIT);
        let (mut units, mut cuts) = (Vec::new(), Vec::new());
        let mut round = vec![Run { bodies: 0..self.sorted.len(), place: 0, depth: 0 }];
        self.cells.clear();
        self.cells.push(Cell::EMPTY);
        while !round.is_empty() {
            let (large, small): (Vec<Run>, _) =
                round.into_iter().partition(|run| run.bodies.len() > largest);
            units.extend(small);
            round = Vec::with_capacity(2 * large.len());
            for (run, (border, bounds)) in large.iter().zip(self.halve_all(&large, executor)) {
                let place = self.cells.len();
                self.cells.extend([Cell::EMPTY; 2]);
                self.cells[run.place].children = [place as u32, place as u32 + 1];
                round.extend(run.halves(run.bodies.start + border, place));
                cuts.push((run.place, bounds));
            }
        }
        units.sort_unstable_by_key(|unit| unit.bodies.start);
        (units, cuts)
    }

    /// [`halve`] of every run.
    fn halve_all(&mut self, runs: &[Run], executor: &dyn Executor) -> Vec<(usize, Bounds)> {
        let bodies = pieces(&mut self.sorted, runs);
        let spare = pieces(&mut self.sources, runs);
        collect(executor, runs.len(), |run| {
            halve(&mut lock(&bodies[run]), &mut lock(&spare[run]), runs[run].depth)
        })
    }

    /// The cells of each unit, its root first, and the sources of all.
    fn grow_units(
        &mut self,
        units: &[Run],
        masses: &[f64],
        executor: &dyn Executor,
    ) -> Vec<Vec<Cell>> {
        let bodies = pieces(&mut self.sorted, units);
        let sources = pieces(&mut self.sources, units);
        collect(executor, units.len(), |unit| {
            let mut subtree = Subtree {
                masses,
                first: units[unit].bodies.start,
                bodies: &mut lock(&bodies[unit]),
                sources: &mut lock(&sources[unit]),
                cells: vec![Cell::EMPTY],
            };
            subtree.grow(&Run { place: 0, ..units[unit].clone() });
            subtree.cells
        })
    }
}

/// The part of the tree below the root of a unit, while it grows.
struct Subtree<'a> {
    masses: &'a [f64],
    /// Where in the sorted order the unit begins.
    first: usize,
    bodies: &'a mut [Row],
    /// First room for sorting, then positions and masses.
    sources: &'a mut [Row],
    cells: Vec<Cell>,
}

impl Subtree<'_> {
    /// Makes the cell of `run` and all below it.
    fn grow(&mut self, run: &Run) {
        self.cells[run.place] =
            if run.bodies.len() <= LEAF { self.leaf(run) } else { self.inner(run) };
    }

    fn inner(&mut self, run: &Run) -> Cell {
        let range = run.bodies.start - self.first..run.bodies.end - self.first;
        let (border, bounds) =
            halve(&mut self.bodies[range.clone()], &mut self.sources[range], run.depth);
        let place = self.cells.len();
        self.cells.extend([Cell::EMPTY; 2]);
        for half in run.halves(run.bodies.start + border, place) {
            self.grow(&half);
        }
        let children = [place, place + 1];
        Cell::join(children, children.map(|child| &self.cells[child]), &bounds)
    }

    fn leaf(&mut self, run: &Run) -> Cell {
        let range = run.bodies.start - self.first..run.bodies.end - self.first;
        let sources = &mut self.sources[range.clone()];
        for (source, &[x, y, z, body]) in sources.iter_mut().zip(&self.bodies[range]) {
            *source = [x, y, z, self.masses[body as usize]];
        }
        Cell::leaf(run.bodies.start, sources)
    }
}

/// Sorts the bodies of a cell into its halves. Returns where the second begins and the box around all.
fn halve(bodies: &mut [Row], spare: &mut [Row], depth: usize) -> (usize, Bounds) {
    let bounds = Bounds::of(bodies);
    let (axis, middle) = bounds.longest();
    let border = match middle {
        Some(middle) if bodies.len() > COUNTED && depth < DEEPEST => {
            partition(bodies, spare, axis, middle)
        }
        _ => halve_by_number(bodies, axis),
    };
    (border, bounds)
}

/// Bodies below `middle` first, the others behind, both in their old order; without a branch.
fn partition(bodies: &mut [Row], spare: &mut [Row], axis: usize, middle: f64) -> usize {
    let (mut low, mut high) = (0, 0);
    for place in 0..bodies.len() {
        let row = bodies[place];
        let below = row[axis] < middle;
        bodies[low] = row;
        spare[high] = row;
        low += usize::from(below);
        high += usize::from(!below);
    }
    bodies[low..].copy_from_slice(&spare[..high]);
    low
}

fn halve_by_number(bodies: &mut [Row], axis: usize) -> usize {
    let border = bodies.len().div_ceil(GRAIN) / 2 * GRAIN;
    // Bodies at one coordinate stay in their order, so that the halves do not depend on how they
    // came to be where they are.
    bodies.select_nth_unstable_by(border, |a, b| {
        a[axis].total_cmp(&b[axis]).then(a[3].total_cmp(&b[3]))
    });
    border
}

/// The pieces of `all` that the runs are, which follow one another. Each unit locks its own.
fn pieces<'a>(mut all: &'a mut [Row], runs: &[Run]) -> Vec<Mutex<&'a mut [Row]>> {
    let mut at = 0;
    let piece = |run: &Run| {
        let rest = std::mem::take(&mut all).split_at_mut(run.bodies.start - at).1;
        let (piece, rest) = rest.split_at_mut(run.bodies.len());
        (all, at) = (rest, run.bodies.end);
        Mutex::new(piece)
    };
    runs.iter().map(piece).collect()
}

fn lock<'a, 'b>(piece: &'b Mutex<&'a mut [Row]>) -> std::sync::MutexGuard<'b, &'a mut [Row]> {
    piece.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What each unit returns, in the order of the units.
fn collect<T: Send + Sync>(
    executor: &dyn Executor,
    units: usize,
    unit: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let results: Vec<OnceLock<T>> = (0..units).map(|_| OnceLock::new()).collect();
    executor.run(units, &|k| {
        results[k].get_or_init(|| unit(k));
    });
    results.into_iter().filter_map(OnceLock::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use kernels_core::Serial;

    use super::super::cell::{difference, square};
    use super::*;

    fn grown(positions: &[[f64; 3]]) -> Tree {
        let mut tree = Tree::default();
        tree.grow(positions, &vec![1.0; positions.len()], &Serial);
        tree
    }

    /// A spiral that closes in on the origin: deep, and not at all even.
    fn spiral(bodies: usize) -> Vec<[f64; 3]> {
        let point = |body: usize| {
            let (turn, radius) = (2.4 * body as f64, 0.99_f64.powi(body as i32));
            [radius * turn.cos(), radius * turn.sin(), 0.1 * radius]
        };
        (0..bodies).map(point).collect()
    }

    #[test]
    fn every_body_is_in_one_leaf_and_one_unit() {
        for bodies in [2, LEAF, LEAF + 1, 100, 3000] {
            let tree = grown(&spiral(bodies));
            let mut order: Vec<usize> = tree.order().collect();
            order.sort_unstable();
            assert_eq!(order, (0..bodies).collect::<Vec<_>>());
            let mut leaves: Vec<_> =
                tree.cells.iter().filter(|cell| cell.is_leaf()).map(Cell::bodies).collect();
            leaves.sort_unstable_by_key(|leaf| leaf.start);
            for runs in [&leaves, &tree.units] {
                assert_eq!((runs[0].start, runs[runs.len() - 1].end), (0, bodies));
                assert!(runs.windows(2).all(|pair| pair[0].end == pair[1].start));
            }
            assert!(leaves.iter().all(|leaf| (1..=LEAF).contains(&leaf.len())));
        }
    }

    #[test]
    fn cells_reach_their_bodies_and_have_their_mass() {
        let tree = grown(&spiral(3000));
        for cell in &tree.cells {
            assert_eq!(cell.moments[0], cell.bodies().len() as f64);
            for &[x, y, z, _] in &tree.sources[cell.bodies()] {
                let distance = square(difference([x, y, z], cell.centre)).sqrt();
                assert!(distance <= cell.radius * (1.0 + 1e-12));
            }
        }
    }

    #[test]
    fn leaves_are_full_vectors_but_for_the_last_of_a_cell() {
        let tree = grown(&spiral(3000));
        let leaves = tree.cells.iter().filter(|cell| cell.is_leaf());
        let (full, all) = leaves.fold((0, 0), |(full, all), leaf| {
            (full + usize::from(leaf.bodies().len().is_multiple_of(GRAIN)), all + 1)
        });
        assert!(2 * full > all, "{full} of {all}");
    }
}
