//! The trajectory of a run, in the format of NumPy: `numpy.load("out.npz")["positions"]`.
//!
//! | array | shape | |
//! |---|---|---|
//! | `times` | (frames,) | |
//! | `masses` | (bodies,) | |
//! | `positions` | (frames, bodies, 3) | |
//! | `velocities` | (frames, bodies, 3) | |
//!
//! All are f64. The frames are kept in memory until the run ends: 48 bytes for each body and frame,
//! and as much again while the file is written.

use std::io::Cursor;

use anyhow::{Context, anyhow, ensure};
use ndarray::{Array1, Array3, ArrayView1, ArrayView3};
use ndarray_npy::{NpzReader, NpzWriter, WriteNpzError};
use perf_kernels::Bodies;

use crate::output::{Destination, Durability};

/// What an archive of NumPy begins with, as every ZIP file.
const ZIP: &[u8] = b"PK";

/// The frames recorded so far.
#[derive(Debug)]
pub(crate) struct Trajectory {
    masses: Vec<f64>,
    times: Vec<f64>,
    positions: Vec<f64>,
    velocities: Vec<f64>,
}

impl Trajectory {
    /// A trajectory without frames.
    pub(crate) fn of(bodies: &Bodies) -> Self {
        let masses = bodies.mass_slice().to_vec();
        Self { masses, times: Vec::new(), positions: Vec::new(), velocities: Vec::new() }
    }

    /// The frames of an archive whose last one is this state of these bodies, to add further ones to.
    pub(crate) fn continued(archive: Vec<u8>, time: f64, bodies: &Bodies) -> anyhow::Result<Self> {
        let mut npz = NpzReader::new(Cursor::new(archive))?;
        let [times, masses]: [Array1<f64>; 2] = [npz.by_name("times")?, npz.by_name("masses")?];
        let [positions, velocities]: [Array3<f64>; 2] =
            [npz.by_name("positions")?, npz.by_name("velocities")?];
        let shape = (times.len(), bodies.len(), 3);
        ensure!(positions.dim() == shape && velocities.dim() == shape, "it is of other bodies");
        let earlier = Self {
            masses: masses.into_iter().collect(),
            times: times.into_iter().collect(),
            positions: positions.into_iter().collect(),
            velocities: velocities.into_iter().collect(),
        };
        ensure!(earlier.ends_with(time, bodies), "it does not end where the saved run goes on");
        Ok(earlier)
    }

    fn ends_with(&self, time: f64, bodies: &Bodies) -> bool {
        self.times.last() == Some(&time)
            && self.masses == bodies.mass_slice()
            && self.positions.ends_with(bodies.position_rows().as_flattened())
            && self.velocities.ends_with(bodies.velocity_rows().as_flattened())
    }

    /// The number of frames.
    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// Takes the last frame off.
    pub(crate) fn drop_last(&mut self) {
        let numbers = self.times.len().saturating_sub(1) * self.masses.len() * 3;
        self.times.pop();
        self.positions.truncate(numbers);
        self.velocities.truncate(numbers);
    }

    /// Adds the present state, unless it is the last frame already.
    pub(crate) fn record(&mut self, time: f64, bodies: &Bodies) {
        if self.times.last() == Some(&time) {
            return;
        }
        self.times.push(time);
        self.positions.extend_from_slice(bodies.position_rows().as_flattened());
        self.velocities.extend_from_slice(bodies.velocity_rows().as_flattened());
    }

    pub(crate) fn write(&self, destination: &Destination) -> anyhow::Result<()> {
        let archive = self.archive().context("cannot make the trajectory")?;
        destination.write(Durability::Relaxed, |out| out.write_all(&archive))
    }

    fn archive(&self) -> Result<Vec<u8>, WriteNpzError> {
        let mut bytes = Cursor::new(Vec::new());
        let mut npz = NpzWriter::new(&mut bytes);
        npz.add_array("times", &ArrayView1::from(&self.times))?;
        npz.add_array("masses", &ArrayView1::from(&self.masses))?;
        npz.add_array("positions", &self.frames(&self.positions))?;
        npz.add_array("velocities", &self.frames(&self.velocities))?;
        npz.finish()?;
        Ok(bytes.into_inner())
    }

    fn frames<'a>(&self, numbers: &'a [f64]) -> ArrayView3<'a, f64> {
        let shape = (self.times.len(), self.masses.len(), 3);
        ArrayView3::from_shape(shape, numbers).expect("every frame holds every body")
    }
}

/// The positions of a trajectory, shape (frames, bodies, 3).
pub(crate) fn read_positions(bytes: Vec<u8>) -> anyhow::Result<Array3<f64>> {
    let mut npz = NpzReader::new(Cursor::new(bytes)).context("the archive is damaged")?;
    let positions: Array3<f64> = npz.by_name("positions").context(
        "there is no array 'positions' of f64 with the shape (frames, bodies, 3) in it: \
         give what cli nbody --trajectory wrote",
    )?;
    match positions.dim() {
        (0, ..) | (_, 0, _) => Err(anyhow!("it holds no frames")),
        (_, _, 3) if positions.iter().all(|x| x.is_finite()) => Ok(positions),
        (_, _, 3) => Err(anyhow!("its positions are not all finite")),
        (_, _, columns) => Err(anyhow!("its positions have {columns} coordinates, not 3")),
    }
}

/// Whether these bytes are an archive of NumPy.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(ZIP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary() -> Bodies {
        let positions = vec![[0.0, 0.1, 0.2], [1.0, 1.1, 1.2]];
        Bodies::from_rows(vec![1.0, 2.0], positions, vec![[3.0; 3], [4.0; 3]]).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut bodies = binary();
        let mut trajectory = Trajectory::of(&bodies);
        trajectory.record(0.0, &bodies);
        bodies.set_state(|body| ([body as f64; 3], [0.0; 3])).unwrap();
        trajectory.record(0.5, &bodies);
        trajectory.record(0.5, &bodies);
        let bytes = trajectory.archive().unwrap();
        assert!(is_archive(&bytes));
        let positions = read_positions(bytes).unwrap();
        assert_eq!(positions.dim(), (2, 2, 3));
        assert_eq!(positions[[0, 1, 2]], 1.2);
        assert_eq!(positions[[1, 1, 0]], 1.0);
    }

    #[test]
    fn what_is_no_trajectory_is_told() {
        let empty = Trajectory::of(&binary()).archive().unwrap();
        assert!(format!("{:#}", read_positions(empty).unwrap_err()).contains("no frames"));
        assert!(format!("{:#}", read_positions(b"PK".to_vec()).unwrap_err()).contains("damaged"));
    }
}
