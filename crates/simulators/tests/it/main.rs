//! The simulator against a gateway of a few lines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod api;
mod calls;
mod faults;
mod gateway;
