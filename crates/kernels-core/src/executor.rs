//! Who runs the units of a kernel: one thread, in order, or a pool.
//!
//! A kernel that can be threaded is cut into **units** whose number and borders depend on the input
//! alone (N-body) or do not matter to the result (text). An [`Executor`] runs the units of one phase
//! and returns when all are done. Each unit writes only what is its own, and what the units leave is
//! reduced in the order of their numbers, so the bits of a result never depend on the executor.

use std::fmt::Debug;

/// Runs the units of a phase.
pub trait Executor: Debug + Send + Sync {
    /// How many units can run at the same moment, at least 1.
    ///
    /// A kernel may size its scratch memory by it, or cut a text by it, but not a sum of floats.
    fn threads(&self) -> usize;

    /// Calls `unit(0)`, ..., `unit(units - 1)`, each once, in any order, on any threads, and returns
    /// when all have returned. A panic of a unit is passed on.
    fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync));

    /// Calls `job` once, in a place from which [`Executor::run`] is cheap (inside the pool).
    /// Wrap a loop over many phases in it.
    fn enter(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }
}

/// The calling thread, unit after unit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Executor for Serial {
    fn threads(&self) -> usize {
        1
    }

    fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync)) {
        (0..units).for_each(unit);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn serial_runs_every_unit_once_in_order() {
        let seen = Mutex::new(Vec::new());
        Serial.run(5, &|unit| seen.lock().unwrap().push(unit));
        assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn enter_calls_the_job_once() {
        let mut calls = 0;
        Serial.enter(&mut || calls += 1);
        assert_eq!(calls, 1);
    }
}
