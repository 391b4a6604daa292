//! The phases within a kernel's call, for a program that wants to know where the time goes.
//!
//! A kernel runs a phase by [`within`], or tells by [`on_device`] what a GPU measured itself. One
//! listener per process may hear of them, once [`listen`] has named it. Without one, a phase costs the
//! reading of one number; nothing is printed or kept here.

use std::sync::OnceLock;
use std::time::Duration;

/// A part of a kernel's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Word count: bytes are checked to be UTF-8; where only distinct segments are checked, these are
    /// split and lower-cased the Unicode way on the way.
    Validate,
    /// Word count: words are found and counted.
    Count,
    /// Word count: the distinct words are taken out of a table.
    Collect,
    /// Word count: partial counts become one.
    Merge,
    /// N-body: the forces on all bodies.
    Accelerations,
    /// N-body: `x += dt v + dt^2/2 a`.
    AdvancePositions,
    /// N-body: `v += dt/2 (a + a_new)`.
    AdvanceVelocities,
    /// N-body: whole steps, where a kernel does not take them apart.
    Steps,
    /// N-body: kinetic and potential energy.
    Energies,
}

/// What hears of phases.
pub trait Listener: Sync {
    /// Calls `job`, which is the phase, once.
    fn within(&self, phase: Phase, job: &mut dyn FnMut());

    /// A GPU was busy with the phase for so long, by its own clock.
    fn on_device(&self, phase: Phase, time: Duration);
}

static LISTENER: OnceLock<&'static dyn Listener> = OnceLock::new();

/// Names the listener of this process. Tells whether it is the first; a later one is not taken.
pub fn listen(listener: &'static dyn Listener) -> bool {
    LISTENER.set(listener).is_ok()
}

/// Whether anybody listens: a GPU need not measure itself otherwise.
#[must_use]
pub fn is_heard() -> bool {
    LISTENER.get().is_some()
}

/// Runs a phase.
///
/// ```
/// use kernels_core::phase::{self, Phase};
///
/// let words = phase::within(Phase::Count, || "the cat".split(' ').count());
/// assert_eq!(words, 2);
/// ```
pub fn within<R>(phase: Phase, job: impl FnOnce() -> R) -> R {
    let Some(listener) = LISTENER.get() else { return job() };
    let (mut job, mut result) = (Some(job), None);
    listener.within(phase, &mut || result = job.take().map(|job| job()));
    result.expect("a listener calls the job")
}

/// Tells how long a GPU was busy with a phase.
pub fn on_device(phase: Phase, time: Duration) {
    if let Some(listener) = LISTENER.get() {
        listener.on_device(phase, time);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(Phase, Option<Duration>)>>);

    impl Listener for Heard {
        fn within(&self, phase: Phase, job: &mut dyn FnMut()) {
            job();
            self.0.lock().unwrap().push((phase, None));
        }

        fn on_device(&self, phase: Phase, time: Duration) {
            self.0.lock().unwrap().push((phase, Some(time)));
        }
    }

    /// One test, since there is one listener per process.
    #[test]
    fn phases_are_heard_once_somebody_listens() {
        assert_eq!(within(Phase::Merge, || 1), 1);
        on_device(Phase::Merge, Duration::ZERO);
        assert!(!is_heard());
        let heard: &'static Heard = Box::leak(Box::default());
        assert!(listen(heard) && is_heard());
        assert!(!listen(Box::leak(Box::<Heard>::default())), "the first one stays");
        assert_eq!(within(Phase::Validate, || within(Phase::Merge, || 2)), 2);
        let second = Duration::from_secs(1);
        on_device(Phase::Steps, second);
        let expected =
            [(Phase::Merge, None), (Phase::Validate, None), (Phase::Steps, Some(second))];
        // Other tests of this process may merge counts meanwhile.
        let heard = heard.0.lock().unwrap();
        assert!(expected.iter().all(|phase| heard.contains(phase)), "{heard:?}");
    }
}
