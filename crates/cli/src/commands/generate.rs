//! `cli generate`: a star cluster or a text, the same bytes for the same arguments.

use std::path::Path;
use std::process::ExitCode;

use perf_kernels::{Choice, NBodyOptions, Registry, Settings, Workload};

use crate::args::{Input, Plummer, Text};
use crate::generate::{plummer, text};
use crate::notes::Notes;
use crate::output::{Destination, Durability};
use crate::readers::nbabel::{self, System};

pub(super) fn run(what: &Input, notes: Notes) -> anyhow::Result<ExitCode> {
    match what {
        Input::Plummer(args) => write_plummer(args, notes)?,
        Input::Text(args) => write_text(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Bodies whose energy takes scalar half a minute and more.
const MANY: usize = 1 << 16;

fn write_plummer(args: &Plummer, notes: Notes) -> anyhow::Result<()> {
    let destination = destination(args.output.as_deref())?;
    let options = NBodyOptions::default();
    let choice = Choice::from_flag(Some(&args.backend));
    let registry = Registry::new(&Settings::from_env())?;
    let size = usize::try_from(args.bodies).unwrap_or(usize::MAX);
    let selected = registry.select(&choice, &Workload::NBody { bodies: size, options })?;
    let mut kernel = selected.backend.nbody(&options)?;
    let mut bodies = plummer::stars(args.bodies, args.seed)?;
    if bodies.len() >= MANY && selected.backend.name().starts_with("scalar") {
        let pairs = bodies.len() as f64 / 2.0 * bodies.len() as f64;
        notes.note(format_args!(
            "{pairs:.1e} pairs are summed for the energy: --backend rayon is faster"
        ));
    }
    plummer::bring_to_units(&mut bodies, kernel.as_mut())?;
    let system = System { ids: (1..=bodies.len()).map(|id| id.to_string()).collect(), bodies };
    destination.write(Durability::Relaxed, |out| nbabel::write(&system, out))
}

fn write_text(args: &Text) -> anyhow::Result<()> {
    let destination = destination(args.output.as_deref())?;
    let vocabulary = text::Vocabulary::new(args.vocabulary, args.non_ascii, args.seed);
    destination
        .write(Durability::Relaxed, |out| text::write(&vocabulary, args.bytes, args.seed, out))
}

fn destination(output: Option<&Path>) -> anyhow::Result<Destination> {
    Destination::new(output, &[])
}
