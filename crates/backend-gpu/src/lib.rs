//! backend-gpu
