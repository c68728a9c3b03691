//! Facts about wishes. Names and payloads are promises, pinned by tests.

use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, CallId, EventId, IdGenerator, OutgoingEvent, ServiceId, StaffId};
use serde::{Deserialize, Serialize};

use super::model::{OfferId, OfferSnapshot, OfferState, WishId, WishSnapshot};

/// A wish was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishNoted {
    /// Which wish.
    pub wish: WishId,
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// In which call, if any.
    pub call: Option<CallId>,
}

/// A slot is kept for a wish, and somebody must ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishOffered {
    /// Which offer.
    pub offer: OfferId,
    /// To which wish.
    pub wish: WishId,
    /// Until when it is kept.
    pub expires_at: DateTime<Utc>,
}

/// An offer came to an end. What is left of its freed time can be offered to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferSettled {
    /// Which offer.
    pub offer: OfferId,
    /// To which wish.
    pub wish: WishId,
    /// How: `accepted`, `declined` or `lapsed`.
    pub state: String,
    /// Where the freed time is.
    pub branch: BranchId,
    /// Whose time.
    pub staff: StaffId,
    /// The appointment that had it.
    pub appointment: AppointmentId,
    /// Its beginning.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
}

/// A fact about the waiting list. No personal data: ids and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingEvent {
    /// [`WishNoted`].
    Noted(WishNoted),
    /// [`WishOffered`].
    Offered(WishOffered),
    /// [`OfferSettled`].
    Settled(OfferSettled),
}

impl WaitingEvent {
    /// Name of [`WishNoted`].
    pub const NOTED: &'static str = "wish.noted";
    /// Name of [`WishOffered`].
    pub const OFFERED: &'static str = "wish.offered";
    /// Name of [`OfferSettled`].
    pub const SETTLED: &'static str = "wish.offer_settled";
    /// All names, so that a test can ask whether somebody listens.
    pub const ALL: &'static [&'static str] = &[Self::NOTED, Self::OFFERED, Self::SETTLED];

    /// The fact that this wish was noted.
    #[must_use]
    pub const fn noted(wish: &WishSnapshot) -> Self {
        Self::Noted(WishNoted { wish: wish.id, branch: wish.branch, service: wish.service, call: wish.call })
    }

    /// The fact that this offer was made.
    #[must_use]
    pub const fn offered(offer: &OfferSnapshot) -> Self {
        Self::Offered(WishOffered { offer: offer.id, wish: offer.wish, expires_at: offer.expires_at })
    }

    /// The fact that this offer ended like that.
    #[must_use]
    pub fn settled(offer: &OfferSnapshot, state: OfferState) -> Self {
        let freed = &offer.freed;
        Self::Settled(OfferSettled {
            offer: offer.id,
            wish: offer.wish,
            state: state.as_str().to_owned(),
            branch: freed.branch,
            staff: freed.staff,
            appointment: freed.appointment,
            starts_at: freed.starts_at,
            ends_at: freed.ends_at,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Noted(_) => Self::NOTED,
            Self::Offered(_) => Self::OFFERED,
            Self::Settled(_) => Self::SETTLED,
        }
    }

    /// For the outbox.
    ///
    /// # Errors
    /// Never in practice: the payloads are plain structs. The error is handed on rather than hidden.
    pub fn into_outgoing(
        self,
        ids: &dyn IdGenerator,
        now: DateTime<Utc>,
    ) -> Result<OutgoingEvent, serde_json::Error> {
        let name = self.name();
        let payload = match self {
            Self::Noted(fact) => serde_json::to_value(fact),
            Self::Offered(fact) => serde_json::to_value(fact),
            Self::Settled(fact) => serde_json::to_value(fact),
        }?;
        Ok(OutgoingEvent { id: EventId::generate(ids), name, version: 1, payload, occurred_at: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn names_and_payloads_are_promises() {
        let uuid = Uuid::from_u128(7);
        let at: DateTime<Utc> = "2026-11-24T09:00:00Z".parse().unwrap();
        let settled = WaitingEvent::Settled(OfferSettled {
            offer: OfferId::from_uuid(uuid),
            wish: WishId::from_uuid(uuid),
            state: OfferState::Declined.as_str().to_owned(),
            branch: BranchId::from_uuid(uuid),
            staff: StaffId::from_uuid(uuid),
            appointment: AppointmentId::from_uuid(uuid),
            starts_at: at,
            ends_at: at,
        });
        let sent = settled.into_outgoing(&kernel::testing::SequentialIds::default(), at).unwrap();
        assert_eq!((sent.name, sent.version), ("wish.offer_settled", 1));
        let id = |prefix: &str| {
            format!("{prefix}_{}", WishId::from_uuid(uuid).to_string().split_once('_').unwrap().1)
        };
        assert_eq!(
            sent.payload,
            json!({
                "offer": id("off"), "wish": id("wsh"), "state": "declined", "branch": id("brn"),
                "staff": id("stf"), "appointment": id("apt"),
                "starts_at": "2026-11-24T09:00:00Z", "ends_at": "2026-11-24T09:00:00Z",
            })
        );
        assert_eq!(WaitingEvent::ALL, ["wish.noted", "wish.offered", "wish.offer_settled"]);
    }
}
