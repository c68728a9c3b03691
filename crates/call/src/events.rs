//! What becomes true in the life of a call. Names and payloads are promises to subscribers, pinned by tests.

use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, EventId, IdGenerator, OutgoingEvent, ProviderCallId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{CallSnapshot, CallStatus, SessionOutcome};

/// The call that a fact is about; part of every payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFact {
    /// The call.
    pub call_id: CallId,
    /// The provider's id of it.
    pub provider_call_id: ProviderCallId,
    /// The branch that was called.
    pub branch_id: BranchId,
}

/// The call that ended, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDuration {
    /// The call.
    #[serde(flatten)]
    pub call: CallFact,
    /// Milliseconds, as far as known now. Whoever charges reads the call again: it may be corrected.
    pub duration_ms: Option<i64>,
    /// What came of it, as far as known now.
    pub outcome: Option<SessionOutcome>,
}

/// A fact in the life of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// People were connected. Once per call.
    Started(CallFact),
    /// The call is over. Once per call, also if the analysis was the first to say so.
    Ended(CallDuration),
    /// The analysis arrived. Once per call.
    Analyzed(CallFact),
    /// The call was given up because nobody reported its end. At most once, and an end may still follow.
    Failed(CallFact),
    /// The provider's cost became known or changed. The amount is for the platform alone and stays with the call.
    CostKnown(CallFact),
    /// The duration changed after the end was announced.
    DurationChanged(CallDuration),
}

impl CallEvent {
    /// The names of all events of this domain.
    pub const ALL: &[&str] = &[
        "call.started",
        "call.ended",
        "call.analyzed",
        "call.failed",
        "call.cost_known",
        "call.duration_changed",
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started(_) => "call.started",
            Self::Ended(_) => "call.ended",
            Self::Analyzed(_) => "call.analyzed",
            Self::Failed(_) => "call.failed",
            Self::CostKnown(_) => "call.cost_known",
            Self::DurationChanged(_) => "call.duration_changed",
        }
    }

    /// Version of the payload's shape.
    #[must_use]
    pub const fn version(&self) -> i16 {
        1
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> Value {
        match self {
            Self::Started(fact) | Self::Analyzed(fact) | Self::Failed(fact) | Self::CostKnown(fact) => {
                json_of(fact)
            }
            Self::Ended(fact) | Self::DurationChanged(fact) => json_of(fact),
        }
    }

    /// The fact as it goes into the outbox.
    #[must_use]
    pub fn into_outgoing(self, ids: &dyn IdGenerator, now: DateTime<Utc>) -> OutgoingEvent {
        OutgoingEvent {
            id: EventId::generate(ids),
            name: self.name(),
            version: self.version(),
            payload: self.payload(),
            occurred_at: now,
        }
    }

    /// What became true between two states of one call.
    pub(crate) fn between(before: &CallSnapshot, after: &CallSnapshot) -> Vec<Self> {
        let fact = CallFact {
            call_id: after.id,
            provider_call_id: after.provider_call_id.clone(),
            branch_id: after.branch,
        };
        let duration =
            CallDuration { call: fact.clone(), duration_ms: after.duration_ms, outcome: after.outcome };
        let mut events = Vec::new();
        if after.provenance.was_connected() && !before.provenance.was_connected() {
            events.push(Self::Started(fact.clone()));
        }
        if after.status.has_ended() && !before.status.has_ended() {
            events.push(Self::Ended(duration));
        } else if before.status.has_ended() && after.duration_ms != before.duration_ms {
            events.push(Self::DurationChanged(duration));
        }
        if after.status != before.status {
            match after.status {
                CallStatus::Analyzed => events.push(Self::Analyzed(fact.clone())),
                CallStatus::Failed => events.push(Self::Failed(fact.clone())),
                CallStatus::Ongoing | CallStatus::Ended => {}
            }
        }
        if after.cost.is_some() && after.cost != before.cost {
            events.push(Self::CostKnown(fact));
        }
        events
    }
}

/// Payloads hold text, numbers and ids, for which writing JSON cannot fail.
fn json_of(payload: &impl Serialize) -> Value {
    serde_json::to_value(payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::SequentialIds;
    use serde_json::json;
    use uuid::Uuid;

    fn fact() -> CallFact {
        CallFact {
            call_id: CallId::from_uuid(Uuid::from_u128(1)),
            provider_call_id: ProviderCallId::parse("call_a1").unwrap(),
            branch_id: BranchId::from_uuid(Uuid::from_u128(2)),
        }
    }

    fn duration() -> CallDuration {
        CallDuration {
            call: fact(),
            duration_ms: Some(61_000),
            outcome: Some(SessionOutcome::InformationOnly),
        }
    }

    #[test]
    fn names_and_payloads_are_pinned() {
        let plain = json!({
            "call_id": "cal_00000000000000000000000000000001",
            "provider_call_id": "call_a1",
            "branch_id": "brn_00000000000000000000000000000002",
        });
        let mut timed = plain.clone();
        timed["duration_ms"] = json!(61_000);
        timed["outcome"] = json!("information_only");
        let all = [
            (CallEvent::Started(fact()), "call.started", &plain),
            (CallEvent::Ended(duration()), "call.ended", &timed),
            (CallEvent::Analyzed(fact()), "call.analyzed", &plain),
            (CallEvent::Failed(fact()), "call.failed", &plain),
            (CallEvent::CostKnown(fact()), "call.cost_known", &plain),
            (CallEvent::DurationChanged(duration()), "call.duration_changed", &timed),
        ];
        assert_eq!(all.iter().map(|(_, name, _)| *name).collect::<Vec<_>>(), CallEvent::ALL);
        let ids = SequentialIds::default();
        for (event, name, payload) in all {
            let outgoing = event.into_outgoing(&ids, DateTime::UNIX_EPOCH);
            assert_eq!((outgoing.name, outgoing.version, &outgoing.payload), (name, 1, payload));
        }
        assert_eq!(serde_json::from_value::<CallDuration>(timed).unwrap(), duration());
    }
}
