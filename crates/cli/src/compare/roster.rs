//! Who takes part: the backends asked for, times threads, times options.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use perf_kernels::{
    Availability, Backend, Choice, Origin, Registry, Selected, SelectionError, Settings, Workload,
};

use super::record::Skipped;
use crate::args::compare::Protocol;

/// The word for every backend that is ready.
const ALL: &str = "all";
/// What others are compared with, unless it does not take part.
const USUAL_REFERENCE: &str = "scalar";

/// A backend with what it is to compute with.
#[derive(Debug, Clone)]
pub(crate) struct Entrant<O> {
    pub(crate) selected: Selected,
    pub(crate) options: O,
    /// The threads asked for, of a threaded backend.
    pub(crate) threads: Option<NonZeroUsize>,
    /// The seconds in which its device was found.
    pub(crate) found_in: f64,
}

/// The backends of a comparison, with each number of threads.
#[derive(Debug)]
pub(crate) struct Roster {
    /// With the most threads asked for.
    registry: Registry,
    threaded: Vec<(NonZeroUsize, Registry)>,
    /// With two threads, to tell which backends have any.
    pair: Registry,
    names: Vec<Choice>,
    /// The seconds in which each backend found its device, which loads a GPU's driver.
    found_in: HashMap<&'static str, f64>,
    pub(crate) reference: String,
    /// Backends that are not ready.
    pub(crate) missing: Vec<Skipped>,
}

impl Roster {
    /// # Errors
    /// [`SelectionError::InvalidSetting`] where the environment asks for what cannot be.
    pub(crate) fn new(protocol: &Protocol) -> Result<Self, SelectionError> {
        let with = |threads| Registry::new(&Settings { threads, ..Settings::from_env() });
        let registry = with(protocol.threads.iter().max().copied())?;
        let numbers = distinct(protocol.threads.iter().copied());
        let threaded: Result<Vec<_>, _> =
            numbers.into_iter().map(|n| Ok((n, with(Some(n))?))).collect();
        let mut roster = Self {
            registry,
            threaded: threaded?,
            pair: with(NonZeroUsize::new(2))?,
            names: Vec::new(),
            found_in: HashMap::new(),
            reference: String::new(),
            missing: Vec::new(),
        };
        roster.add_all(protocol);
        Ok(roster)
    }

    fn add_all(&mut self, protocol: &Protocol) {
        if protocol.backends.is_empty() {
            self.add_ready();
        }
        for name in &protocol.backends {
            if name == ALL { self.add_ready() } else { self.add(name, "--backends") }
        }
        if let Some(reference) = &protocol.reference {
            self.add(reference, "--reference");
        }
        let usual = self.names.iter().find(|choice| choice.name == USUAL_REFERENCE);
        let first = &usual.unwrap_or(&self.names[0]).name;
        self.reference = protocol.reference.as_ref().unwrap_or(first).to_ascii_lowercase();
    }

    fn add_ready(&mut self) {
        for backend in self.registry.backends().to_vec() {
            match self.find(backend.as_ref()) {
                Availability::Ready => self.add(backend.name(), "--backends"),
                Availability::Missing { reason, remedy } => self.missing.push(Skipped {
                    what: backend.name().to_owned(),
                    reason: format!("{reason}; {remedy}"),
                    failed: false,
                }),
            }
        }
    }

    /// Asks whether a backend is ready; the first time its device has to be found.
    fn find(&mut self, backend: &dyn Backend) -> Availability {
        let start = Instant::now();
        let availability = backend.availability();
        self.found_in.entry(backend.name()).or_insert(start.elapsed().as_secs_f64());
        availability
    }

    /// Adds a backend that `flag` names, unless it takes part already.
    fn add(&mut self, name: &str, flag: &'static str) {
        let choice = Choice { name: name.to_ascii_lowercase(), origin: Origin::Flag(flag) };
        let mut backends = self.registry.backends().iter();
        if let Some(backend) = backends.find(|backend| backend.name() == choice.name).cloned() {
            self.find(backend.as_ref());
        }
        if self.names.iter().all(|known| known.name != choice.name) {
            self.names.push(choice);
        }
    }

    /// The backend that another is compared with.
    ///
    /// # Errors
    /// [`SelectionError`] where it cannot run, or is auto and none fits.
    pub(crate) fn reference(&self, workload: &Workload) -> Result<Selected, SelectionError> {
        let choice = self.names.iter().find(|choice| choice.name == self.reference);
        self.registry.select(choice.unwrap_or(&self.names[0]), workload)
    }

    /// The plain backend, whoever takes part.
    ///
    /// # Errors
    /// None: it is always there.
    pub(crate) fn scalar(&self) -> Result<Arc<dyn Backend>, SelectionError> {
        self.registry.get(USUAL_REFERENCE)
    }

    /// What the processor is called: by the backend that knows its instructions, where there is one.
    pub(crate) fn processor(&self) -> String {
        let find = |name| self.registry.get(name).ok();
        let backend = find("simd").or_else(|| find(USUAL_REFERENCE));
        backend.map_or_else(String::new, |backend| backend.device())
    }

    /// Everybody who takes part in what `workload` makes of the options.
    ///
    /// # Errors
    /// [`SelectionError`] where a backend that was named cannot run, or auto finds none that fits.
    pub(crate) fn entrants<O: Copy>(
        &self,
        options: &[O],
        workload: impl Fn(O) -> Workload,
    ) -> Result<Vec<Entrant<O>>, SelectionError> {
        let mut entrants = Vec::new();
        for choice in &self.names {
            for &options in options {
                for (threads, registry) in self.registries(choice) {
                    let start = Instant::now();
                    let selected = registry.select(choice, &workload(options))?;
                    // What nobody named was found by auto just now.
                    let found_in = self.found_in.get(selected.backend.name()).copied();
                    let found_in = found_in.unwrap_or_else(|| start.elapsed().as_secs_f64());
                    entrants.push(Entrant { selected, options, threads, found_in });
                }
            }
        }
        Ok(entrants)
    }

    /// The registries that hold a backend with the threads asked for; auto chooses with the most.
    fn registries(&self, choice: &Choice) -> Vec<(Option<NonZeroUsize>, &Registry)> {
        let threaded = self.threaded.iter().map(|(threads, registry)| (Some(*threads), registry));
        if choice.is_auto() {
            let most = threaded.max_by_key(|(threads, _)| *threads);
            return vec![most.unwrap_or((None, &self.registry))];
        }
        if !self.threaded.is_empty() && self.has_threads(&choice.name) {
            return threaded.collect();
        }
        vec![(None, &self.registry)]
    }

    /// Whether the number of threads of a backend can be chosen. One of one thread does not show it.
    fn has_threads(&self, name: &str) -> bool {
        let mut backends = self.pair.backends().iter();
        backends.any(|backend| backend.name() == name && backend.capabilities().threads == 2)
    }
}

/// Each value once, in the order of their first appearance.
pub(super) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    values.into_iter().fold(Vec::new(), |mut distinct, value| {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
        distinct
    })
}

#[cfg(test)]
mod tests {
    use perf_kernels::WordCountOptions;

    use super::*;

    fn roster(backends: &[&str], reference: Option<&str>) -> Result<Roster, SelectionError> {
        Roster::new(&Protocol {
            backends: backends.iter().map(|name| (*name).to_owned()).collect(),
            reference: reference.map(str::to_owned),
            ..Protocol::default()
        })
    }

    #[test]
    fn all_that_are_ready_take_part_and_scalar_is_the_reference() {
        let roster = roster(&[], None).unwrap();
        assert_eq!(roster.reference, "scalar");
        let known = roster.registry.backends().len();
        assert_eq!(roster.names.len() + roster.missing.len(), known);
    }

    #[test]
    fn the_reference_takes_part_and_nobody_twice() {
        let roster = roster(&["auto", "AUTO"], Some("scalar")).unwrap();
        let names: Vec<_> = roster.names.iter().map(|choice| choice.name.as_str()).collect();
        assert_eq!((names, roster.reference.as_str()), (vec!["auto", "scalar"], "scalar"));
    }

    #[test]
    fn one_thread_is_asked_for_as_any_number_is() {
        let numbers = [1, 1].map(|n| NonZeroUsize::new(n).unwrap()).to_vec();
        let named = |name: &str| vec![name.to_owned()];
        for (name, asked) in [("rayon-scalar", 1), ("auto", 1), ("scalar", 0)] {
            let (backends, threads) = (named(name), numbers.clone());
            let roster = Roster::new(&Protocol { backends, threads, ..Protocol::default() });
            let workload = |options| Workload::WordCount { bytes: Some(10), options };
            let Ok(entrants) = roster.unwrap().entrants(&[WordCountOptions::default()], workload)
            else {
                assert_eq!(name, "rayon-scalar", "this build leaves threads out");
                continue;
            };
            let threads: Vec<_> = entrants.iter().map(|entrant| entrant.threads).collect();
            assert_eq!(threads, [NonZeroUsize::new(asked)], "{name}");
        }
    }

    fn entrants(names: &[&str]) -> Result<Vec<Entrant<WordCountOptions>>, SelectionError> {
        let workload = |options| Workload::WordCount { bytes: Some(10), options };
        roster(names, None)?.entrants(&[WordCountOptions::default()], workload)
    }

    #[test]
    fn a_name_that_does_not_exist_is_refused() {
        assert!(matches!(entrants(&["scaler"]), Err(SelectionError::Unknown { .. })));
    }

    #[test]
    fn auto_is_entered_under_the_name_it_was_asked_by() {
        let entrants = entrants(&["auto"]).unwrap();
        assert_eq!(entrants.len(), 1);
        assert_eq!(entrants[0].selected.requested, "auto");
        assert_ne!(entrants[0].selected.backend.name(), "auto");
    }
}
