//! What a run is to do. It never changes while the run goes on, and is saved with it.

use perf_kernels::{NBodyAlgorithm, NBodyOptions, Precision};
use serde::{Deserialize, Serialize};

use crate::failure::Usage;

/// More steps than this are a slip of the keyboard, and beyond what f64 counts exactly.
const MOST_STEPS: f64 = 9_007_199_254_740_992.0;

/// The physics of a run and the rhythm of its reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) dt: f64,
    pub(crate) t_end: f64,
    /// Steps between two prints of the energy; 0 for none.
    pub(crate) report_every: u64,
    pub(crate) softening: f64,
    pub(crate) opening: f64,
    algorithm: String,
    precision: Option<String>,
}

impl Plan {
    pub(crate) fn new(dt: f64, t_end: f64, report_every: u64, options: &NBodyOptions) -> Self {
        Self {
            dt,
            t_end,
            report_every,
            softening: options.softening,
            opening: options.opening,
            algorithm: options.algorithm.name().to_owned(),
            precision: options.precision.map(|precision| precision.name().to_owned()),
        }
    }

    /// What the kernel is built with.
    pub(crate) fn options(&self) -> Result<NBodyOptions, Usage> {
        let precision =
            self.precision.as_deref().map(|name| named(&Precision::ALL, Precision::name, name));
        Ok(NBodyOptions {
            precision: precision.transpose()?,
            algorithm: named(&NBodyAlgorithm::ALL, NBodyAlgorithm::name, &self.algorithm)?,
            softening: self.softening,
            opening: self.opening,
        })
    }

    /// Takes the precision that the kernel has where none was asked for, so that a saved run keeps it.
    pub(crate) fn settle(&mut self, precision: Precision) {
        self.precision.get_or_insert_with(|| precision.name().to_owned());
    }

    /// Whether both compute the same, however long and however often they report. No precision is as good as any.
    pub(crate) fn has_physics_of(&self, other: &Self) -> bool {
        let is_asked_otherwise =
            self.precision.as_ref().zip(other.precision.as_ref()).is_some_and(|(a, b)| a != b);
        let Self { t_end, report_every, precision, .. } = self.clone();
        !is_asked_otherwise && *self == Self { t_end, report_every, precision, ..other.clone() }
    }

    /// All steps of the run, as the lesson counts them.
    pub(crate) fn steps(&self) -> Result<u64, Usage> {
        let steps = (self.t_end / self.dt).floor();
        if steps < MOST_STEPS {
            return Ok(steps as u64 + 1);
        }
        Err(Usage(format!(
            "--t-end {:?} with --dt {:?} makes {steps:e} steps: take a longer step",
            self.t_end, self.dt
        )))
    }

    /// Whether the energy is printed behind the step of this number, from 1.
    pub(crate) fn reports_after(&self, step: u64) -> bool {
        self.report_every > 0 && step > 0 && (step - 1).is_multiple_of(self.report_every)
    }

    /// How many steps lie between the first `step` ones and the next print.
    pub(crate) fn until_report(&self, step: u64) -> Option<u64> {
        match (self.report_every, step) {
            (0, _) => None,
            (_, 0) => Some(1),
            (every, _) => Some(every - (step - 1) % every),
        }
    }

    /// The time at the step of this number, as the lesson prints it: at its start.
    pub(crate) fn time_of(&self, step: u64) -> f64 {
        self.dt * (step - 1) as f64
    }
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, wanted: &str) -> Result<T, Usage> {
    let found = all.iter().copied().find(|&item| name(item) == wanted);
    found.ok_or_else(|| {
        Usage(format!("the saved run asks for '{wanted}', which does not exist here"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(t_end: f64, dt: f64, report_every: u64) -> Plan {
        Plan::new(dt, t_end, report_every, &NBodyOptions::default())
    }

    #[test]
    fn steps_are_counted_as_the_lesson_does() {
        assert_eq!(plan(10.0, 0.001, 100).steps().unwrap(), 10_001);
        assert_eq!(plan(0.29, 0.01, 100).steps().unwrap(), (0.29 / 0.01) as u64 + 1);
        assert_eq!(plan(0.5, 1.0, 100).steps().unwrap(), 1);
        assert!(plan(1e300, 1e-300, 100).steps().is_err());
    }

    #[test]
    fn reports_come_behind_step_0_and_every_so_often() {
        let plan = plan(1.0, 0.1, 3);
        let reporting: Vec<_> = (0..10).filter(|&step| plan.reports_after(step)).collect();
        assert_eq!(reporting, [1, 4, 7]);
        for step in 0..10 {
            assert!(plan.reports_after(step + plan.until_report(step).unwrap()));
        }
        assert_eq!(plan.time_of(4), 0.1 * 3.0);
    }

    #[test]
    fn a_precision_that_was_not_asked_for_is_that_of_the_kernel() {
        let mut settled = plan(1.0, 0.1, 3);
        settled.settle(Precision::F64);
        assert_eq!(settled.options().unwrap().precision, Some(Precision::F64));
        settled.settle(Precision::F32);
        assert_eq!(settled.options().unwrap().precision, Some(Precision::F64));
        assert!(
            settled.has_physics_of(&plan(2.0, 0.1, 5))
                && plan(2.0, 0.1, 5).has_physics_of(&settled)
        );
        let mut other = plan(1.0, 0.1, 3);
        other.settle(Precision::F32);
        assert!(!settled.has_physics_of(&other) && !settled.has_physics_of(&plan(1.0, 0.2, 3)));
    }

    #[test]
    fn options_survive_being_saved() {
        let options = NBodyOptions {
            precision: Some(Precision::Mixed),
            algorithm: NBodyAlgorithm::Tree,
            softening: 0.1,
            opening: 0.3,
        };
        let plan = Plan::new(0.1, 1.0, 0, &options);
        assert_eq!(plan.options().unwrap(), options);
        assert!(!plan.reports_after(1));
        assert_eq!(plan.until_report(1), None);
    }
}
