//! Real servers, started and ended, by this process and by others that are killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod exclusive;
mod helper;
mod redis;
mod shared;
mod sources;
