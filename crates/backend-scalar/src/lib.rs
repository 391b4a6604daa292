//! backend-scalar
