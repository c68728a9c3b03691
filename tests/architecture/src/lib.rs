//! The rules of the house, as functions over a workspace.
//!
//! Each rule returns the violations it finds, each as one line that names the place and says what to do instead. The
//! tests run every rule over this repository, where it must find nothing, and over a small broken workspace of its own
//! (`fixtures/`), where it must find exactly what was broken. A rule that cannot fail is worse than none.
//!
//! * [`rings`]: who may depend on whom, and which external packages each ring may use;
//! * [`manifests`]: inherited versions, workspace lints, crate documentation;
//! * [`ports`]: the scope rule, the suffix of functions that take a transaction, private fields of aggregates;
//! * [`migrations`]: row-level security on every tenant table, nothing destructive, every constraint named.
//!
//! To add a rule: a function here, a call in `tests/it/house.rs`, a broken fixture and its test in `tests/it/broken.rs`.

pub mod incidents;
pub mod manifests;
pub mod migrations;
pub mod ports;
pub mod rings;
pub mod workspace;

pub use workspace::{Package, Workspace};
