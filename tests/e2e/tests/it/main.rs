//! Stories through the whole product.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on shall stop")]

mod calendar;
mod catching_up;
mod edges;
mod engine;
mod events;
mod guards;
mod house;
mod lists;
mod mirror;
mod privacy;
mod proofs;
mod quarantine;
mod said_and_done;
mod scripts;
mod tasks;
mod two_gateways;
mod visits;
mod waiting;
mod why;
