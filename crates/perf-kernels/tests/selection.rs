//! Which backend is selected, and what is said where none can be.

use std::sync::Arc;

use perf_kernels::{
    Availability, Backend, Capabilities, Choice, Error, NBody, NBodyAlgorithm, NBodyOptions,
    Origin, Precision, Registry, SelectionError, Settings, WordCount, WordCountAlgorithm,
    WordCountOptions, Workload,
};

/// A backend that computes nothing but is ready, missing or software as a test wants it.
#[derive(Debug)]
struct Dummy {
    name: &'static str,
    availability: Availability,
    precision: Precision,
    software: bool,
}

impl Dummy {
    fn ready(name: &'static str) -> Self {
        Self { name, availability: Availability::Ready, precision: Precision::F64, software: false }
    }

    fn missing(name: &'static str) -> Self {
        let availability =
            Availability::Missing { reason: "no such chip".into(), remedy: "buy one".into() };
        Self { availability, ..Self::ready(name) }
    }

    fn refusal(&self) -> Error {
        Error::Unavailable { backend: self.name, reason: "a dummy".into(), remedy: "none".into() }
    }
}

impl Backend for Dummy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn availability(&self) -> Availability {
        self.availability.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            device: "none".into(),
            lanes: 1,
            threads: 1,
            software: self.software,
            precisions: vec![self.precision],
            tree_precisions: vec![],
            nbody_algorithms: vec![NBodyAlgorithm::Direct],
            word_count_algorithms: vec![WordCountAlgorithm::Scan],
            notes: vec![],
        }
    }

    fn nbody(&self, _: &NBodyOptions) -> Result<Box<dyn NBody>, Error> {
        Err(self.refusal())
    }

    fn word_count(&self, _: &WordCountOptions) -> Result<Box<dyn WordCount>, Error> {
        Err(self.refusal())
    }
}

fn registry(own: Vec<Dummy>) -> Registry {
    let mut registry = Registry::new(&Settings::default()).unwrap();
    own.into_iter().for_each(|backend| registry.register(Arc::new(backend)).unwrap());
    registry
}

fn bodies(bodies: usize, precision: Option<Precision>) -> Workload {
    Workload::NBody { bodies, options: NBodyOptions { precision, ..NBodyOptions::default() } }
}

fn auto(registry: &Registry, workload: &Workload) -> Result<&'static str, SelectionError> {
    registry.select(&Choice::auto(), workload).map(|selected| selected.backend.name())
}

#[test]
fn an_unknown_name_lists_the_names_and_suggests_the_nearest() {
    let error = registry(vec![]).get("scaler").unwrap_err();
    let SelectionError::Unknown { ref valid, ref suggestion, origin, .. } = error else {
        panic!("{error:?}")
    };
    assert!(valid.contains(&"scalar".to_owned()) && valid.contains(&"auto".to_owned()));
    assert_eq!(suggestion.as_deref(), Some("scalar"));
    assert_eq!(origin, Origin::Argument);
    let message = error.to_string();
    assert!(message.starts_with("the argument names the backend 'scaler'"), "{message}");
    assert!(message.ends_with("(did you mean 'scalar'?)"), "{message}");
}

#[test]
fn a_name_far_from_all_gets_no_suggestion() {
    let error = registry(vec![]).get("quantum").unwrap_err();
    assert!(matches!(error, SelectionError::Unknown { suggestion: None, .. }), "{error:?}");
}

#[test]
fn a_missing_backend_fails_with_its_reason_and_remedy() {
    let choice = Choice { name: "abacus".into(), origin: Origin::Environment };
    let error =
        registry(vec![Dummy::missing("abacus")]).select(&choice, &bodies(16, None)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "PERF_BACKEND names the backend 'abacus', which cannot run here: no such chip; buy one"
    );
}

#[test]
fn a_named_backend_is_what_runs() {
    let registry = registry(vec![Dummy::ready("abacus")]);
    let choice = Choice::argument("ABACUS");
    let selected = registry.select(&choice, &bodies(16, None)).unwrap();
    assert_eq!(selected.backend.name(), "abacus");
    assert_eq!((selected.requested.as_str(), selected.reason), ("abacus", None));
}

#[test]
fn names_are_unique_and_auto_is_taken() {
    let mut registry = registry(vec![Dummy::ready("abacus")]);
    for name in ["abacus", "scalar", "auto"] {
        let error = registry.register(Arc::new(Dummy::ready(name))).unwrap_err();
        assert_eq!(error, SelectionError::Duplicate { name });
    }
}

#[test]
fn a_level_that_there_is_not_is_refused() {
    if cfg!(not(feature = "simd")) {
        return; // without the backend nobody reads its level
    }
    let settings = Settings { simd_level: Some("mmx".into()), ..Settings::default() };
    let error = Registry::new(&settings).unwrap_err();
    assert!(matches!(error, SelectionError::InvalidSetting { ref value, .. } if value == "mmx"));
    assert!(error.to_string().contains("portable"), "{error}");
}

#[test]
fn auto_gives_the_precision_asked_for_and_f64_where_none_is() {
    let single = Dummy { precision: Precision::Mixed, ..Dummy::ready("abacus") };
    let registry = registry(vec![single]);
    assert_ne!(auto(&registry, &bodies(16, None)), Ok("abacus"));
    let reason = registry.select(&Choice::auto(), &bodies(16, None)).unwrap().reason.unwrap();
    assert!(reason.contains("16 bodies"), "{reason}");
}

#[test]
fn auto_never_takes_a_missing_or_a_software_backend() {
    let software = Dummy { software: true, ..Dummy::ready("abacus") };
    let registry = registry(vec![software, Dummy::missing("soroban")]);
    for n in [2, 300, 3_000, 300_000] {
        let chosen = auto(&registry, &bodies(n, None)).unwrap();
        assert!(chosen != "abacus" && chosen != "soroban");
    }
}

#[test]
fn auto_takes_threads_for_large_inputs_only() {
    if cfg!(not(all(feature = "simd", feature = "rayon"))) {
        return; // nothing to choose from
    }
    let registry = registry(vec![]);
    let text = |bytes| Workload::WordCount { bytes, options: WordCountOptions::default() };
    assert_eq!(auto(&registry, &bodies(16, None)), Ok("simd"));
    assert_eq!(auto(&registry, &bodies(4_096, None)), Ok("rayon"));
    assert_eq!(auto(&registry, &text(Some(1_024))), Ok("simd"));
    assert_eq!(auto(&registry, &text(Some(1 << 30))), Ok("rayon"));
    assert_eq!(auto(&registry, &text(None)), Ok("rayon"));
}
