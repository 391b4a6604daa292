//! Which adapter to compute on.
//!
//! `WGPU_BACKEND` restricts the graphics interfaces and `WGPU_ADAPTER_NAME` (a part of the name, in
//! any case) the adapters, as in other wgpu programs. Of the rest a discrete GPU comes before an
//! integrated one, and a processor that pretends to be a GPU comes last.

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
    computes: bool,
}

impl Candidate {
    fn of(adapter: &Adapter) -> Self {
        let info = adapter.get_info();
        let flags = adapter.get_downlevel_capabilities().flags;
        Self {
            name: info.name,
            kind: info.device_type,
            computes: computes(flags, adapter.features()),
        }
    }

    fn is_named(&self, wanted: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| self.name.to_lowercase().contains(&wanted.to_lowercase()))
    }
}

/// The place of the best one of those that compute and have `wanted` in their name.
fn best(candidates: &[Candidate], wanted: Option<&str>) -> Option<usize> {
    let fits = |candidate: &Candidate| candidate.computes && candidate.is_named(wanted);
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
    let backends = Backends::all().with_env();
    let all = adapters(backends)?;
    if all.is_empty() {
        return Err(no_adapter(backends));
    }
    let wanted = std::env::var("WGPU_ADAPTER_NAME").ok();
    let candidates: Vec<_> = all.iter().map(Candidate::of).collect();
    match best(&candidates, wanted.as_deref()) {
        Some(chosen) => Ok(Choice { all, chosen }),
        None => {
            let found: Vec<_> = all.iter().map(|adapter| describe(&adapter.get_info())).collect();
            Err(none_fits(&found, wanted.as_deref()))
        }
    }
}

/// Every adapter. wgpu panics where no interface is compiled in for this platform.
fn adapters(backends: Backends) -> Result<Vec<Adapter>, Missing> {
    if Instance::enabled_backend_features().is_empty() {
        return Err(Missing {
            reason: "no graphics interface of this platform is compiled in".to_owned(),
            remedy: "build with the feature metal, dx12 or gles of backend-gpu",
        });
    }
    // The debugging layers that a debug build of wgpu asks for slow every call down.
    let descriptor = wgpu::InstanceDescriptor {
        backends,
        flags: wgpu::InstanceFlags::empty().with_env(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let instance = Instance::new(descriptor);
    Ok(pollster::block_on(instance.enumerate_adapters(backends)))
}

fn computes(flags: DownlevelFlags, features: Features) -> bool {
    flags.contains(DownlevelFlags::COMPUTE_SHADERS) && features.contains(REQUIRED)
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
    let tried: Vec<_> = backends.iter_names().map(|(name, _)| name.to_lowercase()).collect();
    Missing {
        reason: format!("no graphics driver found (tried {})", tried.join(", ")),
        remedy: "install the GPU vendor's driver, or mesa-vulkan-drivers for a software one",
    }
}

fn none_fits(all: &[String], wanted: Option<&str>) -> Missing {
    let found = all.join("; ");
    match wanted {
        Some(name) => Missing {
            reason: format!("no adapter that computes has {name:?} in its name (found {found})"),
            remedy: "change or unset WGPU_ADAPTER_NAME",
        },
        None => Missing {
            reason: format!("no adapter runs compute shaders (found {found})"),
            remedy: "install a Vulkan driver for the GPU",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, kind: DeviceType) -> Candidate {
        Candidate { name: name.to_owned(), kind, computes: true }
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
        let drawing = Candidate { computes: false, ..candidate("old", DeviceType::DiscreteGpu) };
        assert_eq!(best(&[drawing, candidate("cpu", DeviceType::Cpu)], None), Some(1));
        let drawing = Candidate { computes: false, ..candidate("old", DeviceType::DiscreteGpu) };
        assert_eq!(best(&[drawing], None), None);
        let all = DownlevelFlags::all();
        assert!(computes(all, REQUIRED));
        assert!(!computes(all - DownlevelFlags::COMPUTE_SHADERS, REQUIRED));
        assert!(!computes(all, Features::empty()));
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
        let Missing { reason, .. } = none_fits(&["a (vulkan)".to_owned()], Some("x"));
        assert!(reason.contains("\"x\"") && reason.contains("a (vulkan)"), "{reason}");
        let Missing { reason, .. } = none_fits(&["a (gl)".to_owned()], None);
        assert!(reason.contains("compute shaders"), "{reason}");
    }
}
