//! What is right: accelerations in double-double arithmetic, and the state behind one step of the reference backend.
//!
//! Cost: n times the bodies of the sample in double-double arithmetic, again for f32, and one step in f64.

use std::cell::OnceCell;

use anyhow::Context;
use ndarray::{Array2, Axis};
use perf_kernels::nbody::{reference_accelerations_of, rms_error};
use perf_kernels::{Bodies, Error, NBodyOptions, Precision, Workload};

use super::super::roster::Roster;
use crate::args::compare::CompareNBody;

/// More pairs than this are not summed in double-double arithmetic, but only for some of the bodies.
const REFERENCE_PAIRS: usize = 1 << 22;

/// What is right.
pub(super) struct Reference {
    /// The bodies whose accelerations are known.
    sample: Vec<usize>,
    pub(super) accelerations: Array2<f64>,
    /// By how much rounding to f32 changes them, when that is asked for.
    rounding: OnceCell<f64>,
    softening: f64,
    /// The state behind one step.
    pub(super) stepped: Bodies,
}

impl Reference {
    /// What is right for the bodies `start`.
    pub(super) fn new(
        args: &CompareNBody,
        roster: &Roster,
        start: &Bodies,
    ) -> anyhow::Result<Self> {
        let exact = NBodyOptions {
            precision: Some(Precision::F64),
            softening: args.softening,
            ..NBodyOptions::default()
        };
        let workload = Workload::NBody { bodies: start.len(), options: exact };
        let named = roster.reference(&workload)?.backend;
        let has_f64 = named.capabilities().precisions.contains(&Precision::F64);
        let backend = if has_f64 { named } else { roster.scalar()? };
        let mut stepped = start.clone();
        backend
            .nbody(&exact)
            .and_then(|mut kernel| kernel.leapfrog(&mut stepped, args.dt, 1))
            .with_context(|| format!("{}, as the reference", backend.name()))?;
        let every = (start.len() * start.len()).div_ceil(REFERENCE_PAIRS);
        let sample: Vec<_> = (0..start.len()).step_by(every).collect();
        let (softening, rounding) = (args.softening, OnceCell::new());
        let accelerations = reference_accelerations_of(start, &sample, softening);
        Ok(Self { sample, accelerations, softening, rounding, stepped })
    }

    /// The rms error of the accelerations.
    pub(super) fn error(&self, accelerations: &Array2<f64>) -> f64 {
        let sample = accelerations.select(Axis(0), &self.sample);
        rms_error(sample.view(), self.accelerations.view())
    }

    /// The rms error that rounding the bodies `start` to f32 makes.
    pub(super) fn rounding(&self, start: &Bodies) -> Result<f64, Error> {
        if let Some(rounding) = self.rounding.get() {
            return Ok(*rounding);
        }
        let rounded = start.rounded(Precision::F32)?;
        let exact = reference_accelerations_of(&rounded, &self.sample, self.softening);
        let rounding = rms_error(exact.view(), self.accelerations.view());
        Ok(*self.rounding.get_or_init(|| rounding))
    }

    /// The rms error of positions or velocities behind one step, whichever is larger.
    pub(super) fn step_error(&self, stepped: &Bodies) -> f64 {
        let positions = rms_error(stepped.positions(), self.stepped.positions());
        positions.max(rms_error(stepped.velocities(), self.stepped.velocities()))
    }
}
