//! Holds: time that is kept for one call while the caller thinks.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, BranchId, CallId, PhoneNumber, ServiceId, StaffId, define_id};

use super::facility::FacilityUse;
use super::slot::Slot;
use super::span::Span;

define_id!(
    /// One hold.
    HoldId,
    "hld"
);

/// A hold as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldSnapshot {
    /// Which hold.
    pub id: HoldId,
    /// Where.
    pub branch: BranchId,
    /// The call that owns it; it blocks everybody else.
    pub call: CallId,
    /// The caller's number, for the limit per number; `None` for anonymous callers.
    pub caller_number: Option<PhoneNumber>,
    /// For which service.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// Beginning of the customer's stay.
    pub starts_at: DateTime<Utc>,
    /// End of the customer's stay.
    pub ends_at: DateTime<Utc>,
    /// The person's time that is kept. When an appointment is to be moved, what it occupies already is left out.
    pub spans: Vec<Span>,
    /// The time of facilities that is kept, by facility; with the same exception.
    pub uses: Vec<FacilityUse>,
    /// The appointment that is to be moved to this time, if any.
    pub moves: Option<AppointmentId>,
    /// From this instant of product time on it blocks nobody.
    pub expires_at: DateTime<Utc>,
    /// When it was claimed.
    pub created_at: DateTime<Utc>,
}

/// A hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    snapshot: HoldSnapshot,
}

impl Hold {
    /// Brings a stored hold back.
    #[must_use]
    pub const fn restore(snapshot: HoldSnapshot) -> Self {
        Self { snapshot }
    }

    /// The plain data.
    #[must_use]
    pub const fn snapshot(&self) -> &HoldSnapshot {
        &self.snapshot
    }

    /// Which hold.
    #[must_use]
    pub const fn id(&self) -> HoldId {
        self.snapshot.id
    }

    /// When it ends by itself.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.snapshot.expires_at
    }

    /// The slot that it keeps.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        Slot {
            service: self.snapshot.service,
            staff: self.snapshot.staff,
            start: self.snapshot.starts_at,
            end: self.snapshot.ends_at,
        }
    }

    /// True while it blocks others.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.snapshot.expires_at
    }

    /// The new end of its life, if activity of the call at `now` should renew it.
    ///
    /// Renewing is a write; it happens only once half of the life is over, so that a chatty call does not write at
    /// every word.
    #[must_use]
    pub fn renewal(&self, now: DateTime<Utc>, life: TimeDelta) -> Option<DateTime<Utc>> {
        let left = self.snapshot.expires_at.signed_duration_since(now);
        (self.is_live(now) && left < life / 2).then(|| now.checked_add_signed(life))?
    }
}
