//! A cell: a run of bodies, the ball around them and the moments of their masses.

use std::array::from_fn;
use std::ops::Range;

use super::expansion::{self, MOMENTS, Moments};

/// Position and mass, or position and number of a body: the columns of one 256-bit vector.
pub(super) type Row = [f64; 4];

/// The share of all mass up to which a cell asks for no caution.
pub(super) const LIGHT: f64 = 0.01;

/// A cell of the tree.
///
/// The centre is that of mass, so that the moments of degree 1 vanish and forces between cells are
/// opposite; the radius reaches every body from there, however far off the middle the centre is.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Cell {
    pub(super) centre: [f64; 3],
    pub(super) radius: f64,
    /// How much smaller than others it must look to be far: 1, or more where it is heavy.
    pub(super) caution: f64,
    /// Places of the two halves, or twice 0 of a leaf: place 0 is the root's.
    pub(super) children: [u32; 2],
    first: u32,
    last: u32,
    pub(super) moments: Moments,
}

impl Cell {
    /// Holds a place until its cell is made.
    pub(super) const EMPTY: Self = Self {
        centre: [0.0; 3],
        radius: 0.0,
        caution: 1.0,
        children: [0; 2],
        first: 0,
        last: 0,
        moments: [0.0; MOMENTS],
    };

    /// A cell without halves of the `bodies` from `first` on, given by position and mass.
    pub(super) fn leaf(first: usize, bodies: &[Row]) -> Self {
        let points = bodies.iter().map(|&[x, y, z, mass]| (mass, [x, y, z]));
        let centre = barycentre(points.clone()).unwrap_or_else(|| Bounds::of(bodies).middle());
        let (mut moments, mut radius2) = ([0.0; MOMENTS], 0.0_f64);
        for (mass, position) in points {
            let d = difference(centre, position);
            expansion::add_body(&mut moments, mass, d);
            radius2 = radius2.max(square(d));
        }
        let last = (first + bodies.len()) as u32;
        Self {
            centre,
            radius: radius2.sqrt(),
            caution: 1.0,
            children: [0; 2],
            first: first as u32,
            last,
            moments,
        }
    }

    /// The cell of two halves at the places `children`, within `bounds`.
    pub(super) fn join(children: [usize; 2], halves: [&Self; 2], bounds: &Bounds) -> Self {
        let points = halves.iter().map(|half| (half.mass(), half.centre));
        let centre = barycentre(points).unwrap_or_else(|| bounds.middle());
        let (mut moments, mut radius) = ([0.0; MOMENTS], 0.0_f64);
        for half in halves {
            let d = difference(centre, half.centre);
            expansion::add_moments(&mut moments, &half.moments, d);
            radius = radius.max(square(d).sqrt() + half.radius);
        }
        let radius = radius.min(bounds.reach(centre));
        let children = children.map(|place| place as u32);
        let [first, last] = [halves[0].first, halves[1].last];
        Self { centre, radius, caution: 1.0, children, first, last, moments }
    }

    /// Sets the caution that its share of all mass, `total`, asks for.
    pub(super) fn weigh(&mut self, total: f64) {
        let light = LIGHT * total;
        if self.mass() > light {
            self.caution = (self.mass() / light).powf(1.0 / 15.0);
        }
    }

    /// The cell with its halves `by` places further on.
    pub(super) fn moved(mut self, by: usize) -> Self {
        if !self.is_leaf() {
            self.children = self.children.map(|place| place + by as u32);
        }
        self
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.children[0] == 0
    }

    pub(super) fn bodies(&self) -> Range<usize> {
        self.first as usize..self.last as usize
    }

    /// The mass of its bodies.
    pub(super) fn mass(&self) -> f64 {
        self.moments[0]
    }
}

/// The centre of mass of points with masses, unless all are zero.
fn barycentre(points: impl Iterator<Item = (f64, [f64; 3])> + Clone) -> Option<[f64; 3]> {
    let total: f64 = points.clone().map(|(mass, _)| mass).sum();
    if total == 0.0 {
        return None;
    }
    let add = |sum: [f64; 3], (mass, x): (f64, [f64; 3])| from_fn(|k| sum[k] + mass / total * x[k]);
    Some(points.fold([0.0; 3], add))
}

/// `a - b`
pub(super) fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    from_fn(|k| a[k] - b[k])
}

/// `|a|^2`
pub(super) fn square(a: [f64; 3]) -> f64 {
    a[0] * a[0] + a[1] * a[1] + a[2] * a[2]
}

/// The smallest box around some bodies. Its fourth column is without meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    low: Row,
    high: Row,
}

impl Bounds {
    /// Of at least one body.
    pub(super) fn of(bodies: &[Row]) -> Self {
        let mut bounds = Self { low: bodies[0], high: bodies[0] };
        // Comparisons, unlike `f64::min`, are one instruction.
        for row in bodies {
            for k in 0..4 {
                bounds.low[k] = if row[k] < bounds.low[k] { row[k] } else { bounds.low[k] };
                bounds.high[k] = if row[k] > bounds.high[k] { row[k] } else { bounds.high[k] };
            }
        }
        bounds
    }

    fn middle(&self) -> [f64; 3] {
        from_fn(|k| 0.5 * self.low[k] + 0.5 * self.high[k])
    }

    /// The axis of the longest side, and the middle of it where it lies between two bodies.
    pub(super) fn longest(&self) -> (usize, Option<f64>) {
        let side = |k: usize| self.high[k] - self.low[k];
        let longer = |a: usize, b: usize| if side(b) > side(a) { b } else { a };
        let axis = longer(longer(0, 1), 2);
        let middle = self.middle()[axis];
        (axis, (self.low[axis] < middle && middle < self.high[axis]).then_some(middle))
    }

    /// The distance of the farthest corner from `point`.
    fn reach(&self, point: [f64; 3]) -> f64 {
        let [below, above] = [self.low, self.high]
            .map(|corner| difference(point, [corner[0], corner[1], corner[2]]).map(f64::abs));
        square(from_fn(|k| below[k].max(above[k]))).sqrt()
    }
}
