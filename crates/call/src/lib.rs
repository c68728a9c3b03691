//! The life of a telephone call: what was told about it, merged; what was done during it, traced; what it cost.
//!
//! # The merge
//!
//! Signals about a call ([`CallSignal`]: the question before it, tool calls, started, updated, ended, analysed) arrive in any
//! order, several times, and with contents that differ between deliveries. The state of a [`Call`] is therefore a
//! *join*: which kinds of signals were seen grows by union; each fact is a register that keeps the content with the
//! greatest (kind of signal, provider's time of the signal, content); the rest (status, duration without a reported
//! one, outcome) is computed from those. A join does not care about order or repetition, so neither does the row in
//! the store, and an event is emitted when a state that is never left again is reached for the first time.
//!
//! What the merge must remember besides the facts is the [`Provenance`], stored with the call.
//!
//! # Rules worth knowing
//!
//! * Absence says nothing: an event without a field never blanks it. An anonymous caller is the absence of a number.
//! * [`CallStatus::Analyzed`] implies that the call ended; `call.ended` is emitted once, whoever says so first.
//! * Only our own records decide what a call achieved ([`CallEffect`]); a transcript or an analysis is never evidence
//!   for a booking, and never downgrades one.
//! * The provider's cost is for the platform alone: it is in the store's cost part, never in an event's payload.
//! * What was erased (retention) stays erased, even if a late repetition brings it again.
//!
//! # What this crate must never know
//!
//! A provider's wire format (that is `adapter-retell`), appointments and customers beyond their ids, HTTP, SQL.
//!
//! # Extending
//!
//! A new fact: a field in [`Report`] and [`CallSnapshot`], a [`Field`], one `offer` line in [`Call::apply`], bounds in
//! [`Report::cleaned`], a column, and the arbitrary report of `tests/it/merge.rs`, which then proves its merge.

pub mod events;
pub mod model;
pub mod ports;
pub mod service;

pub use events::CallEvent;
pub use model::{
    Call, CallEffect, CallSignal, CallSnapshot, CallStatus, CostFacts, Decision, Direction,
    DisconnectionKind, EffectRef, Field, LinkMethod, NewCall, PartLatency, PrivateJson, PrivateText,
    ProductCost, Provenance, Report, Segment, Sentiment, SessionOutcome, SignalKind, Speaker, TokenUsage,
    ToolUse, ToolUseId, clean_text, redact_arguments,
};
pub use ports::{CallRepository, CallWrite, StuckCall, ToolTrace, Touched};
pub use service::{Applied, CallError, CallService, GivenUp, OpenCall, Opening};

/// Fakes of the ports and builders of values, for tests of any crate.
#[cfg(any(test, feature = "testing"))]
pub mod testing;
