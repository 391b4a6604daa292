//! backend-rayon
