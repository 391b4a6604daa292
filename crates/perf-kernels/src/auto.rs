//! What `auto` picks: the fastest backend that is ready, for this kernel and this size.
//!
//! It goes by a calibration of this machine ([`calibration`]), where one was made ([`measure`]) and is
//! kept ([`cache`]), else by built-in crossovers between the backends. A GPU is only probed where the
//! problem is large enough for one to win, since loading its driver costs more than a small run; and a
//! software adapter, which runs on the processor anyhow, is never chosen.
//!
//! A calibration takes a few seconds for each task. So it is made unasked only before a run that takes
//! much longer than that, and a small problem never waits for one: where it is often solved, `cli
//! calibrate` pays, and the note on the choice says so.

mod cache;
mod calibration;
mod measure;
mod workload;

use std::path::Path;
use std::sync::Arc;

use kernels_core::Backend;

use crate::selection::{Choice, Selected, SelectionError};
use cache::Found;
pub use calibration::{Calibration, Curve};
pub use workload::Workload;

/// How `auto` chooses where this machine was not measured.
const NEVER_MEASURED: &str = "by built-in crossovers (cli calibrate measures them here)";

/// Where `auto` chooses from, and where calibrations are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Auto<'a> {
    pub(crate) backends: &'a [Arc<dyn Backend>],
    pub(crate) cache: Option<&'a Path>,
}

impl Auto<'_> {
    /// The fastest backend that is ready and fits, for as many steps or texts as are usual.
    pub(crate) fn pick(&self, workload: &Workload) -> Result<Selected, SelectionError> {
        self.pick_loaded(workload, workload.usual_calls())
    }

    fn pick_loaded(&self, workload: &Workload, calls: f64) -> Result<Selected, SelectionError> {
        match self.load() {
            Found::Calibration(calibration) => {
                self.pick_by(&calibration, workload, calls, "by calibration")
            }
            Found::Nothing => self.pick_built_in(workload, calls, NEVER_MEASURED),
            Found::Useless(why) => {
                let how = format!("by built-in crossovers, since the calibration {why}");
                self.pick_built_in(workload, calls, &how)
            }
        }
    }

    /// As [`Auto::pick`], for a run of `calls` steps or texts. Before a long one that nothing is known
    /// about, its task is measured first, and the result kept.
    pub(crate) fn pick_for(
        &self,
        workload: &Workload,
        calls: u64,
    ) -> Result<Selected, SelectionError> {
        let calls = calls as f64;
        let Some(directory) = self.cache.filter(|_| workload.is_long(calls)) else {
            return self.pick_loaded(workload, calls);
        };
        let known = match self.load() {
            Found::Calibration(calibration) => Some(calibration),
            Found::Nothing | Found::Useless(_) => None,
        };
        if known.as_ref().is_some_and(|known| self.is_covered(workload, calls, known)) {
            return self.pick_loaded(workload, calls);
        }
        let made = measure::calibrate(self.backends, &[*workload], &mut |_| {});
        let calibration = match known {
            Some(mut known) => {
                known.update(made);
                known
            }
            None => made,
        };
        let kept = match cache::store(directory, &calibration) {
            Ok(_) => "by a calibration made now".to_owned(),
            Err(error) => format!("by a calibration made now, which cannot be kept: {error}"),
        };
        self.pick_by(&calibration, workload, calls, &kept)
    }

    /// Measures all usual tasks.
    pub(crate) fn calibrate(&self, begin: &mut dyn FnMut(&str)) -> Calibration {
        measure::calibrate(self.backends, &measure::usual(), begin)
    }

    /// Keeps a calibration for the next process, and tells in which file.
    pub(crate) fn store(
        &self,
        calibration: &Calibration,
    ) -> Result<std::path::PathBuf, std::io::Error> {
        let missing = || std::io::Error::other("there is no cache directory: set PERF_CACHE_DIR");
        cache::store(self.cache.ok_or_else(missing)?, calibration)
    }

    fn load(&self) -> Found {
        match self.cache {
            Some(directory) => cache::load(directory, &calibration::Machine::of(self.backends)),
            None => Found::Nothing,
        }
    }

    /// Whether a calibration knows the workload's task, on the GPU that is there now.
    fn is_covered(&self, workload: &Workload, calls: f64, calibration: &Calibration) -> bool {
        calibration.knows(workload) && !self.has_unknown_gpu(calibration, workload, calls)
    }

    /// The first in the order of the calibration, unless it knows too little.
    fn pick_by(
        &self,
        calibration: &Calibration,
        workload: &Workload,
        calls: f64,
        how: &str,
    ) -> Result<Selected, SelectionError> {
        if self.has_unknown_gpu(calibration, workload, calls) {
            let how = "by built-in crossovers, since the calibration does not know the GPU: \
                       cli calibrate measures it";
            return self.pick_built_in(workload, calls, how);
        }
        let ranking = calibration.ranking(workload, calls);
        let mut measured = ranking.into_iter().filter_map(|curve| self.measured(curve, workload));
        match measured.next() {
            Some(backend) => Ok(selected(backend, workload, how)),
            None => self.pick_built_in(workload, calls, NEVER_MEASURED),
        }
    }

    /// The backend of a curve, if it fits and runs on the device and driver that were measured.
    fn measured(&self, curve: &Curve, workload: &Workload) -> Option<&Arc<dyn Backend>> {
        self.find(&curve.backend)
            .filter(|backend| is_able(backend, workload) && backend.device() == curve.device)
    }

    /// Whether there is a GPU for the workload, and its task was measured on another one or on none.
    fn has_unknown_gpu(&self, calibration: &Calibration, workload: &Workload, calls: f64) -> bool {
        let suits =
            |gpu: &&Arc<dyn Backend>| workload.may_suit_gpu(calls) && is_able(gpu, workload);
        let Some(gpu) = self.find(calibration::COSTLY).filter(suits) else { return false };
        let device = gpu.device();
        !calibration.ranking(workload, calls).iter().any(|curve| curve.device == device)
    }

    /// The first in the built-in order of preference, else any.
    fn pick_built_in(
        &self,
        workload: &Workload,
        calls: f64,
        how: &str,
    ) -> Result<Selected, SelectionError> {
        let preferred = workload.preference(calls).iter().filter_map(|name| self.find(name));
        preferred
            .chain(self.backends)
            .find(|backend| is_able(backend, workload))
            .map(|backend| selected(backend, workload, how))
            .ok_or_else(|| self.none_fits(workload))
    }

    fn none_fits(&self, workload: &Workload) -> SelectionError {
        let software = self.backends.iter().find(|backend| {
            backend.availability().is_ready() && workload.is_within(&backend.capabilities())
        });
        SelectionError::NoneFits {
            what: workload.demand(),
            software: software.map(|backend| backend.name()),
        }
    }

    fn find(&self, name: &str) -> Option<&Arc<dyn Backend>> {
        self.backends.iter().find(|backend| backend.name() == name)
    }
}

fn is_able(backend: &Arc<dyn Backend>, workload: &Workload) -> bool {
    backend.availability().is_ready() && workload.fits(backend.as_ref())
}

fn selected(backend: &Arc<dyn Backend>, workload: &Workload, how: &str) -> Selected {
    let device = backend.device();
    let size = workload.extent();
    Selected {
        backend: Arc::clone(backend),
        requested: Choice::AUTO.to_owned(),
        reason: Some(format!("{} ({device}): the fastest here for {size}, {how}", backend.name())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kernels_core::{
        Availability, Bodies, Capabilities, Energies, Error, NBody, NBodyOptions, Precision,
        WordCount, WordCountOptions,
    };
    use ndarray::ArrayViewMut2;

    use super::cache::tests::Directory;
    use super::calibration::tests::{calibration, curve};
    use super::workload::GPU_FROM_BODIES;
    use super::*;

    fn scalar() -> [Arc<dyn Backend>; 1] {
        [Arc::new(backend_scalar::Scalar::new())]
    }

    /// A device that is a processor after all.
    const SOFTWARE: &str = "a painted card";

    /// A backend whose steps take a microsecond, whatever the bodies.
    #[derive(Debug)]
    struct Clockwork {
        name: &'static str,
        device: &'static str,
    }

    impl Backend for Clockwork {
        fn name(&self) -> &'static str {
            self.name
        }

        fn availability(&self) -> Availability {
            Availability::Ready
        }

        fn capabilities(&self) -> Capabilities {
            let scalar = backend_scalar::Scalar::new().capabilities();
            let software = self.device == SOFTWARE;
            Capabilities { device: self.device.to_owned(), software, ..scalar }
        }

        fn nbody(&self, _: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
            Ok(Box::new(Tick))
        }

        fn word_count(&self, options: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
            backend_scalar::Scalar::new().word_count(options)
        }
    }

    struct Tick;

    impl NBody for Tick {
        fn accelerations(&mut self, _: &Bodies, _: ArrayViewMut2<'_, f64>) -> Result<(), Error> {
            Ok(())
        }

        fn energies(&mut self, _: &Bodies) -> Result<Energies, Error> {
            Ok(Energies { kinetic: 0.0, potential: 0.0 })
        }

        fn leapfrog(&mut self, _: &mut Bodies, _: f64, steps: u64) -> Result<(), Error> {
            std::thread::sleep(Duration::from_micros(steps));
            Ok(())
        }
    }

    fn clockwork() -> [Arc<dyn Backend>; 1] {
        [Arc::new(Clockwork { name: "clockwork", device: "a spring" })]
    }

    fn workload(bodies: usize) -> Workload {
        Workload::NBody { bodies, options: NBodyOptions::default() }
    }

    #[test]
    fn a_calibration_of_backends_that_are_not_here_leaves_the_built_in_order() {
        let backends = scalar();
        let auto = Auto { backends: &backends, cache: None };
        let measured = calibration(vec![curve("abacus", 0.0, &[(16.0, 1e-9)])]);
        let selected = auto.pick_by(&measured, &workload(16), 1.0, "by calibration").unwrap();
        assert_eq!(selected.backend.name(), "scalar");
        assert!(selected.reason.unwrap().contains("for 16 bodies, by built-in crossovers"));
    }

    /// The plain backend and a card, whose driver is the second one.
    fn with_card() -> [Arc<dyn Backend>; 2] {
        let [scalar] = scalar();
        [scalar, Arc::new(Clockwork { name: calibration::COSTLY, device: "a card (driver 2)" })]
    }

    /// A calibration by which the card, with this driver, is the fastest by far.
    fn measured_with(driver: &str) -> Calibration {
        let [scalar] = scalar();
        let card = curve("gpu", 0.0, &[(16.0, 1e-9)]);
        let device = format!("a card ({driver})");
        calibration(vec![measured(&scalar, 1e-6), Curve { device, ..card }])
    }

    /// What was measured of a backend here.
    fn measured(backend: &Arc<dyn Backend>, seconds: f64) -> Curve {
        let device = backend.device();
        Curve { device, ..curve(backend.name(), 0.0, &[(16.0, seconds)]) }
    }

    #[test]
    fn what_was_measured_with_another_driver_is_not_gone_by() {
        let backends = with_card();
        let auto = Auto { backends: &backends, cache: None };
        let pick = |driver, bodies| {
            let calibration = measured_with(driver);
            let workload = workload(bodies);
            let picked = auto.pick_by(&calibration, &workload, 1e3, "by calibration").unwrap();
            (picked.backend.name(), picked.reason.unwrap().ends_with("by calibration"))
        };
        assert_eq!(pick("driver 2", GPU_FROM_BODIES), ("gpu", true));
        assert_eq!(pick("driver 1", GPU_FROM_BODIES), ("gpu", false), "built-in crossovers");
        assert_eq!(pick("driver 2", 16), ("gpu", true));
        assert_eq!(pick("driver 1", 16), ("scalar", true), "what is left of the calibration");
    }

    #[test]
    fn a_new_driver_is_measured_before_a_long_run() {
        let directory = Directory::new("driver");
        let backends = with_card();
        let auto = Auto { backends: &backends, cache: Some(&directory.0) };
        let machine = calibration::Machine::of(&backends);
        cache::store(&directory.0, &Calibration { machine, ..measured_with("driver 1") }).unwrap();
        let reason = |steps| auto.pick_for(&workload(16_384), steps).unwrap().reason.unwrap();
        assert!(reason(1).ends_with("by calibration"), "no GPU is looked for");
        assert!(reason(50).ends_with("does not know the GPU: cli calibrate measures it"));
        assert!(reason(1_000).ends_with("by a calibration made now"));
        assert!(reason(1_000).ends_with("by calibration"), "it is known from now on");
    }

    #[test]
    fn a_software_adapter_is_not_chosen_and_told_where_nothing_else_can_do_it() {
        let painted = Clockwork { name: "gpu", device: SOFTWARE };
        let backends: [Arc<dyn Backend>; 1] = [Arc::new(painted)];
        let told = |precision| {
            let options = NBodyOptions { precision: Some(precision), ..NBodyOptions::default() };
            let workload = Workload::NBody { bodies: 16, options };
            Auto { backends: &backends, cache: None }.pick(&workload).unwrap_err().to_string()
        };
        let error = told(Precision::F64);
        assert!(error.contains("name 'gpu', whose adapter is software, or ask for"), "{error}");
        let error = told(Precision::Mixed);
        assert!(
            error.ends_with(
                "has N-body by 'direct' in mixed: ask for another precision or algorithm"
            ),
            "{error}"
        );
    }

    #[test]
    fn the_reason_tells_how() {
        let backends = scalar();
        let auto = Auto { backends: &backends, cache: None };
        let known = calibration(vec![measured(&backends[0], 1e-9)]);
        let selected = auto.pick_by(&known, &workload(16), 1.0, "by calibration").unwrap();
        assert!(selected.reason.unwrap().ends_with("for 16 bodies, by calibration"));
    }

    #[test]
    fn a_long_run_measures_its_task_once_and_keeps_what_it_learnt() {
        let directory = Directory::new("lazy");
        let backends = clockwork();
        let auto = Auto { backends: &backends, cache: Some(&directory.0) };
        let reason = |bodies, steps| {
            auto.pick_for(&workload(bodies), steps).unwrap().reason.expect("auto gives its reasons")
        };
        assert!(reason(16, 1).ends_with(NEVER_MEASURED));
        assert_eq!(auto.load(), Found::Nothing, "a short run measures nothing");
        assert!(reason(16_384, 1_000).ends_with("by a calibration made now"));
        let Found::Calibration(made) = auto.load() else { panic!("nothing was kept") };
        assert!(made.curves.iter().all(|curve| curve.task == "nbody direct f64"), "{made:?}");
        assert!(reason(16_384, 1_000).ends_with("by calibration"), "it is not measured again");
        assert!(reason(16, 1).ends_with("by calibration"));
    }

    #[test]
    fn a_long_run_adds_its_task_to_what_is_known() {
        let directory = Directory::new("added");
        let backends = clockwork();
        let auto = Auto { backends: &backends, cache: Some(&directory.0) };
        let text =
            Curve { task: "wordcount scan".to_owned(), ..curve("scalar", 0.0, &[(1.0, 1.0)]) };
        let machine = calibration::Machine::of(&backends);
        cache::store(&directory.0, &Calibration { machine, ..calibration(vec![text.clone()]) })
            .unwrap();
        auto.pick_for(&workload(16_384), 1_000).unwrap();
        let Found::Calibration(known) = auto.load() else { panic!("the calibration is gone") };
        assert_eq!(known.curves[0], text);
        assert!(known.knows(&workload(16_384)));
    }

    #[test]
    fn a_long_run_goes_on_where_nothing_can_be_kept() {
        let directory = Directory::new("kept");
        std::fs::write(&directory.0, "no directory").unwrap();
        let backends = clockwork();
        let auto = Auto { backends: &backends, cache: Some(&directory.0) };
        let reason = auto.pick_for(&workload(16_384), 1_000).unwrap().reason.unwrap();
        assert!(reason.contains("made now, which cannot be kept:"), "{reason}");
    }
}
