//! The gateway as a process and as a library, with a real database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail where it stands")]

mod command;
mod serving;
