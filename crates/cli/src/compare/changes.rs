//! A comparison beside an earlier one: what became slower beyond the noise.
//!
//! A result is called slower (or faster) where both hold:
//!
//! - the rank-sum test says that its times and the earlier ones are not of one distribution,
//!   at 1 % for all results of the comparison together: p < 0.01 / m for m results (Bonferroni);
//! - the medians differ by more than the spread of their quotient, since with many runs the test
//!   finds differences that nobody would call one.
//!
//! Where even lists that lie wholly apart could not reach that p, there are too few runs to tell.

use super::record::{Input, Machine, Measurement, Record};
use super::roster::distinct;
use super::statistics::{Ratio, mann_whitney};

/// How often chance alone may flag something in a comparison.
const SIGNIFICANCE: f64 = 0.01;

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Slower,
    Faster,
    /// As far as the noise lets see.
    Same,
    /// So few runs that nothing could be found.
    TooFewRuns,
}

/// A result and the earlier one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) label: String,
    pub(crate) task: String,
    pub(crate) before: f64,
    pub(crate) after: f64,
    /// The time now over the time then.
    pub(crate) ratio: Ratio,
    /// Of the rank-sum test.
    pub(crate) p: f64,
    pub(crate) verdict: Verdict,
}

/// All results that an earlier record has too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Changes {
    pub(crate) date: String,
    pub(crate) changes: Vec<Change>,
    /// Why they may not be comparable.
    pub(crate) doubts: Vec<String>,
}

impl Changes {
    pub(crate) fn between(old: &Record, new: &Record) -> Self {
        let pairs: Vec<_> =
            new.results.iter().filter_map(|after| Some((find(old, new, after)?, after))).collect();
        let significance = SIGNIFICANCE / pairs.len().max(1) as f64;
        let change = |(before, after): &(&Measurement, &Measurement)| {
            change(before, after, new.inputs[after.input].task.clone(), significance)
        };
        Self {
            date: old.date.clone(),
            changes: pairs.iter().map(change).collect(),
            doubts: doubts(old, new, &pairs),
        }
    }
}

/// The earlier measurement of the same work by the same backend.
fn find<'r>(old: &'r Record, new: &Record, after: &Measurement) -> Option<&'r Measurement> {
    let is_same = |before: &&Measurement| {
        hash(old, before) == hash(new, after)
            && before.work == after.work
            && before.identity() == after.identity()
            && !before.times.is_empty()
    };
    old.results.iter().find(is_same)
}

fn hash<'r>(record: &'r Record, result: &Measurement) -> Option<&'r str> {
    record.inputs.get(result.input).map(|input: &Input| input.sha256.as_str())
}

fn change(before: &Measurement, after: &Measurement, task: String, significance: f64) -> Change {
    let ratio = Ratio::new((after.median, after.spread), (before.median, before.spread));
    let p = mann_whitney::p_value(&after.times, &before.times);
    let is_beyond_noise = p < significance && (ratio.value - 1.0).abs() > ratio.spread;
    let least_p = mann_whitney::least_p_value(after.times.len(), before.times.len());
    let verdict = match ratio.value > 1.0 {
        _ if least_p >= significance => Verdict::TooFewRuns,
        _ if !is_beyond_noise => Verdict::Same,
        true => Verdict::Slower,
        false => Verdict::Faster,
    };
    Change {
        label: after.label(),
        task,
        before: before.median,
        after: after.median,
        ratio,
        p,
        verdict,
    }
}

fn doubts(old: &Record, new: &Record, pairs: &[(&Measurement, &Measurement)]) -> Vec<String> {
    let mut doubts = Vec::new();
    if old.machine != new.machine {
        let Machine { processor, threads, .. } = &old.machine;
        doubts
            .push(format!("the old record is of another machine: {processor}, {threads} threads"));
    }
    if old.version != new.version {
        doubts
            .push(format!("the old record is of version {}, this is {}", old.version, new.version));
    }
    doubts.extend(distinct(pairs.iter().filter_map(|(before, after)| device_doubt(before, after))));
    let others = new.results.len() - pairs.len();
    if others > 0 {
        doubts.push(format!("the old record has no counterpart of {others} of the results"));
    }
    doubts
}

/// Where a backend ran on something else: another GPU, another driver, other instructions.
fn device_doubt(before: &Measurement, after: &Measurement) -> Option<String> {
    let (backend, old, new) = (&after.requested, &before.device, &after.device);
    (old != new).then(|| format!("{backend} ran on {old} in the old record, and now on {new}"))
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    /// The verdict where every time is `factor` times that of the record.
    fn verdict(factor: f64) -> Verdict {
        let old = record();
        let mut new = record();
        for time in &mut new.results[1].times {
            *time *= factor;
        }
        new.results[1].median *= factor;
        Changes::between(&old, &new).changes[1].verdict
    }

    #[test]
    fn a_change_is_flagged_beyond_the_noise_only() {
        assert_eq!(verdict(1.0), Verdict::Same);
        assert_eq!(verdict(1.003), Verdict::Same);
        assert_eq!(verdict(1.2), Verdict::Slower);
        assert_eq!(verdict(0.8), Verdict::Faster);
    }

    #[test]
    fn two_runs_prove_nothing() {
        let mut old = record();
        let mut new = record();
        old.results[1].times = vec![1.0, 1.1];
        new.results[1].times = vec![2.0, 2.1];
        assert_eq!(Changes::between(&old, &new).changes[1].verdict, Verdict::TooFewRuns);
    }

    #[test]
    fn ten_runs_are_too_few_for_many_results() {
        let (mut old, mut new) = (record(), record());
        for record in [&mut old, &mut new] {
            let many = (2..60).map(|threads| Measurement { threads, ..record.results[0].clone() });
            record.results = many.collect();
        }
        let changes = Changes::between(&old, &new).changes;
        assert!(changes.iter().all(|change| change.verdict == Verdict::TooFewRuns));
    }

    #[test]
    fn another_device_is_said_once() {
        let (old, mut new) = (record(), record());
        new.results[2].device = "another card (driver 2)".to_owned();
        new.results.push(Measurement { precision: None, ..new.results[2].clone() });
        let doubts = Changes::between(&old, &new).doubts;
        assert!(doubts[0].starts_with("gpu ran on A <fast> processor (avx2) in the old record"));
        assert!(doubts[0].ends_with("and now on another card (driver 2)"), "{doubts:?}");
        assert_eq!(doubts.len(), 2, "the other doubt is of what has no counterpart: {doubts:?}");
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let old = record();
        let mut new = record();
        new.machine.threads = 99;
        new.results[0].work *= 2.0;
        let changes = Changes::between(&old, &new);
        assert_eq!(changes.changes.len(), new.results.len() - 1);
        assert!(changes.doubts[0].contains("another machine"));
        assert!(changes.doubts[1].ends_with("of 1 of the results"));
    }
}
