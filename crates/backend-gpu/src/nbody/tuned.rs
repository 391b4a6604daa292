//! Which shapes an adapter was found to like best, kept for the process and in a small file.
//!
//! The file is a cache: a line a finding, with tabs between adapter and driver, version of this crate,
//! precision, power of two of bodies, invocations and bodies of each. A finding takes the place of the line
//! about the same in a new file, which replaces the old one, so that what others found stays; of two that
//! do so in the same moment, one may get lost. Whatever cannot be read is ignored.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{fs, io};

use kernels_core::Precision;

use super::shape::Shape;

const NAME: &str = "gpu-shapes.tsv";

/// What the best shape of one adapter depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    precision: &'static str,
    /// The power of two that the number of bodies is at least.
    bodies: u32,
}

impl Key {
    /// The key of so many bodies.
    pub(super) fn new(precision: Precision, bodies: u32) -> Self {
        Self { precision: precision.name(), bodies: 1 << bodies.max(1).ilog2() }
    }
}

/// The best shapes of one adapter.
#[derive(Debug, Default)]
pub(crate) struct Tuned {
    adapter: String,
    directory: Option<PathBuf>,
    known: OnceLock<Mutex<BTreeMap<Key, Shape>>>,
    /// The part of a run that trials may take, as its divisor; any part without one.
    part: Option<u32>,
}

/// The part of a run that trials may take.
const PART: u32 = 4;

impl Tuned {
    /// Those of an adapter, kept in a directory where there is one.
    pub(crate) fn new(adapter: &str, directory: Option<PathBuf>) -> Self {
        let adapter = adapter.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { adapter, directory, known: OnceLock::new(), part: Some(PART) }
    }

    /// With trials that may take any time, for tests.
    pub(crate) fn at_any_cost(self) -> Self {
        Self { part: None, ..self }
    }

    /// What trials may take of so long a run.
    pub(super) fn allowance(&self, run: Duration) -> Duration {
        self.part.map_or(Duration::MAX, |part| run / part)
    }

    /// The best shape, if it was found out.
    pub(super) fn get(&self, key: Key) -> Option<Shape> {
        self.with_known(|known| known.get(&key).copied())
    }

    /// Keeps a finding. A file that cannot be written only costs the next process the time to find out.
    pub(super) fn keep(&self, key: Key, shape: Shape) {
        self.with_known(|known| known.insert(key, shape));
        let _ = self.store(key, shape);
    }

    /// A line for each finding.
    pub(crate) fn notes(&self) -> Vec<String> {
        let note = |(key, shape): (&Key, &Shape)| {
            let Key { precision, bodies } = key;
            let Shape { workgroup, bodies: each } = shape;
            format!(
                "tuned for {precision} from {bodies} bodies on: workgroups of {workgroup}, {each} bodies each"
            )
        };
        self.with_known(|known| known.iter().map(note).collect())
    }

    fn with_known<T>(&self, look: impl FnOnce(&mut BTreeMap<Key, Shape>) -> T) -> T {
        let known = self.known.get_or_init(|| Mutex::new(self.load()));
        look(&mut known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What every line about this adapter and version begins with.
    fn prefix(&self) -> String {
        format!("{}\t{}\t", self.adapter, env!("CARGO_PKG_VERSION"))
    }

    fn text(&self) -> String {
        let path = self.directory.as_ref().map(|directory| directory.join(NAME));
        path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default()
    }

    fn load(&self) -> BTreeMap<Key, Shape> {
        let (text, prefix) = (self.text(), self.prefix());
        text.lines().filter_map(|line| finding(line.strip_prefix(&prefix)?)).collect()
    }

    /// Puts a finding into the file.
    fn store(&self, Key { precision, bodies }: Key, shape: Shape) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let about = format!("{}{precision}\t{bodies}\t", self.prefix());
        let finding = format!("{about}{}\t{}\n", shape.workgroup, shape.bodies);
        let old = self.text();
        let others = old.lines().filter(|line| !line.starts_with(&about));
        let text: String = others.flat_map(|line| [line, "\n"]).chain([&*finding]).collect();
        fs::create_dir_all(directory)?;
        let beside = directory.join(beside());
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, directory.join(NAME)))
            .inspect_err(|_| drop(fs::remove_file(&beside)))
    }
}

/// A name that no other thread and no other process takes.
fn beside() -> String {
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    let number = TAKEN.fetch_add(1, Ordering::Relaxed);
    format!(".{NAME}.{}.{number}", std::process::id())
}

/// A finding from the columns behind adapter and version, if it is one that could have been made.
fn finding(columns: &str) -> Option<(Key, Shape)> {
    let mut columns = columns.split('\t');
    let name = columns.next()?;
    let precision = Precision::ALL.into_iter().find(|precision| precision.name() == name)?;
    let mut number = || columns.next()?.parse::<u32>().ok();
    let key = Key::new(precision, number()?);
    let shape = Shape { workgroup: number()?, bodies: number()? };
    let mut possible = Shape::all(u32::MAX).chain(Shape::all_alone(1 << 10, 1 << 10));
    possible.any(|possible| possible == shape).then_some((key, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty directory that the test removes.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("perf-gpu-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn tuned(&self, adapter: &str) -> Tuned {
            Tuned::new(adapter, Some(self.0.clone()))
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const SHAPE: Shape = Shape { workgroup: 128, bodies: 2 };

    #[test]
    fn a_doubling_shares_a_key() {
        let key = |bodies| Key::new(Precision::F32, bodies);
        assert_eq!(key(4096), key(8191));
        assert_ne!(key(4096), key(8192));
        assert_ne!(key(4096), Key::new(Precision::F64, 4096));
    }

    #[test]
    fn a_finding_is_there_for_the_next_process() {
        let directory = Directory::new("kept");
        let key = Key::new(Precision::Mixed, 5000);
        directory.tuned("a card\n(driver)").keep(key, SHAPE);
        directory.tuned("another").keep(key, Shape { bodies: 8, ..SHAPE });
        let known = directory.tuned("a card (driver)");
        assert_eq!(known.get(key), Some(SHAPE));
        assert_eq!(known.get(Key::new(Precision::F32, 5000)), None);
        assert!(known.notes()[0].starts_with("tuned for mixed from 4096 bodies"));
        assert_eq!(fs::read_dir(&directory.0).expect("the directory").count(), 1);
    }

    #[test]
    fn what_others_found_meanwhile_stays() {
        let directory = Directory::new("others");
        let keys = [1000, 2000, 4000].map(|bodies| Key::new(Precision::F32, bodies));
        let [one, another] = [(); 2].map(|()| directory.tuned("card"));
        one.keep(keys[0], SHAPE);
        another.keep(keys[1], SHAPE);
        one.keep(keys[2], SHAPE);
        one.keep(keys[0], Shape { bodies: 4, ..SHAPE });
        let all = directory.tuned("card");
        let found = keys.map(|key| all.get(key).map(|shape| shape.bodies));
        assert_eq!(found, [Some(4), Some(2), Some(2)]);
        assert_eq!(all.text().lines().count(), 3);
    }

    #[test]
    fn threads_write_to_files_of_their_own() {
        let names = [(); 2].map(|()| std::thread::spawn(beside).join().expect("a name"));
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn what_is_damaged_is_ignored() {
        let directory = Directory::new("damaged");
        let key = Key::new(Precision::F32, 4096);
        directory.tuned("card").keep(key, SHAPE);
        let path = directory.0.join(NAME);
        let good = fs::read_to_string(&path).expect("the file");
        for bad in [good.replace("\t128\t", "\t129\t"), good.replace("\t2\n", "\n"), "\u{0}".into()]
        {
            fs::write(&path, bad).expect("a damaged file");
            assert_eq!(directory.tuned("card").get(key), None);
        }
    }

    #[test]
    fn without_a_directory_a_finding_lasts_as_long_as_the_process() {
        let tuned = Tuned::new("card", None);
        let key = Key::new(Precision::F32, 100);
        tuned.keep(key, SHAPE);
        assert_eq!(tuned.get(key), Some(SHAPE));
    }
}
