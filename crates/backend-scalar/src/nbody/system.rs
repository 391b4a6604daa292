//! The state of a run: a column for each quantity and axis.

use kernels_core::Bodies;

use super::real::Real;

/// The x, y and z of all bodies.
pub(super) type Columns<T> = [Vec<T>; 3];

/// Bodies and their accelerations.
#[derive(Debug, Default)]
pub(super) struct System<T> {
    pub(super) masses: Vec<T>,
    pub(super) positions: Columns<T>,
    pub(super) accelerations: Columns<T>,
    velocities: Columns<T>,
    previous: Columns<T>,
}

impl<T: Real> System<T> {
    /// Takes a state over. Whether the accelerations are those of this state already, because the last
    /// run ended in it.
    pub(super) fn load(&mut self, bodies: &Bodies) -> bool {
        let masses = bodies.mass_slice().iter().map(|&mass| T::from_f64(mass)).collect();
        let positions = columns(bodies.position_rows());
        let known = self.masses == masses && self.positions == positions;
        (self.masses, self.positions) = (masses, positions);
        self.velocities = columns(bodies.velocity_rows());
        if !known {
            let zeros = || vec![T::default(); bodies.len()];
            self.accelerations = [zeros(), zeros(), zeros()];
            self.previous = self.accelerations.clone();
        }
        known
    }

    /// `x += dt v + dt^2/2 a`. What were the accelerations are now the previous ones.
    pub(super) fn drift(&mut self, dt: T) {
        let half_square = T::from_f64(0.5) * dt * dt;
        for axis in 0..3 {
            let (v, a) = (&self.velocities[axis], &self.accelerations[axis]);
            for (x, (&v, &a)) in self.positions[axis].iter_mut().zip(v.iter().zip(a)) {
                *x += dt * v + half_square * a;
            }
        }
        std::mem::swap(&mut self.previous, &mut self.accelerations);
    }

    /// `v += dt/2 (a_previous + a)`
    pub(super) fn kick(&mut self, dt: T) {
        let half = T::from_f64(0.5) * dt;
        for axis in 0..3 {
            let (before, after) = (&self.previous[axis], &self.accelerations[axis]);
            for (v, (&b, &a)) in self.velocities[axis].iter_mut().zip(before.iter().zip(after)) {
                *v += half * (b + a);
            }
        }
    }

    /// Position and velocity of a body.
    pub(super) fn state(&self, body: usize) -> ([f64; 3], [f64; 3]) {
        let row = |columns: &Columns<T>| columns.each_ref().map(|column| column[body].into());
        (row(&self.positions), row(&self.velocities))
    }
}

fn columns<T: Real>(rows: &[[f64; 3]]) -> Columns<T> {
    std::array::from_fn(|axis| rows.iter().map(|row| T::from_f64(row[axis])).collect())
}
