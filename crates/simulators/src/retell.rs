//! A stand-in for Retell: it calls, it signs, it repeats, and it remembers.
//!
//! [`CallPlayer`] plays a [`crate::script::CallScript`] against a gateway the way Retell would: the question before the
//! call, call events with their retries, tools with the running transcript. [`play`] gives a [`PlayReport`] with every
//! step, its latency per hop and what was not as expected. [`api::router`] serves Retell's REST API about the calls that
//! were played, next to `/sim/…` for looking into the simulator and for placing calls.
//!
//! Two clocks: signatures carry the machine's time, the call itself happens at product time (an offset of the machine's
//! clock, or the instant that the script names).

pub mod api;
mod call;
mod client;
mod clock;
mod config;
mod cost;
mod courier;
mod inbound;
mod judge;
mod list;
mod player;
mod report;
mod serve;
mod signature;
mod world;

pub use call::{SimulatedCall, Stage, Utterance};
pub use client::{Client, Exchange};
pub use clock::{Clock, MachineClock};
pub use config::{Paths, PlayerConfig};
pub use cost::call_cost;
pub use courier::Retries;
pub use inbound::{InboundDecision, read_inbound_reply};
pub use player::{CallPlayer, play};
pub use report::{Hop, PlayReport, StepKind, StepReport};
pub use serve::serve;
pub use signature::{SignatureFault, sign};
pub use world::{Delivery, World};
