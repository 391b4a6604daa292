//! A Plummer sphere in virial equilibrium and Hénon units.
//!
//! ```text
//! M(r) = r^3 (1 + r^2)^(-3/2)          mass within r, in units of the total and the scale length
//! g(q) ~ q^2 (1 - q^2)^(7/2)           speed over the speed of escape, at any place
//! ```
//!
//! M(r) = s^3 for s = r / sqrt(1 + r^2), and the largest of three uniform numbers has the cube of
//! a uniform one's distribution, so no power is needed and every operation is rounded exactly.
//! The outermost 0.4 %, beyond 20 scale lengths, are drawn again. At the end the centre of mass is put
//! to rest at the origin, lengths are scaled so that the potential energy is -1/2 and speeds so that
//! the kinetic energy is 1/4: the total mass is 1, G = 1, the energy -1/4 to 2e-16, of more than 4096 bodies to
//! 1e-14.
//!
//! Cost: O(n), and O(n^2) for the potential energy, of more than 4096 bodies once. Literature: Plummer, MNRAS 71, 460 (1911); Aarseth,
//! Hénon & Wielen, Astron. Astrophys. 37, 183 (1974); Heggie & Mathieu, Lecture Notes in Physics 267,
//! 233 (1986) for the units.

use anyhow::Context;
use perf_kernels::{Bodies, Energies, Error, NBody};

use super::random::Random;

const OUTERMOST: f64 = 20.0;
const KINETIC: f64 = 0.25;
const POTENTIAL: f64 = -0.5;
/// Each scaling leaves a rounding error for the next to find, which is worth its time for so many bodies.
const SCALINGS: usize = 3;
const FEW: usize = 4096;

/// The cluster of this seed, of `count` equal masses, in Hénon units; `kernel` sums its energy.
///
/// Fails where there is no memory for so many.
pub(crate) fn cluster(count: u64, seed: u64, kernel: &mut dyn NBody) -> anyhow::Result<Bodies> {
    let mut stars = stars(count, seed)?;
    bring_to_units(&mut stars, kernel)?;
    Ok(stars)
}

/// The stars of this seed at rest in the middle, `count` equal masses, in units of the scale length.
///
/// Fails where there is no memory for so many.
pub(crate) fn stars(count: u64, seed: u64) -> anyhow::Result<Bodies> {
    let mut stars = room(count).with_context(|| format!("no memory for {count} bodies"))?;
    let mut random = Random::new(seed, 0);
    stars.extend((0..count).map(|_| star(&mut random)));
    let (mut positions, mut velocities): (Vec<_>, Vec<_>) = stars.into_iter().unzip();
    put_to_rest(&mut positions);
    put_to_rest(&mut velocities);
    let masses = vec![1.0 / count as f64; positions.len()];
    Ok(Bodies::from_rows(masses, positions, velocities)?)
}

/// Brings `stars` to Hénon units; `kernel` sums their energy.
pub(crate) fn bring_to_units(stars: &mut Bodies, kernel: &mut dyn NBody) -> Result<(), Error> {
    let scalings = if stars.len() <= FEW { SCALINGS } else { 1 };
    (0..scalings).try_for_each(|_| scale(stars, kernel))
}

/// The position and velocity of one star.
type Star = ([f64; 3], [f64; 3]);

/// Room for so many stars, asked for before the first is drawn.
fn room(count: u64) -> anyhow::Result<Vec<Star>> {
    let mut stars = Vec::new();
    stars.try_reserve_exact(count.try_into()?)?;
    Ok(stars)
}

fn star(random: &mut Random) -> Star {
    let r = radius(random);
    let escape = (2.0 / (1.0 + r * r).sqrt()).sqrt();
    let speed = escape * speed_ratio(random);
    (random.direction().map(|x| r * x), random.direction().map(|x| speed * x))
}

fn radius(random: &mut Random) -> f64 {
    loop {
        let s = random.unit().max(random.unit()).max(random.unit());
        let r = s / (1.0 - s * s).sqrt();
        if r < OUTERMOST {
            return r;
        }
    }
}

/// The speed over the speed of escape, by von Neumann's rejection.
fn speed_ratio(random: &mut Random) -> f64 {
    loop {
        let (q, height) = (random.unit(), 0.1 * random.unit());
        let rest = 1.0 - q * q;
        if height < q * q * (rest * rest * rest) * rest.sqrt() {
            return q;
        }
    }
}

/// Takes the mean from all rows.
fn put_to_rest(rows: &mut [[f64; 3]]) {
    for axis in 0..3 {
        let mean = rows.iter().map(|row| row[axis]).sum::<f64>() / rows.len() as f64;
        rows.iter_mut().for_each(|row| row[axis] -= mean);
    }
}

/// Brings both energies to their values in Hénon units.
fn scale(bodies: &mut Bodies, kernel: &mut dyn NBody) -> Result<(), Error> {
    let Energies { kinetic, potential } = kernel.energies(bodies)?;
    let (length, speed) = (potential / POTENTIAL, (KINETIC / kinetic).sqrt());
    let (x, v) = (bodies.position_rows().to_vec(), bodies.velocity_rows().to_vec());
    bodies.set_state(|body| (x[body].map(|x| length * x), v[body].map(|v| speed * v)))
}

#[cfg(test)]
mod tests {
    use perf_kernels::NBodyOptions;

    use super::*;

    fn make(count: u64, seed: u64) -> Bodies {
        let scalar = perf_kernels::backend("scalar").unwrap();
        let mut kernel = scalar.nbody(&NBodyOptions::default()).unwrap();
        cluster(count, seed, kernel.as_mut()).unwrap()
    }

    #[test]
    fn units_are_henons() {
        for count in [2, 3, 100, 1000] {
            let bodies = make(count, 5);
            let energies = perf_kernels::nbody::reference_energies(&bodies, 0.0);
            assert!((energies.total() + 0.25).abs() < 2e-16, "{count}: {energies:?}");
            assert!((energies.kinetic - 0.25).abs() < 2e-16);
            assert!((bodies.mass_slice().iter().sum::<f64>() - 1.0).abs() < 1e-13);
            for axis in 0..3 {
                let mean = |rows: &[[f64; 3]]| rows.iter().map(|row| row[axis]).sum::<f64>();
                assert!(mean(bodies.position_rows()).abs() < 1e-13);
                assert!(mean(bodies.velocity_rows()).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn units_of_many_bodies_are_henons_too() {
        let bodies = make(FEW as u64 + 1, 6);
        let energies = perf_kernels::nbody::reference_energies(&bodies, 0.0);
        assert!((energies.total() + 0.25).abs() < 1e-14, "{energies:?}");
        assert!((energies.kinetic - 0.25).abs() < 1e-14);
    }

    #[test]
    fn seeds_give_clusters_of_their_own() {
        assert_eq!(make(16, 1), make(16, 1));
        assert_ne!(make(16, 1), make(16, 2));
    }

    #[test]
    fn more_stars_than_memory_are_refused() {
        for count in [u64::MAX, 1 << 42] {
            let error = room(count).unwrap_err().to_string();
            assert!(error.contains("memory"), "{error}");
        }
        assert!(room(3).unwrap().capacity() >= 3);
    }

    #[test]
    fn half_of_the_mass_lies_where_plummer_says() {
        // The half-mass radius is 1.3 scale lengths, a scale length 3 pi / 16 in these units.
        let bodies = make(4000, 3);
        let r2 = |x: &[f64; 3]| x.iter().map(|x| x * x).sum::<f64>();
        let mut radii: Vec<_> = bodies.position_rows().iter().map(|x| r2(x).sqrt()).collect();
        radii.sort_by(f64::total_cmp);
        assert!((radii[2000] - 0.769).abs() < 0.04, "{}", radii[2000]);
    }
}
