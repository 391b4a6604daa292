//! The run that the command line asks for: a new one, or one that was saved.

use std::path::Path;
use std::time::Duration;

use perf_kernels::{Choice, NBodyAlgorithm, NBodyOptions, Precision};

use super::checkpoint::{self, Checkpoint, Machine};
use super::plan::Plan;
use super::simulation::State;
use crate::args::NBody;
use crate::failure::Usage;
use crate::notes::Notes;
use crate::readers::nbabel;

const DEFAULT_T_END: f64 = 10.0;
const DEFAULT_REPORT_EVERY: u64 = 100;

/// What to do, from where, and on which backend.
pub(crate) struct Job {
    pub(crate) plan: Plan,
    pub(crate) state: State,
    pub(crate) choice: Choice,
    /// What a saved run was computed with.
    saved_on: Option<Machine>,
}

impl Job {
    pub(crate) fn read(args: &NBody) -> anyhow::Result<Self> {
        match (&args.input, &args.resume) {
            (Some(input), _) => Self::begin(args, input),
            (None, Some(saved)) => Self::resume(args, saved),
            (None, None) => {
                Err(Usage("no bodies given: name INPUT or --resume FILE".to_owned()).into())
            }
        }
    }

    fn begin(args: &NBody, input: &Path) -> anyhow::Result<Self> {
        let options = NBodyOptions {
            precision: args.precision.map(Into::into),
            algorithm: args.algorithm.into(),
            softening: args.softening,
            opening: args.opening.unwrap_or(NBodyOptions::DEFAULT_OPENING),
        };
        if args.opening.is_some() && options.algorithm != NBodyAlgorithm::Tree {
            return Err(Usage("--opening is of the tree: add --algorithm tree".to_owned()).into());
        }
        let t_end = args.t_end.unwrap_or(DEFAULT_T_END);
        let report_every = args.report_every.unwrap_or(DEFAULT_REPORT_EVERY);
        let plan = Plan::new(args.dt, t_end, report_every, &options);
        plan.steps()?;
        let system =
            nbabel::read(input, args.softening, options.precision.unwrap_or(Precision::F64))?;
        let origin = checkpoint::origin_of(&system.bodies);
        Ok(Self {
            plan,
            state: State { system, origin, step: 0, energy: None, spent: Duration::ZERO },
            choice: Choice::from_flag(args.backend.backend.as_deref()),
            saved_on: None,
        })
    }

    fn resume(args: &NBody, saved: &Path) -> anyhow::Result<Self> {
        let Checkpoint { machine, mut plan, state } = checkpoint::read(saved)?;
        plan.t_end = args.t_end.unwrap_or(plan.t_end);
        plan.report_every = args.report_every.unwrap_or(plan.report_every);
        if plan.report_every > 0 && state.energy.is_none() {
            let problem = "the saved run kept no energies: it goes on with --report-every 0 only";
            return Err(Usage(problem.to_owned()).into());
        }
        let choice = match &args.backend.backend {
            Some(name) => Choice::from_flag(Some(name)),
            None => Choice::argument(&machine.backend),
        };
        Ok(Self { plan, state, choice, saved_on: Some(machine) })
    }

    /// Says so where a saved run has its end behind it.
    pub(crate) fn tell_end(&self, notes: Notes) -> Result<(), Usage> {
        let (done, steps) = (self.state.step, self.plan.steps()?);
        if self.saved_on.is_some() && done >= steps {
            notes.note(format_args!(
                "the saved run has done {done} steps and is past its end, step {steps}: a later --t-end lets it go on"
            ));
        }
        Ok(())
    }

    /// Says so where a saved run goes on with other arithmetic.
    pub(crate) fn compare_machines(&self, machine: &Machine, notes: Notes) {
        let Some(saved_on) = &self.saved_on else { return };
        if machine != saved_on {
            notes.note(format_args!(
                "the run was saved on {saved_on} and goes on on {machine}: the last digits may differ"
            ));
        }
    }
}
