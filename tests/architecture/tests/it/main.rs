//! The house, and one broken house per rule.

#![expect(clippy::expect_used, reason = "a test that cannot read its workspace has failed")]

mod broken;
mod house;
