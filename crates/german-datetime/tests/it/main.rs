//! What callers say, and what the library makes of it.
#![expect(clippy::unwrap_used, reason = "a failing expectation is how a test fails")]

mod bend;
mod bounds;
mod cases;
mod digits;
mod fuzz;
mod other_readings;
mod properties;
mod speaking;
mod support;
mod together;
mod zones;
