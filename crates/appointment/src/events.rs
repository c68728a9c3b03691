//! Facts for the rest of the product. Names and payloads are promises, pinned by tests below.

use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, EventId, IdGenerator, OutgoingEvent, ServiceId, StaffId,
};
use serde::{Deserialize, Serialize};

use crate::calendar::ReviewReason;
use crate::model::AppointmentSnapshot;

/// An appointment was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// In which call, if any.
    pub call: Option<CallId>,
    /// Beginning of the stay.
    pub starts_at: DateTime<Utc>,
    /// End of the stay.
    pub ends_at: DateTime<Utc>,
    /// Agreed price in minor units.
    pub price_minor: i64,
    /// ISO code of the price's currency.
    pub currency: String,
}

/// An appointment got another time or person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// What.
    pub service: ServiceId,
    /// In which call it was moved, if any.
    pub call: Option<CallId>,
    /// With whom it was.
    pub old_staff: StaffId,
    /// When it was.
    pub old_starts_at: DateTime<Utc>,
    /// With whom it is.
    pub staff: StaffId,
    /// When it begins now.
    pub starts_at: DateTime<Utc>,
    /// When it ends now.
    pub ends_at: DateTime<Utc>,
    /// The outside calendar does not take the time that this leaves, so nobody else can have it either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_outside: bool,
}

/// An appointment was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// In which call it was cancelled, if any.
    pub call: Option<CallId>,
    /// When it would have begun.
    pub starts_at: DateTime<Utc>,
    /// When it would have ended.
    pub ends_at: DateTime<Utc>,
    /// The outside calendar does not take the time that this leaves, so nobody else can have it either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_outside: bool,
}

/// The outside calendar agrees: an appointment that was pending stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// The call in which it was made, if any.
    pub call: Option<CallId>,
    /// Beginning of the stay.
    pub starts_at: DateTime<Utc>,
}

/// The outside calendar does not agree with an appointment that a caller was told about: a person must look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disputed {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// The call in which it was made, if any.
    pub call: Option<CallId>,
    /// Beginning of the stay.
    pub starts_at: DateTime<Utc>,
    /// What is wrong, as a stable word.
    pub reason: String,
    /// Where the appointment stands here since then, as a stable word. `None`: the fact is older than this field.
    #[serde(default)]
    pub status: Option<String>,
    /// What the outside calendar has of it. `None`: the fact is older than this field.
    #[serde(default)]
    pub there: Option<There>,
    /// Of what was changed there: whether the provider knows an address of the customer, and so has told them. `None`: it is
    /// not known, or the fact is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<bool>,
}

impl Disputed {
    /// A word of [`Disputed::reason`], beside those of [`ReviewReason`]: it was called off in the outside calendar.
    pub const CALLED_OFF_THERE: &'static str = "called_off_there";
    /// Likewise: it was moved there.
    pub const MOVED_THERE: &'static str = "moved_there";
    /// Likewise: it was given to somebody else there, at the same time.
    pub const GIVEN_THERE: &'static str = "given_there";
    /// Likewise: it is near, and the outside calendar has not said whether it stands.
    pub const UNANSWERED: &'static str = "unanswered";

    /// About an appointment as it is now.
    #[must_use]
    pub fn about(after: &AppointmentSnapshot, reason: &str, there: There) -> Self {
        Self {
            appointment: after.id,
            branch: after.branch,
            customer: after.customer,
            call: after.call,
            starts_at: after.starts_at,
            reason: reason.to_owned(),
            status: Some(after.status.as_str().to_owned()),
            there: Some(there),
            told: None,
        }
    }
}

/// What an outside calendar has of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum There {
    /// Nothing.
    Nothing,
    /// A booking that begins then.
    Booking(DateTime<Utc>),
    /// Nobody knows.
    Unknown,
}

/// A fact about an appointment. No personal data: ids, times, prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppointmentEvent {
    /// [`Booked`].
    Booked(Booked),
    /// [`Moved`].
    Moved(Moved),
    /// [`Cancelled`].
    Cancelled(Cancelled),
    /// [`Confirmed`].
    Confirmed(Confirmed),
    /// [`Disputed`].
    Disputed(Disputed),
}

impl AppointmentEvent {
    /// Name of [`Booked`].
    pub const BOOKED: &'static str = "appointment.booked";
    /// Name of [`Moved`].
    pub const MOVED: &'static str = "appointment.moved";
    /// Name of [`Cancelled`].
    pub const CANCELLED: &'static str = "appointment.cancelled";
    /// Name of [`Confirmed`].
    pub const CONFIRMED: &'static str = "appointment.confirmed";
    /// Name of [`Disputed`].
    pub const DISPUTED: &'static str = "appointment.disputed";
    /// All names, so that a test can ask whether somebody listens.
    pub const ALL: &'static [&'static str] =
        &[Self::BOOKED, Self::MOVED, Self::CANCELLED, Self::CONFIRMED, Self::DISPUTED];

    /// The fact that this appointment was made.
    #[must_use]
    pub fn booked(made: &AppointmentSnapshot) -> Self {
        Self::Booked(Booked {
            appointment: made.id,
            branch: made.branch,
            customer: made.customer,
            service: made.service,
            staff: made.staff,
            call: made.call,
            starts_at: made.starts_at,
            ends_at: made.ends_at,
            price_minor: made.price.minor(),
            currency: made.price.currency().code().to_owned(),
        })
    }

    /// The fact that an appointment was moved in a call.
    #[must_use]
    pub fn moved(before: &AppointmentSnapshot, after: &AppointmentSnapshot, call: Option<CallId>) -> Self {
        Self::Moved(Moved {
            appointment: after.id,
            branch: after.branch,
            customer: after.customer,
            service: after.service,
            call,
            old_staff: before.staff,
            old_starts_at: before.starts_at,
            staff: after.staff,
            starts_at: after.starts_at,
            ends_at: after.ends_at,
            taken_outside: false,
        })
    }

    /// The fact that an appointment was called off in a call.
    #[must_use]
    pub fn cancelled(after: &AppointmentSnapshot, call: Option<CallId>) -> Self {
        Self::Cancelled(Cancelled {
            appointment: after.id,
            branch: after.branch,
            customer: after.customer,
            service: after.service,
            staff: after.staff,
            call,
            starts_at: after.starts_at,
            ends_at: after.ends_at,
            taken_outside: false,
        })
    }

    /// The same, because the outside calendar does not take the time that it leaves.
    #[must_use]
    pub fn taken_outside(mut self) -> Self {
        match &mut self {
            Self::Moved(Moved { taken_outside, .. }) | Self::Cancelled(Cancelled { taken_outside, .. }) => {
                *taken_outside = true;
            }
            Self::Booked(_) | Self::Confirmed(_) | Self::Disputed(_) => {}
        }
        self
    }

    /// The fact that a pending appointment stands.
    #[must_use]
    pub const fn confirmed(after: &AppointmentSnapshot) -> Self {
        Self::Confirmed(Confirmed {
            appointment: after.id,
            branch: after.branch,
            customer: after.customer,
            call: after.call,
            starts_at: after.starts_at,
        })
    }

    /// The fact that a person must look at an appointment.
    #[must_use]
    pub fn disputed(after: &AppointmentSnapshot, reason: ReviewReason, there: There) -> Self {
        Self::Disputed(Disputed::about(after, reason.as_str(), there))
    }

    /// The fact that the outside calendar has changed an appointment, and nobody here has told the customer; `told`:
    /// whether the provider has.
    #[must_use]
    pub fn changed_there(
        before: &AppointmentSnapshot,
        after: &AppointmentSnapshot,
        told: Option<bool>,
    ) -> Self {
        let there = There::Booking(after.starts_at);
        let (reason, there) = match (after.status.is_open(), before.starts_at == after.starts_at) {
            (false, _) => (Disputed::CALLED_OFF_THERE, There::Nothing),
            (true, true) => (Disputed::GIVEN_THERE, there),
            (true, false) => (Disputed::MOVED_THERE, there),
        };
        Self::Disputed(Disputed { told, ..Disputed::about(after, reason, there) })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Booked(_) => Self::BOOKED,
            Self::Moved(_) => Self::MOVED,
            Self::Cancelled(_) => Self::CANCELLED,
            Self::Confirmed(_) => Self::CONFIRMED,
            Self::Disputed(_) => Self::DISPUTED,
        }
    }

    /// Version of its payload's shape.
    #[must_use]
    pub const fn version(&self) -> i16 {
        1
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
        let (name, version) = (self.name(), self.version());
        let payload = match self {
            Self::Booked(fact) => serde_json::to_value(fact),
            Self::Moved(fact) => serde_json::to_value(fact),
            Self::Cancelled(fact) => serde_json::to_value(fact),
            Self::Confirmed(fact) => serde_json::to_value(fact),
            Self::Disputed(fact) => serde_json::to_value(fact),
        }?;
        Ok(OutgoingEvent { id: EventId::generate(ids), name, version, payload, occurred_at: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Appointment, AppointmentSource, Draft, Minute, Note, Sought};
    use crate::policy::change::{ChangeRules, RecentChanges};
    use crate::testing::{branch_id, salon, service_id, staff_id};
    use chrono_tz::Tz;
    use kernel::testing::SequentialIds;
    use kernel::{Currency, Money};
    use serde_json::json;
    use uuid::Uuid;

    fn made() -> Appointment {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let sought = Sought::service(&catalogue, service_id(1)).unwrap();
        let draft = Draft {
            id: AppointmentId::from_uuid(Uuid::from_u128(5)),
            branch: branch_id(1),
            timezone: Tz::Europe__Berlin,
            customer: CustomerId::from_uuid(Uuid::from_u128(6)),
            call: Some(CallId::from_uuid(Uuid::from_u128(7))),
            source: AppointmentSource::VoiceAgent,
            price: Money::new(3200, Currency::Eur),
            notes: Note::clean("geheim"),
        };
        let start = Minute::floor("2026-11-24T09:00:00Z".parse().unwrap());
        let now = "2026-11-20T08:00:00Z".parse().unwrap();
        Appointment::book(draft, &sought, staff_id(1), start, now)
    }

    fn id(prefix: &str, number: u128) -> String {
        format!("{prefix}_{number:032x}")
    }

    #[test]
    fn what_nobody_can_have_is_said_to_be_taken() {
        let made = made();
        let fact = AppointmentEvent::cancelled(made.snapshot(), None).taken_outside();
        let outgoing = fact.into_outgoing(&SequentialIds::default(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(outgoing.payload["taken_outside"], json!(true));
        let older = AppointmentEvent::cancelled(made.snapshot(), None);
        let older = older.into_outgoing(&SequentialIds::default(), DateTime::UNIX_EPOCH).unwrap().payload;
        assert!(!serde_json::from_value::<Cancelled>(older).unwrap().taken_outside);
    }

    #[test]
    fn payloads_are_promises() {
        let now = "2026-11-20T08:00:00Z".parse().unwrap();
        let before = made();
        let rules = ChangeRules::default();
        let policy = (&rules, RecentChanges::default());
        let later = Minute::floor("2026-11-24T10:00:00Z".parse().unwrap());
        let after = before.move_to(staff_id(2), later, policy, now).unwrap();
        let gone = before.cancel(Note::clean("geheim"), policy, now).unwrap();
        let call = before.snapshot().call;
        let facts = [
            AppointmentEvent::booked(before.snapshot()),
            AppointmentEvent::moved(before.snapshot(), after.snapshot(), call),
            AppointmentEvent::cancelled(gone.snapshot(), call),
            AppointmentEvent::confirmed(before.awaiting_copy().copied().snapshot()),
            AppointmentEvent::disputed(
                made().disputed().snapshot(),
                ReviewReason::CopyRefused,
                There::Booking("2026-11-24T10:00:00Z".parse().unwrap()),
            ),
        ];
        let who = json!({
            "appointment": id("apt", 5), "branch": id("brn", 1), "customer": id("cus", 6),
            "service": id("svc", 1), "call": id("cal", 7),
        });
        let with = |more: serde_json::Value| {
            let mut all = who.clone();
            let all_map = all.as_object_mut().unwrap();
            all_map.extend(more.as_object().unwrap().clone());
            all
        };
        let short = |more: serde_json::Value| {
            let mut all = with(more);
            all.as_object_mut().unwrap().remove("service");
            all
        };
        let expected = [
            with(json!({
                "staff": id("stf", 1), "starts_at": "2026-11-24T09:00:00Z", "ends_at": "2026-11-24T09:30:00Z",
                "price_minor": 3200, "currency": "EUR",
            })),
            with(json!({
                "old_staff": id("stf", 1), "old_starts_at": "2026-11-24T09:00:00Z",
                "staff": id("stf", 2), "starts_at": "2026-11-24T10:00:00Z", "ends_at": "2026-11-24T10:30:00Z",
            })),
            with(json!({
                "staff": id("stf", 1), "starts_at": "2026-11-24T09:00:00Z", "ends_at": "2026-11-24T09:30:00Z",
            })),
            short(json!({"starts_at": "2026-11-24T09:00:00Z"})),
            short(json!({
                "starts_at": "2026-11-24T09:00:00Z", "reason": "copy_refused", "status": "needs_attention",
                "there": {"booking": "2026-11-24T10:00:00Z"},
            })),
        ];
        let names = [
            "appointment.booked",
            "appointment.moved",
            "appointment.cancelled",
            "appointment.confirmed",
            "appointment.disputed",
        ];
        assert_eq!(AppointmentEvent::ALL, names);
        for ((fact, payload), name) in facts.into_iter().zip(expected).zip(names) {
            let outgoing = fact.into_outgoing(&SequentialIds::default(), now).unwrap();
            assert_eq!((outgoing.name, outgoing.version, outgoing.occurred_at), (name, 1, now));
            assert_eq!(outgoing.payload, payload);
            assert!(!outgoing.payload.to_string().contains("geheim"));
        }
    }
}
