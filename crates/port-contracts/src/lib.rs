//! Behavioural suites, one per port, generic over the implementation.
//!
//! A fake that is kinder than the database makes every test above it worthless. Therefore each repository port has one
//! suite here, which runs against its fake (`tests/it` of this crate) and against Postgres (`tests/it` of
//! `adapter-postgres`). A suite gets a fixture: the port, tenants, and ids of rows that its writes may refer to.

pub mod appointment;
pub mod billing;
pub mod calendar;
pub mod call;
pub mod customer;
pub mod servicedesk;
pub mod tenancy;
pub mod waiting;
