//! A text of one or several files, read in pieces that are cut between two words.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use perf_kernels::text::last_border;
use walkdir::WalkDir;

use super::{Source, is_standard_input, name};
use crate::failure::FileError;

/// The files of a text, read as one, in their order.
pub(crate) struct Text {
    waiting: std::vec::IntoIter<PathBuf>,
    current: Option<Source>,
    /// Where each file opened so far begins in the text, and its name.
    starts: Vec<(u64, String)>,
    /// How much has been read.
    position: u64,
    /// What was read behind the last border.
    rest: Vec<u8>,
    /// How much is read at once, and at most.
    size: usize,
    largest: usize,
}

/// The first pieces are smaller, so that a short text costs little memory.
const SMALLEST: usize = 1 << 16;
/// Stays in a second-level cache between reading and counting.
const LARGEST: usize = 1 << 20;

impl Text {
    /// The text of these files, none of them opened yet.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            waiting: paths.into_iter(),
            current: None,
            starts: Vec::new(),
            position: 0,
            rest: Vec::new(),
            size: SMALLEST,
            largest: LARGEST,
        }
    }

    /// Reads at most `size` bytes at once, but for longer words.
    pub(crate) fn limit_pieces(&mut self, size: usize) {
        self.largest = self.largest.min(size);
        self.size = self.size.min(size);
    }

    /// How much has been read, as far as the last border.
    pub(crate) fn position(&self) -> u64 {
        self.position - self.rest.len() as u64
    }

    /// Puts the next piece in the place of what `piece` holds, and tells whether there was one.
    pub(crate) fn read(&mut self, piece: &mut Vec<u8>) -> Result<bool, FileError> {
        let mut filled = self.rest.len();
        piece.resize(self.size.max(2 * filled), 0);
        piece[..filled].copy_from_slice(&self.rest);
        let length = loop {
            filled += self.fill(&mut piece[filled..])?;
            if filled < piece.len() {
                break filled;
            }
            match last_border(piece) {
                0 => piece.resize(2 * filled, 0),
                border => break border,
            }
        };
        self.rest.clear();
        self.rest.extend_from_slice(&piece[length..filled]);
        piece.truncate(length);
        self.size = self.largest.min(4 * self.size);
        Ok(filled > 0)
    }

    /// Fills the buffer, from as many files as it takes.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, FileError> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.current.is_none() && !self.open_next()? {
                break;
            }
            let Some(source) = &mut self.current else { break };
            let bytes = source.fill(&mut buffer[filled..])?;
            filled += bytes;
            self.position += bytes as u64;
            if filled < buffer.len() {
                self.current = None;
            }
        }
        Ok(filled)
    }

    fn open_next(&mut self) -> Result<bool, FileError> {
        let Some(path) = self.waiting.next() else { return Ok(false) };
        self.current = Some(Source::open(&path)?);
        self.starts.push((self.position, name(&path)));
        Ok(true)
    }

    /// The file that holds this byte of the text, and the byte's offset in it.
    pub(crate) fn locate(&self, offset: u64) -> (&str, u64) {
        let after = self.starts.partition_point(|(start, _)| *start <= offset);
        match self.starts[..after].last() {
            Some((start, name)) => (name, offset - start),
            None => ("the text", offset),
        }
    }
}

/// The files that the paths name; directories stand for all files below them, in the order of their
/// names, where `recursive` allows it.
pub(crate) fn files(paths: &[PathBuf], recursive: bool) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if is_standard_input(path) || !is_directory(path)? {
            files.push(path.clone());
        } else if recursive {
            files.extend(files_below(path)?);
        } else {
            let name = path.display();
            anyhow::bail!(
                "cannot read: {name}: it is a directory: give --recursive to read what is in it"
            );
        }
    }
    Ok(files)
}

fn is_directory(path: &Path) -> Result<bool, FileError> {
    let metadata = fs::metadata(path).map_err(|error| FileError::reading(name(path), error))?;
    Ok(metadata.is_dir())
}

fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot read: {}", folder.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// The size of the text where it can be told beforehand: of regular files that are not packed.
pub(crate) fn size(files: &[PathBuf]) -> Option<u64> {
    files.iter().map(|path| plain_size(path)).sum()
}

fn plain_size(path: &Path) -> Option<u64> {
    let packed = path.extension().is_some_and(|extension| extension == "gz" || extension == "zst");
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    (!packed).then_some(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of these files when they are read in portions of `size` bytes.
    fn pieces(contents: &[&str], size: usize) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let write = |(index, text): (usize, &&str)| {
            let path = folder.path().join(index.to_string());
            fs::write(&path, text).unwrap();
            path
        };
        let mut text = Text::new(contents.iter().enumerate().map(write).collect());
        let mut piece = Vec::new();
        let mut pieces = Vec::new();
        text.limit_pieces(size);
        loop {
            let start = text.position();
            if !text.read(&mut piece).unwrap() {
                break pieces;
            }
            assert_eq!(text.position(), start + piece.len() as u64);
            pieces.push(String::from_utf8(piece.clone()).unwrap());
        }
    }

    #[test]
    fn pieces_end_behind_separators() {
        assert_eq!(pieces(&["one two three"], 9), ["one two ", "three"]);
        assert_eq!(pieces(&["one", " two"], 4), ["one ", "two"]);
        assert!(pieces(&[], 8).is_empty());
        assert!(pieces(&["", ""], 8).is_empty());
    }

    #[test]
    fn a_word_longer_than_a_piece_makes_it_grow() {
        let long = "x".repeat(1000);
        assert_eq!(pieces(&[&format!("a {long} b")], 4).concat(), format!("a {long} b"));
        assert_eq!(pieces(&[&long, &long], 4), [long.repeat(2)]);
    }

    #[test]
    fn every_piece_size_gives_the_same_text() {
        let text = "The quick, brown fox -- jumps over the lazy dog.\r\n".repeat(3);
        for size in 1..60 {
            let pieces = pieces(&[&text, "", &text], size);
            assert_eq!(pieces.concat(), text.repeat(2), "{size}");
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
        }
    }

    #[test]
    fn offsets_are_found_in_their_files() {
        let mut text = Text::new(Vec::new());
        text.starts = vec![(0, "a".to_owned()), (5, "empty".to_owned()), (5, "b".to_owned())];
        assert_eq!(text.locate(4), ("a", 4));
        assert_eq!(text.locate(7), ("b", 2));
    }
}
