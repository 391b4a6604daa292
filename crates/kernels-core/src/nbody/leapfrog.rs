//! The velocity Verlet step over any source of accelerations, for backends without a faster one.

use ndarray::Array2;

use super::NBody;
use crate::{Bodies, Error};

/// Advances `bodies` by `steps` steps of `dt` with the accelerations of `kernel`.
///
/// One force evaluation a step and one more for the call. Second order in `dt`, symplectic,
/// time-reversible.
///
/// # Errors
/// As [`NBody::leapfrog`].
pub fn leapfrog<K: NBody + ?Sized>(
    kernel: &mut K,
    bodies: &mut Bodies,
    dt: f64,
    steps: u64,
) -> Result<(), Error> {
    require_time_step(dt)?;
    let mut moving = bodies.clone();
    let mut accelerations = Array2::zeros((bodies.len(), 3));
    kernel.accelerations(&moving, accelerations.view_mut())?;
    let mut next = accelerations.clone();
    for _ in 0..steps {
        drift(&mut moving, &accelerations, dt)?;
        kernel.accelerations(&moving, next.view_mut())?;
        kick(&mut moving, &accelerations, &next, dt)?;
        std::mem::swap(&mut accelerations, &mut next);
    }
    *bodies = moving;
    Ok(())
}

/// Nothing where `dt` is a time step: finite and not zero (a negative one runs backwards).
///
/// # Errors
/// [`Error::InvalidOption`].
pub fn require_time_step(dt: f64) -> Result<(), Error> {
    if dt.is_finite() && dt != 0.0 {
        return Ok(());
    }
    Err(Error::InvalidOption {
        option: "time step",
        value: dt.to_string(),
        expected: "a finite number other than 0",
    })
}

/// The first half of a step: `x += dt v + dt^2/2 a`.
///
/// `a` are the accelerations at the present positions, shape `(n, 3)`.
///
/// # Errors
/// [`Error::Diverged`] where a position overflows; the system is unchanged then.
pub fn drift(bodies: &mut Bodies, a: &Array2<f64>, dt: f64) -> Result<(), Error> {
    let (x, v) = (bodies.position_rows().to_vec(), bodies.velocity_rows().to_vec());
    let moved = |i: usize, k: usize| x[i][k] + dt * v[i][k] + 0.5 * dt * dt * a[[i, k]];
    bodies.set_state(|i| (std::array::from_fn(|k| moved(i, k)), v[i]))
}

/// The second half of a step: `v += dt/2 (a + a_next)`.
///
/// `a` are the accelerations before [`drift`], `a_next` those after it, shape `(n, 3)`.
///
/// # Errors
/// [`Error::Diverged`] where a velocity overflows; the system is unchanged then.
pub fn kick(
    bodies: &mut Bodies,
    a: &Array2<f64>,
    a_next: &Array2<f64>,
    dt: f64,
) -> Result<(), Error> {
    let (x, v) = (bodies.position_rows().to_vec(), bodies.velocity_rows().to_vec());
    let kicked = |i: usize, k: usize| v[i][k] + 0.5 * dt * (a[[i, k]] + a_next[[i, k]]);
    bodies.set_state(|i| (x[i], std::array::from_fn(|k| kicked(i, k))))
}
