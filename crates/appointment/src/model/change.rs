//! The history of an appointment: who changed what, when, in which call.

use chrono::{DateTime, Utc};
use kernel::{Actor, AppointmentId, CallId, IdGenerator, Money, StaffId, define_id};
use serde::{Deserialize, Serialize};

use super::appointment::{AppointmentSnapshot, ChangeKind};

define_id!(
    /// One entry of an appointment's history.
    ChangeId,
    "chg"
);

/// What the history remembers of an appointment's state; stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeFacts {
    /// Beginning of the stay.
    pub starts_at: DateTime<Utc>,
    /// End of the stay.
    pub ends_at: DateTime<Utc>,
    /// With whom.
    pub staff: StaffId,
    /// Where it stood, in the words of stores.
    pub status: String,
}

impl ChangeFacts {
    /// The facts of a state.
    #[must_use]
    pub fn of(snapshot: &AppointmentSnapshot) -> Self {
        Self {
            starts_at: snapshot.starts_at,
            ends_at: snapshot.ends_at,
            staff: snapshot.staff,
            status: snapshot.status.as_str().to_owned(),
        }
    }
}

/// Where a part of a visit was before the visit was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceBefore {
    /// The part.
    pub appointment: AppointmentId,
    /// With whom it was.
    pub staff: StaffId,
    /// When it began.
    pub starts_at: DateTime<Utc>,
}

/// One entry of an appointment's history. Entries are added, never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct AppointmentChange {
    /// Which entry.
    pub id: ChangeId,
    /// Of which appointment.
    pub appointment: AppointmentId,
    /// What happened.
    pub kind: ChangeKind,
    /// Who did it.
    pub actor: Actor,
    /// In which call, if any.
    pub call: Option<CallId>,
    /// The state before; `None` when it was booked.
    pub before: Option<ChangeFacts>,
    /// The state after.
    pub after: ChangeFacts,
    /// What the change cost; `None` is nothing.
    pub fee: Option<Money>,
    /// Product time of the change.
    pub at: DateTime<Utc>,
}

impl AppointmentChange {
    /// An entry for the step from `before` to `after`.
    #[must_use]
    pub fn new(
        ids: &dyn IdGenerator,
        kind: ChangeKind,
        before: Option<&AppointmentSnapshot>,
        after: &AppointmentSnapshot,
        by: (Actor, Option<CallId>),
        at: DateTime<Utc>,
    ) -> Self {
        let (actor, call) = by;
        Self {
            id: ChangeId::generate(ids),
            appointment: after.id,
            kind,
            actor,
            call,
            before: before.map(ChangeFacts::of),
            after: ChangeFacts::of(after),
            fee: after.fee,
            at,
        }
    }
}
