//! The suite against every backend that a program gets from the facade.
