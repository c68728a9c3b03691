//! The engine over the fakes.
