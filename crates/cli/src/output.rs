//! Writing results: standard output, a device or an open file, or a file that is replaced as a whole.
//!
//! A file is written beside its place and renamed, so that a reader sees the old contents or the new
//! ones and never a half, and a failure leaves the old ones. Its writer holds a lock on it until then: what is
//! beside a place without a lock was left behind by a program that was killed, and the next one that writes
//! there removes it.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use same_file::Handle;
use tempfile::{NamedTempFile, PersistError};

use crate::failure::{FileError, STANDARD_OUTPUT, Usage};
use crate::readers::is_standard_input;

mod claim;

pub(crate) use claim::Claim;

/// Bytes collected before they are handed to the system.
const BUFFER: usize = 1 << 18;

/// How the names of files begin and end that are not yet in their place.
const UNFINISHED: [&str; 2] = [".cli-unfinished-", ".tmp"];

/// What a result is written into.
pub(crate) type Sink<'a> = dyn Write + Send + 'a;

/// Where a result goes. It is checked before the work starts and opened when there is a result.
#[derive(Debug, Clone)]
pub(crate) enum Destination {
    StandardOutput,
    /// A pipe, a device or a file that is open already, which is written in place, behind what is there.
    Device(PathBuf),
    /// A regular file, there already or not.
    File(PathBuf),
}

/// Whether a file must survive a crash of the machine as soon as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Synced,
    Relaxed,
}

impl Destination {
    /// The place called `path`; none, '-' and /dev/stdout are standard output.
    ///
    /// Refuses a directory, a place where nothing can be made, a file that is protected, and one of the `inputs`.
    pub(crate) fn new(path: Option<&Path>, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        match path {
            None => Ok(Self::StandardOutput),
            Some(path) if is_standard_output(path) => Ok(Self::StandardOutput),
            Some(path) => Self::of_path(path, inputs),
        }
    }

    fn of_path(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let failed = |error| FileError::writing(path.display().to_string(), error);
        // A path that ends as that of a folder does means none of a file.
        let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        match fs::metadata(path) {
            Err(error) if is_folder => return Err(failed(error).into()),
            Ok(metadata) if metadata.is_dir() => {
                return Err(failed(io::ErrorKind::IsADirectory.into()).into());
            }
            Ok(metadata) if !metadata.is_file() || is_open_file(path) => {
                return Ok(Self::Device(path.to_owned()));
            }
            // Its folder would let a protected file be replaced, and who runs everything anything.
            Ok(metadata) if metadata.permissions().readonly() => {
                return Err(failed(io::ErrorKind::PermissionDenied.into()).into());
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(error).into());
            }
            _ => {}
        }
        // A link stays a link to the replaced file.
        let target = place(path);
        refuse_input(path, &target, inputs)?;
        remove_abandoned(directory(&target));
        // Better to fail now than behind hours of work.
        temporary(&target).map_err(failed)?;
        Ok(Self::File(target))
    }

    /// Hands a writer to `contents`, and replaces the file by what was written, or changes nothing.
    pub(crate) fn write(
        &self,
        durability: Durability,
        contents: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let written = match self {
            Self::StandardOutput => write_all(io::stdout(), contents).map(drop),
            Self::Device(path) => File::options()
                .append(true)
                .open(path)
                .and_then(|file| write_all(file, contents))
                .map(drop),
            Self::File(path) => {
                replace(path, durability, contents, |file, path| file.persist(path)).map(drop)
            }
        };
        Ok(written.map_err(|error| FileError::writing(self.name(), error))?)
    }

    fn name(&self) -> String {
        match self {
            Self::StandardOutput => STANDARD_OUTPUT.to_owned(),
            Self::Device(path) | Self::File(path) => path.display().to_string(),
        }
    }
}

/// Refuses to write two results into one file. Each of the `outputs` comes with the option that names it;
/// standard output, pipes and devices may take several.
pub(crate) fn refuse_shared(outputs: &[(&str, &Path)]) -> Result<(), Usage> {
    let is_shareable = |path: &Path| {
        is_standard_output(path) || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
    };
    for (at, (option, path)) in outputs.iter().enumerate() {
        let is_same = |(_, other): &&(&str, &Path)| place(other) == place(path);
        match outputs[..at].iter().find(is_same) {
            Some((other, _)) if !is_shareable(path) => {
                let path = path.display();
                return Err(Usage(format!(
                    "{other} and {option} both write {path}: name two files"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a path is a name of standard output.
pub(crate) fn is_standard_output(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

/// Whether a path names a file by the number under which this process has it open.
pub(crate) fn is_open_file(path: &Path) -> bool {
    ["/dev/stdin", "/dev/stderr", "/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|name| path.starts_with(name))
}

/// Where a path leads, whether there is a file already or not.
fn place(path: &Path) -> PathBuf {
    let path = &end_of_links(path);
    let of_new_file = || {
        let name = path.file_name()?;
        fs::canonicalize(directory(path)).ok().map(|folder| folder.join(name))
    };
    fs::canonicalize(path).ok().or_else(of_new_file).unwrap_or_else(|| path.to_owned())
}

/// Where the links that begin at a path end, though nothing may be there; of links in a circle, one of them.
fn end_of_links(path: &Path) -> PathBuf {
    /// Systems follow no more.
    const MOST: usize = 40;
    let next = |link: &PathBuf| fs::read_link(link).ok().map(|to| directory(link).join(to));
    let links = std::iter::successors(Some(path.to_owned()), next);
    links.take(MOST).last().unwrap_or_else(|| path.to_owned())
}

fn refuse_input(path: &Path, target: &Path, inputs: &[PathBuf]) -> Result<(), Usage> {
    let is_target = |input: &PathBuf| match is_standard_input(input) {
        true => {
            Handle::stdin().is_ok_and(|input| Handle::from_path(target).is_ok_and(|it| it == input))
        }
        false => place(input) == target,
    };
    if !inputs.iter().any(is_target) {
        return Ok(());
    }
    Err(Usage(format!(
        "{} is an input and would be overwritten: name another output",
        path.display()
    )))
}

/// Writes a file beside `path`, with the permissions of what is there, and has `persist` rename it.
fn replace(
    path: &Path,
    durability: Durability,
    contents: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    persist: impl FnOnce(NamedTempFile, &Path) -> Result<File, PersistError>,
) -> io::Result<File> {
    let file = write_all(temporary(path)?, contents)?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    if durability == Durability::Synced {
        file.as_file().sync_all()?;
    }
    let file = persist(file, path).map_err(|failed| failed.error)?;
    if durability == Durability::Synced && cfg!(unix) {
        // The new name is in the directory, which has to reach the disk as well. Windows does not open directories.
        File::open(directory(path))?.sync_all()?;
    }
    Ok(file)
}

/// A new file beside `path`, locked, and removed again unless it is renamed.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = new_file(path)?;
        match file.as_file().try_lock() {
            // Another program took it for abandoned before it was locked.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !file.path().exists() => {}
            // A file system without locks keeps what is abandoned.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Removes what killed programs left in the folder.
fn remove_abandoned(folder: &Path) {
    let [begin, end] = UNFINISHED;
    let is_unfinished = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(begin) && name.ends_with(end))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    // To open a pipe would wait for who writes into it.
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    for path in files.map(|entry| entry.path()).filter(|path| is_unfinished(path)) {
        // Who cannot look at a file or remove it leaves it to somebody who can.
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(&path);
        }
    }
}

fn new_file(path: &Path) -> io::Result<NamedTempFile> {
    // The system's own words where the folder is missing.
    fs::metadata(directory(path))?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What a file made by the shell would have: the umask takes its share.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
        .prefix(UNFINISHED[0])
        .suffix(UNFINISHED[1])
        .tempfile_in(directory(path))
        .map_err(|error| io::Error::from(error.kind()))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn write_all<W: Write + Send>(
    target: W,
    contents: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
) -> io::Result<W> {
    let mut writer = BufWriter::with_capacity(BUFFER, target);
    contents(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) -> anyhow::Result<()> {
        Destination::new(Some(path), &[])?
            .write(Durability::Relaxed, |out| out.write_all(text.as_bytes()))
    }

    fn names(folder: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        write(&path, "old and longer").unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["result"]);
    }

    #[test]
    fn a_failure_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        write(&path, "old").unwrap();
        let broken = Destination::new(Some(&path), &[]).unwrap().write(Durability::Synced, |out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(broken.unwrap_err().to_string().contains("free some space"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["result"]);
    }

    #[test]
    fn inputs_and_directories_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "text").unwrap();
        let same = folder.path().join(".").join("text");
        assert!(Destination::new(Some(&same), &[path]).unwrap_err().is::<Usage>());
        assert!(Destination::new(Some(folder.path()), &[]).is_err());
        assert!(Destination::new(Some(&folder.path().join("no/where")), &[]).is_err());
        assert!(Destination::new(Some(&folder.path().join("new/")), &[]).is_err());
    }

    #[test]
    fn two_results_do_not_go_into_one_file_there_already_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let (path, same) = (folder.path().join("new"), folder.path().join("./new"));
        let shared = [("--output", path.as_path()), ("--plot", same.as_path())];
        let refused = refuse_shared(&shared).unwrap_err().to_string();
        assert!(refused.contains("--output and --plot both write"), "{refused}");
        fs::write(&path, "there already").unwrap();
        assert!(refuse_shared(&shared).is_err());
        assert!(refuse_shared(&[shared[0], ("--plot", folder.path())]).is_ok());
        let null = ("--output", Path::new("/dev/null"));
        assert!(refuse_shared(&[null, null]).is_ok());
        assert!(refuse_shared(&[("--output", Path::new("-")), ("--plot", Path::new("-"))]).is_ok());
    }

    #[test]
    fn what_a_killed_program_left_is_removed_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        fs::write(folder.path().join(".cli-unfinished-killed.tmp"), "half").unwrap();
        fs::write(folder.path().join(".cli-notes.tmp"), "a user's own").unwrap();
        let writing = temporary(&path).unwrap();
        write(&path, "whole").unwrap();
        let mut left = names(folder.path());
        left.sort();
        let writing = writing.path().file_name().unwrap();
        assert_eq!(left, [".cli-notes.tmp".as_ref(), writing, "result".as_ref()]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_waits_for_a_pipe_that_has_the_name_of_an_unfinished_file() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join(".cli-unfinished-pipe.tmp");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        write(&folder.path().join("result"), "whole").unwrap();
        assert!(pipe.exists());
    }

    #[test]
    fn a_file_that_is_protected_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        let refused = Destination::new(Some(&path), &[]).unwrap_err().to_string();
        assert!(refused.contains("ermission denied"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_what_is_not_there_yet_stay_and_circles_are_refused() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let [file, near, far, circle] =
            ["file", "near", "far", "circle"].map(|name| folder.path().join(name));
        symlink("near", &far).unwrap();
        symlink("file", &near).unwrap();
        symlink("circle", &circle).unwrap();
        assert!(refuse_shared(&[("--output", &far), ("--plot", &file)]).is_err());
        write(&far, "new").unwrap();
        assert!([&near, &far].iter().all(|link| link.is_symlink()));
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        write(&circle, "new").unwrap_err();
        assert!(circle.is_symlink());
    }
}
