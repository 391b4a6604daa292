//! Partial counts of a backend form a commutative monoid.

use kernels_core::{Backend, Counts};

use super::{assert_counts, counters, naive};
use crate::Case;

pub(super) const CASES: &[Case] = &[Case::new("partial_counts_merge_in_any_order", orders)];

/// Three parts of one text that share words, in every order and grouping.
fn orders(backend: &dyn Backend) {
    let whole = "the cat Ä the END x, a Cat ä x; y END The\u{2003}cat z";
    let expected = naive::count(whole);
    for (algorithm, mut counter) in counters(backend) {
        // Each part is the whole text with the rest blanked out, so that offsets stay what they are.
        let mut part = |from: usize, to: usize| {
            let blank = |(i, byte)| if (from..to).contains(&i) { byte } else { b' ' };
            let text: Vec<u8> = whole.bytes().enumerate().map(blank).collect();
            counter.count(&text).expect("UTF-8")
        };
        let cuts =
            [0, whole.find("END").unwrap_or(0), whole.rfind("END").unwrap_or(0), whole.len()];
        let parts: Vec<Counts> = cuts.windows(2).map(|cut| part(cut[0], cut[1])).collect();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let [a, b, c] = order.map(|i| parts[i].clone());
            let left = merged(merged(a.clone(), b.clone()), c.clone());
            let right = merged(a, merged(b, merged(c, Counts::new())));
            assert_counts(&Ok(left), &expected, format_args!("{algorithm}, {order:?}, left"));
            assert_counts(&Ok(right), &expected, format_args!("{algorithm}, {order:?}, right"));
        }
    }
}

fn merged(mut a: Counts, b: Counts) -> Counts {
    a.merge(b);
    a
}
