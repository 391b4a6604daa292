//! Gravitational N-body: the sum over all pairs and the leapfrog in its velocity Verlet form.
//!
//! ```text
//! a_i = sum over j of m_j (x_j - x_i) / (|x_j - x_i|^2 + eps^2)^(3/2)          G = 1
//! x  += dt v + dt^2/2 a;   a_new = a(x);   v += dt/2 (a + a_new)
//! E   = 1/2 sum m_i v_i^2 - sum over pairs of m_i m_j / sqrt(|x_j - x_i|^2 + eps^2)
//! ```
//!
//! Cost: n (n - 1) directed interactions a step. Error: the integrator is symplectic, time-reversible
//! and of second order in `dt`; the error of a sum is bounded in [`crate::tolerances`].
//! Close encounters need a smaller `dt` or a softening `eps` (Plummer 1911): with neither, every
//! correct program ends nbabel's `input16` at t = 10 far from its initial energy.
//!
//! Literature: Verlet, Phys. Rev. 159, 98 (1967); Aarseth, Gravitational N-Body Simulations
//! (Cambridge 2003); the programs of nbabel.org, whose physics these are.

use std::fmt;

use ndarray::ArrayViewMut2;

use crate::{Bodies, Error};

mod compensated;
mod leapfrog;
mod reference;

pub use compensated::CompensatedSum;
pub use leapfrog::{drift, kick, leapfrog, require_time_step};
pub use reference::{
    reference_accelerations, reference_accelerations_of, reference_energies, rms_error,
};

/// An N-body kernel of one backend, with the options it was built with.
pub trait NBody: Send {
    /// Writes the acceleration of every body into `out`, shape `(n, 3)`.
    ///
    /// # Errors
    /// [`Error::Shape`] where `out` is not `(n, 3)`, [`Error::Coincident`], [`Error::Indistinct`], and
    /// of a GPU the errors of its device.
    fn accelerations(&mut self, bodies: &Bodies, out: ArrayViewMut2<'_, f64>) -> Result<(), Error>;

    /// Kinetic and potential energy.
    ///
    /// # Errors
    /// As [`NBody::accelerations`].
    fn energies(&mut self, bodies: &Bodies) -> Result<Energies, Error>;

    /// Advances the system by `steps` steps of `dt` (velocity Verlet).
    ///
    /// Many steps in one call let a backend keep the state where it computes. The result does not
    /// depend on how a run is cut into calls: `leapfrog(100)` has the bits of `leapfrog(60)` and
    /// `leapfrog(40)`. Bodies that meet on their way, to the last bit, neither attract each other nor
    /// have a potential energy while they are at one point.
    ///
    /// # Errors
    /// As [`NBody::accelerations`]; [`Error::InvalidOption`] for a `dt` that is not finite or is 0;
    /// [`Error::Diverged`] where the state overflows. The system is unchanged after an error.
    fn leapfrog(&mut self, bodies: &mut Bodies, dt: f64, steps: u64) -> Result<(), Error> {
        leapfrog(self, bodies, dt, steps)
    }
}

/// What an N-body kernel is built with.
///
/// ```
/// use kernels_core::{NBodyOptions, Precision};
///
/// let options = NBodyOptions { softening: 0.01, ..NBodyOptions::default() };
/// assert_eq!(options.precision, None, "the backend's default: f64 on every CPU");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NBodyOptions {
    /// The precision; `None` is the backend's default, the first that it lists.
    pub precision: Option<Precision>,
    /// How the forces are summed.
    pub algorithm: NBodyAlgorithm,
    /// Plummer's softening length `eps`, at least 0.
    pub softening: f64,
    /// The opening angle of [`NBodyAlgorithm::Tree`], above 0 and at most
    /// [`NBodyOptions::LARGEST_OPENING`]: smaller is more exact and slower.
    pub opening: f64,
}

impl NBodyOptions {
    /// The opening angle unless another is given: keeps the rms error of the forces below
    /// [`crate::tolerances::TREE_RMS`], where one mass outweighs all others too; not that of lattices, see there.
    pub const DEFAULT_OPENING: f64 = 0.6;

    /// The largest opening angle: beyond it cells that overlap would count as far from one another,
    /// and their expansions would not converge.
    pub const LARGEST_OPENING: f64 = 1.0;

    /// The cube of a softened distance is a number of f64.
    pub const LARGEST_SOFTENING: f64 = 1e100;

    /// Nothing where the options are in their ranges.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub fn validate(&self) -> Result<(), Error> {
        let invalid = |option, value: f64, expected| {
            Err(Error::InvalidOption { option, value: value.to_string(), expected })
        };
        if !(self.softening >= 0.0 && self.softening <= Self::LARGEST_SOFTENING) {
            return invalid("softening", self.softening, "a number from 0 to 1e100");
        }
        if !(self.opening > 0.0 && self.opening <= Self::LARGEST_OPENING) {
            return invalid("opening", self.opening, "a number above 0, at most 1");
        }
        Ok(())
    }
}

impl Default for NBodyOptions {
    fn default() -> Self {
        Self {
            precision: None,
            algorithm: NBodyAlgorithm::Direct,
            softening: 0.0,
            opening: Self::DEFAULT_OPENING,
        }
    }
}

/// How accelerations are computed and in which numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Everything in f64.
    F64,
    /// State and position differences in f64 or double-f32, forces in f32.
    Mixed,
    /// Everything in f32.
    F32,
}

impl Precision {
    /// Every precision, the most exact first.
    pub const ALL: [Self; 3] = [Self::F64, Self::Mixed, Self::F32];

    /// The word that selects it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::Mixed => "mixed",
            Self::F32 => "f32",
        }
    }

    /// A coordinate as a kernel of this precision holds it: rounded to f64, to the sum of two f32, or to
    /// f32.
    ///
    /// ```
    /// use kernels_core::Precision;
    ///
    /// let x = 1.0 + 1e-9;
    /// assert_eq!(Precision::F64.rounded(x), x);
    /// assert!((Precision::Mixed.rounded(x) - x).abs() < 1e-16);
    /// assert_eq!(Precision::F32.rounded(x), 1.0);
    /// ```
    #[must_use]
    pub fn rounded(self, x: f64) -> f64 {
        let single = |x: f64| f64::from(x as f32);
        match self {
            Self::F64 => x,
            Self::Mixed if single(x).is_finite() => single(x) + single(x - single(x)),
            Self::Mixed | Self::F32 => single(x),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the forces on the bodies are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NBodyAlgorithm {
    /// Every pair, in the form that the backend does fastest.
    Direct,
    /// Every pair once, one pair at a time, with the opposite force for the other body: the lesson's
    /// program.
    Pairs,
    /// A tree of multipoles: O(n log n), approximate.
    Tree,
}

impl NBodyAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Direct, Self::Pairs, Self::Tree];

    /// The word that selects it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Pairs => "pairs",
            Self::Tree => "tree",
        }
    }
}

impl fmt::Display for NBodyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The energies of a system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Energies {
    /// `1/2 sum m v^2`.
    pub kinetic: f64,
    /// `- sum over pairs of m m / r`, softened as the forces are.
    pub potential: f64,
}

impl Energies {
    /// `1/2 sum m v^2`, in a compensated sum: the same bits from every backend that computes it on the host.
    #[must_use]
    pub fn kinetic_of(bodies: &Bodies) -> f64 {
        let square = |v: &[f64; 3]| v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
        let moving = bodies.mass_slice().iter().zip(bodies.velocity_rows());
        0.5 * moving.map(|(mass, v)| mass * square(v)).collect::<CompensatedSum>().value()
    }

    /// Kinetic plus potential.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.kinetic + self.potential
    }
}

/// Nothing where `out` is `(n, 3)`.
///
/// # Errors
/// [`Error::Shape`].
pub fn require_output(bodies: &Bodies, out: &ArrayViewMut2<'_, f64>) -> Result<(), Error> {
    if out.dim() == (bodies.len(), 3) {
        return Ok(());
    }
    Err(Error::Shape {
        array: "accelerations",
        found: out.shape().to_vec(),
        expected: vec![bodies.len(), 3],
        bodies: bodies.len(),
    })
}
