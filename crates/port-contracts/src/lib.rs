//! Behavioural suites, one per port, generic over the implementation.
//!
//! A fake that is kinder than the database makes every test above it worthless. Therefore each repository port has one
//! suite here, which runs against its fake (`tests/it` of this crate) and against Postgres (`tests/it` of
//! `adapter-postgres`). What several processes may share runs against the memory of one process and against Redis
//! (`tests/it` of `adapter-redis`). A suite gets a fixture: the port, tenants, and ids of rows that its writes may refer to.
//!
//! # What it must never know
//!
//! Any implementation. A suite that asks which one it runs against proves nothing about the others.
//!
//! # Extending
//!
//! A rule of a port is a function here, named by what holds, and its name in the list of the port's macro: then every
//! implementation is asked. A new port gets a module with its fixture, a macro that lists its rules, and a call of that
//! macro in `tests/it` of this crate and of each adapter.

pub mod appointment;
pub mod billing;
pub mod calendar;
pub mod call;
pub mod customer;
pub mod pacing;
pub mod servicedesk;
pub mod tenancy;
pub mod voice;
pub mod waiting;
pub mod weeks;
