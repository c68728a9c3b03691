//! Facts about callbacks, for the outbox. Names and payloads are public promises.

use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, CustomerId, EventId, IdGenerator, OutgoingEvent};
use serde::Serialize;
use serde_json::Value;

use crate::CallbackId;
use crate::model::CallbackSnapshot;

/// What happened to a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CallbackEvent {
    /// A callback was promised.
    Requested(RequestedFact),
    /// A callback went one step further.
    Advanced(AdvancedFact),
    /// Nobody called in time.
    Overdue(OverdueFact),
}

/// Payload of `callback.requested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestedFact {
    /// The callback.
    pub callback_id: CallbackId,
    /// The branch that must call, if known.
    pub branch_id: Option<BranchId>,
    /// The customer, if identified.
    pub customer_id: Option<CustomerId>,
    /// The call in which it was promised.
    pub call_id: Option<CallId>,
    /// Why, in the word that is stored.
    pub reason: &'static str,
    /// How soon, in the word that is stored.
    pub priority: &'static str,
    /// By when.
    pub due_at: DateTime<Utc>,
}

/// Payload of `callback.advanced`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdvancedFact {
    /// The callback.
    pub callback_id: CallbackId,
    /// How far it has come, in the word that is stored.
    pub status: &'static str,
}

/// Payload of `callback.overdue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverdueFact {
    /// The callback.
    pub callback_id: CallbackId,
    /// The branch that should have called, if known.
    pub branch_id: Option<BranchId>,
    /// How far it has come, in the word that is stored.
    pub status: &'static str,
    /// By when somebody should have called.
    pub due_at: DateTime<Utc>,
}

impl CallbackEvent {
    /// Names of all events of this domain.
    pub const ALL: &'static [&'static str] = &["callback.requested", "callback.advanced", "callback.overdue"];

    /// The fact that this callback was promised.
    #[must_use]
    pub(crate) const fn requested(callback: &CallbackSnapshot) -> Self {
        Self::Requested(RequestedFact {
            callback_id: callback.id,
            branch_id: callback.branch,
            customer_id: callback.customer,
            call_id: callback.call,
            reason: callback.reason.as_str(),
            priority: callback.priority.as_str(),
            due_at: callback.due_at,
        })
    }

    /// The fact that this callback went one step further.
    #[must_use]
    pub(crate) const fn advanced(callback: &CallbackSnapshot) -> Self {
        Self::Advanced(AdvancedFact { callback_id: callback.id, status: callback.status.as_str() })
    }

    /// The fact that nobody called in time.
    #[must_use]
    pub(crate) const fn overdue(callback: &CallbackSnapshot) -> Self {
        Self::Overdue(OverdueFact {
            callback_id: callback.id,
            branch_id: callback.branch,
            status: callback.status.as_str(),
            due_at: callback.due_at,
        })
    }

    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested(_) => "callback.requested",
            Self::Advanced(_) => "callback.advanced",
            Self::Overdue(_) => "callback.overdue",
        }
    }

    /// Version of the payload's shape.
    #[must_use]
    pub const fn version(&self) -> i16 {
        1
    }

    /// The event for the outbox.
    #[must_use]
    pub fn into_outgoing(self, ids: &dyn IdGenerator, now: DateTime<Utc>) -> OutgoingEvent {
        OutgoingEvent {
            id: EventId::generate(ids),
            name: self.name(),
            version: self.version(),
            // Plain structs of ids, words and instants always become JSON.
            payload: serde_json::to_value(&self).unwrap_or(Value::Null),
            occurred_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::callback;
    use kernel::testing::SequentialIds;
    use serde_json::json;

    #[test]
    fn names_and_payloads_are_promises() {
        let ids = SequentialIds::default();
        let snapshot = callback(7);
        let requested = CallbackEvent::requested(&snapshot).into_outgoing(&ids, snapshot.created_at);
        assert_eq!((requested.name, requested.version), (CallbackEvent::ALL[0], 1));
        assert_eq!(
            requested.payload,
            json!({
                "callback_id": "cbk_00000000000000000000000000000007",
                "branch_id": null,
                "customer_id": null,
                "call_id": null,
                "reason": "requested",
                "priority": "normal",
                "due_at": "2026-03-03T09:00:00Z",
            })
        );
        let advanced = CallbackEvent::advanced(&snapshot).into_outgoing(&ids, snapshot.created_at);
        assert_eq!((advanced.name, advanced.version), (CallbackEvent::ALL[1], 1));
        assert_eq!(
            advanced.payload,
            json!({"callback_id": "cbk_00000000000000000000000000000007", "status": "pending"})
        );
        let overdue = CallbackEvent::overdue(&snapshot).into_outgoing(&ids, snapshot.created_at);
        assert_eq!((overdue.name, overdue.version), (CallbackEvent::ALL[2], 1));
        assert_eq!(
            overdue.payload,
            json!({
                "callback_id": "cbk_00000000000000000000000000000007",
                "branch_id": null,
                "status": "pending",
                "due_at": "2026-03-03T09:00:00Z",
            })
        );
    }
}
