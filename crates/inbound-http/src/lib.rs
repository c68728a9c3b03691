//! The HTTP surface: voice tools, provider webhooks, REST, health, metrics.
//!
//! Bytes come in, one use case is called, bytes go out. What is decided here is only what HTTP itself asks:
//!
//! * **Before anything else**: how large a body may be ([`body`]), how many requests are in work, how long one may take,
//!   and what happens when a handler panics ([`guard`]).
//! * **Before anybody reads the body**: whether the voice provider signed it ([`retell`]). An unsigned request never
//!   reaches a handler.
//! * **Every answer** carries `x-request-id`; every refusal is `{"code","message","request_id"}` ([`refusal`]). A voice
//!   tool is answered 200 with a sentence that can be spoken, whatever happened, once its signature holds.
//!
//! A crowd cannot take the room of those who come after it: see `crowd` for the bounds.
//!
//! [`surface`] is the one list of routes: the router is built from it, and `/api/openapi.json` is compared with it by a
//! test.
//!
//! # What it must never know
//!
//! Business rules, SQL, how long an appointment is. It names no repository: only use cases, resolvers and decoders.
//!
//! # Extending
//!
//! A route is a line in [`surface`], a handler, and an entry in [`openapi`]; a test fails until all three agree. A
//! provider that signs differently gets a module like [`retell`] that verifies before it reads.

pub mod api;
mod arrival;
pub mod body;
pub mod calendar;
mod crowd;
mod docs;
pub mod edge;
pub mod guard;
pub mod health;
pub mod monitor;
pub mod openapi;
pub mod refusal;
pub mod retell;
pub mod surface;

pub use edge::{Edge, Gate, Limits, VoiceAnswers};
pub use surface::router;
