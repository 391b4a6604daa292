//! `cli backends`: what there is, ready or why not.

use std::process::ExitCode;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use perf_kernels::{Availability, Backend, NBodyAlgorithm, Precision};

use crate::args::{BackendArgs, Backends};
use crate::output::{Destination, Durability};
use crate::report::{self, Algorithms, BackendRecord};
use crate::selection;

pub(super) fn run(args: &Backends) -> anyhow::Result<ExitCode> {
    let settings = BackendArgs { backend: None, threads: args.threads, simd_level: None };
    let registry = selection::registry(&settings)?;
    let records: Vec<_> =
        registry.backends().iter().map(|backend| record(backend.as_ref())).collect();
    if args.json {
        report::print_json(&records)?;
    } else {
        let table = table(&records);
        Destination::StandardOutput.write(Durability::Relaxed, |out| writeln!(out, "{table}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn record(backend: &dyn Backend) -> BackendRecord {
    let reason = match backend.availability() {
        Availability::Ready => None,
        Availability::Missing { reason, remedy } => Some(format!("{reason}; {remedy}")),
    };
    let capabilities = backend.capabilities();
    BackendRecord {
        name: backend.name(),
        ready: reason.is_none(),
        reason,
        software: capabilities.software,
        lanes: capabilities.lanes,
        threads: capabilities.threads,
        precisions: names(&capabilities.precisions),
        tree_precisions: names(&capabilities.tree_precisions),
        algorithms: Algorithms::of(&capabilities),
        device: capabilities.device,
        notes: backend.survey(),
    }
}

fn names(precisions: &[Precision]) -> Vec<&'static str> {
    precisions.iter().map(|precision| precision.name()).collect()
}

/// The algorithms for N-body, the tree with its precisions where it lacks some.
fn algorithms(record: &BackendRecord) -> String {
    let tree = NBodyAlgorithm::Tree.name();
    let name = |&name: &&str| match name == tree && record.tree_precisions != record.precisions {
        true => format!("{tree} ({})", record.tree_precisions.join(", ")),
        false => name.to_owned(),
    };
    record.algorithms.nbody.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A row a backend, and below it what does not fit into a column.
fn table(records: &[BackendRecord]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    let header = ["backend", "ready", "device", "lanes", "threads", "precisions", "nbody by"];
    table.set_header(header);
    for record in records {
        table.add_row([
            record.name.to_owned(),
            if record.ready { "yes" } else { "no" }.to_owned(),
            record.device.clone(),
            record.lanes.to_string(),
            record.threads.to_string(),
            record.precisions.join(", "),
            algorithms(record),
        ]);
    }
    let mut text = table.trim_fmt();
    for record in records {
        for note in record.reason.iter().chain(&record.notes) {
            text.push_str(&format!("\n{}: {note}", record.name));
        }
    }
    text
}
