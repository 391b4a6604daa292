//! Making a calibration: short runs of every backend that is ready, at sizes a factor apart.
//!
//! At each size the backends run in turn, and all sizes are gone through a few times. The least time of
//! each backend counts: what disturbs a run only makes it longer, and what lasts for less than a round
//! spoils no size. A backend that has fallen far behind is not measured at larger sizes, and not again
//! where it is slow. The whole takes a few seconds.

use std::sync::Arc;
use std::time::Instant;

use kernels_core::{
    Backend, Bodies, Error, NBody, NBodyAlgorithm, NBodyOptions, Precision, WordCount,
    WordCountAlgorithm, WordCountOptions,
};

use super::Workload;
use super::calibration::{Calibration, Curve, Machine};

/// Closer together where threads begin to pay, since a time that is part work and part waking them lies
/// on no power of the size.
const BODIES: [usize; 8] = [8, 32, 128, 256, 512, 1024, 2048, 8192];
const BYTES: [usize; 9] =
    [1 << 10, 1 << 13, 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 22, 1 << 25];
/// Shorter runs tell more about the clock and interrupts than about a backend.
const SHORTEST_RUN: f64 = 2e-3;
/// A run of that many seconds is not repeated: little disturbs for so long.
const LONGEST_RUN: f64 = 0.5;
/// Rounds of runs at all sizes.
const ROUNDS: usize = 5;
/// A backend that takes that many times as long as the fastest at a size is not measured there again.
const BEHIND: f64 = 4.0;
/// A backend that takes that many times as long as the fastest is not measured at larger sizes.
const HOPELESS: f64 = 6.0;
/// Short enough that the bodies hardly move.
const TIME_STEP: f64 = 1e-7;

/// The workloads that are measured unless one is asked for: what `auto` is usually asked.
pub(super) fn usual() -> Vec<Workload> {
    let nbody = |algorithm, precision| Workload::NBody {
        bodies: 0,
        options: NBodyOptions { algorithm, precision: Some(precision), ..NBodyOptions::default() },
    };
    let options = WordCountOptions { algorithm: WordCountAlgorithm::Scan };
    vec![
        nbody(NBodyAlgorithm::Direct, Precision::F64),
        nbody(NBodyAlgorithm::Direct, Precision::Mixed),
        nbody(NBodyAlgorithm::Direct, Precision::F32),
        nbody(NBodyAlgorithm::Tree, Precision::F64),
        Workload::WordCount { bytes: None, options },
    ]
}

/// Measures the tasks of these workloads; `begin` is told each.
pub(super) fn calibrate(
    backends: &[Arc<dyn Backend>],
    workloads: &[Workload],
    begin: &mut dyn FnMut(&str),
) -> Calibration {
    let probed: Vec<_> = backends.iter().filter_map(probe).collect();
    let mut calibration =
        Calibration { machine: Machine::of(backends), curves: Vec::new(), failed: Vec::new() };
    for workload in workloads {
        begin(&workload.task());
        let runners = probed.iter().filter(|(backend, _)| workload.fits(backend.as_ref()));
        let mut entries = Vec::new();
        for (backend, probe) in runners {
            match Entry::new(backend.as_ref(), *probe, workload) {
                Ok(entry) => entries.push(entry),
                Err(error) => calibration.failed.push(error.to_string()),
            }
        }
        measure(&mut entries, workload, &mut calibration.failed);
        calibration.curves.extend(entries.into_iter().map(|entry| entry.curve));
    }
    calibration.curves.retain(|curve| !curve.points.is_empty());
    calibration
}

/// The backend, if it is ready, and how long it took to find out.
fn probe(backend: &Arc<dyn Backend>) -> Option<(Arc<dyn Backend>, f64)> {
    let start = Instant::now();
    backend.availability().is_ready().then(|| (Arc::clone(backend), start.elapsed().as_secs_f64()))
}

/// A backend's kernel and what was measured of it.
struct Entry {
    kernel: Kernel,
    curve: Curve,
    /// The calls of a run, for each point of the curve.
    calls: Vec<u64>,
    /// Whether it is too slow to be measured at larger sizes.
    is_hopeless: bool,
    has_failed: bool,
}

enum Kernel {
    NBody(Box<dyn NBody>),
    WordCount(Box<dyn WordCount>),
}

/// What all backends are given at one size.
enum Input {
    Bodies(Bodies),
    Text(Vec<u8>),
}

impl Entry {
    fn new(backend: &dyn Backend, probe: f64, workload: &Workload) -> Result<Self, Error> {
        let kernel = match workload {
            Workload::NBody { options, .. } => Kernel::NBody(backend.nbody(options)?),
            Workload::WordCount { options, .. } => Kernel::WordCount(backend.word_count(options)?),
        };
        let curve = Curve {
            task: workload.task(),
            backend: backend.name().to_owned(),
            device: backend.device(),
            probe,
            points: Vec::new(),
        };
        Ok(Self { kernel, curve, calls: Vec::new(), is_hopeless: false, has_failed: false })
    }

    /// Adds a point to the curve, unless it will be far from the fastest.
    fn look(&mut self, size: f64, input: &Input) -> Result<(), Error> {
        if self.is_hopeless {
            return Ok(());
        }
        let calls = self.kernel.calls(input)?;
        self.curve.points.push((size, self.kernel.time(input, calls)?));
        self.calls.push(calls);
        Ok(())
    }

    /// Measures a point once more, unless it is slower than `slowest` or takes long.
    fn look_again(&mut self, size: f64, input: &Input, slowest: f64) -> Result<(), Error> {
        let mut points = self.curve.points.iter_mut().zip(&self.calls);
        let Some((point, &calls)) = points.find(|(point, _)| point.0 == size) else {
            return Ok(());
        };
        if point.1 <= slowest && point.1 * calls as f64 <= LONGEST_RUN {
            point.1 = point.1.min(self.kernel.time(input, calls)?);
        }
        Ok(())
    }

    /// The time at this size, if it was measured.
    fn time(&self, size: f64) -> Option<f64> {
        self.curve.points.iter().find(|point| point.0 == size).map(|point| point.1)
    }
}

impl Kernel {
    /// The seconds of one call, of a run of that many calls.
    fn time(&mut self, input: &Input, calls: u64) -> Result<f64, Error> {
        match (self, input) {
            (Self::NBody(kernel), Input::Bodies(bodies)) => {
                let mut bodies = bodies.clone();
                let start = Instant::now();
                kernel.leapfrog(&mut bodies, TIME_STEP, calls)?;
                // The forces at the start are one more call.
                Ok(start.elapsed().as_secs_f64() / (calls + 1) as f64)
            }
            (Self::WordCount(counter), Input::Text(text)) => {
                let start = Instant::now();
                for _ in 0..calls {
                    counter.count(text)?;
                }
                Ok(start.elapsed().as_secs_f64() / calls as f64)
            }
            _ => unreachable!("a task has inputs of its kernel only"),
        }
    }

    /// How many calls make a run that can be trusted. Warms up on the way.
    fn calls(&mut self, input: &Input) -> Result<u64, Error> {
        let mut calls = 1;
        loop {
            let seconds = self.time(input, calls)?;
            if seconds * calls as f64 >= SHORTEST_RUN {
                return Ok(calls);
            }
            calls = (1.2 * SHORTEST_RUN / seconds.max(1e-9)).ceil().max(2.0 * calls as f64) as u64;
        }
    }
}

fn measure(entries: &mut [Entry], workload: &Workload, failed: &mut Vec<String>) {
    let inputs: Vec<_> = inputs(workload).collect();
    for (size, input) in &inputs {
        each(entries, failed, |entry| entry.look(*size, input));
        let best = best(entries, *size);
        let is_hopeless = |time| time > HOPELESS * best && time > SHORTEST_RUN;
        for entry in entries.iter_mut() {
            entry.is_hopeless |= entry.time(*size).is_some_and(is_hopeless);
        }
    }
    for _ in 1..ROUNDS {
        for (size, input) in &inputs {
            let slowest = BEHIND * best(entries, *size);
            each(entries, failed, |entry| entry.look_again(*size, input, slowest));
        }
    }
}

/// The least time at this size.
fn best(entries: &[Entry], size: f64) -> f64 {
    entries.iter().filter_map(|entry| entry.time(size)).fold(f64::INFINITY, f64::min)
}

/// Has all run in turn. One that fails runs no more.
fn each(
    entries: &mut [Entry],
    failed: &mut Vec<String>,
    mut run: impl FnMut(&mut Entry) -> Result<(), Error>,
) {
    for entry in entries.iter_mut().filter(|entry| !entry.has_failed) {
        if let Err(error) = run(entry) {
            entry.has_failed = true;
            failed.push(error.to_string());
        }
    }
}

fn inputs(workload: &Workload) -> Box<dyn Iterator<Item = (f64, Input)>> {
    match workload {
        Workload::NBody { .. } => {
            Box::new(BODIES.into_iter().map(|n| (n as f64, Input::Bodies(cloud(n)))))
        }
        Workload::WordCount { .. } => {
            Box::new(BYTES.into_iter().map(|n| (n as f64, Input::Text(text(n)))))
        }
    }
}

/// Bodies at rest in a cube.
fn cloud(bodies: usize) -> Bodies {
    let mut random = Random(bodies as u64);
    let positions = (0..bodies).map(|_| std::array::from_fn(|_| random.unit())).collect();
    let masses = vec![1.0 / bodies as f64; bodies];
    Bodies::from_rows(masses, positions, vec![[0.0; 3]; bodies])
        .expect("finite numbers and two bodies or more make a system")
}

/// Words whose frequencies fall as their ranks rise, as in any language (Zipf).
fn text(bytes: usize) -> Vec<u8> {
    const VOCABULARY: f64 = 60_000.0;
    const LINE: usize = 12;
    let mut random = Random(bytes as u64);
    let mut text = Vec::with_capacity(bytes + 16);
    for word in 1.. {
        let mut rank = VOCABULARY.powf(random.unit()) as u64;
        while rank > 0 {
            text.push(b'a' + (rank % 12) as u8 + (rank % 2) as u8 * 12);
            rank /= 12;
        }
        text.push(if word % LINE == 0 { b'\n' } else { b' ' });
        if text.len() >= bytes {
            break;
        }
    }
    text.truncate(bytes);
    text
}

/// Numbers that look random enough for input: a multiplicative congruential generator (L'Ecuyer,
/// Math. Comp. 68, 249 (1999)), whose upper bits are used.
struct Random(u64);

impl Random {
    /// A number from 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(3_935_559_000_370_003_845).wrapping_add(2_691_343_689_449_507_681);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_of_its_size() {
        for bytes in [1, 1024, 70_000] {
            let text = text(bytes);
            assert_eq!(text.len(), bytes);
            assert!(
                text.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_whitespace())
            );
        }
        assert_eq!(cloud(50).len(), 50);
    }

    #[test]
    fn every_backend_gets_a_curve_that_rises() {
        let scalar: Arc<dyn Backend> = Arc::new(backend_scalar::Scalar::new());
        let workload = Workload::NBody { bodies: 2, options: NBodyOptions::default() };
        let mut begun = Vec::new();
        let calibration =
            calibrate(&[scalar], &[workload], &mut |task| begun.push(task.to_owned()));
        assert_eq!(begun, ["nbody direct f64"]);
        assert!(calibration.failed.is_empty());
        let [curve] = calibration.curves.as_slice() else { panic!("{calibration:?}") };
        assert_eq!((curve.backend.as_str(), curve.points.len()), ("scalar", BODIES.len()));
        let last = curve.points.len() - 1;
        // A thousand times the bodies are a million times the work; a disturbance is not that large.
        assert!(curve.points[last].1 > 100.0 * curve.points[0].1, "{curve:?}");
    }
}
