//! Facts about customers, for the outbox. Names and payloads are public promises; they carry ids, never contact data.

use chrono::{DateTime, Utc};
use kernel::{CustomerId, EventId, IdGenerator, OutgoingEvent};
use serde::Serialize;
use serde_json::Value;

use crate::model::CustomerSnapshot;

/// What happened to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CustomerEvent {
    /// There is a new customer. Whoever commits the insert emits this with it.
    Created(CreatedFact),
    /// A name or an address was learnt, or the customer was blocked or admitted.
    Changed(ChangedFact),
}

/// Payload of `customer.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreatedFact {
    /// The customer.
    pub customer_id: CustomerId,
    /// True if the customer called without a number.
    pub anonymous: bool,
    /// Where the customer came from, in the word that is stored.
    pub source: &'static str,
}

/// Payload of `customer.changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedFact {
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer's version after the change.
    pub customer_version: i64,
}

impl CustomerEvent {
    /// Names of all events of this domain.
    pub const ALL: &'static [&'static str] = &["customer.created", "customer.changed"];

    /// The fact that this customer is new.
    #[must_use]
    pub const fn created(customer: &CustomerSnapshot) -> Self {
        Self::Created(CreatedFact {
            customer_id: customer.id,
            anonymous: customer.anonymous,
            source: customer.source.as_str(),
        })
    }

    /// The fact that this customer has changed.
    #[must_use]
    pub const fn changed(customer: &CustomerSnapshot) -> Self {
        Self::Changed(ChangedFact { customer_id: customer.id, customer_version: customer.version })
    }

    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "customer.created",
            Self::Changed(_) => "customer.changed",
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
            // Plain structs of ids, words and integers always become JSON.
            payload: serde_json::to_value(&self).unwrap_or(Value::Null),
            occurred_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::customer;
    use kernel::testing::SequentialIds;
    use serde_json::json;

    #[test]
    fn names_and_payloads_are_promises() {
        let ids = SequentialIds::default();
        let snapshot = customer(7, "Erika Muster", Some("+491701112233"));
        let created = CustomerEvent::created(&snapshot).into_outgoing(&ids, snapshot.created_at);
        assert_eq!((created.name, created.version), (CustomerEvent::ALL[0], 1));
        assert_eq!(
            created.payload,
            json!({
                "customer_id": "cus_00000000000000000000000000000007",
                "anonymous": false,
                "source": "phone_call",
            })
        );
        let changed = CustomerEvent::changed(&snapshot).into_outgoing(&ids, snapshot.created_at);
        assert_eq!((changed.name, changed.version), (CustomerEvent::ALL[1], 1));
        assert_eq!(
            changed.payload,
            json!({"customer_id": "cus_00000000000000000000000000000007", "customer_version": 1})
        );
    }
}
