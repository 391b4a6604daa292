//! Which adapter to compute on.
//!
//! `WGPU_BACKEND` restricts the graphics interfaces and `WGPU_ADAPTER_NAME` (a part of the name, in
//! any case) the adapters, as in other wgpu programs. Of the rest a discrete GPU comes before an
//! integrated one, and a processor that pretends to be a GPU comes last.

use std::sync::OnceLock;

use kernels_core::{Availability, Error};
use wgpu::{Adapter, AdapterInfo, Backends, DeviceType, DownlevelFlags, Features, Instance};

/// What every kernel needs: a few bytes of arguments for each dispatch.
pub(crate) const REQUIRED: Features = Features::IMMEDIATES;

/// The adapters of the machine and which of them was chosen.
#[derive(Debug)]
pub(crate) struct Choice {
    all: Vec<Adapter>,
    chosen: usize,
}

impl Choice {
    /// The adapter to compute on.
    pub(crate) fn adapter(&self) -> &Adapter {
        &self.all[self.chosen]
    }

    /// Every other adapter that runs compute shaders or not.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Adapter> {
        let others = self.all.iter().enumerate().filter(|(place, _)| *place != self.chosen);
        others.map(|(_, adapter)| adapter)
    }
}

/// What the choice among adapters depends on.
#[derive(Debug)]
struct Candidate {
    name: String,
    kind: DeviceType,
    runs_shaders: bool,
    /// Whether it has [`REQUIRED`].
    takes_arguments: bool,
}

impl Candidate {
    fn of(adapter: &Adapter) -> Self {
        let info = adapter.get_info();
        let flags = adapter.get_downlevel_capabilities().flags;
        Self {
            name: info.name,
            kind: info.device_type,
            runs_shaders: runs_shaders(flags),
            takes_arguments: adapter.features().contains(REQUIRED),
        }
    }

    fn computes(&self) -> bool {
        self.runs_shaders && self.takes_arguments
    }

    fn is_named(&self, wanted: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| self.name.to_lowercase().contains(&wanted.to_lowercase()))
    }
}

/// The place of the best one of those that compute and have `wanted` in their name.
fn best(candidates: &[Candidate], wanted: Option<&str>) -> Option<usize> {
    let fits = |candidate: &Candidate| candidate.computes() && candidate.is_named(wanted);
    let fitting = candidates.iter().enumerate().filter(|(_, candidate)| fits(candidate));
    fitting.min_by_key(|(_, candidate)| rank(candidate.kind)).map(|(place, _)| place)
}

/// Why there is no adapter, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    reason: String,
    remedy: &'static str,
}

impl Missing {
    /// As the error of a kernel that cannot be built.
    pub(crate) fn error(self, backend: &'static str) -> Error {
        Error::Unavailable { backend, reason: self.reason, remedy: self.remedy.to_owned() }
    }
}

impl From<Missing> for Availability {
    fn from(Missing { reason, remedy }: Missing) -> Self {
        Self::Missing { reason, remedy: remedy.to_owned() }
    }
}

/// Looks for drivers and chooses an adapter.
///
/// # Errors
/// What is missing and what to do about it.
pub(crate) fn choose() -> Result<Choice, Missing> {
    let asked = variable("WGPU_BACKEND").map(|names| Backends::from_comma_list(&names));
    let backends = interfaces(asked.unwrap_or(Backends::all()))?;
    let all = adapters(backends);
    if all.is_empty() {
        return Err(no_adapter(backends));
    }
    let wanted = variable("WGPU_ADAPTER_NAME");
    let candidates: Vec<_> = all.iter().map(Candidate::of).collect();
    match best(&candidates, wanted.as_deref()) {
        Some(chosen) => Ok(Choice { all, chosen }),
        None => {
            let named = wanted.is_some();
            let told = |info: AdapterInfo| if named { info.name } else { describe(&info) };
            let found: Vec<_> = all.iter().map(|adapter| told(adapter.get_info())).collect();
            let runs_shaders = candidates.iter().any(|candidate| candidate.runs_shaders);
            Err(none_fits(&found, wanted.as_deref(), runs_shaders))
        }
    }
}

/// What a variable of the environment asks for; an empty one is none. No adapter has in its name what is no UTF-8.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// Those of the interfaces asked for that are compiled in. wgpu panics where there are none.
fn interfaces(asked: Backends) -> Result<Backends, Missing> {
    let compiled = Instance::enabled_backend_features();
    if compiled.is_empty() {
        return Err(Missing {
            reason: "no graphics interface of this platform is compiled in".to_owned(),
            remedy: "build with the feature metal, dx12 or gles of backend-gpu",
        });
    }
    if asked.is_empty() {
        return Err(Missing {
            reason: format!(
                "WGPU_BACKEND names no graphics interface (there is {})",
                names(compiled)
            ),
            remedy: "change or unset WGPU_BACKEND",
        });
    }
    if !asked.intersects(compiled) {
        let (asked, compiled) = (names(asked), names(compiled));
        return Err(Missing {
            reason: format!(
                "WGPU_BACKEND asks for {asked}, which is not compiled in (there is {compiled})"
            ),
            remedy: "unset WGPU_BACKEND, or build with the feature metal, dx12 or gles of backend-gpu",
        });
    }
    Ok(asked & compiled)
}

fn names(backends: Backends) -> String {
    let names: Vec<_> = backends.iter_names().map(|(name, _)| name.to_lowercase()).collect();
    names.join(", ")
}

/// Every adapter.
fn adapters(backends: Backends) -> Vec<Adapter> {
    pollster::block_on(instance(backends).enumerate_adapters(backends))
}

/// The instance of this process, which is never taken down: with the last one drivers are unloaded, and NVIDIA's is reported
/// to crash or hang where several are made and taken down in one process (gfx-rs/wgpu 5930, paiml/aprender 2063).
fn instance(backends: Backends) -> &'static Instance {
    static INSTANCE: OnceLock<Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        // The debugging layers that a debug build of wgpu asks for slow every call down.
        Instance::new(wgpu::InstanceDescriptor {
            backends,
            flags: wgpu::InstanceFlags::empty().with_env(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        })
    })
}

fn runs_shaders(flags: DownlevelFlags) -> bool {
    flags.contains(DownlevelFlags::COMPUTE_SHADERS)
}

/// The smaller, the better.
fn rank(kind: DeviceType) -> u8 {
    match kind {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    }
}

/// Name, driver and interface on one line.
pub(crate) fn describe(info: &AdapterInfo) -> String {
    let driver = [info.driver.as_str(), info.driver_info.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let interface = info.backend.to_str();
    if driver.is_empty() {
        format!("{} ({interface})", info.name)
    } else {
        format!("{} ({driver}, {interface})", info.name)
    }
}

fn no_adapter(backends: Backends) -> Missing {
    Missing {
        reason: format!("no graphics driver found (tried {})", names(backends)),
        remedy: "install the GPU vendor's driver, or mesa-vulkan-drivers for a software one",
    }
}

fn none_fits(all: &[String], wanted: Option<&str>, runs_shaders: bool) -> Missing {
    let found = all.join("; ");
    let (reason, remedy) = match wanted {
        Some(name) => (
            format!("no adapter that computes has {name:?} in its name (found {found})"),
            "change or unset WGPU_ADAPTER_NAME",
        ),
        None if runs_shaders => (
            format!("no adapter that runs compute shaders has immediate data (found {found})"),
            "update the driver",
        ),
        None => (
            format!("no adapter runs compute shaders (found {found})"),
            "install a Vulkan driver for the GPU",
        ),
    };
    Missing { reason, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, kind: DeviceType) -> Candidate {
        Candidate { name: name.to_owned(), kind, runs_shaders: true, takes_arguments: true }
    }

    #[test]
    fn the_fastest_kind_or_the_named_one_is_chosen() {
        let candidates = [
            candidate("llvmpipe (LLVM 19)", DeviceType::Cpu),
            candidate("NVIDIA H200", DeviceType::DiscreteGpu),
            candidate("NVIDIA L4", DeviceType::DiscreteGpu),
        ];
        assert_eq!(best(&candidates, None), Some(1));
        assert_eq!(best(&candidates, Some("LLVMpipe")), Some(0));
        assert_eq!(best(&candidates, Some("l4")), Some(2));
        assert_eq!(best(&candidates, Some("radeon")), None);
    }

    #[test]
    fn an_adapter_without_compute_is_not_chosen() {
        let gpu = || candidate("old", DeviceType::DiscreteGpu);
        let cpu = || candidate("cpu", DeviceType::Cpu);
        let drawing = || Candidate { runs_shaders: false, ..gpu() };
        let deaf = Candidate { takes_arguments: false, ..gpu() };
        assert_eq!(best(&[drawing(), deaf, cpu()], None), Some(2));
        assert_eq!(best(&[drawing()], None), None);
        let all = DownlevelFlags::all();
        assert!(runs_shaders(all) && !runs_shaders(all - DownlevelFlags::COMPUTE_SHADERS));
    }

    #[test]
    fn real_devices_come_before_software() {
        assert!(rank(DeviceType::DiscreteGpu) < rank(DeviceType::IntegratedGpu));
        assert!(rank(DeviceType::VirtualGpu) < rank(DeviceType::Cpu));
    }

    #[test]
    fn what_is_missing_is_said_with_a_remedy() {
        let Missing { reason, remedy } = no_adapter(Backends::VULKAN);
        assert_eq!(reason, "no graphics driver found (tried vulkan)");
        assert!(remedy.starts_with("install"));
        let Missing { reason, .. } = none_fits(&["a (vulkan)".to_owned()], Some("x"), true);
        assert!(reason.contains("\"x\"") && reason.contains("a (vulkan)"), "{reason}");
        let Missing { reason, remedy } = none_fits(&["a (gl)".to_owned()], None, false);
        assert!(reason.starts_with("no adapter runs compute shaders"), "{reason}");
        assert!(remedy.starts_with("install"));
        let Missing { reason, remedy } = none_fits(&["a (gl)".to_owned()], None, true);
        assert!(reason.contains("immediate data") && remedy.starts_with("update"), "{reason}");
    }

    #[test]
    fn interfaces_that_are_not_there_are_told_apart_from_drivers() {
        let there = Instance::enabled_backend_features();
        assert_eq!(interfaces(Backends::all()), Ok(there));
        assert!(interfaces(Backends::empty()).unwrap_err().reason.contains("names no"));
        let told = interfaces(Backends::BROWSER_WEBGPU).unwrap_err();
        assert!(told.reason.contains("browser_webgpu, which is not compiled in"), "{told:?}");
        assert!(told.remedy.starts_with("unset WGPU_BACKEND"));
    }
}
