//! perf-kernels
