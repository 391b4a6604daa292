//! From the flags to a backend that is ready.

use perf_kernels::{Choice, Registry, Selected, Settings, Workload};

use crate::args::BackendArgs;
use crate::notes::Notes;

/// All backends, built as the flags and the environment want them.
pub(crate) fn registry(args: &BackendArgs) -> anyhow::Result<Registry> {
    let environment = Settings::from_env();
    let settings = Settings {
        threads: args.threads,
        simd_level: args.simd_level.clone().or(environment.simd_level),
        cache: environment.cache,
    };
    Ok(Registry::new(&settings)?)
}

/// The backend that `choice` names, or the best for `calls` steps or texts of the workload; says which
/// `auto` chose.
pub(crate) fn select(
    args: &BackendArgs,
    choice: &Choice,
    workload: &Workload,
    calls: u64,
    notes: Notes,
) -> anyhow::Result<Selected> {
    let selected = registry(args)?.select_for(choice, workload, calls)?;
    match &selected.reason {
        Some(reason) => notes.note(format_args!("backend {reason}")),
        None => notes.detail(|| describe(&selected)),
    }
    if let Some(threads) = args.threads.filter(|threads| threads.get() > 1) {
        warn_unthreaded(&selected, threads.get(), notes);
    }
    Ok(selected)
}

fn describe(selected: &Selected) -> String {
    format!("backend {} ({})", selected.backend.name(), selected.backend.device())
}

/// Threads that were asked for and cannot be had are not left out silently.
fn warn_unthreaded(selected: &Selected, threads: usize, notes: Notes) {
    if selected.backend.capabilities().threads == 1 {
        let name = selected.backend.name();
        notes.note(format_args!(
            "{name} runs on one thread, not {threads}: --backend rayon has more"
        ));
    }
}
