//! A pool of threads as an [`Executor`].

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use std::{hint, thread};

use kernels_core::{Error, Executor};
use rayon::{ThreadPool, ThreadPoolBuilder, Yield};

/// How long a thread looks out for more before it rests. Rayon's own threads do so for some 10 µs, and
/// waking one up takes longer than many a phase.
const PATIENCE: Duration = Duration::from_millis(1);

/// How long it keeps its core to itself meanwhile.
const SPIN: Duration = Duration::from_micros(20);

/// More threads than this, and than four times as many as can run at once, are refused: a thousand that look for
/// work in each other's queues keep a processor busy for many seconds.
const MOST: usize = 256;

/// A pool of rayon's, which is not its global one: nobody else's work is in it.
#[derive(Debug)]
pub(crate) struct Pool {
    threads: ThreadPool,
    /// Whether there are more threads than can run at once: one that looks out would be in the way.
    crowded: bool,
    /// Whether a job has the threads attend to it: one at a time.
    attended: AtomicBool,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`Error::Device`] where they are more than are of any use, or the system refuses.
    pub(crate) fn new(threads: NonZeroUsize) -> Result<Self, Error> {
        let refused = |reason| Error::Device {
            device: format!("a pool of {threads} threads"),
            reason,
            remedy: "ask for fewer threads",
        };
        let at_once = AVAILABLE.map_or(1, NonZeroUsize::get);
        let most = MOST.max(4 * at_once);
        if threads.get() > most {
            return Err(refused(format!("more than {most} are of no use here")));
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .thread_name(|i| format!("perf-kernels {i}"))
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let crowded = threads.get() > at_once;
        Ok(Self { threads: pool, crowded, attended: AtomicBool::new(false) })
    }
}

impl Executor for Pool {
    fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }

    /// One task per thread, each of which takes unit after unit: a phase costs as many tasks as there are
    /// threads, however many units it has, and the units spread as evenly as they can.
    fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync)) {
        let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let take = || {
            // Relaxed: the counters count and order nothing else; rayon orders the memory.
            while let Some(i) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&i| i < units) {
                unit(i);
                finished.fetch_add(1, Ordering::Relaxed);
            }
        };
        self.threads.in_place_scope(|scope| {
            for _ in 1..self.threads().min(units) {
                scope.spawn(|_| take());
            }
            take();
            // The scope would wait as well, but sleep soon.
            let since = Instant::now();
            while finished.load(Ordering::Relaxed) < units && pause(since.elapsed()) {}
        });
    }

    /// Runs the job inside the pool, whose other threads attend to it: a phase begins and ends within
    /// microseconds, where waking a thread up takes some 50.
    fn enter(&self, job: &mut (dyn FnMut() + Send)) {
        self.threads.install(|| {
            let free = !self.crowded && !self.attended.swap(true, Ordering::Relaxed);
            let _attended = free.then(|| self.attend());
            job();
        });
    }
}

impl Pool {
    /// Has the other threads attend until what is returned is dropped.
    fn attend(&self) -> Attended<'_> {
        let over = Arc::new(AtomicBool::new(false));
        let (caller, until) = (self.threads.current_thread_index(), Arc::clone(&over));
        self.threads.spawn_broadcast(move |thread| {
            if Some(thread.index()) != caller {
                look_out(&until);
            }
        });
        Attended { pool: self, over }
    }
}

/// That threads attend to a job.
struct Attended<'a> {
    pool: &'a Pool,
    over: Arc<AtomicBool>,
}

impl Drop for Attended<'_> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.pool.attended.store(false, Ordering::Relaxed);
    }
}

/// Takes part in what there is to do until it is `over`. With nothing to do for long, looks out now and
/// then only: what comes waits for a sixteenth of the time without work at most.
fn look_out(over: &AtomicBool) {
    let mut idle_since = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let idle = idle_since.elapsed();
        if matches!(rayon::yield_now(), Some(Yield::Executed)) {
            idle_since = Instant::now();
        } else if !pause(idle) {
            thread::sleep(idle / 16);
        }
    }
}

/// Waits for a moment, after so long without work. Returns whether it did: not beyond [`PATIENCE`].
fn pause(idle: Duration) -> bool {
    if idle < SPIN {
        hint::spin_loop();
    } else if idle < PATIENCE {
        thread::yield_now();
    }
    idle < PATIENCE
}

/// As many threads as this process may use, where the system tells: that reads a dozen files.
static AVAILABLE: LazyLock<Option<NonZeroUsize>> =
    LazyLock::new(|| thread::available_parallelism().ok());

/// As many threads as `RAYON_NUM_THREADS` says, rayon's own variable, or as this process may use.
pub(crate) fn default_threads() -> NonZeroUsize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    asked.and_then(|threads| threads.parse().ok()).or(*AVAILABLE).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn pool(threads: usize) -> Pool {
        Pool::new(NonZeroUsize::new(threads).unwrap()).unwrap()
    }

    #[test]
    fn more_threads_than_are_of_use_are_refused() {
        let refused = Pool::new(NonZeroUsize::new(100_000).unwrap()).err().unwrap();
        let told = refused.to_string();
        assert!(told.contains("a pool of 100000 threads") && told.contains("more than "), "{told}");
        assert!(Pool::new(NonZeroUsize::new(3).unwrap()).is_ok());
    }

    #[test]
    fn every_unit_runs_once() {
        for threads in [1, 2, 3, 8] {
            for units in [0, 1, 2, 7, 1000] {
                let calls: Vec<_> = (0..units).map(|_| AtomicUsize::new(0)).collect();
                pool(threads).run(units, &|i| {
                    calls[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(calls.into_iter().all(|calls| calls.into_inner() == 1));
            }
        }
    }

    #[test]
    fn phases_run_inside_the_pool() {
        let pool = pool(3);
        let names = Mutex::new(Vec::new());
        pool.enter(&mut || {
            for _ in 0..10 {
                pool.run(5, &|_| {
                    let thread = thread::current().name().map(str::to_owned);
                    names.lock().unwrap().push(thread);
                });
            }
        });
        let names = names.into_inner().unwrap();
        assert_eq!(names.len(), 50);
        assert!(names.iter().flatten().all(|name| name.starts_with("perf-kernels ")), "{names:?}");
    }

    /// Jobs that are inside at the same time, of which the threads attend to one.
    #[test]
    fn jobs_share_a_pool() {
        let pool = pool(2);
        let calls = AtomicUsize::new(0);
        let job = || {
            pool.enter(&mut || {
                for _ in 0..100 {
                    pool.run(4, &|_| {
                        calls.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        };
        thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(job))));
        assert_eq!(calls.into_inner(), 1200);
        assert!(!pool.attended.into_inner(), "nobody attends to a job that has ended");
    }

    #[test]
    fn panic_of_a_unit_is_passed_on() {
        let pool = pool(2);
        let run = || pool.run(10, &|i| assert_ne!(i, 7));
        let enter = || pool.enter(&mut || run());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(enter)).is_err());
        pool.enter(&mut || pool.run(1, &|_| {}));
    }
}
