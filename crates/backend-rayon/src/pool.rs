//! A pool of threads as an [`Executor`].

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels_core::{Error, Executor};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of rayon's, which is not its global one: nobody else's work is in it.
#[derive(Debug)]
pub(crate) struct Pool(ThreadPool);

impl Pool {
    /// Starts the threads.
    pub(crate) fn new(threads: NonZeroUsize) -> Result<Self, Error> {
        ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .thread_name(|i| format!("perf-kernels {i}"))
            .build()
            .map(Self)
            .map_err(|error| Error::Device {
                device: format!("a pool of {threads} threads"),
                reason: error.to_string(),
                remedy: "ask for fewer threads",
            })
    }
}

impl Executor for Pool {
    fn threads(&self) -> usize {
        self.0.current_num_threads()
    }

    /// One task per thread, each of which takes unit after unit: a phase costs as many tasks as there are
    /// threads, however many units it has, and the units spread as evenly as they can.
    fn run(&self, units: usize, unit: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let take = || {
            // Relaxed: the counter hands out numbers and nothing else; rayon orders the memory.
            while let Some(i) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&i| i < units) {
                unit(i);
            }
        };
        self.0.in_place_scope(|scope| {
            for _ in 1..self.threads().min(units) {
                scope.spawn(|_| take());
            }
            take();
        });
    }

    fn enter(&self, job: &mut (dyn FnMut() + Send)) {
        self.0.install(job);
    }
}

/// As many threads as `RAYON_NUM_THREADS` says, rayon's own variable, or as this process may use.
pub(crate) fn default_threads() -> NonZeroUsize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    asked
        .and_then(|threads| threads.parse().ok())
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn pool(threads: usize) -> Pool {
        Pool::new(NonZeroUsize::new(threads).unwrap()).unwrap()
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
                    let thread = std::thread::current().name().map(str::to_owned);
                    names.lock().unwrap().push(thread);
                });
            }
        });
        let names = names.into_inner().unwrap();
        assert_eq!(names.len(), 50);
        assert!(names.iter().flatten().all(|name| name.starts_with("perf-kernels ")), "{names:?}");
    }

    #[test]
    fn panic_of_a_unit_is_passed_on() {
        let pool = pool(2);
        let run = || pool.run(10, &|i| assert_ne!(i, 7));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
        pool.run(1, &|_| {});
    }
}
