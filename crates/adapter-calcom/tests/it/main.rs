//! Cal.com's boundary from outside: signatures, payloads, a stand-in of the provider that misbehaves, and guards.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod bookings;
mod classification;
mod decode;
mod directory;
mod documented;
mod fixtures;
mod gauges;
mod guard;
mod listing;
mod machines;
mod pacing;
mod pools;
mod reservations;
mod robustness;
mod server;
mod signature;
mod slots;
