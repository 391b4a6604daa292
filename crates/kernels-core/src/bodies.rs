//! A system of bodies: masses, positions and velocities, checked once when it is made.

use std::collections::HashMap;
use std::sync::OnceLock;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::{Error, Precision};

/// Masses `(n,)`, positions `(n, 3)` and velocities `(n, 3)` of `n >= 1` bodies, in units where the
/// gravitational constant is 1 (N-body or Hénon units).
///
/// Construction checks shapes, finiteness and masses, and the state can only be replaced by a finite
/// one, so a kernel never meets a malformed system.
///
/// ```
/// use kernels_core::Bodies;
/// use ndarray::array;
///
/// let binary = Bodies::new(
///     array![0.5, 0.5],
///     array![[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]],
///     array![[0.0, -0.5, 0.0], [0.0, 0.5, 0.0]],
/// )?;
/// assert_eq!(binary.len(), 2);
/// # Ok::<(), kernels_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bodies {
    masses: Vec<f64>,
    positions: Vec<[f64; 3]>,
    velocities: Vec<[f64; 3]>,
    /// Bodies that were at one point when the system was made; none are looked for in a system underway.
    coincident: Option<OnceLock<Coincident>>,
}

/// Two bodies at one point, in each precision.
type Coincident = [Option<(usize, usize)>; Precision::ALL.len()];

/// Systems in the same state are equal, however they came into it.
impl PartialEq for Bodies {
    fn eq(&self, other: &Self) -> bool {
        self.masses == other.masses
            && self.positions == other.positions
            && self.velocities == other.velocities
    }
}

impl Bodies {
    /// A system from arrays of the shapes `(n,)`, `(n, 3)` and `(n, 3)`, of any memory layout.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NoBodies`], [`Error::NotFinite`] or [`Error::NegativeMass`].
    /// Coincident bodies are no error here, since softening makes them legal:
    /// see [`Bodies::require_distinct`].
    pub fn new(
        masses: Array1<f64>,
        positions: Array2<f64>,
        velocities: Array2<f64>,
    ) -> Result<Self, Error> {
        let bodies = masses.len();
        let positions = rows("positions", positions.view(), bodies)?;
        let velocities = rows("velocities", velocities.view(), bodies)?;
        Self::from_rows(masses.to_vec(), positions, velocities)
    }

    /// A system from one mass, position and velocity per body.
    ///
    /// # Errors
    /// As [`Bodies::new`].
    pub fn from_rows(
        masses: Vec<f64>,
        positions: Vec<[f64; 3]>,
        velocities: Vec<[f64; 3]>,
    ) -> Result<Self, Error> {
        let bodies = masses.len();
        require_rows("positions", positions.len(), bodies)?;
        require_rows("velocities", velocities.len(), bodies)?;
        if bodies == 0 {
            return Err(Error::NoBodies);
        }
        for (body, &mass) in masses.iter().enumerate() {
            require_finite(body, "mass", &[mass])?;
            require_finite(body, "position", &positions[body])?;
            require_finite(body, "velocity", &velocities[body])?;
            if mass < 0.0 {
                return Err(Error::NegativeMass { body, mass });
            }
        }
        Ok(Self { masses, positions, velocities, coincident: Some(OnceLock::new()) })
    }

    /// A system that is on its way, as [`Bodies::from_rows`] makes one, for a run that goes on
    /// ([`Bodies::is_underway`]).
    ///
    /// # Errors
    /// As [`Bodies::new`].
    pub fn underway(
        masses: Vec<f64>,
        positions: Vec<[f64; 3]>,
        velocities: Vec<[f64; 3]>,
    ) -> Result<Self, Error> {
        let bodies = Self::from_rows(masses, positions, velocities)?;
        Ok(Self { coincident: None, ..bodies })
    }

    /// The system as a kernel of this precision holds it.
    ///
    /// ```
    /// use kernels_core::{Bodies, Precision};
    ///
    /// let far = Bodies::from_rows(vec![1.0], vec![[1e6 + 0.3, 0.0, 0.0]], vec![[0.0; 3]])?;
    /// assert_eq!(far.rounded(Precision::F32)?.positions()[[0, 0]], 1e6 + 0.3125);
    /// # Ok::<(), kernels_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFinite`]: a number is beyond the range of the precision.
    pub fn rounded(&self, precision: Precision) -> Result<Self, Error> {
        let round = |&x: &f64| precision.rounded(x);
        let rows = |rows: &[[f64; 3]]| rows.iter().map(|row| row.each_ref().map(round)).collect();
        let masses = self.masses.iter().map(round).collect();
        let bodies = Self::from_rows(masses, rows(&self.positions), rows(&self.velocities))?;
        Ok(Self { coincident: self.coincident.as_ref().map(|_| OnceLock::new()), ..bodies })
    }

    /// Whether the state is one that a run came to, by [`Bodies::underway`] or [`Bodies::set_state`]. Bodies
    /// that are at one point, or nearer than a kernel can tell, have met there on their way: no kernel
    /// refuses them.
    #[must_use]
    pub fn is_underway(&self) -> bool {
        self.coincident.is_none()
    }

    /// The number of bodies, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a system is never empty")]
    pub fn len(&self) -> usize {
        self.masses.len()
    }

    /// Masses, shape `(n,)`.
    #[must_use]
    pub fn masses(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(self.masses.as_slice())
    }

    /// Positions, shape `(n, 3)`, in row-major order.
    #[must_use]
    pub fn positions(&self) -> ArrayView2<'_, f64> {
        ArrayView2::from(self.positions.as_slice())
    }

    /// Velocities, shape `(n, 3)`, in row-major order.
    #[must_use]
    pub fn velocities(&self) -> ArrayView2<'_, f64> {
        ArrayView2::from(self.velocities.as_slice())
    }

    /// The masses as a slice.
    #[must_use]
    pub fn mass_slice(&self) -> &[f64] {
        &self.masses
    }

    /// The positions, one row per body.
    #[must_use]
    pub fn position_rows(&self) -> &[[f64; 3]] {
        &self.positions
    }

    /// The velocities, one row per body.
    #[must_use]
    pub fn velocity_rows(&self) -> &[[f64; 3]] {
        &self.velocities
    }

    /// Nothing where the force between all bodies is finite in numbers of `precision`: where no two
    /// bodies are at one point, or the softening is large enough to help, or the system is underway.
    ///
    /// Bodies that meet on their way do not act on each other while they are at one point. O(n) at the
    /// first call without softening. Positions are judged in the units they have: a kernel that scales them by powers
    /// of two keeps the same digits, save beyond the range of f32 (1e-38 to 3e38), where what it could tell apart
    /// is refused too.
    ///
    /// # Errors
    /// [`Error::Coincident`]; [`Error::Indistinct`] where only `precision` cannot tell the bodies apart.
    pub fn require_distinct(&self, softening: f64, precision: Precision) -> Result<(), Error> {
        let Some(found) = &self.coincident else { return Ok(()) };
        if has_inverse_cube(softening, precision) {
            return Ok(());
        }
        let found = found.get_or_init(|| coincident(&self.positions));
        match (found[precision as usize], found[Precision::F64 as usize]) {
            (Some(_), Some((first, second))) => Err(Error::Coincident { first, second }),
            (Some((first, second)), None) => Err(Error::Indistinct { first, second, precision }),
            (None, _) => Ok(()),
        }
    }

    /// Replaces positions and velocities by what `state` gives for each body, if all of it is finite;
    /// else the system keeps its state. `state` is called twice per body. The system is underway then
    /// ([`Bodies::is_underway`]).
    ///
    /// # Errors
    /// [`Error::Diverged`].
    pub fn set_state(
        &mut self,
        state: impl Fn(usize) -> ([f64; 3], [f64; 3]),
    ) -> Result<(), Error> {
        let finite = |body: &usize| {
            let (position, velocity) = state(*body);
            position.iter().chain(&velocity).all(|x| x.is_finite())
        };
        if let Some(body) = (0..self.len()).find(|body| !finite(body)) {
            return Err(Error::Diverged { body });
        }
        for body in 0..self.len() {
            (self.positions[body], self.velocities[body]) = state(body);
        }
        self.coincident = None;
        Ok(())
    }
}

fn rows(
    array: &'static str,
    view: ArrayView2<'_, f64>,
    bodies: usize,
) -> Result<Vec<[f64; 3]>, Error> {
    if view.dim() != (bodies, 3) {
        let expected = vec![bodies, 3];
        return Err(Error::Shape { array, found: view.shape().to_vec(), expected, bodies });
    }
    Ok(view.rows().into_iter().map(|row| [row[0], row[1], row[2]]).collect())
}

fn require_rows(array: &'static str, found: usize, bodies: usize) -> Result<(), Error> {
    if found == bodies {
        return Ok(());
    }
    Err(Error::Shape { array, found: vec![found, 3], expected: vec![bodies, 3], bodies })
}

fn require_finite(body: usize, quantity: &'static str, numbers: &[f64]) -> Result<(), Error> {
    if numbers.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(Error::NotFinite { body, quantity })
}

/// [`first_coincident`] in each precision.
fn coincident(positions: &[[f64; 3]]) -> Coincident {
    // What f32 tells apart, the others do.
    let in_f32 = first_coincident(positions, Precision::F32);
    Precision::ALL.map(|precision| match precision {
        Precision::F32 => in_f32,
        _ => in_f32.and_then(|_| first_coincident(positions, precision)),
    })
}

/// The first body that is where an earlier one is, after that one. O(n).
fn first_coincident(positions: &[[f64; 3]], precision: Precision) -> Option<(usize, usize)> {
    let mut seen = HashMap::with_capacity(positions.len());
    positions.iter().enumerate().find_map(|(body, position)| {
        // -0.0 and 0.0 are one point: adding zero makes both of them 0.0.
        let bits = position.map(|x| (precision.rounded(x) + 0.0).to_bits());
        seen.insert(bits, body).map(|earlier| (earlier, body))
    })
}

/// Whether `eps^-3` is finite where forces are computed.
fn has_inverse_cube(softening: f64, precision: Precision) -> bool {
    let eps2 = softening * softening;
    match precision {
        Precision::F64 => (eps2 * eps2.sqrt()).recip().is_finite(),
        Precision::Mixed | Precision::F32 => {
            let eps2 = eps2 as f32;
            (eps2 * eps2.sqrt()).recip().is_finite()
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn binary() -> Bodies {
        Bodies::from_rows(
            vec![1.0, 2.0],
            vec![[0.0; 3], [1.0, 0.0, 0.0]],
            vec![[0.0; 3], [0.0, 1.0, 0.0]],
        )
        .unwrap()
    }

    #[test]
    fn views_have_the_published_shapes() {
        let bodies = binary();
        assert_eq!(bodies.masses(), array![1.0, 2.0]);
        assert_eq!(bodies.positions(), array![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
        assert_eq!(bodies.velocities().dim(), (2, 3));
    }

    #[test]
    fn malformed_systems_are_refused_with_their_place() {
        let zeros = || Array2::zeros((2, 3));
        let shape = Bodies::new(array![1.0, 1.0], Array2::zeros((2, 2)), zeros()).unwrap_err();
        assert!(matches!(shape, Error::Shape { array: "positions", .. }));
        let none = Bodies::from_rows(vec![], vec![], vec![]).unwrap_err();
        assert_eq!(none, Error::NoBodies);
        let mass = Bodies::new(array![1.0, -1.0], zeros(), zeros()).unwrap_err();
        assert_eq!(mass, Error::NegativeMass { body: 1, mass: -1.0 });
        let mut velocities = zeros();
        velocities[[1, 2]] = f64::NAN;
        let nan = Bodies::new(array![1.0, 1.0], zeros(), velocities).unwrap_err();
        assert_eq!(nan, Error::NotFinite { body: 1, quantity: "velocity" });
    }

    #[test]
    fn one_body_is_a_system() {
        let one = Bodies::from_rows(vec![2.0], vec![[1.0; 3]], vec![[0.5; 3]]).unwrap();
        assert_eq!(one.len(), 1);
        assert_eq!(one.require_distinct(0.0, Precision::F64), Ok(()));
    }

    #[test]
    fn coincident_bodies_need_softening() {
        let positions = array![[0.0, 1.0, 2.0], [5.0, 5.0, 5.0], [-0.0, 1.0, 2.0]];
        let bodies = Bodies::new(array![1.0, 1.0, 1.0], positions, Array2::zeros((3, 3))).unwrap();
        for precision in Precision::ALL {
            let refused = Err(Error::Coincident { first: 0, second: 2 });
            assert_eq!(bodies.require_distinct(0.0, precision), refused);
            assert_eq!(bodies.require_distinct(1e-170, precision), refused, "its square is 0");
            assert_eq!(bodies.require_distinct(0.1, precision), Ok(()));
            assert_eq!(binary().require_distinct(0.0, precision), Ok(()));
        }
        assert!(bodies.require_distinct(1e-25, Precision::F64).is_ok());
        assert!(bodies.require_distinct(1e-25, Precision::F32).is_err());
    }

    #[test]
    fn bodies_that_a_precision_cannot_tell_apart_need_another() {
        let pair = |distance: f64| {
            let positions = vec![[1e6 + 0.34, 0.0, 0.0], [1e6 + 0.34 + distance, 0.0, 0.0]];
            Bodies::from_rows(vec![1.0; 2], positions, vec![[0.0; 3]; 2]).unwrap()
        };
        let refused = |precision| Err(Error::Indistinct { first: 0, second: 1, precision });
        assert_eq!(pair(1e-3).require_distinct(0.0, Precision::F32), refused(Precision::F32));
        assert_eq!(pair(1e-3).require_distinct(0.1, Precision::F32), Ok(()));
        assert_eq!(pair(1e-3).require_distinct(0.0, Precision::Mixed), Ok(()));
        assert_eq!(
            pair(2.4e-10).require_distinct(0.0, Precision::Mixed),
            refused(Precision::Mixed)
        );
        assert_eq!(pair(2.4e-10).require_distinct(0.0, Precision::F64), Ok(()));
    }

    #[test]
    fn bodies_that_have_met_on_their_way_are_no_obstacle() {
        let bodies = Bodies::underway(vec![0.0; 2], vec![[1.0; 3]; 2], vec![[0.0; 3]; 2]).unwrap();
        assert_eq!(bodies.require_distinct(0.0, Precision::F64), Ok(()));
        let mut made =
            Bodies::from_rows(vec![0.0; 2], vec![[1.0; 3]; 2], vec![[0.0; 3]; 2]).unwrap();
        assert_eq!(bodies, made, "they are in the same state");
        assert!(bodies.is_underway() && !made.is_underway());
        assert!(made.require_distinct(0.0, Precision::F64).is_err());
        made.set_state(|_| ([2.0; 3], [0.0; 3])).unwrap();
        assert!(made.is_underway());
        assert_eq!(made.require_distinct(0.0, Precision::F64), Ok(()));
    }

    #[test]
    fn a_state_that_is_not_finite_is_refused_and_changes_nothing() {
        let mut bodies = binary();
        let before = bodies.clone();
        let diverging = |body| ([body as f64 / 0.0; 3], [0.0; 3]);
        assert_eq!(bodies.set_state(diverging), Err(Error::Diverged { body: 0 }));
        assert_eq!(bodies, before);
        bodies.set_state(|body| ([body as f64; 3], [2.0; 3])).unwrap();
        assert_eq!(bodies.position_rows()[1], [1.0; 3]);
        assert_eq!(bodies.velocity_rows()[0], [2.0; 3]);
    }
}
