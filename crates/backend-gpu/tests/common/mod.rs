//! Tests that need a GPU or its drivers, as values.

use std::path::Path;

use backend_gpu::Gpu;
use conformance::Required;
use kernels_core::{Availability, Backend, Bodies};
use libtest_mimic::{Failed, Trial};

/// Where the package chromium-common of Debian has it, and where it lies unpacked alone.
const SWIFTSHADER: [&str; 2] =
    ["/usr/lib/chromium/vk_swiftshader_icd.json", "/opt/swiftshader/vk_swiftshader_icd.json"];

/// A lavapipe that ends every invocation after 65,535 iterations of its loops, unpacked.
const MESA_22: &str = "/opt/mesa-22.3/icd.json";

/// The driver SwiftShader, where it is installed.
///
/// # Errors
/// That it is not.
pub(crate) fn swiftshader() -> Result<&'static str, &'static str> {
    let installed = SWIFTSHADER.into_iter().find(|driver| Path::new(driver).exists());
    installed.ok_or("no SwiftShader is installed")
}

/// The lavapipe of Mesa 22.3, where it is installed.
///
/// # Errors
/// That it is not.
pub(crate) fn mesa_22() -> Result<&'static str, &'static str> {
    Some(MESA_22).filter(|driver| Path::new(driver).exists()).ok_or("no Mesa 22.3 is unpacked")
}

/// A test.
pub(crate) fn trial(name: &str, check: fn()) -> Trial {
    Trial::test(name, move || {
        check();
        Ok(())
    })
}

/// A test that cannot run here, and a failure where it must.
pub(crate) fn not_run(name: &str, reason: &str, required: bool) -> Trial {
    let failure = format!("cannot run here: {reason}");
    Trial::test(format!("{name} (not run: {reason})"), move || Err(Failed::from(failure)))
        .with_ignored_flag(!required)
}

/// Tests that need an adapter.
pub(crate) fn with_device(checks: &[(&str, fn())]) -> Vec<Trial> {
    match Gpu::new().availability() {
        Availability::Ready => checks.iter().map(|(name, check)| trial(name, *check)).collect(),
        Availability::Missing { reason, .. } => {
            let required = Required::from_env().names("gpu");
            checks.iter().map(|(name, _)| not_run(name, &reason, required)).collect()
        }
    }
}

/// A ring of bodies, each moving along it, in numbers that f32 has.
pub(crate) fn ring(bodies: usize) -> Bodies {
    let angle = |i: usize| i as f64 / bodies as f64 * std::f64::consts::TAU;
    let rounded = |row: [f64; 3]| row.map(|x| f64::from(x as f32));
    let mass = f64::from(1.0 / bodies as f32);
    Bodies::from_rows(
        vec![mass; bodies],
        (0..bodies)
            .map(|i| rounded([angle(i).cos(), angle(i).sin(), 0.01 * (i % 7) as f64]))
            .collect(),
        (0..bodies).map(|i| rounded([-angle(i).sin(), angle(i).cos(), 0.0])).collect(),
    )
    .expect("a ring")
}
