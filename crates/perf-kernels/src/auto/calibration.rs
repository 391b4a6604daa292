//! What a calibration knows: how long each backend takes for a few sizes, and so for any.
//!
//! Between two measured sizes the time is a power of the size, a straight line over logarithmic axes:
//! `t = t_0 (n / n_0)^p`. Beyond the largest it goes on with the last power; below the smallest it stays
//! what it was. Where two backends cross, both take about the same time, so that an error of the
//! crossing point costs little.

use std::sync::Arc;

use kernels_core::Backend;
use serde::{Deserialize, Serialize};

use super::Workload;

/// The backend whose device is expensive to ask for: a driver has to be loaded.
pub(super) const COSTLY: &str = "gpu";
/// A backend has to be that much faster to be chosen before one that is listed earlier: below it
/// measurements do not tell them apart, and a second core is left to others.
const MARGIN: f64 = 0.95;

/// How fast the backends of one machine are, as they were measured.
///
/// Made by [`Registry::calibrate`](crate::Registry::calibrate), kept by
/// [`Registry::remember`](crate::Registry::remember), used by `auto`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub(super) machine: Machine,
    /// The times, an entry for each task and backend.
    pub curves: Vec<Curve>,
    /// Backends that failed, with their errors.
    pub failed: Vec<String>,
}

/// What a calibration is valid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    /// Of this program.
    version: String,
    /// The devices that cost nothing to ask for, with their threads.
    devices: Vec<String>,
}

/// How long a backend takes for a task, depending on the size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Kernel, algorithm and precision, such as `nbody direct f64`.
    pub task: String,
    /// The backend's name.
    pub backend: String,
    /// What it ran on: of a GPU with its driver.
    pub device: String,
    /// How long it takes to find the device, in seconds.
    pub probe: f64,
    /// Bodies or bytes, and the seconds of a step or of a text; sizes rise.
    pub points: Vec<(f64, f64)>,
}

impl Machine {
    pub(super) fn of(backends: &[Arc<dyn Backend>]) -> Self {
        let cheap = backends.iter().filter(|backend| backend.name() != COSTLY);
        let describe = |backend: &Arc<dyn Backend>| {
            let abilities = backend.capabilities();
            format!("{}: {}, {} threads", backend.name(), abilities.device, abilities.threads)
        };
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            devices: cheap.map(describe).collect(),
        }
    }

    /// Whether it is this machine, with any version of the program.
    pub(super) fn is_same_hardware(&self, other: &Self) -> bool {
        self.devices == other.devices
    }
}

impl Curve {
    /// Whether times are above zero and sizes rise.
    fn is_sound(&self) -> bool {
        let is_time = |x: f64| x.is_finite() && x > 0.0;
        self.probe.is_finite()
            && self.points.iter().all(|&(size, time)| is_time(size) && is_time(time))
            && self.points.is_sorted_by(|a, b| a.0 < b.0)
    }

    /// The largest size that was measured.
    fn furthest(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.0)
    }

    /// The time of one call at this size, in seconds.
    #[must_use]
    pub fn seconds(&self, size: f64) -> f64 {
        let [first, .., last] = self.points.as_slice() else {
            return self.points.first().map_or(f64::INFINITY, |point| point.1);
        };
        if size <= first.0 {
            return first.1;
        }
        let mut segments = self.points.windows(2).map(|pair| (pair[0], pair[1]));
        let (from, to) = segments
            .clone()
            .find(|(_, to)| size <= to.0)
            .or_else(|| segments.next_back())
            .unwrap_or((*first, *last));
        let power = (to.1 / from.1).ln() / (to.0 / from.0).ln();
        from.1 * (size / from.0).powf(power)
    }
}

impl Calibration {
    /// The backends that were measured for the workload's task, the fastest for so many calls first.
    pub(super) fn ranking(&self, workload: &Workload, calls: f64) -> Vec<&Curve> {
        let (size, task) = (workload.size(), workload.task());
        let curves = || self.curves.iter().filter(|curve| curve.task == task);
        let furthest = curves().map(Curve::furthest).fold(0.0, f64::max);
        // Given up for lack of speed at smaller sizes: where its curve would go on is not known, and does not matter.
        let is_given_up = |curve: &Curve| curve.furthest() < furthest.min(size);
        let seconds = |curve: &Curve| match is_given_up(curve) {
            true => f64::INFINITY,
            false => curve.probe + calls * curve.seconds(size),
        };
        let mut ranking: Vec<_> = curves().map(|curve| (curve, seconds(curve))).collect();
        // Stable: of equals, what is listed first stays first.
        ranking.sort_by(|a, b| a.1.total_cmp(&b.1));
        prefer_simple(&mut ranking, &self.curves);
        ranking.into_iter().map(|(curve, _)| curve).collect()
    }

    /// Whether all its numbers can have been measured.
    pub(super) fn is_sound(&self) -> bool {
        self.curves.iter().all(Curve::is_sound)
    }

    /// Whether the task of a workload was measured.
    pub(super) fn knows(&self, workload: &Workload) -> bool {
        let task = workload.task();
        self.curves.iter().any(|curve| curve.task == task)
    }

    /// Takes over the curves of another calibration of the same machine.
    pub(super) fn update(&mut self, newer: Self) {
        self.curves.retain(|old| newer.curves.iter().all(|curve| curve.task != old.task));
        self.curves.extend(newer.curves);
        self.failed = newer.failed;
    }
}

/// Moves to the front what is listed before the fastest and as fast within the margin.
fn prefer_simple(ranking: &mut [(&Curve, f64)], listed: &[Curve]) {
    let Some(&(_, best)) = ranking.first() else { return };
    let place = |curve: &Curve| listed.iter().position(|listed| listed == curve);
    let close = ranking.iter().take_while(|(_, time)| MARGIN * time <= best).count();
    if let Some(simplest) = (0..close).min_by_key(|&index| place(ranking[index].0)) {
        ranking[..=simplest].rotate_right(1);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use kernels_core::NBodyOptions;

    use super::*;

    pub(in super::super) fn curve(backend: &str, probe: f64, points: &[(f64, f64)]) -> Curve {
        Curve {
            task: "nbody direct f64".to_owned(),
            backend: backend.to_owned(),
            device: "none".to_owned(),
            probe,
            points: points.to_vec(),
        }
    }

    pub(in super::super) fn calibration(curves: Vec<Curve>) -> Calibration {
        Calibration { machine: Machine::of(&[]), curves, failed: vec![] }
    }

    fn order(calibration: &Calibration, bodies: usize) -> Vec<&str> {
        order_for(calibration, bodies, 1000.0)
    }

    fn order_for(calibration: &Calibration, bodies: usize, steps: f64) -> Vec<&str> {
        let workload = Workload::NBody { bodies, options: NBodyOptions::default() };
        calibration.ranking(&workload, steps).iter().map(|curve| curve.backend.as_str()).collect()
    }

    #[test]
    fn times_lie_on_powers_of_the_size() {
        let curve = curve("simd", 0.0, &[(10.0, 2.0), (100.0, 20.0), (1000.0, 2000.0)]);
        let times = [1.0, 10.0, 50.0, 100.0, 316.227_766_016_837_95, 1000.0, 10_000.0];
        let expected = [2.0, 2.0, 10.0, 20.0, 200.0, 2000.0, 200_000.0];
        for (size, expected) in times.into_iter().zip(expected) {
            let seconds = curve.seconds(size);
            assert!((seconds / expected - 1.0).abs() < 1e-12, "{size}: {seconds}");
        }
    }

    #[test]
    fn numbers_that_nobody_measured_are_found() {
        let is_sound = |points: &[_]| calibration(vec![curve("simd", 0.0, points)]).is_sound();
        assert!(is_sound(&[(8.0, 1e-6), (16.0, 1e-7)]) && is_sound(&[]));
        for points in [[(8.0, 1e-6), (16.0, 0.0)], [(8.0, -1.0), (16.0, 1.0)], [(8.0, 1.0); 2]] {
            assert!(!is_sound(&points), "{points:?}");
        }
    }

    #[test]
    fn a_single_point_holds_for_all_and_none_for_nothing() {
        assert_eq!(curve("simd", 0.0, &[(10.0, 2.0)]).seconds(1e6), 2.0);
        assert_eq!(curve("simd", 0.0, &[]).seconds(10.0), f64::INFINITY);
    }

    #[test]
    fn the_order_changes_where_the_curves_cross() {
        let calibration = calibration(vec![
            curve("simd", 0.0, &[(10.0, 1e-6), (1000.0, 1e-2)]),
            curve("rayon", 0.0, &[(10.0, 1e-5), (1000.0, 5e-3)]),
        ]);
        assert_eq!(order(&calibration, 10), ["simd", "rayon"]);
        assert_eq!(order(&calibration, 1000), ["rayon", "simd"]);
    }

    /// A disturbed run made the last power of `slow` small.
    #[test]
    fn who_was_given_up_does_not_win_where_nobody_measured_it() {
        let calibration = calibration(vec![
            curve("slow", 0.0, &[(512.0, 3e-3), (1024.0, 3e-3)]),
            curve("simd", 0.0, &[(512.0, 1e-4), (1024.0, 4e-4), (8192.0, 26e-3)]),
        ]);
        assert_eq!(order(&calibration, 1000), ["simd", "slow"]);
        assert_eq!(order(&calibration, 16_384), ["simd", "slow"]);
    }

    #[test]
    fn a_long_probe_has_to_pay() {
        let calibration = calibration(vec![
            curve("simd", 0.0, &[(10.0, 1e-6), (1000.0, 1e-2)]),
            curve("gpu", 0.5, &[(10.0, 1e-7), (1000.0, 1e-4)]),
        ]);
        assert_eq!(order(&calibration, 10), ["simd", "gpu"]);
        assert_eq!(order(&calibration, 1000), ["gpu", "simd"]);
        assert_eq!(order_for(&calibration, 1000, 10.0), ["simd", "gpu"]);
    }

    #[test]
    fn of_equals_the_simpler_comes_first() {
        let calibration = calibration(vec![
            curve("scalar", 0.0, &[(10.0, 9.0)]),
            curve("simd", 0.0, &[(10.0, 1.01)]),
            curve("rayon", 0.0, &[(10.0, 1.0)]),
        ]);
        assert_eq!(order(&calibration, 10), ["simd", "rayon", "scalar"]);
    }
}
