//! A text of one or several files, read in pieces that are cut between two words.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use perf_kernels::text::{last_border, last_space};
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
    /// Whether there is no more to read.
    ended: bool,
    /// Why there is no more, where that is not the end.
    failure: Option<FileError>,
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
            ended: false,
            failure: None,
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

    /// Puts the next piece in the place of what `piece` holds, and tells whether there was one. What was read
    /// before a failure comes before it.
    pub(crate) fn read(&mut self, piece: &mut Vec<u8>) -> Result<bool, FileError> {
        if self.ended {
            return self.failure.take().map_or(Ok(false), Err);
        }
        let mut filled = self.rest.len();
        piece.resize(self.size.max(2 * filled), 0);
        piece[..filled].copy_from_slice(&self.rest);
        let length = loop {
            filled += self.fill(&mut piece[filled..]);
            match border(&piece[..filled]) {
                // A failure cuts its last word.
                border if self.failure.is_some() => break border,
                _ if self.ended => break filled,
                0 => piece.resize(2 * filled, 0),
                border => break border,
            }
        };
        self.rest.clear();
        self.rest.extend_from_slice(&piece[length..filled]);
        piece.truncate(length);
        self.size = self.largest.min(4 * self.size);
        if length == 0 { self.failure.take().map_or(Ok(false), Err) } else { Ok(true) }
    }

    /// Fills the buffer, from as many files as it takes, as far as they go.
    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() && !self.ended {
            match self.fill_from_current(buffer, &mut filled) {
                Ok(more) => self.ended = !more,
                Err(failure) => (self.ended, self.failure) = (true, Some(failure)),
            }
        }
        filled
    }

    /// Fills the buffer, of which some is `filled`, and tells whether there may be more.
    fn fill_from_current(
        &mut self,
        buffer: &mut [u8],
        filled: &mut usize,
    ) -> Result<bool, FileError> {
        let Some(source) = &mut self.current else { return self.open_next() };
        let before = *filled;
        let read = source.fill(buffer, filled);
        self.position += (*filled - before) as u64;
        if *filled < buffer.len() {
            self.current = None;
        }
        read.map(|()| true)
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

/// Where `text` may be cut between two words, as far behind as possible.
fn border(text: &[u8]) -> usize {
    match last_border(text) {
        0 => last_space(text),
        border => border,
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
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
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
    fn a_file_may_shrink_and_grow_while_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for (len, expected) in [(SMALLEST + 100, SMALLEST + 100), (10, SMALLEST)] {
            let path = folder.path().join("text");
            fs::write(&path, "a ".repeat(SMALLEST)).unwrap();
            let mut text = Text::new(vec![path.clone()]);
            let (mut piece, mut read) = (Vec::new(), 0);
            assert!(text.read(&mut piece).unwrap());
            read += piece.len();
            fs::File::options().write(true).open(&path).unwrap().set_len(len as u64).unwrap();
            while text.read(&mut piece).unwrap() {
                read += piece.len();
            }
            assert_eq!((read, text.position()), (expected, expected as u64));
        }
        let mut growing = Text::new(vec![folder.path().join("text")]);
        fs::write(folder.path().join("text"), "a ".repeat(SMALLEST)).unwrap();
        let mut piece = Vec::new();
        assert!(growing.read(&mut piece).unwrap());
        let mut file = fs::File::options().append(true).open(folder.path().join("text")).unwrap();
        std::io::Write::write_all(&mut file, b"b b").unwrap();
        while growing.read(&mut piece).unwrap() {}
        assert_eq!(growing.position(), 2 * SMALLEST as u64 + 3);
    }

    #[test]
    fn offsets_are_found_in_their_files() {
        let mut text = Text::new(Vec::new());
        text.starts = vec![(0, "a".to_owned()), (5, "empty".to_owned()), (5, "b".to_owned())];
        assert_eq!(text.locate(4), ("a", 4));
        assert_eq!(text.locate(7), ("b", 2));
    }
}
