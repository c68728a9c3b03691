//! Facts about money, for the outbox. Names and payloads are public promises.

use chrono::{DateTime, Utc};
use kernel::{CallId, EventId, IdGenerator, Money, OutgoingEvent};
use serde::Serialize;
use serde_json::Value;

use crate::model::{ChargeEntry, ProviderCost};

/// What happened to a call's account.
///
/// Provider cost appears in no payload but that of its own event, which tenants do not receive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum BillingEvent {
    /// The call was charged to the customer.
    CallCharged(ChargeFact),
    /// The charge was corrected by a difference.
    ChargeCorrected(ChargeFact),
    /// A version of the provider's cost was recorded; for the platform alone.
    ProviderCostRecorded(CostFact),
}

/// Payload of the events about a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeFact {
    /// The call.
    pub call_id: CallId,
    /// Number of the entry.
    pub entry_no: i32,
    /// What was added.
    pub amount: Money,
    /// Duration that was priced, in milliseconds.
    pub duration_ms: i64,
}

/// Payload of the event about a cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostFact {
    /// The call.
    pub call_id: CallId,
    /// Number of the version.
    pub cost_version: i32,
    /// `actual` or `estimated`.
    pub method: &'static str,
}

impl BillingEvent {
    /// Names of all events of this domain.
    pub const ALL: &'static [&'static str] =
        &["billing.call_charged", "billing.charge_corrected", "billing.provider_cost_recorded"];

    /// The fact that an entry of this kind was appended.
    #[must_use]
    pub(crate) fn charge(entry: &ChargeEntry) -> Self {
        let fact = ChargeFact {
            call_id: entry.call,
            entry_no: entry.entry_no,
            amount: entry.amount,
            duration_ms: entry.basis.duration_ms,
        };
        match entry.kind {
            crate::model::ChargeKind::Charge => Self::CallCharged(fact),
            crate::model::ChargeKind::Correction => Self::ChargeCorrected(fact),
        }
    }

    /// The fact that this version was appended.
    #[must_use]
    pub(crate) const fn cost(cost: &ProviderCost) -> Self {
        Self::ProviderCostRecorded(CostFact {
            call_id: cost.call,
            cost_version: cost.version,
            method: cost.method.as_str(),
        })
    }

    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CallCharged(_) => "billing.call_charged",
            Self::ChargeCorrected(_) => "billing.charge_corrected",
            Self::ProviderCostRecorded(_) => "billing.provider_cost_recorded",
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
    use crate::model::{ChargeBasis, ChargeKind, CostMethod};
    use crate::{FxRate, ProviderCost};
    use kernel::testing::SequentialIds;
    use kernel::{Currency, UsdMicrocents};
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn names_and_payloads_are_promises() {
        let call = CallId::from_uuid(Uuid::from_u128(7));
        let now = DateTime::UNIX_EPOCH;
        let ids = SequentialIds::default();
        let entry = |kind| ChargeEntry {
            call,
            entry_no: 1,
            kind,
            amount: Money::new(15, Currency::Eur),
            basis: ChargeBasis { duration_ms: 60_000, rate_minor_per_minute: 15 },
            created_at: now,
        };
        let charge_payload = json!({
            "call_id": "cal_00000000000000000000000000000007",
            "entry_no": 1,
            "amount": {"minor": 15, "currency": "EUR"},
            "duration_ms": 60_000,
        });
        let cost = ProviderCost {
            call,
            version: 2,
            usd_microcents: UsdMicrocents(1),
            fx: FxRate::FALLBACK,
            external_minor: 0,
            method: CostMethod::Actual,
            recorded_at: now,
        };
        let cases = [
            (BillingEvent::charge(&entry(ChargeKind::Charge)), charge_payload.clone()),
            (BillingEvent::charge(&entry(ChargeKind::Correction)), charge_payload),
            (
                BillingEvent::cost(&cost),
                json!({
                    "call_id": "cal_00000000000000000000000000000007",
                    "cost_version": 2,
                    "method": "actual",
                }),
            ),
        ];
        for ((event, payload), name) in cases.into_iter().zip(BillingEvent::ALL) {
            let outgoing = event.into_outgoing(&ids, now);
            assert_eq!((outgoing.name, outgoing.version), (*name, 1));
            assert_eq!(outgoing.payload, payload);
        }
    }
}
