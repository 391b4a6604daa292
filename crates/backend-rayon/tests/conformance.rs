//! The suite of every backend, against threads over the parts. That other numbers of threads change no
//! bit is shown in `same_bits.rs`.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use backend_rayon::Threads;
use backend_scalar::Scalar;
use backend_simd::Simd;
use conformance::Subject;
use kernels_core::Parallel;

fn main() -> ExitCode {
    let simd: Arc<dyn Parallel> = Arc::new(Simd::new());
    let scalar: Arc<dyn Parallel> = Arc::new(Scalar::new());
    let over_simd = [2, 5].map(|threads| subject("rayon", &simd, threads));
    conformance::run(over_simd.into_iter().chain([subject("rayon-scalar", &scalar, 3)]))
}

fn subject(name: &'static str, part: &Arc<dyn Parallel>, threads: usize) -> Subject {
    let backend = Threads::over(name, Arc::clone(part), NonZeroUsize::new(threads));
    Subject::new(format!("{name}[{threads} threads]"), Arc::new(backend))
}
