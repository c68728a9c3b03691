//! Cal.com: the outside calendar behind our ports, and nothing of it beyond this crate.
//!
//! * [`client::Client`] speaks the provider's interface and implements both ports of
//!   [`appointment::calendar`]; every failure is classified where it happens.
//! * [`guard::Guard`] implements the same ports around any implementation of them: breakers, a budget of requests, a
//!   bound on how many are on their way. The client tells it through [`report::LimitReport`] what the provider says
//!   about its limits.
//! * [`decode::webhook`] and [`decode::identify`] read webhooks, [`signature::verify`] proves whose they are. These are
//!   pure functions over bytes.
//! * [`config::Config`] holds what the provider may change without notice: versions, the texts of its refusals, ways of
//!   paging.
//!
//! ```text
//! let state = Arc::new(GuardState::new(GuardPolicy::default(), clock));
//! let client = Client::reporting(Config::default(), state.clone())?;
//! let calendar = Guard::new(client, state);
//! ```
//!
//! # Rules
//!
//! * Nothing is sent twice. There is no idempotency key there; a write whose answer was lost is *unknown*, and whoever
//!   wants to know looks for the marker in the booking's metadata.
//! * A write counts as done only if the answer shows the booking that was asked for, with our marker and our start.
//! * A read that cannot be understood is a failure. What is lenient: unknown fields, values of unexpected kinds in
//!   fields that we can do without, both ways of paging whichever was asked for.
//! * Errors and logs carry codes, field names that we sent, and texts from [`config::Stem`]; never the provider's own
//!   sentences, since those name people.
//!
//! # What this crate must never know
//!
//! Our own calendar, holds, whether a refused time is offered again, how often something is tried. It does not decide
//! whether a booking is ours: it shows the marker.
//!
//! # Extending
//!
//! A new refusal: a line in [`config::Stem::known`]. A new event: a variant of [`decode::Trigger`] and a fixture under
//! `tests/fixtures/calcom` at the top of the repository. A new field: one line in `wire`.

mod json;
mod why;
mod wire;

pub mod client;
pub mod config;
pub mod decode;
pub mod guard;
pub mod report;
pub mod signature;

pub use wire::{MARKER_KEY, TENANT_KEY};
