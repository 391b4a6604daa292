//! The bytes of the result against Python's own: `oracle/wordcount.py` shares no code with any backend.

use std::collections::HashSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use kernels_core::Backend;
use proptest::strategy::{Strategy, ValueTree};

use super::{counters, excerpt, lines, unicode};
use crate::{Case, Need};

pub(super) const CASES: &[Case] =
    &[Case::needing(&[Need::Python], "lines_are_what_python_writes", generated)];

/// The program, which reads a text and writes the lines of the result.
pub(super) const WORD_COUNT: &str = include_str!("../../oracle/wordcount.py");

/// The characters that Python knows.
const ASSIGNED: &str = include_str!("../../oracle/assigned.py");

fn generated(backend: &dyn Backend) {
    for (text, expected) in examples() {
        for (algorithm, mut counter) in counters(backend) {
            let found = lines(&counter.count(text.as_bytes()).expect("UTF-8"));
            assert!(found == *expected, "{algorithm}, {}", excerpt(text));
        }
    }
}

/// Texts and what Python writes for them: short ones, a long one and every letter that has a case.
fn examples() -> &'static [(String, Vec<u8>)] {
    static EXAMPLES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let mut runner = unicode::runner(1);
        let mut text = || unicode::text().new_tree(&mut runner).expect("a text").current();
        let mut texts: Vec<String> = (0..12).map(|_| text()).collect();
        texts.push((0..400).map(|_| text()).collect());
        texts.push(every_letter_with_a_case());
        let assigned = assigned();
        let known = |text: String| text.chars().filter(|c| assigned.contains(c)).collect();
        let known = texts.into_iter().map(known);
        known.map(|text: String| (text.clone(), python(WORD_COUNT, text.as_bytes()))).collect()
    })
}

/// With a sigma behind it, whose lower case depends on what is before it.
fn every_letter_with_a_case() -> String {
    let cased = |c: &char| c.is_uppercase() || c.is_lowercase();
    ('\0'..=char::MAX).filter(cased).flat_map(|c| ['a', c, ' ', c, 'Σ', '\n']).collect()
}

/// The characters on which Python's Unicode and Rust's agree: Python 3.11 knows Unicode 14 and Rust 1.95
/// Unicode 17, which added characters and changed the case of two.
fn assigned() -> HashSet<char> {
    let ranges = String::from_utf8(python(ASSIGNED, b"")).expect("ASCII");
    let mut assigned = HashSet::new();
    for range in ranges.lines() {
        let (first, last) = range.split_once(' ').expect(range);
        let (first, last): (u32, u32) = (first.parse().expect(first), last.parse().expect(last));
        assigned.extend((first..=last).filter_map(char::from_u32));
    }
    assigned.remove(&'\u{295}');
    assigned.remove(&'\u{1171e}');
    assigned
}

/// What a Python program writes for an input.
pub(super) fn python(program: &str, input: &[u8]) -> Vec<u8> {
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = python.stdin.take().expect("a pipe");
    stdin.write_all(input).expect("python3 reads");
    drop(stdin);
    let output = python.wait_with_output().expect("python3 ends");
    assert!(output.status.success(), "python3 ended with {}", output.status);
    output.stdout
}
