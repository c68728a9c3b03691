//! The program as a person starts it, and as something kills it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod bench;
mod calendar;
mod command_line;
mod crash;
mod operator;
mod series;
