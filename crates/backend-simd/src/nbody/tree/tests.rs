//! Errors, laws and hard cases of the tree.

use kernels_core::nbody::{reference_accelerations, rms_error};
use kernels_core::{Backend, Bodies, NBody, NBodyAlgorithm, NBodyOptions, tolerances};
use ndarray::Array2;

use crate::Simd;

/// A tree kernel at the best level.
fn kernel(softening: f64, opening: f64) -> Box<dyn NBody> {
    let algorithm = NBodyAlgorithm::Tree;
    let options = NBodyOptions { algorithm, softening, opening, ..NBodyOptions::default() };
    Simd::new().nbody(&options).expect("the tree is offered")
}

fn accelerations(bodies: &Bodies, softening: f64, opening: f64) -> Array2<f64> {
    let mut out = Array2::from_elem((bodies.len(), 3), f64::NAN);
    kernel(softening, opening).accelerations(bodies, out.view_mut()).expect("sound bodies");
    out
}

/// The rms relative error at an opening angle.
fn error(bodies: &Bodies, softening: f64, opening: f64) -> f64 {
    let reference = reference_accelerations(bodies, softening);
    rms_error(accelerations(bodies, softening, opening).view(), reference.view())
}

/// Hashed numbers in (0, 1).
fn random(body: usize) -> [f64; 3] {
    let mut state = body as u64;
    [(); 3].map(|()| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        state = z;
        ((z >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    })
}

fn at_rest(masses: Vec<f64>, positions: Vec<[f64; 3]>) -> Bodies {
    let velocities = vec![[0.0; 3]; masses.len()];
    Bodies::from_rows(masses, positions, velocities).expect("well-formed")
}

fn plummer(n: usize) -> Bodies {
    let position = |body| {
        let [mass, height, turn] = random(body);
        let radius = (mass.powf(-2.0 / 3.0) - 1.0).powf(-0.5);
        let (z, angle) = (2.0 * height - 1.0, std::f64::consts::TAU * turn);
        let flat = (1.0 - z * z).sqrt();
        [radius * flat * angle.cos(), radius * flat * angle.sin(), radius * z]
    };
    at_rest(vec![1.0 / n as f64; n], (0..n).map(position).collect())
}

#[test]
fn errors_are_below_the_published_bound() {
    let bodies = plummer(3000);
    for opening in [0.3, NBodyOptions::DEFAULT_OPENING] {
        let error = error(&bodies, 0.0, opening);
        assert!(error < tolerances::TREE_RMS, "{opening}: {error:e}");
    }
}
