//! `cli nbody`: read bodies, move them, report their energy, write where they end.

use std::fs::{self, Metadata};
use std::mem;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use perf_kernels::{Backend, Error, NBody as NBodyKernel, NBodyOptions, Precision, Workload};
use tracing::info_span;

use crate::args::NBody;
use crate::failure::{self, INTERRUPTED, Usage, is_closed_pipe};
use crate::interrupt::Interrupt;
use crate::nbody::checkpoint::{Machine, Saver, refuse_another};
use crate::nbody::job::Job;
use crate::nbody::recording::Recording;
use crate::nbody::simulation::{EnergyTrack, Report, Simulation};
use crate::notes::Notes;
use crate::output::{self, Claim, Destination, Durability, is_open_file, is_standard_output};
use crate::profile::{self, Profile, Stepwise};
use crate::progress::Progress;
use crate::readers::nbabel;
use crate::report::{self, EnergyRecord, Lines, NBodyRecord, NBodySeconds, VERSION};
use crate::{python, selection};

/// The backend that times the phases of its fused steps itself, on its device.
const TELLS_PHASES: &str = "gpu";

pub(super) fn run(args: &NBody, notes: Notes) -> anyhow::Result<ExitCode> {
    output::refuse_shared(&outputs(args))?;
    refuse_mixed(args)?;
    Profile::begin(&args.profile, &inputs(args))?.of(|| simulate(args, notes))
}

fn simulate(args: &NBody, notes: Notes) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let job = info_span!("read").in_scope(|| Job::read(args))?;
    let read = start.elapsed();
    let mut outputs = Outputs::new(args, &job)?;
    let place = place_of_saves(args, &job)?;
    let mut session = Session::begin(args, job, (start, read), notes)?;
    let mut saver = place.map(|place| session.saver(args, place));
    let ended = session.simulate(&mut outputs, saver.as_mut(), args.json, notes);
    let interrupted = *ended.as_ref().unwrap_or(&false);
    let moved = session.simulation.state().step > session.earlier.0;
    let leaves = ended.is_ok() || moved;
    // Whatever ended the run, what it came to stays, and one failure does not keep another file from being written.
    let mut done = vec![ended.map(drop)];
    if leaves {
        // A run that was resumed and did nothing leaves what it came from as it is, its end among it.
        let saver = saver.as_mut().filter(|_| moved || args.checkpoint.is_some());
        done.extend(saver.map(|saver| saver.save(&session.simulation, session.spent())));
        done.extend(outputs.write(&session.simulation));
    }
    failure::first_of(done)?;
    // The terminal may be gone, which is why the run was interrupted.
    read_or_not(session.print_end(args.json, interrupted, notes), interrupted)?;
    notes.detail(|| session.seconds().to_string());
    if interrupted {
        session.tell_interruption(saver.as_ref(), notes);
    }
    // A driver of a graphics card takes 60 ms to give back what the end of the program gives back anyway.
    mem::forget(session);
    Ok(if interrupted { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}

/// Refuses to put among the printed lines what no program would find there.
fn refuse_mixed(args: &NBody) -> Result<(), Usage> {
    profile::refuse_mixed(&args.profile)?;
    if args.trajectory.as_deref().is_some_and(is_standard_output) {
        let problem = "--trajectory - would mix the archive with what is printed: name a file";
        return Err(Usage(problem.to_owned()));
    }
    Ok(())
}

/// The files that a run reads.
fn inputs(args: &NBody) -> Vec<PathBuf> {
    args.input.iter().chain(&args.resume).cloned().collect()
}

/// The files that a run writes, each with the option that names it.
fn outputs(args: &NBody) -> Vec<(&'static str, &Path)> {
    let saves = match &args.checkpoint {
        Some(path) => ("--checkpoint", Some(path)),
        None => ("--resume", args.resume.as_ref()),
    };
    let others = [
        ("--output", args.output.as_ref()),
        ("--plot", args.plot.as_ref()),
        ("--trajectory", args.trajectory.as_ref()),
        ("--trace", args.profile.trace.as_ref()),
    ];
    let all = [saves].into_iter().chain(others);
    all.filter_map(|(option, path)| Some((option, path?.as_path()))).collect()
}

/// Where a run saves itself: a resumed one where it came from, unless another place is named.
fn place_of_saves(args: &NBody, job: &Job) -> anyhow::Result<Option<Claim>> {
    let is_file = |path: &&PathBuf| {
        !is_standard_output(path)
            && !is_open_file(path)
            && fs::metadata(path).map_or(true, |metadata| !is_stream(&metadata))
    };
    let path = args.checkpoint.as_ref().or(args.resume.as_ref().filter(is_file));
    // A resumed run may save itself where it came from.
    let inputs: Vec<_> = args.input.iter().chain(&args.output).cloned().collect();
    let place = path.map(|path| Claim::new(path, &inputs)).transpose()?;
    place.iter().try_for_each(|place| refuse_another(place, &job.plan, &job.state))?;
    Ok(place)
}

/// Whether it is a pipe or a device.
fn is_stream(metadata: &Metadata) -> bool {
    !metadata.is_file() && !metadata.is_dir()
}

/// The files that a run writes, but for those in which it saves itself.
struct Outputs {
    result: Option<Destination>,
    recording: Recording,
}

impl Outputs {
    fn new(args: &NBody, job: &Job) -> anyhow::Result<Self> {
        let inputs = inputs(args);
        let result = args.output.as_deref().map(|path| Destination::new(Some(path), &inputs));
        let result = result.transpose()?;
        Ok(Self { result, recording: Recording::new(args, job, &inputs)? })
    }

    /// Whether there are any.
    fn are_wanted(&self) -> bool {
        self.result.is_some() || self.recording.is_wanted()
    }

    /// Writes what the run leaves behind, and tells of each file how that went.
    fn write(&mut self, simulation: &Simulation) -> Vec<anyhow::Result<()>> {
        let _output = info_span!("output").entered();
        let system = &simulation.state().system;
        let result = self.result.as_ref().map(|destination| {
            destination.write(Durability::Relaxed, |out| nbabel::write(system, out))
        });
        result.into_iter().chain(self.recording.write(simulation)).collect()
    }
}

/// A run and this process's part in it.
struct Session {
    simulation: Simulation,
    backend: Arc<dyn Backend>,
    machine: Machine,
    options: NBodyOptions,
    start: Instant,
    read: Duration,
    setup: Duration,
    /// Steps done by earlier sessions, and the time they took.
    earlier: (u64, Duration),
}

impl Session {
    /// Goes on behind the reading of the job, which began at `start` and took `read`.
    fn begin(
        args: &NBody,
        mut job: Job,
        (start, read): (Instant, Duration),
        notes: Notes,
    ) -> anyhow::Result<Self> {
        let options = job.plan.options()?;
        let workload = Workload::NBody { bodies: job.state.system.bodies.len(), options };
        let steps = job.plan.steps()?.saturating_sub(job.state.step);
        let span = info_span!("setup").entered();
        let selected = selection::select(&args.backend, &job.choice, &workload, steps, notes)?;
        let backend = selected.backend;
        let one_by_one = args.profile.is_wanted() && backend.name() != TELLS_PHASES;
        let machine = Machine::of(backend.as_ref(), one_by_one);
        let kernel = build(backend.as_ref(), &options, one_by_one)?;
        span.exit();
        job.compare_machines(&machine, notes);
        job.tell_end(notes)?;
        let precision = backend.precision(&options)?;
        tell_precision(&options, precision, notes);
        job.plan.settle(precision);
        let earlier = (job.state.step, job.state.spent);
        let simulation = Simulation::new(job.plan, kernel, job.state)?;
        let setup = start.elapsed() - read;
        Ok(Self { simulation, backend, machine, options, start, read, setup, earlier })
    }

    fn saver(&self, args: &NBody, place: Claim) -> Saver {
        let every = Duration::try_from_secs_f64(args.checkpoint_every).unwrap_or(Duration::MAX);
        Saver::new(place, self.machine.clone(), every)
    }

    /// The time the run took, with its earlier sessions.
    fn spent(&self) -> Duration {
        self.earlier.1 + self.start.elapsed()
    }

    /// Runs to the end or to Ctrl-C, and tells whether it was the latter.
    fn simulate(
        &mut self,
        outputs: &mut Outputs,
        mut saver: Option<&mut Saver>,
        json: bool,
        notes: Notes,
    ) -> anyhow::Result<bool> {
        let interrupt = Interrupt::listen()?;
        let mut lines = Lines::new();
        let mut progress = Progress::steps(notes, self.simulation.steps());
        self.simulation.start()?;
        if let Some(saver) = saver.as_deref_mut().filter(|saver| saver.is_first()) {
            // So that no other run saves itself there, and none computes to its end to be told so.
            saver.save(&self.simulation, self.spent())?;
        }
        let writes = outputs.are_wanted() || saver.is_some();
        let recording = &mut outputs.recording;
        recording.look_at(&self.simulation);
        while !self.simulation.is_done() && !interrupt.is_asked() {
            let most = recording.until_next(self.simulation.state().step);
            if let Some(report) = self.simulation.advance(most)?.filter(|_| !json) {
                read_or_not(progress.suspend(|| print_report(&mut lines, report)), writes)?;
            }
            recording.look_at(&self.simulation);
            if let Some(saver) = saver.as_deref_mut().filter(|saver| saver.is_due()) {
                // Lines before a save are not printed again by who resumes it.
                read_or_not(lines.flush().map_err(Into::into), writes)?;
                if let Err(error) = saver.save(&self.simulation, self.spent()) {
                    notes.note(format_args!("{error}; the run goes on and tries again later"));
                }
            }
            progress.at(self.simulation.state().step);
        }
        read_or_not(lines.flush().map_err(Into::into), writes)?;
        Ok(!self.simulation.is_done())
    }

    /// Of an interrupted run the energy is that of the last print: another one may take minutes.
    fn print_end(&mut self, json: bool, interrupted: bool, notes: Notes) -> anyhow::Result<()> {
        let energy = match interrupted {
            true => self.simulation.state().energy,
            false => self.simulation.final_energy()?,
        };
        tell_loss(energy, notes);
        if json {
            return report::print_json(&self.record(energy, interrupted)?);
        }
        let mut lines = Lines::new();
        if let Some(energy) = energy.filter(|_| !interrupted) {
            let error = python::exponent(energy.relative_error());
            lines.print(format_args!("Final dE/E = {error}"))?;
        }
        let (steps, time) = (self.simulation.state().step, python::time_delta(self.spent()));
        lines.print(format_args!("{steps} time steps run in {time}"))?;
        Ok(lines.flush()?)
    }

    fn record(
        &self,
        energy: Option<EnergyTrack>,
        interrupted: bool,
    ) -> anyhow::Result<NBodyRecord> {
        // Before anything is asked that a GPU tries out first.
        let seconds = self.seconds();
        let precision = self.backend.precision(&self.options)?;
        let (plan, state) = (self.simulation.plan(), self.simulation.state());
        Ok(NBodyRecord {
            kernel: "nbody",
            backend: self.backend.name(),
            device: self.machine.device.clone(),
            precision: precision.name(),
            algorithm: self.options.algorithm.name(),
            threads: self.backend.capabilities().threads,
            n: state.system.bodies.len(),
            steps: state.step,
            dt: plan.dt,
            t_end: plan.t_end,
            interrupted,
            seconds,
            interactions_per_second: self.interactions_per_second(),
            energy: EnergyRecord::of(energy),
            version: VERSION,
        })
    }

    fn seconds(&self) -> NBodySeconds {
        let clock = self.simulation.clock();
        NBodySeconds {
            read: self.read.as_secs_f64(),
            setup: self.setup.as_secs_f64(),
            simulate: clock.simulate.as_secs_f64(),
            energies: clock.energies.as_secs_f64(),
            total: self.start.elapsed().as_secs_f64(),
        }
    }

    /// Directed interactions of this session, over the time of its steps alone.
    fn interactions_per_second(&self) -> Option<f64> {
        let state = self.simulation.state();
        let (bodies, steps) = (state.system.bodies.len() as f64, state.step - self.earlier.0);
        let seconds = self.simulation.clock().simulate.as_secs_f64();
        (steps > 0).then(|| bodies * (bodies - 1.0) * steps as f64 / seconds)
    }

    fn tell_interruption(&self, saver: Option<&Saver>, notes: Notes) {
        let (step, steps) = (self.simulation.state().step, self.simulation.steps());
        let remedy = match saver {
            Some(saver) => format!("go on with cli nbody --resume {}", saver.name().display()),
            None => "with --checkpoint FILE it could go on".to_owned(),
        };
        notes.note(format_args!("interrupted behind step {step} of {steps}: {remedy}"));
    }
}

/// Says so where the energy, which is constant, tells that the steps were too long for what the bodies did.
fn tell_loss(energy: Option<EnergyTrack>, notes: Notes) {
    /// What is seen in a picture.
    const MUCH: f64 = 0.01;
    let change = energy.map_or(0.0, |energy| energy.relative_error().abs());
    if change > MUCH {
        let percent = 100.0 * change;
        notes.note(format_args!(
            "the energy changed by {percent:.0} %: a smaller --dt or a larger --softening would keep it"
        ));
    }
}

/// Says so where nobody has asked for a precision and the usual one is not to be had.
fn tell_precision(options: &NBodyOptions, precision: Precision, notes: Notes) {
    if options.precision.is_none() && precision != Precision::F64 {
        notes.note(format_args!("the device has no f64: the run is in {precision} (--precision)"));
    }
}

/// The kernel, whose steps can be watched where somebody wants to.
fn build(
    backend: &dyn Backend,
    options: &NBodyOptions,
    one_by_one: bool,
) -> Result<Box<dyn NBodyKernel>, Error> {
    let kernel = backend.nbody(options)?;
    Ok(if one_by_one { Box::new(Stepwise(kernel)) } else { kernel })
}

/// Where nobody reads the lines any more, a run goes on for the files that it `writes`.
fn read_or_not(printed: anyhow::Result<()>, writes: bool) -> anyhow::Result<()> {
    match printed {
        Err(error) if writes && is_closed_pipe(&error) => Ok(()),
        printed => printed,
    }
}

fn print_report(lines: &mut Lines, report: Report) -> anyhow::Result<()> {
    let _output = info_span!("output").entered();
    let Report { time, energy, change } = report;
    let change = python::signed(change);
    Ok(lines.print(format_args!("t = {time:5.2}, E = {energy:.10}, dE/E = {change}"))?)
}
