//! Decisions: who may change what until when, who gets the customer, what is offered instead, what is held.
//!
//! All of it is pure: values in, values out. The services in [`crate::service`] fetch, ask here, and commit.

pub mod alternatives;
pub mod change;
pub mod choice;
pub mod holds;
pub mod sequence;
pub mod series;
