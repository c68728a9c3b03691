//! Against a real Redis. Without one these tests fail; they are not skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod calls;
mod support;
mod trouble;
