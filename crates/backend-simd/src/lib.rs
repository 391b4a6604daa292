//! backend-simd
