//! The stores against a real Postgres, through the roles that the product uses.
#![expect(clippy::unwrap_used, reason = "a test that cannot arrange its rows stops where it is")]

mod admission;
mod appointments;
mod billing;
mod calendar;
mod call_days;
mod calls;
mod catalogue;
mod customers;
mod effort;
mod engine;
mod first_calls;
mod inbox;
mod isolation;
mod lists;
mod migrations;
mod onboarding;
mod races;
mod recurring;
mod rooms;
mod servicedesk;
mod sessions;
mod sql_text;
mod support;
mod tenancy;
mod upkeep;
