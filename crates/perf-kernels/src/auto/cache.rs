//! Where calibrations are kept: one small file in the user's cache directory.
//!
//! It holds one calibration for each machine that shares the directory, and of one version of the
//! program. It is replaced as a whole, so that nobody reads half of one; whatever is wrong with it, it
//! is only a cache: it is ignored, and the next calibration writes a new one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, Machine};

const NAME: &str = "calibration.json";

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    calibrations: Vec<Calibration>,
}

/// What was found in the cache.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Calibration(Calibration),
    Nothing,
    /// Something that is of no use, and why.
    Useless(String),
}

/// The calibration of this machine in `directory`.
pub(super) fn load(directory: &Path, machine: &Machine) -> Found {
    let path = directory.join(NAME);
    let useless =
        |why: &str| Found::Useless(format!("{}, which is ignored, {why}", path.display()));
    match read(&path) {
        Ok(None) => Found::Nothing,
        Ok(Some(file)) => {
            let mut all = file.calibrations.into_iter();
            match all.find(|calibration| calibration.machine == *machine) {
                Some(calibration) if calibration.is_sound() => Found::Calibration(calibration),
                Some(_) => useless("has times that cannot be"),
                None => useless("is of another machine, number of threads or version"),
            }
        }
        Err(error) => useless(&format!("cannot be used: {error}")),
    }
}

/// Keeps a calibration in `directory`, beside those of other machines, and tells in which file.
pub(super) fn store(directory: &Path, calibration: &Calibration) -> io::Result<PathBuf> {
    let path = directory.join(NAME);
    fs::create_dir_all(directory)?;
    let mut file = read(&path).ok().flatten().unwrap_or_default();
    file.calibrations.retain(|other| !other.machine.is_same_hardware(&calibration.machine));
    file.calibrations.push(calibration.clone());
    let beside = directory.join(format!(".{NAME}.{}", std::process::id()));
    fs::write(&beside, serde_json::to_vec_pretty(&file)?)
        .and_then(|()| fs::rename(&beside, &path))
        .inspect_err(|_| drop(fs::remove_file(&beside)))?;
    Ok(path)
}

/// The contents, if there is such a file.
fn read(path: &Path) -> io::Result<Option<File>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use kernels_core::Backend;

    use super::super::calibration::tests::{calibration, curve};
    use super::*;

    /// The path of a directory that does not exist yet, and that the test removes.
    pub(in super::super) struct Directory(pub(in super::super) PathBuf);

    impl Directory {
        pub(in super::super) fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("perf-{name}-{}", std::process::id()));
            remove(&path);
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            remove(&self.0);
        }
    }

    fn remove(path: &Path) {
        let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
    }

    fn useless(found: &Found) -> &str {
        match found {
            Found::Useless(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_stored_is_found_again() {
        let directory = Directory::new("stored");
        let machine = Machine::of(&[]);
        assert_eq!(load(&directory.0, &machine), Found::Nothing);
        let made = calibration(vec![curve("simd", 0.125, &[(16.0, 1.0 / 3.0)])]);
        let path = store(&directory.0, &made).unwrap();
        assert_eq!(load(&directory.0, &machine), Found::Calibration(made));
        assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 1, "{}", path.display());
    }

    #[test]
    fn damage_is_told_and_mended() {
        let directory = Directory::new("damaged");
        let made = calibration(vec![]);
        let path = store(&directory.0, &made).unwrap();
        fs::write(&path, "{\"calibrations\": [{").unwrap();
        let found = load(&directory.0, &made.machine);
        assert!(useless(&found).contains("cannot be used"), "{found:?}");
        store(&directory.0, &made).unwrap();
        assert_eq!(load(&directory.0, &made.machine), Found::Calibration(made));
    }

    #[test]
    fn times_that_cannot_be_are_not_gone_by() {
        let directory = Directory::new("senseless");
        let made = calibration(vec![curve("simd", 0.0, &[(16.0, 0.0)])]);
        store(&directory.0, &made).unwrap();
        let found = load(&directory.0, &made.machine);
        assert!(useless(&found).ends_with("has times that cannot be"), "{found:?}");
    }

    #[test]
    fn machines_share_a_directory() {
        let directory = Directory::new("shared");
        let scalar: Arc<dyn Backend> = Arc::new(backend_scalar::Scalar::new());
        let other = Machine::of(&[scalar]);
        let here = calibration(vec![]);
        store(&directory.0, &here).unwrap();
        assert!(useless(&load(&directory.0, &other)).contains("another machine"));
        let there = Calibration { machine: other, ..calibration(vec![]) };
        store(&directory.0, &there).unwrap();
        assert_eq!(load(&directory.0, &there.machine), Found::Calibration(there));
        assert_eq!(load(&directory.0, &here.machine), Found::Calibration(here));
    }
}
