//! The backends of a program: those compiled in, and those it adds.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use kernels_core::{Availability, Backend};

use crate::auto::{Auto, Calibration, Workload};
use crate::environment::Environment;
use crate::selection::{Choice, Selected, SelectionError};

/// The backends that a build may leave out, with the Cargo features each needs.
const OPTIONAL: [(&str, &str); 4] =
    [("simd", "simd"), ("rayon", "rayon,simd"), ("rayon-scalar", "rayon"), ("gpu", "gpu")];

/// How the backends are built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The threads of the threaded backends; by default as many as the process may use
    /// (affinity and cgroup quota), or `RAYON_NUM_THREADS`.
    pub threads: Option<NonZeroUsize>,
    /// A lower instruction level for the SIMD backend than the processor has, such as `avx2`.
    pub simd_level: Option<String>,
    /// The directory in which calibrations are kept, and what the GPU backend finds out about its adapter;
    /// without one `auto` goes by built-in crossovers.
    pub cache: Option<PathBuf>,
}

impl Settings {
    /// The settings that the environment asks for.
    #[must_use]
    pub fn from_env() -> Self {
        let Environment { simd_level, cache, .. } = Environment::read();
        Self { threads: None, simd_level, cache }
    }
}

/// A set of backends with distinct names.
#[derive(Debug, Clone)]
pub struct Registry {
    backends: Vec<Arc<dyn Backend>>,
    cache: Option<PathBuf>,
}

impl Registry {
    /// The backends compiled in. Nothing is probed and no thread is started yet.
    ///
    /// # Errors
    /// [`SelectionError::InvalidSetting`] for an instruction level that there is not.
    pub fn new(settings: &Settings) -> Result<Self, SelectionError> {
        Ok(Self { backends: compiled_in(settings)?, cache: settings.cache.clone() })
    }

    /// Adds a backend of the program's own.
    ///
    /// # Errors
    /// [`SelectionError::Duplicate`] where there is one of this name.
    pub fn register(&mut self, backend: Arc<dyn Backend>) -> Result<(), SelectionError> {
        let name = backend.name();
        if name == Choice::AUTO || self.find(name).is_some() {
            return Err(SelectionError::Duplicate { name });
        }
        self.backends.push(backend);
        Ok(())
    }

    /// All backends, ready or not, in the order of registration.
    #[must_use]
    pub fn backends(&self) -> &[Arc<dyn Backend>] {
        &self.backends
    }

    /// The ready backend of this name.
    ///
    /// # Errors
    /// [`SelectionError::Unknown`], [`SelectionError::NotCompiledIn`] or
    /// [`SelectionError::Unavailable`].
    pub fn get(&self, name: &str) -> Result<Arc<dyn Backend>, SelectionError> {
        self.named(&Choice::argument(name))
    }

    /// The backend for a choice: the named one, or of `auto` the fastest for the workload; a GPU's start
    /// then has to be worth a thousand steps.
    ///
    /// # Errors
    /// As [`Registry::get`]; of `auto` [`SelectionError::NoneFits`].
    pub fn select(&self, choice: &Choice, workload: &Workload) -> Result<Selected, SelectionError> {
        if choice.is_auto() {
            return self.auto().pick(workload);
        }
        let backend = self.named(choice)?;
        Ok(Selected { requested: backend.name().to_owned(), backend, reason: None })
    }

    /// As [`Registry::select`], for a run of `calls` steps or texts. Before one that takes very long
    /// (twenty seconds on one core) and of a task that was never measured here, `auto` measures it, in a
    /// few seconds.
    ///
    /// # Errors
    /// As [`Registry::select`].
    pub fn select_for(
        &self,
        choice: &Choice,
        workload: &Workload,
        calls: u64,
    ) -> Result<Selected, SelectionError> {
        if choice.is_auto() {
            return self.auto().pick_for(workload, calls);
        }
        self.select(choice, workload)
    }

    /// Measures how fast the backends are here, in a few seconds. `begin` is told what comes next.
    #[must_use]
    pub fn calibrate(&self, begin: &mut dyn FnMut(&str)) -> Calibration {
        self.auto().calibrate(begin)
    }

    /// Keeps a calibration in the cache directory, for every process from now on, and tells in which
    /// file.
    ///
    /// # Errors
    /// Where there is no cache directory, or it cannot be written.
    pub fn remember(&self, calibration: &Calibration) -> io::Result<PathBuf> {
        self.auto().store(calibration)
    }

    fn auto(&self) -> Auto<'_> {
        Auto { backends: &self.backends, cache: self.cache.as_deref() }
    }

    pub(crate) fn named(&self, choice: &Choice) -> Result<Arc<dyn Backend>, SelectionError> {
        let Choice { name, origin } = choice;
        let Some(backend) = self.find(name) else { return Err(self.not_found(choice)) };
        match backend.availability() {
            Availability::Ready => Ok(Arc::clone(backend)),
            Availability::Missing { reason, remedy } => Err(SelectionError::Unavailable {
                name: backend.name(),
                origin: *origin,
                reason,
                remedy,
            }),
        }
    }

    fn find(&self, name: &str) -> Option<&Arc<dyn Backend>> {
        self.backends.iter().find(|backend| backend.name() == name)
    }

    fn not_found(&self, choice: &Choice) -> SelectionError {
        let Choice { name, origin } = choice.clone();
        if let Some((_, features)) = OPTIONAL.into_iter().find(|(optional, _)| *optional == name) {
            return SelectionError::NotCompiledIn { name, origin, features };
        }
        let mut valid: Vec<_> = self.backends.iter().map(|b| b.name().to_owned()).collect();
        valid.push(Choice::AUTO.to_owned());
        let suggestion = nearest(&name, &valid);
        SelectionError::Unknown { name, origin, valid, suggestion }
    }
}

/// The name that a slip of the keyboard would turn into `name`.
fn nearest(name: &str, valid: &[String]) -> Option<String> {
    let (similarity, best) = valid
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (similarity > 0.75).then(|| best.clone())
}

#[cfg_attr(
    not(any(feature = "simd", feature = "rayon", feature = "gpu")),
    expect(unused_variables, unused_mut, reason = "only optional backends have settings")
)]
fn compiled_in(settings: &Settings) -> Result<Vec<Arc<dyn Backend>>, SelectionError> {
    let scalar = Arc::new(backend_scalar::Scalar::new());
    let mut backends: Vec<Arc<dyn Backend>> = vec![scalar.clone()];
    #[cfg(feature = "simd")]
    let simd = Arc::new(simd(settings.simd_level.as_deref())?);
    #[cfg(feature = "simd")]
    backends.push(simd.clone());
    #[cfg(all(feature = "rayon", feature = "simd"))]
    backends.push(Arc::new(backend_rayon::Threads::over("rayon", simd, settings.threads)));
    #[cfg(feature = "rayon")]
    backends.push(Arc::new(backend_rayon::Threads::over("rayon-scalar", scalar, settings.threads)));
    #[cfg(feature = "gpu")]
    backends.push(Arc::new(backend_gpu::Gpu::with_cache(settings.cache.clone())));
    Ok(backends)
}

#[cfg(feature = "simd")]
fn simd(level: Option<&str>) -> Result<backend_simd::Simd, SelectionError> {
    use backend_simd::{Level, Simd};

    let Some(name) = level else { return Ok(Simd::new()) };
    Level::parse(name).and_then(Simd::with_level).ok_or_else(|| {
        let names: Vec<_> = Level::available().into_iter().map(Level::name).collect();
        SelectionError::InvalidSetting {
            setting: "the SIMD level (PERF_SIMD_LEVEL)",
            value: name.to_owned(),
            expected: format!("this processor has {}", names.join(", ")),
        }
    })
}
