//! `cli generate`: a star cluster or a text, the same bytes for the same arguments.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use perf_kernels::{Choice, NBodyOptions, Registry, Settings, Workload};

use crate::args::{Input, Plummer, Text};
use crate::generate::{plummer, text};
use crate::output::{Destination, Durability};
use crate::readers::nbabel::{self, System};

pub(super) fn run(what: &Input) -> anyhow::Result<ExitCode> {
    match what {
        Input::Plummer(args) => write_plummer(args)?,
        Input::Text(args) => write_text(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn write_plummer(args: &Plummer) -> anyhow::Result<()> {
    let destination = destination(args.output.as_deref())?;
    let bodies =
        usize::try_from(args.bodies).context("this machine cannot address that many bodies")?;
    let options = NBodyOptions::default();
    let choice = Choice::from_flag(Some(&args.backend));
    let registry = Registry::new(&Settings::from_env())?;
    let selected = registry.select(&choice, &Workload::NBody { bodies, options })?;
    let mut kernel = selected.backend.nbody(&options)?;
    let ids = (1..=bodies).map(|id| id.to_string()).collect();
    let system = System { bodies: plummer::cluster(bodies, args.seed, kernel.as_mut())?, ids };
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
