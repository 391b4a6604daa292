//! The counts that `cli wordcount` writes: `word count percentage`, a line a word.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};

use super::Source;

/// The words of a file of counts, by falling count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WordCounts {
    pub(crate) words: Vec<(String, u64)>,
}

impl WordCounts {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut source = Source::open(path)?;
        let bytes = source.read_all()?;
        Self::of_bytes(&bytes).with_context(|| source.name.clone())
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> anyhow::Result<Self> {
        Self::parse(perf_kernels::text::validate(bytes, 0)?)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut words: Vec<(String, u64)> = Vec::new();
        // Words may hold any character that is no white space, line ends of other systems too.
        for (index, line) in text.split('\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let word = parse_line(line).with_context(|| format!("line {}", index + 1))?;
            if words.last().is_some_and(|last| last.1 < word.1) {
                bail!(
                    "line {}: its count is above that of the line before: sort by count",
                    index + 1
                );
            }
            words.push(word);
        }
        Ok(Self { words })
    }

    /// The counts alone.
    pub(crate) fn counts(&self) -> Vec<u64> {
        self.words.iter().map(|(_, count)| *count).collect()
    }
}

/// Whether a file is empty or begins with lines that `cli wordcount` may have written, and hardly anybody else: each with the
/// percentage that its count is of one total.
pub(crate) fn is_like_counts(path: &Path) -> io::Result<bool> {
    /// Lines are looked at up to here. A word that is longer is taken for another text.
    const ENOUGH: u64 = 1 << 20;
    let mut bytes = Vec::new();
    let cut = File::open(path)?.take(ENOUGH).read_to_end(&mut bytes)? as u64 == ENOUGH;
    let whole = if cut {
        bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)
    } else {
        bytes.len()
    };
    let text = perf_kernels::text::validate(&bytes[..whole], 0).ok();
    Ok(bytes.is_empty() || text.is_some_and(are_counts))
}

fn are_counts(text: &str) -> bool {
    /// All of a megabyte take 25 ms, a fifth of the time of counting 33 MB.
    const LINES: usize = 1000;
    let Some(total) = text.split('\n').next().and_then(total_of) else { return false };
    text.split_terminator('\n').take(LINES).all(|line| {
        columns(line).is_ok_and(|(_, count, percentage)| {
            perf_kernels::text::python_repr(count as f64 / total * 100.0) == percentage
        })
    })
}

/// The total of which the count of a line is its percentage.
fn total_of(line: &str) -> Option<f64> {
    let (_, count, percentage) = columns(line).ok()?;
    Some((count as f64 * 100.0 / percentage.parse::<f64>().ok()?).round())
}

fn parse_line(line: &str) -> anyhow::Result<(String, u64)> {
    columns(line.trim_end_matches('\r')).map(|(word, count, _)| (word.to_owned(), count))
}

/// Word, count and percentage.
fn columns(line: &str) -> anyhow::Result<(&str, u64, &str)> {
    let columns: Vec<_> = line.split(' ').collect();
    let [word, count, percentage] = columns[..] else {
        bail!("{} columns: give 'word count percentage', as cli wordcount writes", columns.len())
    };
    match count.parse() {
        Ok(count) if count > 0 => Ok((word, count, percentage)),
        _ => bail!("the count '{count}' is no whole number above 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        format!("{:#}", WordCounts::parse(text).unwrap_err())
    }

    #[test]
    fn lines_are_read_as_they_are_written() {
        let counts = WordCounts::parse("the 20 66.7\nσοφός 10 33.3\n").unwrap();
        assert_eq!(counts.words, [("the".to_owned(), 20), ("σοφός".to_owned(), 10)]);
        assert_eq!(counts.counts(), [20, 10]);
        assert!(WordCounts::parse("").unwrap().words.is_empty());
    }

    #[test]
    fn bad_lines_are_named() {
        assert!(message("the 20 66.7\na text").starts_with("line 2: 2 columns"));
        assert!(message("the x 66.7").starts_with("line 1: the count 'x'"));
        assert!(message("the 0 0.0").starts_with("line 1: the count '0'"));
        assert!(message("a 1 33.3\nb 2 66.7").starts_with("line 2: its count is above"));
    }
}
