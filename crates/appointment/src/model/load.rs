//! What is taken: the question to the store about occupied time, and its answer.

use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, CallId, CustomerId, PhoneNumber, ServiceId, StaffId};

use super::facility::FacilityId;
use super::hold::HoldSnapshot;
use super::span::Span;
use crate::waiting::OfferId;

/// Everything a decision about some days needs, asked in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayQuery {
    /// Whose catalogue version is wanted.
    pub branch: BranchId,
    /// Whose time is wanted. Empty: nobody's.
    pub staff: Vec<StaffId>,
    /// Whose time is wanted besides: rooms, places and devices. Empty for nearly everybody.
    pub facilities: Vec<FacilityId>,
    /// Beginning of the stretch of interest.
    pub from: DateTime<Utc>,
    /// End of the stretch of interest.
    pub until: DateTime<Utc>,
    /// An appointment whose own time shall not count, because it is to be moved.
    pub exclude: Option<AppointmentId>,
    /// The call for which the question is asked: its appointments and live holds come along.
    pub for_call: Option<CallId>,
    /// The caller's number: live holds of other calls from it come along.
    pub for_number: Option<PhoneNumber>,
    /// Customers whose own open appointments in the stretch come along.
    pub customers: Vec<CustomerId>,
    /// What is wanted besides if a wish cannot be met.
    pub further: Option<Further>,
}

/// A longer stretch, for when nobody has time for a wish: what is offered instead is looked for there, and whoever asks
/// once has both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    /// Who could meet the wish; some of the people asked for.
    pub staff: Vec<StaffId>,
    /// The time that one of them would need.
    pub span: Span,
    /// End of the longer stretch.
    pub until: DateTime<Utc>,
}

/// The state of the days asked for, as of one instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DayLoad {
    /// The catalogue's version at that instant; another one than expected means: reload the catalogue.
    pub catalogue_version: i64,
    /// Occupied time of the people asked for that overlaps the stretch, in any order, without expired holds and
    /// without the excluded appointment. Holds of the asking call are included; the algebra ignores them.
    pub busy: Vec<BusySpan>,
    /// The same for the facilities asked for.
    pub facilities: Vec<FacilityBusy>,
    /// Open appointments (pending, confirmed, needs attention) that overlap the stretch, of the customers asked for or
    /// made in the asking call, at whichever branch; the excluded one is left out.
    pub own: Vec<OwnAppointment>,
    /// Live holds of the asking call or of the asking number, whatever their time, oldest first.
    pub holds: Vec<HoldSnapshot>,
    /// Everybody of [`DayQuery::further`] is occupied at some time within its span, by whatever counts here, so this is
    /// the load of the longer stretch.
    pub is_further: bool,
}

/// What occupies a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BusyKind {
    /// An appointment.
    Appointment(AppointmentId),
    /// A hold of this call.
    Hold(CallId),
    /// An offer of the waiting list.
    Offer(OfferId),
}

/// Occupied time of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BusySpan {
    /// Whose time.
    pub staff: StaffId,
    /// Beginning.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// What occupies it.
    pub kind: BusyKind,
    /// For holds and offers: from then on it counts no more.
    pub expires_at: Option<DateTime<Utc>>,
}

impl BusySpan {
    /// Its time.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// Occupied time of one facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FacilityBusy {
    /// Whose time.
    pub facility: FacilityId,
    /// Beginning.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// What occupies it.
    pub kind: BusyKind,
    /// For holds and offers: from then on it counts no more.
    pub expires_at: Option<DateTime<Utc>>,
}

impl FacilityBusy {
    /// Its time.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// An appointment of the person on the line, as far as a check needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnAppointment {
    /// Which appointment.
    pub id: AppointmentId,
    /// For whom.
    pub customer: CustomerId,
    /// The call in which it was made, if any.
    pub call: Option<CallId>,
    /// Where; not necessarily the branch that was asked about.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// Beginning of the stay.
    pub starts_at: DateTime<Utc>,
    /// End of the stay.
    pub ends_at: DateTime<Utc>,
}

impl OwnAppointment {
    /// The customer's stay.
    #[must_use]
    pub const fn stay(&self) -> Span {
        Span::new(self.starts_at, self.ends_at)
    }
}
