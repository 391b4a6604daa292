//! A saved run: everything that is needed to end in the same bits.
//!
//! ```text
//! perf-kernels N-body checkpoint 2\n      what it is and the version of this layout
//! {"plan":...,"step":...,...}\n           one line of JSON
//! mass x y z vx vy vz                     of each body, f64, little-endian
//! CRC-32 of all before                    u32, little-endian
//! ```
//!
//! The file is replaced as a whole and reaches the disk before the old one is gone, so a run that is
//! killed at any moment leaves a good one. The accelerations are not saved: a backend computes the
//! same ones again from the same positions.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use perf_kernels::{Backend, Bodies};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::simulation::{EnergyTrack, Simulation, State};
use crate::failure::Usage;
use crate::output::Claim;
use crate::readers::Source;
use crate::readers::nbabel::System;
use crate::report;

const MAGIC: &str = "perf-kernels N-body checkpoint ";
const VERSION: u32 = 2;
const NUMBERS_PER_BODY: usize = 7;
const CHECKSUM: usize = size_of::<u32>();

/// What the run was computed with: the bits of its end depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) backend: String,
    pub(crate) device: String,
    /// The version of this program.
    pub(crate) program: String,
    /// Whether its steps were taken one by one, for `--profile` or `--trace`.
    pub(crate) one_by_one: bool,
}

impl Machine {
    pub(crate) fn of(backend: &dyn Backend, one_by_one: bool) -> Self {
        let (backend, device) = (backend.name().to_owned(), backend.device());
        Self { backend, device, program: report::VERSION.to_owned(), one_by_one }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = if self.one_by_one { ", steps one by one" } else { "" };
        write!(f, "{} {} ({}{steps})", self.backend, self.program, self.device)
    }
}

/// A run as it was saved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) machine: Machine,
    pub(crate) plan: Plan,
    pub(crate) state: State,
}

/// The line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    machine: Machine,
    plan: Plan,
    /// Of the bodies that the run began with.
    origin: u32,
    step: u64,
    energy: Option<SavedEnergy>,
    spent: Duration,
    bodies: usize,
    ids: Vec<String>,
}

/// Energies as bits: JSON has no number for one that left the range of f64.
#[derive(Debug, Serialize, Deserialize)]
struct SavedEnergy {
    initial: u64,
    last: u64,
    step: u64,
}

impl From<EnergyTrack> for SavedEnergy {
    fn from(EnergyTrack { initial, last, step }: EnergyTrack) -> Self {
        Self { initial: initial.to_bits(), last: last.to_bits(), step }
    }
}

impl From<SavedEnergy> for EnergyTrack {
    fn from(SavedEnergy { initial, last, step }: SavedEnergy) -> Self {
        Self { initial: f64::from_bits(initial), last: f64::from_bits(last), step }
    }
}

/// Saves a run now and then.
#[derive(Debug)]
pub(crate) struct Saver {
    place: Claim,
    machine: Machine,
    every: Duration,
    last: Instant,
}

impl Saver {
    pub(crate) fn new(place: Claim, machine: Machine, every: Duration) -> Self {
        Self { place, machine, every, last: Instant::now() }
    }

    /// The place as the user calls it.
    pub(crate) fn name(&self) -> &Path {
        self.place.name()
    }

    /// Whether nothing is there that keeps other runs off.
    pub(crate) fn is_first(&self) -> bool {
        !self.place.is_held()
    }

    /// Whether the last time is long enough ago.
    pub(crate) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Saves; `spent` is the time of the whole run so far.
    pub(crate) fn save(&mut self, run: &Simulation, spent: Duration) -> anyhow::Result<()> {
        let bytes = encode(&self.machine, run.plan(), run.state(), spent)?;
        let written = self.place.replace(|out| out.write_all(&bytes));
        self.last = Instant::now();
        written
    }
}

/// Reads a saved run.
pub(crate) fn read(path: &Path) -> anyhow::Result<Checkpoint> {
    let mut source = Source::open(path)?;
    let bytes = source.read_all()?;
    decode(&bytes).with_context(|| format!("cannot resume: {}", source.name))
}

/// Refuses a place that holds another run than that of the plan and the state, one of other bodies or physics, this
/// one further on, or what is no saved run, or no whole one, of this version.
pub(crate) fn refuse_another(place: &Claim, plan: &Plan, state: &State) -> anyhow::Result<()> {
    let bytes = place.read()?;
    if bytes.is_empty() {
        return Ok(());
    }
    let path = place.name().display();
    let refused = |problem: String| {
        Err(Usage(format!("{path} holds {problem} name another file, or remove it")).into())
    };
    if let Some(version) = version(&bytes).filter(|version| *version != VERSION.to_string()) {
        return refused(format!(
            "a run saved by another version of this program ({version}, here {VERSION}):"
        ));
    }
    let Ok(there) = decode(&bytes) else { return refused("no whole saved run:".to_owned()) };
    let (step, bodies) = (there.state.step, there.state.system.bodies.len());
    match there.plan.has_physics_of(plan) && there.state.origin == state.origin {
        true if step <= state.step => Ok(()),
        true => refused(format!("this run behind step {step}: go on with --resume {path},")),
        false => refused(format!("another saved run, of {bodies} bodies, behind step {step}:")),
    }
}

/// A number for the bodies that a run begins with, by which it is known again.
pub(crate) fn origin_of(bodies: &Bodies) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    rows(bodies).for_each(|row| checksum.update(&row));
    checksum.finalize()
}

/// Each body as it is saved.
fn rows(bodies: &Bodies) -> impl Iterator<Item = [u8; NUMBERS_PER_BODY * size_of::<f64>()]> {
    let places = bodies.position_rows().iter().zip(bodies.velocity_rows());
    bodies.mass_slice().iter().zip(places).map(|(&m, (&[x, y, z], &[vx, vy, vz]))| {
        let mut row = [0; _];
        let (numbers, _) = row.as_chunks_mut();
        for (place, number) in numbers.iter_mut().zip([m, x, y, z, vx, vy, vz]) {
            *place = number.to_le_bytes();
        }
        row
    })
}

fn encode(machine: &Machine, plan: &Plan, state: &State, spent: Duration) -> io::Result<Vec<u8>> {
    let State { system: System { bodies, ids }, origin, step, energy, .. } = state;
    let header = Header {
        machine: machine.clone(),
        plan: plan.clone(),
        origin: *origin,
        step: *step,
        energy: energy.map(SavedEnergy::from),
        spent,
        bodies: bodies.len(),
        ids: ids.clone(),
    };
    let mut bytes = Vec::new();
    writeln!(bytes, "{MAGIC}{VERSION}")?;
    serde_json::to_writer(&mut bytes, &header)?;
    bytes.push(b'\n');
    rows(bodies).for_each(|row| bytes.extend_from_slice(&row));
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> anyhow::Result<Checkpoint> {
    let version =
        version(bytes).context("it is no saved run: name a file that --checkpoint wrote")?;
    let (_, rest) = line(bytes).context("it is damaged: it is cut")?;
    ensure!(
        version == VERSION.to_string(),
        "it has version {version}, this program reads version {VERSION}: use the program that wrote it"
    );
    ensure!(is_intact(bytes), "it is damaged: its checksum does not match; use an older copy");
    let (header, numbers) = line(rest).context("it is damaged: its header is cut")?;
    let header: Header = serde_json::from_str(header).context("its header cannot be read")?;
    let bodies = bodies(header.bodies, &numbers[..numbers.len().saturating_sub(CHECKSUM)])?;
    Ok(Checkpoint {
        machine: header.machine,
        plan: header.plan,
        state: State {
            system: System { bodies, ids: header.ids },
            origin: header.origin,
            step: header.step,
            energy: header.energy.map(EnergyTrack::from),
            spent: header.spent,
        },
    })
}

/// The version of the format, of a saved run of any.
fn version(bytes: &[u8]) -> Option<&str> {
    line(bytes)?.0.strip_prefix(MAGIC)
}

/// The first line and what is behind it.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

fn is_intact(bytes: &[u8]) -> bool {
    bytes.split_last_chunk().is_some_and(|(contents, checksum)| {
        crc32fast::hash(contents) == u32::from_le_bytes(*checksum)
    })
}

fn bodies(expected: usize, bytes: &[u8]) -> anyhow::Result<Bodies> {
    let (numbers, _) = bytes.as_chunks();
    let numbers: Vec<_> = numbers.iter().map(|number| f64::from_le_bytes(*number)).collect();
    let (rows, rest) = numbers.as_chunks::<NUMBERS_PER_BODY>();
    if rows.len() != expected || !rest.is_empty() {
        bail!("it is damaged: it should hold {expected} bodies, and holds {}", rows.len());
    }
    let masses = rows.iter().map(|row| row[0]).collect();
    let positions = rows.iter().map(|&[_, x, y, z, ..]| [x, y, z]).collect();
    let velocities = rows.iter().map(|&[.., vx, vy, vz]| [vx, vy, vz]).collect();
    Ok(Bodies::underway(masses, positions, velocities)?)
}

#[cfg(test)]
mod tests {
    use perf_kernels::NBodyOptions;

    use super::*;

    fn checkpoint() -> Checkpoint {
        let bodies = Bodies::from_rows(
            vec![0.1, 1e-300],
            vec![[1.0 / 3.0, -0.0, 5e-324], [2.0; 3]],
            vec![[0.1 + 0.2, 1e300, -1.0], [0.0; 3]],
        );
        Checkpoint {
            machine: Machine {
                backend: "scalar".to_owned(),
                device: "a processor".to_owned(),
                program: "0.1.0".to_owned(),
                one_by_one: false,
            },
            plan: Plan::new(0.001, 1.0 / 3.0, 100, &NBodyOptions::default()),
            state: State {
                system: System {
                    bodies: bodies.unwrap(),
                    ids: vec!["a\n".to_owned(), "b".to_owned()],
                },
                origin: 12_345,
                step: u64::MAX,
                energy: Some(EnergyTrack { initial: -0.1 / 3.0, last: f64::NEG_INFINITY, step: 7 }),
                spent: Duration::from_nanos(1_234_567_890_123),
            },
        }
    }

    fn encoded() -> Vec<u8> {
        let Checkpoint { machine, plan, state } = checkpoint();
        encode(&machine, &plan, &state, state.spent).unwrap()
    }

    #[test]
    fn a_saved_run_is_read_to_the_bit() {
        assert_eq!(decode(&encoded()).unwrap(), checkpoint());
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let good = encoded();
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 0x10;
            assert!(decode(&bad).is_err(), "byte {place}");
            assert!(decode(&good[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let text = format!("{MAGIC}1\n{{}}\n");
        let error = decode(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("version 1"), "{error}");
        assert!(decode(b"1 0.5 0 0 0 0 0 0\n").unwrap_err().to_string().contains("no saved run"));
    }
}
