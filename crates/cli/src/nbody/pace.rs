//! How many steps to take in one call: as many as go by in a moment.
//!
//! A user waits a moment for Ctrl-C, a progress bar or a save; a backend that is called more often
//! than that only loses time: a GPU hands its state over at the end of each call, which took an H200 18 ms for
//! 131,072 bodies when their steps took 20. Where a run is cut does not change its bits.

use std::time::Duration;

/// What a user hardly notices.
const MOMENT: Duration = Duration::from_millis(500);
/// A first guess may be that far off.
const FASTEST_GROWTH: f64 = 8.0;

/// The steps of the next call, from how long those of the last one took.
#[derive(Debug)]
pub(super) struct Pace {
    steps: u64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { steps: 1 }
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// `steps` took `time`.
    pub(super) fn learn(&mut self, steps: u64, time: Duration) {
        let factor = MOMENT.as_secs_f64() / time.as_secs_f64().max(1e-9);
        let next = steps as f64 * factor.min(FASTEST_GROWTH);
        self.steps = (next as u64).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_grow_to_a_moment_and_shrink_when_they_take_longer() {
        let mut pace = Pace::new();
        let millis = Duration::from_millis;
        pace.learn(1, Duration::ZERO);
        assert_eq!(pace.steps(), 8);
        pace.learn(8, millis(250));
        assert_eq!(pace.steps(), 16);
        pace.learn(16, millis(5000));
        assert_eq!(pace.steps(), 1);
        pace.learn(1, millis(60_000));
        assert_eq!(pace.steps(), 1);
    }
}
