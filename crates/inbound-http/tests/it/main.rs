//! The HTTP surface over fakes: every route, every limit, every kind of bad input.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail where it stands")]

mod api;
mod counters;
mod events;
mod health;
mod inbound;
mod openapi;
mod overload;
mod signatures;
mod tools;
mod world;
