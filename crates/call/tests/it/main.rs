//! The call domain from outside: its merge under every order, and its service over the fakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod merge;
mod service;
mod support;
