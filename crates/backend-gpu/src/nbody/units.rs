//! The units that a system is computed in.
//!
//! f32 numbers end at 1e38, and the square of a distance or the inverse cube of a small one is soon
//! there. So lengths, times and masses are scaled such that coordinates stay below 2^8 and the total mass
//! below 1, by powers of two, which changes no digit of any result:
//!
//! ```text
//! x' = s x    t' = u t    v' = s/u v    a' = s/u^2 a    m' = s^3/u^2 m    E' = s^5/u^4 E
//! ```
//!
//! In such units a time near 1 is one in which forces change something. Where f32 does not tell a step, of less than 2^-100, they
//! change no digit in it: the masses are next to none, or the softening is far beyond the extent of the system. Then the units are
//! those of its motion, in which velocities come near 1, too, and the pulls may vanish.

use kernels_core::{Bodies, Error, Precision};

/// Exponents further out would leave f64 in a product of the above.
const FURTHEST: i32 = 144;

/// Above this length in units of the device, sums of three squares of a distance leave f32.
const LARGEST: f64 = (1_u64 << 61) as f64;

/// The least step that f32 tells, which ends at 2^-126: the lower half of a double-f32 begins at 2^-24 of it.
const LEAST_STEP: f64 = 1.0 / (1_u128 << 100) as f64;

/// The least extent of a system whose coordinates f32 tells, and what they change by.
const LEAST_EXTENT: f64 = 1.0 / (1_u64 << 60) as f64;

/// Exponents of lengths are multiples of this, so that a system that slowly grows keeps its units.
const STEP: i32 = 16;

/// Above this no length is that has been brought near 1.
const NEAR: f64 = (1 << (STEP / 2)) as f64;

/// What a system is on the device for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    /// Accelerations and energies.
    Forces,
    /// Steps of this length.
    Steps(f64),
}

/// Powers of two by which lengths and times are multiplied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Units {
    length: f64,
    time: f64,
    /// The largest coordinate in them.
    extent: f64,
    /// The longest step that they are good for: one without forces, where pulls may vanish.
    longest: f64,
}

impl Units {
    /// Those of the caller, until a system comes.
    pub(super) const UNSCALED: Self =
        Self { length: 1.0, time: 1.0, extent: 1.0, longest: f64::INFINITY };

    /// The units that suit a system and what it is on the device for.
    ///
    /// # Errors
    /// As [`Units::of`], and [`Error::InvalidOption`] of steps that the precision has no numbers for.
    pub(super) fn fitting(
        bodies: &Bodies,
        softening: f64,
        precision: Precision,
        purpose: Purpose,
    ) -> Result<Self, Error> {
        let units = Self::of(bodies, softening)?;
        let Purpose::Steps(dt) = purpose else { return Ok(units) };
        let units = match units.tell_step(precision, dt) {
            true => units,
            false => Self::of_motion(bodies, softening, dt.abs()),
        };
        if !units.tell_extent(precision) {
            return Err(Error::InvalidOption {
                option: "the softening",
                value: format!("{softening:e}"),
                expected: "nearer to the extent of the system for this precision: take f64",
            });
        }
        if !units.tell_step(precision, dt) {
            return Err(Error::InvalidOption {
                option: "the time step",
                value: format!("{dt:e}"),
                expected: "longer for this precision, which has no body move in it: take f64",
            });
        }
        Ok(units)
    }

    /// Whether they are good for a purpose.
    pub(super) fn fit(self, precision: Precision, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Forces => self.longest == f64::INFINITY,
            Purpose::Steps(dt) => {
                let told = self.tell_extent(precision) && self.tell_step(precision, dt);
                told && dt.abs() <= self.longest
            }
        }
    }

    /// Whether a precision has numbers for coordinates and what they change by.
    fn tell_extent(self, precision: Precision) -> bool {
        precision == Precision::F64 || self.extent == 0.0 || self.extent >= LEAST_EXTENT
    }

    /// Whether it has one for a step.
    fn tell_step(self, precision: Precision, dt: f64) -> bool {
        precision == Precision::F64 || dt == 0.0 || self.time(dt).abs() >= LEAST_STEP
    }

    /// The units that suit a system. A softening is a length as the coordinates are, and its square is added to theirs.
    ///
    /// # Errors
    /// [`Error::InvalidOption`]: no power of two that f64 has room for keeps squares of distances within f32, from which
    /// inverse roots in f64 start too.
    pub(super) fn of(bodies: &Bodies, softening: f64) -> Result<Self, Error> {
        let coordinate = largest(bodies.position_rows());
        let extent = coordinate.max(softening);
        let length = length_of(extent);
        if extent * length > LARGEST {
            return Err(Error::InvalidOption {
                option: "the extent of the system",
                value: format!("{extent:e}"),
                expected: "below 1e60 on a GPU: take a larger unit of length or another backend",
            });
        }
        let time = time_of_mass(bodies, length);
        Ok(Self { length, time, extent: coordinate * length, longest: f64::INFINITY })
    }

    /// Those in which coordinates and velocities come near 1, no mass is far above it, and the softening stays in its range,
    /// for steps up to `longest`.
    fn of_motion(bodies: &Bodies, softening: f64, longest: f64) -> Self {
        let coordinate = largest(bodies.position_rows());
        let length = length_of(coordinate.max(softening / LARGEST * NEAR));
        let velocity = power_of_two(exponent(largest(bodies.velocity_rows()) * length));
        let time = velocity.max(time_of_mass(bodies, length));
        Self { length, time, extent: coordinate * length, longest }
    }

    pub(super) fn length(self, x: f64) -> f64 {
        x * self.length
    }

    pub(super) fn time(self, t: f64) -> f64 {
        t * self.time
    }

    pub(super) fn velocity(self, v: f64) -> f64 {
        v * self.length / self.time
    }

    pub(super) fn mass(self, m: f64) -> f64 {
        m * (self.length * self.length / self.time) * (self.length / self.time)
    }

    pub(super) fn softening_squared(self, softening: f64) -> f64 {
        self.length(softening).powi(2)
    }

    pub(super) fn to_length(self, x: f64) -> f64 {
        x / self.length
    }

    pub(super) fn to_velocity(self, v: f64) -> f64 {
        v * self.time / self.length
    }

    pub(super) fn to_acceleration(self, a: f64) -> f64 {
        a * self.time / self.length * self.time
    }

    pub(super) fn to_energy(self, e: f64) -> f64 {
        let velocity = self.time / self.length;
        e * velocity * velocity / self.length * self.time / self.length / self.length * self.time
    }
}

/// The largest coordinate.
fn largest(rows: &[[f64; 3]]) -> f64 {
    rows.iter().flatten().fold(0.0, |most: f64, x| most.max(x.abs()))
}

/// What brings a length near 1.
fn length_of(extent: f64) -> f64 {
    power_of_two(-(exponent(extent) + STEP / 2).div_euclid(STEP) * STEP)
}

/// What brings the total mass near 1.
fn time_of_mass(bodies: &Bodies, length: f64) -> f64 {
    let mass = bodies.mass_slice().iter().sum::<f64>() * length * length * length;
    power_of_two(exponent(mass).saturating_add(2).div_euclid(2))
}

/// The exponent of the leading binary digit; 0 of 0.
fn exponent(x: f64) -> i32 {
    if x > 0.0 { x.log2().floor() as i32 } else { 0 }
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from(exponent.clamp(-FURTHEST, FURTHEST)).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(distance: f64, mass: f64) -> Bodies {
        Bodies::from_rows(
            vec![mass; 2],
            vec![[-distance / 2.0, 0.0, 0.0], [distance / 2.0, 0.0, 0.0]],
            vec![[0.0; 3]; 2],
        )
        .unwrap()
    }

    fn scales(bodies: &Bodies, softening: f64) -> (f64, f64) {
        let Units { length, time, .. } = Units::of(bodies, softening).unwrap();
        (length, time)
    }

    #[test]
    fn coordinates_and_masses_come_near_one() {
        for (distance, mass) in [(1.0, 1.0), (3e17, 5e30), (1e-13, 1e-20)] {
            let units = Units::of(&binary(distance, mass), 0.0).unwrap();
            let coordinate = units.length(distance / 2.0).log2();
            assert!((-8.0..8.0).contains(&coordinate), "2^{coordinate}");
            let total = units.mass(2.0 * mass);
            assert!((0.25..1.0).contains(&total), "{total}");
        }
    }

    #[test]
    fn a_system_that_grows_keeps_its_units() {
        for distance in [0.01, 1.0, 100.0] {
            assert_eq!(scales(&binary(distance, 0.5), 0.0), (1.0, 2.0));
        }
    }

    /// The shaders take no square of a distance for less than 2^-84 (`shaders/numbers/`).
    #[test]
    fn the_strongest_pull_is_finite_in_f32() {
        for (distance, mass) in [(1.0, 4.0), (1e-3, 1e9), (1e9, 1e-3)] {
            let units = Units::of(&binary(distance, mass), 0.0).unwrap();
            let y = 42.0_f32.exp2();
            assert!(((units.mass(mass) as f32 * y) * (y * y)).is_finite());
        }
    }

    #[test]
    fn scaling_there_and_back_changes_no_bit() {
        let units = Units::of(&binary(1.234e5, 7.8e9), 0.0).unwrap();
        let x = 0.1 + 0.2;
        assert_eq!(units.to_length(units.length(x)), x);
        assert_eq!(units.to_velocity(units.velocity(x)), x);
    }

    #[test]
    fn accelerations_and_energies_have_the_dimensions_of_mass_over_length() {
        let (distance, mass) = (1.234e5, 7.8e9);
        let units = Units::of(&binary(distance, mass), 0.0).unwrap();
        let (r, m) = (units.length(distance), units.mass(mass));
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-14, "{a} {b}");
        close(units.to_acceleration(m / (r * r)), mass / (distance * distance));
        close(units.to_energy(m * m / r), mass * mass / distance);
    }

    #[test]
    fn a_softening_beyond_f32_is_a_length_as_well() {
        let units = Units::of(&binary(1.0, 0.5), 1e30).unwrap();
        assert!((units.softening_squared(1e30) as f32).is_finite());
        assert_eq!(scales(&binary(1.0, 0.5), 0.01), (1.0, 2.0));
    }

    #[test]
    fn a_system_without_bounds_is_refused() {
        for (extent, fits) in [(1e30, true), (1e60, true), (1e80, false)] {
            assert_eq!(Units::of(&binary(extent, 1.0), 0.0).is_ok(), fits);
            assert_eq!(Units::of(&binary(1.0, 1.0), extent).is_ok(), fits);
        }
    }

    #[test]
    fn masses_beyond_all_measure_have_units() {
        let units = Units::of(&binary(1e40, 1e308), 0.0).unwrap();
        assert!(units.mass(1e308).is_finite() && units.length(1e40).is_finite());
    }

    #[test]
    fn a_system_without_extent_or_mass_has_units() {
        let bodies = Bodies::from_rows(vec![0.0; 2], vec![[0.0; 3]; 2], vec![[0.0; 3]; 2]).unwrap();
        assert_eq!(scales(&bodies, 0.0), (1.0, 2.0));
    }

    /// Two bodies at a distance of 1 that pass each other.
    fn passing(mass: f64, velocity: f64) -> Bodies {
        let positions = vec![[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]];
        let velocities = vec![[0.0, velocity, 0.0], [0.0, -velocity, 0.0]];
        Bodies::from_rows(vec![mass; 2], positions, velocities).unwrap()
    }

    #[test]
    fn steps_that_no_force_is_felt_in_have_the_units_of_the_motion() {
        let purpose = Purpose::Steps(1e-3);
        for (bodies, softening) in
            [(passing(0.5, 1.0), 1e30), (passing(1e-80, 1.0), 0.0), (passing(1e-80, 1e20), 0.0)]
        {
            let forces = Units::of(&bodies, softening).unwrap();
            assert!(!forces.fit(Precision::F32, purpose) && forces.fit(Precision::F64, purpose));
            let units = Units::fitting(&bodies, softening, Precision::F32, purpose).unwrap();
            assert!(
                units.fit(Precision::F32, purpose) && !units.fit(Precision::F32, Purpose::Forces)
            );
            assert!(!units.fit(Precision::F32, Purpose::Steps(1.0)), "forces may be felt in it");
            let velocity = units.velocity(bodies.velocity_rows()[0][1]);
            assert!((1.0..2.0).contains(&velocity), "{velocity}");
            assert!(
                units.mass(1.0) <= 1.0 && units.softening_squared(softening) <= 122.0_f64.exp2()
            );
        }
        let usual = Units::fitting(&passing(0.5, 1.0), 0.0, Precision::F32, purpose);
        assert_eq!(usual, Units::of(&passing(0.5, 1.0), 0.0));
    }

    #[test]
    fn steps_that_a_precision_has_no_numbers_for_are_refused() {
        let refused = |softening, dt, precision| {
            let bodies = passing(0.5, 1.0);
            match Units::fitting(&bodies, softening, precision, Purpose::Steps(dt)) {
                Err(Error::InvalidOption { option, .. }) => Some(option),
                _ => None,
            }
        };
        for precision in [Precision::Mixed, Precision::F32] {
            assert_eq!(refused(0.0, 1e-40, precision), Some("the time step"));
            // As long as it takes to swing through the softened middle, and shorter.
            assert_eq!(refused(1e50, 1e75, precision), Some("the softening"));
            assert_eq!(refused(1e50, 1e-3, precision), Some("the softening"));
            assert_eq!(refused(1e15, 1e22, precision), None);
        }
        assert_eq!(refused(1e50, 1e-40, Precision::F64), None);
    }
}
