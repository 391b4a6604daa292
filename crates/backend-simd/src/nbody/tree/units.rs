//! The units that a tree is computed in.
//!
//! The terms of an expansion fall with the 11th power of a distance, so that lengths of 1e-28 or 1e30 would leave the
//! range of f64. So lengths and masses are scaled such that coordinates stay below 2 and the total mass below 2,
//! by powers of two, which changes no digit of any result:
//!
//! ```text
//! x' = s x    m' = u m    a' = u/s^2 a    G' = u/s G
//! ```

use super::cell::Row;

/// Exponents further out would leave f64 in a product of the above.
const FURTHEST: i64 = 300;

/// Powers of two by which lengths and masses are multiplied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    pub(super) length: f64,
    pub(super) mass: f64,
}

impl Units {
    /// The units that suit a system.
    pub(super) fn of(positions: &[[f64; 3]], masses: &[f64]) -> Self {
        let extent = positions.as_flattened().iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let total = masses.iter().fold(0.0_f64, |sum, mass| sum.max(*mass)) * masses.len() as f64;
        Self { length: power_of_two(-exponent(extent)), mass: power_of_two(-exponent(total)) }
    }

    pub(super) fn position(self, x: [f64; 3]) -> [f64; 3] {
        x.map(|x| x * self.length)
    }

    /// An acceleration and `G`.
    pub(super) fn to_field(self, [x, y, z, g]: Row) -> Row {
        let potential = self.length / self.mass;
        let acceleration = self.length * potential;
        [x * acceleration, y * acceleration, z * acceleration, g * potential]
    }
}

/// The exponent of the leading binary digit, as far as it is of use; 0 of 0.
fn exponent(x: f64) -> i64 {
    let biased = (x.to_bits() >> 52) as i64;
    if x > 0.0 { (biased - 1023).clamp(-FURTHEST, FURTHEST) } else { 0 }
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_and_masses_come_near_one() {
        for (x, m) in [(1.0, 1.0), (3e-28, 5e40), (1.7e30, 2e-50)] {
            let units = Units::of(&[[x, -x, 0.0], [0.5 * x; 3]], &[m, 0.0]);
            assert!((1.0..2.0).contains(&units.position([x; 3])[0]), "{units:?}");
            assert!((1.0..2.0).contains(&(2.0 * m * units.mass)), "{units:?}");
        }
    }

    #[test]
    fn results_have_the_dimensions_of_mass_over_length() {
        let units = Units::of(&[[1e20, 0.0, 0.0]], &[1e-9]);
        let (r, m) = (1e20 * units.length, 1e-9 * units.mass);
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-14, "{a} {b}");
        let [x, y, z, g] = units.to_field([m / (r * r), 0.0, -m / (r * r), m / r]);
        close(x, 1e-9 / 1e40);
        close(g, 1e-9 / 1e20);
        assert_eq!((y, z), (0.0, -x));
    }

    #[test]
    fn a_system_without_extent_or_mass_has_units() {
        let units = Units::of(&[[0.0; 3]; 2], &[0.0; 2]);
        assert_eq!((units.length, units.mass), (1.0, 1.0));
        let units = Units::of(&[[f64::MAX; 3]], &[f64::MIN_POSITIVE]);
        assert!((units.length * units.length / units.mass).is_normal());
    }
}
