//! Recurring appointments: looked at first, then booked as one.

use kernel::{BranchId, CustomerId, ServiceId, StaffId};

use super::{ClaimForAll, Requester};
use crate::model::{Appointment, AppointmentSource, OwnAppointment, SeriesId, Slot, Unavailable};
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
    /// For whom, if that is known already: where the customer is at another appointment, a date cannot be had.
    pub customer: Option<CustomerId>,
    /// Who asks.
    pub requester: Requester,
}

/// Book the accepted dates, or nothing.
#[derive(Debug, Clone)]
pub struct BookSeriesRequest {
    /// The name that it gets. Whoever makes it of what was asked finds by it what a repetition would do again.
    pub series: SeriesId,
    /// Where.
    pub branch: BranchId,
    /// The slots that were accepted: free ones of the preview, or what was nearest to others.
    pub slots: Vec<Slot>,
    /// For whom.
    pub customer: CustomerId,
    /// Who asks.
    pub requester: Requester,
    /// Through which door it came.
    pub source: AppointmentSource,
    /// Claim for repetitions.
    pub claim: Option<ClaimForAll>,
}

/// What came of a [`BookSeriesRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum BookSeriesOutcome {
    /// Committed, in order of time. One that is mirrored in an outside calendar is pending until that agrees.
    Booked(Vec<Appointment>),
    /// The customer has another appointment at one of the times. Nothing was written.
    OwnAppointment(OwnAppointment),
    /// Some cannot be had (any more): which of the slots, from 0 in order of time, and why. Nothing was written.
    Gone(Vec<(usize, Unavailable)>),
    /// The claim was taken: this request was carried out before.
    Repeated,
}
