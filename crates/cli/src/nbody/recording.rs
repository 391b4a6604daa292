//! What a run leaves beside its final state: a picture of its energy error and its trajectory.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;

use super::job::Job;
use super::plan::Plan;
use super::simulation::{Simulation, State};
use crate::args::NBody;
use crate::failure::{FileError, Usage};
use crate::output::Destination;
use crate::plot::{self, PictureFile};
use crate::readers;
use crate::trajectory::Trajectory;

/// Records what the command line asks for, and nothing else.
pub(crate) struct Recording {
    energies: Option<EnergyPlot>,
    frames: Option<Frames>,
}

/// The energy errors that will be drawn.
struct EnergyPlot {
    file: PictureFile,
    heading: String,
    points: Vec<(f64, f64)>,
}

/// The states that will be written.
struct Frames {
    destination: Destination,
    every: u64,
    trajectory: Option<Trajectory>,
}

impl Recording {
    /// Checks the files that will be written; the `inputs` must not be among them.
    pub(crate) fn new(args: &NBody, job: &Job, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let energies = EnergyPlot::new(args, &job.plan, inputs)?;
        Ok(Self { energies, frames: Frames::new(args, job, inputs)? })
    }

    /// Whether anything is recorded.
    pub(crate) fn is_wanted(&self) -> bool {
        self.energies.is_some() || self.frames.is_some()
    }

    /// How many steps may be made until the next state that is wanted.
    pub(crate) fn until_next(&self, step: u64) -> u64 {
        self.frames.as_ref().map_or(u64::MAX, |frames| frames.every - step % frames.every)
    }

    /// Looks at the run where it begins and after every call of the kernel.
    pub(crate) fn look_at(&mut self, simulation: &Simulation) {
        let (dt, state) = (simulation.plan().dt, simulation.state());
        if let Some(energies) = &mut self.energies {
            energies.look_at(dt, state);
        }
        if let Some(frames) = &mut self.frames {
            let is_wanted = state.step.is_multiple_of(frames.every) || simulation.is_done();
            if is_wanted || frames.trajectory.is_none() {
                frames.record(dt, state);
            }
        }
    }

    /// Writes what was recorded, with the state in which the run ended, and tells of each file how that went.
    pub(crate) fn write(&mut self, simulation: &Simulation) -> Vec<anyhow::Result<()>> {
        let picture = self.energies.as_ref().map(|energies| {
            energies.file.write(plot::energy_error(&energies.heading, &energies.points))
        });
        let frames = self.frames.as_mut().and_then(|frames| {
            frames.record(simulation.plan().dt, simulation.state());
            frames.trajectory.as_ref().map(|trajectory| trajectory.write(&frames.destination))
        });
        picture.into_iter().chain(frames).collect()
    }
}

impl EnergyPlot {
    fn new(args: &NBody, plan: &Plan, inputs: &[PathBuf]) -> anyhow::Result<Option<Self>> {
        let Some(path) = &args.plot else { return Ok(None) };
        if plan.report_every == 0 {
            let problem = "--plot draws energies, and --report-every 0 computes none";
            return Err(Usage(problem.to_owned()).into());
        }
        let file = PictureFile::new(path, inputs)?;
        let name = inputs.first().map_or_else(String::new, |input| readers::name(input));
        let name = Path::new(&name).file_name().unwrap_or_default().display();
        Ok(Some(Self { file, heading: format!("Energy error of {name}"), points: Vec::new() }))
    }

    fn look_at(&mut self, dt: f64, state: &State) {
        let Some(track) = state.energy.filter(|track| track.step == state.step) else { return };
        self.points.push((dt * state.step as f64, track.relative_error()));
    }
}

impl Frames {
    fn new(args: &NBody, job: &Job, inputs: &[PathBuf]) -> anyhow::Result<Option<Self>> {
        let Some(path) = &args.trajectory else { return Ok(None) };
        let destination = Destination::new(Some(path), inputs)?;
        let every = args.trajectory_every;
        let trajectory = match destination {
            Destination::File(_) if args.resume.is_some() => earlier(path, job, every)?,
            _ => None,
        };
        Ok(Some(Self { destination, every, trajectory }))
    }

    fn record(&mut self, dt: f64, state: &State) {
        let bodies = &state.system.bodies;
        let trajectory = self.trajectory.get_or_insert_with(|| Trajectory::of(bodies));
        trajectory.record(dt * state.step as f64, bodies);
    }
}

/// The frames that the sessions before left, which end where this one goes on. The last is left out where it is there only
/// because a session ended with it, so that the whole is what a run without a break leaves.
fn earlier(path: &Path, job: &Job, every: u64) -> anyhow::Result<Option<Trajectory>> {
    let archive = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(archive) if archive.is_empty() => return Ok(None),
        read => read.map_err(|error| FileError::reading(path.display().to_string(), error))?,
    };
    let state = &job.state;
    let time = job.plan.dt * state.step as f64;
    let mut frames =
        Trajectory::continued(archive, time, &state.system.bodies).with_context(|| {
            format!("cannot go on with the trajectory {}: name another file", path.display())
        })?;
    if frames.len() > 1 && !state.step.is_multiple_of(every) {
        frames.drop_last();
    }
    Ok(Some(frames))
}
