//! The suites against the fakes.

mod appointment;
mod billing;
mod calendar;
mod call;
mod customer;
mod servicedesk;
mod tenancy;
