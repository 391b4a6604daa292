//! Which adapter to compute on.
//!
//! `WGPU_BACKEND` restricts the graphics interfaces and `WGPU_ADAPTER_NAME` (a part of the name, in
//! any case) the adapters, as in other wgpu programs. Of the rest a discrete GPU comes before an
//! integrated one, and a processor that pretends to be a GPU comes last.

use kernels_core::{Availability, Error};
use wgpu::{Adapter, AdapterInfo, Backends, DeviceType, DownlevelFlags, Features, Instance};

/// What every kernel needs: a few bytes of arguments for each dispatch.
pub(crate) const REQUIRED: Features = Features::IMMEDIATES;

/// The adapter that was chosen and a line for each that there is.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The adapter to compute on.
    pub(crate) adapter: Adapter,
    /// Every adapter of the machine, one line each.
    pub(crate) all: Vec<String>,
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
    let adapters = adapters(backends)?;
    let all: Vec<_> = adapters.iter().map(|adapter| describe(&adapter.get_info())).collect();
    if adapters.is_empty() {
        return Err(no_adapter(backends));
    }
    let wanted = std::env::var("WGPU_ADAPTER_NAME").ok().map(|name| name.to_lowercase());
    let adapter = adapters
        .into_iter()
        .filter(|adapter| computes(adapter) && is_named(adapter, wanted.as_deref()))
        .min_by_key(|adapter| rank(adapter.get_info().device_type))
        .ok_or_else(|| none_fits(&all, wanted.as_deref()))?;
    Ok(Choice { adapter, all })
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

fn computes(adapter: &Adapter) -> bool {
    let flags = adapter.get_downlevel_capabilities().flags;
    flags.contains(DownlevelFlags::COMPUTE_SHADERS) && adapter.features().contains(REQUIRED)
}

fn is_named(adapter: &Adapter, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| adapter.get_info().name.to_lowercase().contains(wanted))
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
