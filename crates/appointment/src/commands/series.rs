//! Recurring appointments: looked at first, then booked as one.

use kernel::{BranchId, ServiceId, StaffId};

use super::{BookingParty, ClaimForAll, Requester};
use crate::model::{Appointment, AppointmentSource, Note, OwnAppointment, Slot, Unavailable};
use crate::policy::series::SeriesRule;

/// What would a series find?
#[derive(Debug, Clone)]
pub struct PreviewSeriesRequest {
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody, one and the same where that is possible.
    pub staff: Option<StaffId>,
    /// When.
    pub rule: SeriesRule,
    /// Who asks.
    pub requester: Requester,
}

/// Book the accepted dates, or nothing.
#[derive(Debug, Clone)]
pub struct BookSeriesRequest {
    /// Where.
    pub branch: BranchId,
    /// The slots that were accepted: free ones of the preview, or what was nearest to others.
    pub slots: Vec<Slot>,
    /// For whom.
    pub party: BookingParty,
    /// Who asks.
    pub requester: Requester,
    /// Through which door it came.
    pub source: AppointmentSource,
    /// What was added; every date gets it.
    pub notes: Option<Note>,
    /// True once it is known that the customer has another appointment at one of the times.
    pub additional: bool,
    /// Claim for repetitions.
    pub claim: Option<ClaimForAll>,
}

/// What came of a [`BookSeriesRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum BookSeriesOutcome {
    /// Committed, in order of time.
    Booked(Vec<Appointment>),
    /// The customer has another appointment at one of the times. Nothing was written.
    OwnAppointment(OwnAppointment),
    /// Some cannot be had (any more): which of the slots, from 0 in order of time, and why. Nothing was written.
    Gone(Vec<(usize, Unavailable)>),
    /// The claim was taken: this request was carried out before.
    Repeated,
}
