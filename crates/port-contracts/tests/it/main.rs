//! The suites against the fakes.

mod appointment;
mod billing;
mod call;
mod customer;
mod servicedesk;
mod tenancy;
