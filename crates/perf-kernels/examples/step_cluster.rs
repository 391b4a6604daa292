//! Steps a small cluster on every backend that is ready, and compares the energies.
//!
//! `cargo run --release -p perf-kernels --example step_cluster`
#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::error::Error;

use perf_kernels::{Bodies, NBodyOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let ring = ring(64)?;
    let options = NBodyOptions { softening: 0.05, ..NBodyOptions::default() };
    for backend in perf_kernels::backends()? {
        if !backend.availability().is_ready() {
            println!("{:>12}: {:?}", backend.name(), backend.availability());
            continue;
        }
        let mut kernel = backend.nbody(&options)?;
        let mut bodies = ring.clone();
        let before = kernel.energies(&bodies)?.total();
        kernel.leapfrog(&mut bodies, 1e-3, 1_000)?;
        let after = kernel.energies(&bodies)?.total();
        println!("{:>12}: E = {after:.12}, dE/E = {:+.3e}", backend.name(), after / before - 1.0);
    }
    Ok(())
}

/// `n` bodies of total mass 1 on a circle of radius 1, each on its circular orbit around the middle
/// were all the mass there.
fn ring(n: usize) -> Result<Bodies, perf_kernels::Error> {
    let angles = (0..n).map(|i| i as f64 / n as f64 * std::f64::consts::TAU);
    let (positions, velocities) =
        angles.map(|a| ([a.cos(), a.sin(), 0.0], [-a.sin(), a.cos(), 0.0])).unzip();
    Bodies::from_rows(vec![1.0 / n as f64; n], positions, velocities)
}
