//! Pairs of bodies that are too close for the numbers of a device.
//!
//! The shaders take no square of a distance for less than [`least_square`] (`shaders/numbers/`), so that
//! inverse cubes stay finite in f32, from which those of f64 start too. A pair below that, or one that
//! rounding to the numbers of the device puts at one point, would pull each other too weakly without a word,
//! so it is refused before a run. This is [`Bodies::require_distinct`] for numbers with a least distance, and in
//! units of the device ([`Units`]), in which the extent of a system is about 1: as there, bodies that
//! have met on their way are no obstacle.
//!
//! Cost: O(n log n), once for a system that comes to the device, and nothing with a usual softening.

use kernels_core::{Bodies, Error, Precision};

use super::units::Units;

/// The least square of a distance that the shaders tell from 0.
fn least_square(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => (-125.0_f64).exp2(),
        Precision::Mixed | Precision::F32 => (-84.0_f64).exp2(),
    }
}

/// Nothing where the device computes the force between all bodies rightly.
///
/// # Errors
/// [`Error::Coincident`], [`Error::Indistinct`].
pub(super) fn require_apart(
    bodies: &Bodies,
    units: Units,
    precision: Precision,
    softening: f64,
) -> Result<(), Error> {
    let missing = least_square(precision) - units.softening_squared(softening);
    if bodies.is_underway() || missing <= 0.0 {
        return Ok(());
    }
    let on_device = |x: f64| precision.rounded(units.length(x));
    let positions: Vec<_> = bodies.position_rows().iter().map(|x| x.map(on_device)).collect();
    let mut places: Vec<_> = (0..positions.len()).collect();
    let x = bodies.position_rows();
    match closer(&positions, missing.sqrt(), 0, &mut places) {
        Some((first, second)) if x[first] == x[second] => Err(Error::Coincident { first, second }),
        Some((first, second)) => Err(Error::Indistinct { first, second, precision }),
        None => Ok(()),
    }
}

/// Two of the bodies at `places` that are closer than `least`. Such a pair is as close in each coordinate: sorted
/// by one, it lies in a run without a gap, and in that again when it is sorted by the next.
fn closer(
    positions: &[[f64; 3]],
    least: f64,
    axis: usize,
    places: &mut [usize],
) -> Option<(usize, usize)> {
    if axis == 3 {
        return closer_of_few(positions, least, places);
    }
    let x = |place: usize| positions[place][axis];
    places.sort_unstable_by(|&a, &b| x(a).total_cmp(&x(b)));
    places
        .chunk_by_mut(|&a, &b| x(b) - x(a) < least)
        .filter(|run| run.len() > 1)
        .find_map(|run| closer(positions, least, axis + 1, run))
}

fn closer_of_few(positions: &[[f64; 3]], least: f64, places: &[usize]) -> Option<(usize, usize)> {
    let square = |a: usize, b: usize| {
        (0..3).map(|k| (positions[a][k] - positions[b][k]).powi(2)).sum::<f64>()
    };
    let mut pairs = (1..places.len()).flat_map(|j| (0..j).map(move |i| (places[i], places[j])));
    let found = pairs.find(|&(a, b)| square(a, b) < least * least);
    found.map(|(a, b)| (a.min(b), a.max(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(positions: &[[f64; 3]]) -> Option<(usize, usize)> {
        closer(positions, 0.1, 0, &mut (0..positions.len()).collect::<Vec<_>>())
    }

    #[test]
    fn a_close_pair_is_found_among_bodies_in_rows() {
        let grid = |i: usize| [i % 10, i / 10 % 10, i / 100].map(|k| k as f64);
        let mut positions: Vec<_> = (0..1000).map(grid).collect();
        assert_eq!(found(&positions), None);
        positions.push([4.0, 7.05, 3.05]);
        assert_eq!(found(&positions), Some((374, 1000)));
        positions[1000] = [4.08, 7.08, 3.0];
        assert_eq!(found(&positions), None, "close in each coordinate alone");
    }

    #[test]
    fn bodies_in_a_chain_are_no_pair() {
        let positions = [[0.0; 3], [0.09; 3], [0.18; 3]];
        assert_eq!(found(&positions), None, "0.16 from one to the next");
        assert_eq!(found(&[positions[0], positions[1].map(|x| x / 2.0)]), Some((0, 1)));
    }

    fn required(distance: f64, precision: Precision, softening: f64) -> Result<(), Error> {
        let positions = vec![[1.0, 0.0, 0.0], [0.0; 3], [0.0, distance, 0.0]];
        let bodies = Bodies::from_rows(vec![0.5; 3], positions, vec![[0.0; 3]; 3]).unwrap();
        require_apart(&bodies, Units::of(&bodies, softening)?, precision, softening)
    }

    #[test]
    fn what_the_numbers_cannot_tell_apart_is_refused() {
        let refused = |precision| Err(Error::Indistinct { first: 1, second: 2, precision });
        assert_eq!(required(1e-20, Precision::F64, 0.0), refused(Precision::F64));
        assert_eq!(required(1e-18, Precision::F64, 0.0), Ok(()));
        for precision in [Precision::Mixed, Precision::F32] {
            assert_eq!(required(1e-13, precision, 0.0), refused(precision));
            assert_eq!(required(1e-12, precision, 0.0), Ok(()));
            assert_eq!(required(1e-13, precision, 1e-9), Ok(()), "softened");
        }
        for precision in Precision::ALL {
            let coincident = Err(Error::Coincident { first: 1, second: 2 });
            assert_eq!(required(0.0, precision, 0.0), coincident);
        }
    }

    #[test]
    fn bodies_that_have_met_on_their_way_are_no_obstacle() {
        let positions = vec![[1.0, 0.0, 0.0], [0.0; 3], [0.0; 3]];
        let bodies = Bodies::underway(vec![0.5; 3], positions, vec![[0.0; 3]; 3]).unwrap();
        let units = Units::of(&bodies, 0.0).unwrap();
        assert_eq!(require_apart(&bodies, units, Precision::F64, 0.0), Ok(()));
    }
}
