//! The state of a call as plain values, for stores and for reading.

use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, Caller, CustomerId, PhoneNumber, ProviderCallId};

use super::analysis::{PartLatency, PrivateJson, TokenUsage};
use super::facts::{CallStatus, CostFacts, Direction, Segment, Sentiment};
use super::link::LinkMethod;
use super::outcome::SessionOutcome;
use super::provenance::Provenance;
use super::text::PrivateText;

/// Everything that is stored of a call.
///
/// A store splits it by who may read it and by how long it is kept: the slim row; `summary`, `recording_url`
/// (contents); `transcript`, one row per segment in order; `cost`.
#[derive(Debug, Clone, PartialEq)]
pub struct CallSnapshot {
    /// Our id.
    pub id: CallId,
    /// The provider's id; unique over all tenants.
    pub provider_call_id: ProviderCallId,
    /// The branch whose number was called; fixed when the call becomes known.
    pub branch: BranchId,
    /// Who rang whom; `None` until told, which for a voice assistant means inbound.
    pub direction: Option<Direction>,
    /// Who is on the line; anonymous until a usable number was told.
    pub caller: Caller,
    /// The company's number: the one that was called, or from which the call was made.
    pub called: Option<PhoneNumber>,
    /// The provider's id of the assistant.
    pub agent_ref: Option<String>,
    /// The assistant's version.
    pub agent_version: Option<i32>,
    /// How far the call is.
    pub status: CallStatus,
    /// Why the line went dead, in the provider's word; see `DisconnectionKind` for what it means.
    pub disconnection_reason: Option<String>,
    /// Beginning, by the provider's clock.
    pub started_at: Option<DateTime<Utc>>,
    /// End, by the provider's clock.
    pub ended_at: Option<DateTime<Utc>>,
    /// Milliseconds; as reported, else end minus beginning.
    pub duration_ms: Option<i64>,
    /// Whom the caller is known to be.
    pub customer: Option<CustomerId>,
    /// How that is known; present exactly if `customer` is.
    pub link_method: Option<LinkMethod>,
    /// What came of the call.
    pub outcome: Option<SessionOutcome>,
    /// Whether it reached its aim: proven by an effect, else as the analysis judged.
    pub successful: Option<bool>,
    /// Whether a machine answered.
    pub in_voicemail: Option<bool>,
    /// The caller's mood.
    pub sentiment: Option<Sentiment>,
    /// Summary of the conversation (contents).
    pub summary: Option<PrivateText>,
    /// Link to the recording (contents).
    pub recording_url: Option<PrivateText>,
    /// The conversation in order; `None` until told or after it was erased.
    pub transcript: Option<Vec<Segment>>,
    /// What the analysis was asked for, as one JSON object (contents).
    pub analysis: Option<PrivateJson>,
    /// How fast the parts of the assistant were, by name (contents).
    pub latency: Option<Vec<PartLatency>>,
    /// What the language model used (contents).
    pub tokens: Option<TokenUsage>,
    /// What the provider charges (cost).
    pub cost: Option<CostFacts>,
    /// The memory of the merge, stored as one JSON document with the slim row.
    pub provenance: Provenance,
    /// Arrival of the first signal, to the microsecond; never changes.
    pub created_at: DateTime<Utc>,
    /// Counts commits, from 1.
    pub version: i64,
}
