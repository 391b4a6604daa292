//! A file that this program replaces again and again, and no other meanwhile.
//!
//! Who claims a place holds a lock on the file that is there, whichever of its versions that is: a new one is locked before
//! it gets there. So the lock ends with the program, however that ends, and leaves nothing behind. Where the system has no
//! such locks, only what another program has put there is noticed.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use same_file::Handle;
use tempfile::{NamedTempFile, PersistError};

use super::{Destination, Durability, Sink, replace};
use crate::failure::{FileError, Usage};

/// A place that this program alone replaces.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The place as the user calls it.
    name: PathBuf,
    path: PathBuf,
    /// The file that is there, locked. None before there is one.
    held: Option<Handle>,
}

impl Claim {
    /// Claims the place called `name`, whether there is a file already or not.
    ///
    /// Refuses what [`Destination::new`] refuses, what is no file, and a file that another program has claimed.
    pub(crate) fn new(name: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let Destination::File(path) = Destination::new(Some(name), inputs)? else {
            let problem =
                format!("{} is no file that can be replaced: name a file", name.display());
            return Err(Usage(problem).into());
        };
        let held = lock(&path).map_err(|error| match error {
            TryLockError::WouldBlock => anyhow::Error::new(Usage(format!(
                "{}: another run saves itself there, or another program has locked it: name another file",
                name.display()
            ))),
            TryLockError::Error(error) => {
                FileError::reading(name.display().to_string(), error).into()
            }
        })?;
        Ok(Self { name: name.to_owned(), path, held })
    }

    /// The place as the user calls it.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// Whether there is a file to lock.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// What was there when it was claimed; nothing where there was no file.
    pub(crate) fn read(&self) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        let read =
            self.held.iter().try_for_each(|held| held.as_file().read_to_end(&mut bytes).map(drop));
        read.map(|()| bytes)
            .map_err(|error| FileError::reading(self.name.display().to_string(), error))
    }

    /// Replaces the file by what `contents` writes, or changes nothing.
    pub(crate) fn replace(
        &mut self,
        contents: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let replaced = self.try_replace(contents);
        Ok(replaced.map_err(|error| FileError::writing(self.name.display().to_string(), error))?)
    }

    fn try_replace(
        &mut self,
        contents: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.require_ours()?;
        let file = match self.held {
            Some(_) => {
                replace(&self.path, Durability::Synced, contents, |file, path| file.persist(path))?
            }
            None => replace(&self.path, Durability::Synced, contents, put)?,
        };
        self.held = Some(Handle::from_file(file)?);
        Ok(())
    }

    /// Nothing where the place has what this program left there, or where somebody removed that.
    fn require_ours(&mut self) -> io::Result<()> {
        match Handle::from_path(&self.path) {
            Ok(there) if Some(&there) == self.held.as_ref() => Ok(()),
            Ok(_) => Err(of_another()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.held = None;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Puts a file where none is.
fn put(file: NamedTempFile, path: &Path) -> Result<File, PersistError> {
    use io::ErrorKind::{AlreadyExists, InvalidInput, PermissionDenied, Unsupported};
    file.persist_noclobber(path).or_else(|failed| match failed.error.kind() {
        AlreadyExists => Err(PersistError { error: of_another(), ..failed }),
        // Some file systems cannot tell.
        InvalidInput | PermissionDenied | Unsupported => failed.file.persist(path),
        _ => Err(failed),
    })
}

fn of_another() -> io::Error {
    io::Error::other("another program has put a file there meanwhile: name another file")
}

/// The file at `path` with a lock on it, and none where none is there.
fn lock(path: &Path) -> Result<Option<Handle>, TryLockError> {
    loop {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(TryLockError::Error)?,
        };
        // Elsewhere than on Unix nobody could read a file that is locked.
        match if cfg!(unix) { file.try_lock() } else { Ok(()) } {
            Err(TryLockError::WouldBlock) => return Err(TryLockError::WouldBlock),
            // A file system without locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let held = Handle::from_file(file).map_err(TryLockError::Error)?;
        // Who had claimed it may have replaced it before it was locked.
        if Handle::from_path(path).is_ok_and(|there| there == held) {
            return Ok(Some(held));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn claim(path: &Path) -> anyhow::Result<Claim> {
        Claim::new(path, &[])
    }

    fn save(claim: &mut Claim, text: &str) -> anyhow::Result<()> {
        claim.replace(|out| out.write_all(text.as_bytes()))
    }

    #[cfg(unix)]
    #[test]
    fn a_place_has_one_claim_whatever_version_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ckpt");
        fs::write(&path, "old").unwrap();
        let mut first = claim(&path).unwrap();
        assert_eq!(first.read().unwrap(), b"old");
        for (there, next) in [("old", "new"), ("new", "newer")] {
            assert_eq!(fs::read_to_string(&path).unwrap(), there);
            let refused = claim(&path).unwrap_err();
            assert!(refused.is::<Usage>() && refused.to_string().contains("another run"));
            save(&mut first, next).unwrap();
        }
        drop(first);
        save(&mut claim(&path).unwrap(), "last").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "last");
    }

    #[test]
    fn of_two_claims_on_nothing_the_first_that_saves_has_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ckpt");
        let (mut first, mut second) = (claim(&path).unwrap(), claim(&path).unwrap());
        assert!(!first.is_held() && first.read().unwrap().is_empty());
        save(&mut first, "first").unwrap();
        let refused = save(&mut second, "second").unwrap_err().to_string();
        assert!(refused.contains("another program"), "{refused}");
        save(&mut first, "again").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "again");
    }

    #[test]
    fn what_was_removed_is_made_again_and_what_was_put_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ckpt");
        let mut claim = claim(&path).unwrap();
        save(&mut claim, "one").unwrap();
        fs::remove_file(&path).unwrap();
        save(&mut claim, "two").unwrap();
        fs::write(folder.path().join("other"), "a copy").unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        save(&mut claim, "three").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a copy");
    }

    #[test]
    fn nothing_is_put_in_the_place_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ckpt");
        fs::write(&path, "old").unwrap();
        let refused = put(NamedTempFile::new_in(folder.path()).unwrap(), &path).unwrap_err();
        assert!(refused.error.to_string().contains("another program"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    }
}
