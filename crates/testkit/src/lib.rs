//! What tests against a real Postgres or Redis need: a database each, in milliseconds, and nothing left behind.
//!
//! [`TestDatabase::fresh`] clones a migrated template inside a private cluster that the crate `provision` keeps for all
//! tests of a checkout. The template is named after the migrations it holds, so that a changed migration makes a new one
//! and nobody ever tests yesterday's schema. A database is dropped with its value; what a killed test left is dropped by
//! the next one.
//!
//! Tests work as the product does: through the login roles `gateway` and `worker`. The administrator's pool is for
//! arranging and for looking; a test that reads through it proves nothing about row level security.
//!
//! [`TestRedis::fresh`] lends a Redis that the tests of one process share, under a prefix of its own;
//! [`redis_of_ones_own`] starts one that a test may kill.
//!
//! # Vocabulary
//!
//! * **Cluster**: the running Postgres, shared by all test programs of a checkout.
//! * **Template**: a migrated, empty database that is cloned.
//! * **Scenario**: rows of a company that many tests need ([`scenario::Salon`]).
//!
//! # How to extend
//!
//! Rows that several tests need become a scenario. A test that needs another server setting, or must kill the server,
//! starts a cluster of its own with `provision`.
//!
//! # What it must never know
//!
//! How the product works. It arranges rows with SQL of its own, so that a defect of a store cannot hide itself by
//! arranging its own tests.

mod cluster;
mod database;
mod log_capture;
mod redis;
pub mod scenario;
mod template;

pub use database::TestDatabase;
pub use log_capture::LogCapture;
pub use redis::{TestRedis, redis_of_ones_own};
