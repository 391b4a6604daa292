//! The lesson's second program: one regular expression instead of 26 replacements.
//!
//! The lesson's expression holds `\*-=` within the brackets, which is no three characters but the range
//! from `*` to `=`: it also takes `+`, the digits and some more for delimiters, and every number vanishes
//! from the result. Here each delimiter is escaped.

use std::sync::LazyLock;

use kernels_core::{Counts, Error, Executor, text};
use regex::Regex;

use super::{Partial, replace};

/// A run of characters that separate nothing.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    let delimiters = regex::escape(text::DELIMITERS);
    // `\s` is Unicode's White_Space, which lacks four separators that Python has.
    compile(&format!(r"[^{delimiters}\s\x1c-\x1f]+"))
});

fn compile(expression: &str) -> Regex {
    Regex::new(expression).expect("the expression is a constant, and a test compiles it")
}

/// The words counted so far.
#[derive(Debug, Default)]
pub(super) struct Words(replace::Words);

impl Partial for Words {
    fn add(&mut self, chunk: &str, start: u64) {
        for word in WORD.find_iter(chunk) {
            let first = start + word.start() as u64;
            self.0.0.add(&text::lower(word.as_str()), 1, first);
        }
    }

    fn finish(partials: Vec<Self>, executor: &dyn Executor) -> Result<Counts, Error> {
        let words = partials.into_iter().map(|partial| partial.0).collect();
        replace::Words::finish(words, executor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(expression: &Regex, text: &str) -> Vec<String> {
        expression.find_iter(text).map(|word| word.as_str().to_owned()).collect()
    }

    #[test]
    fn the_lessons_range_swallows_digits_and_ours_does_not() {
        let lesson = compile(r#"[^.,;:?$@^<>#%`!\*-=()\[\]{}/"'\s\x1c-\x1f]+"#);
        let text = "route 66, 3+4 a*b x=1";
        assert_eq!(words(&lesson, text), ["route", "a", "b", "x"]);
        assert_eq!(words(&WORD, text), ["route", "66", "3+4", "a", "b", "x", "1"]);
    }

    #[test]
    fn the_expression_splits_where_the_semantics_say() {
        for c in '\0'..=char::MAX {
            let is_word = WORD.is_match(c.encode_utf8(&mut [0; 4]));
            let separates = text::is_space(c) || text::DELIMITERS.contains(c);
            assert_eq!(is_word, !separates, "{c:?}");
        }
    }
}
