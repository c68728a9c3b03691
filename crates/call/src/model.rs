//! The call and everything that is known about it, as pure values.

mod analysis;
mod call;
mod facts;
mod link;
mod outcome;
mod provenance;
mod signal;
mod snapshot;
mod text;
mod trace;

pub use analysis::{MAX_ANALYSIS_BYTES, MAX_LATENCY_PARTS, PartLatency, PrivateJson, TokenUsage};
pub use call::{Call, Decision, NewCall};
pub use facts::{CallStatus, CostFacts, Direction, ProductCost, Segment, Sentiment, Speaker, UnknownWord};
pub use link::LinkMethod;
pub use outcome::{CallEffect, DisconnectionKind, SessionOutcome};
pub use provenance::{Field, Origin, Provenance, SignalKind};
pub use signal::{
    CallSignal, MAX_COST_MICROCENTS, MAX_DURATION_MS, MAX_PRODUCTS, MAX_SEGMENT_CHARS, MAX_SEGMENTS,
    MAX_SUMMARY_CHARS, MAX_URL_CHARS, MAX_WORD_CHARS, Report,
};
pub use snapshot::CallSnapshot;
pub use text::{PrivateText, clean_text};
pub use trace::{EffectRef, Hop, ToolUse, ToolUseId, redact_arguments};
