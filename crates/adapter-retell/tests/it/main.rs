//! Retell's boundary from outside: known signatures, recorded-looking payloads, and bytes that nobody would send.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod documented;
mod fixtures;
mod robustness;
mod signature;
mod tool;
mod webhook;
