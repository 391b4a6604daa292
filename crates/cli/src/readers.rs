//! Reading input: files, pipes and standard input, plain or compressed.
//!
//! Files are read, never mapped: a file that shrinks meanwhile is a shorter text then, and no signal.

mod compressed;
pub(crate) mod counts;
pub(crate) mod nbabel;
pub(crate) mod text;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::failure::FileError;

/// Something that can be read, and what it is called.
pub(crate) struct Source {
    pub(crate) name: String,
    reader: Box<dyn Read + Send>,
}

impl Source {
    /// Opens a file; '-' is standard input. Compressed contents are recognised and unpacked.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let name = name(path);
        open(path)
            .and_then(compressed::unpacked)
            .map(|reader| Self { name: name.clone(), reader })
            .map_err(|error| FileError::reading(name, error))
    }

    /// Fills `buffer`, of which some is `filled`, as far as the contents go. What is read before a failure
    /// counts.
    pub(crate) fn fill(&mut self, buffer: &mut [u8], filled: &mut usize) -> Result<(), FileError> {
        while *filled < buffer.len() {
            match self.reader.read(&mut buffer[*filled..]) {
                Ok(0) => break,
                Ok(bytes) => *filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FileError::reading(&self.name, error)),
            }
        }
        Ok(())
    }

    /// All contents.
    pub(crate) fn read_all(&mut self) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        match self.reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(FileError::reading(&self.name, error)),
        }
    }
}

/// Whether the path stands for standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// What messages call the path.
pub(crate) fn name(path: &Path) -> String {
    if is_standard_input(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if is_standard_input(path) {
        return Ok(Box::new(io::stdin()));
    }
    if fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(File::open(path)?))
}
