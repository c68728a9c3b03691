//! Inputs and outcomes of the use cases: validated types, no strings from outside.

mod sequence;
mod series;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, Caller, Claim, CustomerId, Money, PhoneNumber, ServiceId, StaffId,
};

use crate::calendar::Certainty;
use crate::model::{
    Appointment, AppointmentSource, AppointmentStatus, Hold, NewCustomerRow, Note, OwnAppointment, Slot,
    Unavailable,
};
use crate::policy::alternatives::{RankedSlot, Wish};
use crate::policy::change::Denial;
use crate::waiting::OfferId;

pub use sequence::{
    BookSequenceOutcome, BookSequenceRequest, ChangeSequenceOutcome, ChangeSequenceRequest,
    CheckSequenceOutcome, CheckSequenceRequest, ClaimForAll, NextSequences, NextSequencesRequest,
    OfferedSequence, PartWish, PrepareSequenceOutcome, SearchSequencesRequest, Sequence, SequenceMove,
    SequenceTarget, SequencesFound,
};
pub use series::{BookSeriesOutcome, BookSeriesRequest, PreviewSeriesRequest};

/// Minutes after booking in which whoever booked may change it in the same call, known or not.
pub const SAME_CALL_MINUTES: i64 = 30;

/// True if the appointment was made in this call, and not too long ago to be the proof of who is on the line.
#[must_use]
pub fn made_in(appointment: &Appointment, call: CallId, now: DateTime<Utc>) -> bool {
    let made = appointment.snapshot();
    made.call == Some(call)
        && now.signed_duration_since(made.created_at) <= TimeDelta::minutes(SAME_CALL_MINUTES)
}

/// A call and who is on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallContext {
    /// The call.
    pub call: CallId,
    /// What the network says.
    pub caller: Caller,
    /// The customers the caller was identified as by number; empty for strangers and anonymous callers. This is the
    /// caller's proof of identity: appointments of others can neither be cancelled nor moved.
    pub customers: Vec<CustomerId>,
}

/// On whose behalf something is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// Somebody on the telephone.
    Caller(CallContext),
    /// The company itself: its desk or its systems. It may change every appointment of its own.
    Desk,
    /// Somebody of the waiting list who has said yes to this offer: the time that it keeps is theirs.
    Waiting(OfferId),
}

impl Requester {
    /// The call, if there is one.
    #[must_use]
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::Caller(context) => Some(context.call),
            Self::Desk | Self::Waiting(_) => None,
        }
    }

    /// The number, if there is one.
    #[must_use]
    pub const fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Caller(context) => context.caller.number(),
            Self::Desk | Self::Waiting(_) => None,
        }
    }

    /// The offer that is taken, if one is.
    #[must_use]
    pub const fn offer(&self) -> Option<OfferId> {
        match self {
            Self::Waiting(offer) => Some(*offer),
            Self::Caller(_) | Self::Desk => None,
        }
    }

    /// The customers that are on the line.
    #[must_use]
    pub fn customers(&self) -> &[CustomerId] {
        match self {
            Self::Caller(context) => &context.customers,
            Self::Desk | Self::Waiting(_) => &[],
        }
    }

    /// May the requester change this appointment, as far as identity goes? A caller may if it belongs to one of the
    /// identified customers, or was made in this very call within the last [`SAME_CALL_MINUTES`].
    #[must_use]
    pub fn may_touch(&self, appointment: &Appointment, now: DateTime<Utc>) -> bool {
        match self {
            Self::Desk => true,
            Self::Waiting(_) => false,
            Self::Caller(context) => {
                context.customers.contains(&appointment.customer()) || made_in(appointment, context.call, now)
            }
        }
    }
}

/// Makes the idempotency claim from what came out, so that a repetition finds the outcome.
#[derive(Clone)]
pub struct ClaimFor(Arc<dyn Fn(&Appointment) -> Claim + Send + Sync>);

impl ClaimFor {
    /// A claim whose outcome is made from the appointment after the change.
    pub fn new(make: impl Fn(&Appointment) -> Claim + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn make(&self, appointment: &Appointment) -> Claim {
        (self.0)(appointment)
    }
}

impl fmt::Debug for ClaimFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimFor")
    }
}

/// Is this exact minute free?
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// Beginning of the stay.
    pub start: DateTime<Utc>,
    /// Who asks.
    pub requester: Requester,
    /// Hold it for the call if it is free.
    pub hold: bool,
}

/// The answer to a [`CheckRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum CheckOutcome {
    /// It is free.
    Free {
        /// The slot, with the person who was chosen.
        slot: Slot,
        /// The hold, if one was wanted and the caller does not hold too much already.
        hold: Option<Hold>,
        /// An appointment of the person on the line that overlaps it: ask whether to move that one.
        existing: Option<OwnAppointment>,
        /// How far the answer can be relied on.
        certainty: Certainty,
    },
    /// It cannot be had.
    Taken {
        /// Why.
        reason: Unavailable,
        /// What can be had instead: free, different minutes, never the asked one, best first.
        alternatives: Vec<RankedSlot>,
        /// An appointment of the person on the line that overlaps the asked time.
        existing: Option<OwnAppointment>,
    },
}

/// What is free around a wish?
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// Where.
    pub branch: BranchId,
    /// What; when `moving` is set, its service counts instead.
    pub service: ServiceId,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// When about.
    pub wish: Wish,
    /// The last date of a wish for several days or for one as a whole, the first of which is that of `wish`. What begins
    /// on these dates in the wished part of the day is found before anything else, whoever was just offered it. `None`: a
    /// wish for whatever is near.
    pub last_day: Option<NaiveDate>,
    /// The appointment that is to be moved, if any: its length counts and its own time is free.
    pub moving: Option<AppointmentId>,
    /// Who asks.
    pub requester: Requester,
    /// How many; at most the policy's number of alternatives.
    pub limit: Option<u32>,
}

/// The answer to a [`SearchRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOutcome {
    /// Free slots with different minutes, best first.
    pub slots: Vec<RankedSlot>,
    /// Why the wished date itself has nothing, if it is closed, past or too far.
    pub day: Option<Unavailable>,
}

impl SearchOutcome {
    /// True if every slot lies in the wished part of the day.
    #[must_use]
    pub fn all_match(&self) -> bool {
        self.slots.iter().all(|slot| slot.matches_preference)
    }
}

/// What is the next that is free?
#[derive(Debug, Clone)]
pub struct NextRequest {
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// Not before this instant; `None` is now.
    pub after: Option<DateTime<Utc>>,
    /// How many dates to look at; 1 to [`NextRequest::MAX_SEARCH_DAYS`].
    pub search_days: u32,
    /// Who asks.
    pub requester: Requester,
    /// How many; at most the policy's number of alternatives.
    pub limit: Option<u32>,
}

impl NextRequest {
    /// Longest search ahead, in days; the product's widest horizon by default.
    pub const MAX_SEARCH_DAYS: u32 = 90;
}

/// The time that shall be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookTarget {
    /// A slot that was offered or held; a hold of the call for it is used up.
    Slot(Slot),
    /// A service at an instant, with somebody or anybody.
    At {
        /// What.
        service: ServiceId,
        /// With whom; `None` is anybody.
        staff: Option<StaffId>,
        /// Beginning of the stay.
        start: DateTime<Utc>,
    },
}

impl BookTarget {
    pub(crate) const fn parts(&self) -> (ServiceId, Option<StaffId>, DateTime<Utc>) {
        match self {
            Self::Slot(slot) => (slot.service, Some(slot.staff), slot.start),
            Self::At { service, staff, start } => (*service, *staff, *start),
        }
    }
}

/// For whom it is booked.
#[derive(Debug, Clone, PartialEq)]
pub enum BookingParty {
    /// Somebody the company knows.
    Existing(CustomerId),
    /// Somebody new, stored in the same transaction.
    New(NewCustomerRow),
}

impl BookingParty {
    /// The customer's id.
    #[must_use]
    pub const fn customer(&self) -> CustomerId {
        match self {
            Self::Existing(id) => *id,
            Self::New(row) => row.id,
        }
    }
}

/// Book it.
#[derive(Debug, Clone)]
pub struct BookRequest {
    /// Where.
    pub branch: BranchId,
    /// What and when.
    pub target: BookTarget,
    /// For whom.
    pub party: BookingParty,
    /// Who asks.
    pub requester: Requester,
    /// Through which door it came.
    pub source: AppointmentSource,
    /// What the caller added.
    pub notes: Option<Note>,
    /// True once the caller knows of their other appointment at that time and wants this one as well.
    pub additional: bool,
    /// True once it is known to be for somebody else than the person on the line: then neither what the call has booked
    /// before, nor what whoever speaks has at that time, is this one's.
    pub other_person: bool,
    /// Slots that the call asked for on behalf of others: what it holds for them stays held.
    pub held_for_others: Vec<Slot>,
    /// Claim for repetitions.
    pub claim: Option<ClaimFor>,
}

/// What came of a [`BookRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum BookOutcome {
    /// Committed.
    Booked(Appointment),
    /// The same customer (or the same call) has the same service at the same minute already. Nothing was written.
    AlreadyBooked(Appointment),
    /// The customer has another appointment at that time. Nothing was written; ask, then repeat with `additional`.
    OwnAppointment {
        /// Which.
        own: OwnAppointment,
        /// Whether what was asked for could be had beside it; if not, `additional` is of no use.
        is_free: bool,
    },
    /// It cannot be had (any more). Nothing was written.
    SlotGone {
        /// Why.
        reason: Unavailable,
        /// What can be had instead.
        alternatives: Vec<RankedSlot>,
    },
    /// The claim was taken: this request was carried out before, its outcome is stored with the claim.
    Repeated,
}

/// Move an appointment, or prepare it.
#[derive(Debug, Clone)]
pub struct MoveRequest {
    /// Which.
    pub appointment: AppointmentId,
    /// New beginning of the stay.
    pub start: DateTime<Utc>,
    /// With whom; `None` is the same person if free, else anybody.
    pub staff: Option<StaffId>,
    /// Who asks.
    pub requester: Requester,
    /// Claim for repetitions; only moving itself uses it.
    pub claim: Option<ClaimFor>,
    /// The most that the requester has agreed to pay for it; only moving itself uses it.
    pub agreed_fee: Option<Money>,
}

/// What came of preparing a move. Nothing but a hold was written.
#[derive(Debug, Clone, PartialEq)]
pub enum PrepareOutcome {
    /// It can be moved; ask for confirmation.
    Ready {
        /// The appointment as it is.
        appointment: Appointment,
        /// The new slot.
        slot: Slot,
        /// The hold on it, if the caller does not hold too much already.
        hold: Option<Hold>,
        /// What the move would cost now; `None` is nothing.
        fee: Option<Money>,
        /// How far the new slot can be relied on.
        certainty: Certainty,
    },
    /// It cannot.
    Not(MoveRefusal),
}

/// What came of a move.
#[derive(Debug, Clone, PartialEq)]
pub enum MoveOutcome {
    /// Committed.
    Moved {
        /// The appointment as it was.
        before: Appointment,
        /// The appointment as it is.
        after: Appointment,
    },
    /// Nothing was written.
    Not(MoveRefusal),
    /// The claim was taken: this request was carried out before.
    Repeated,
}

/// Why an appointment was not moved.
#[derive(Debug, Clone, PartialEq)]
pub enum MoveRefusal {
    /// It belongs to somebody else.
    NotYours,
    /// It is over or called off.
    NotOpen(AppointmentStatus),
    /// The rules refuse it.
    Denied(Denial),
    /// It costs this much, and nobody has agreed to as much yet.
    FeeDue(Money),
    /// It is at that time already.
    NoChange(Appointment),
    /// The new time cannot be had.
    Unavailable {
        /// Why.
        reason: Unavailable,
        /// What can be had instead.
        alternatives: Vec<RankedSlot>,
    },
}

/// Call an appointment off.
#[derive(Debug, Clone)]
pub struct CancelRequest {
    /// Which.
    pub appointment: AppointmentId,
    /// Why, in the caller's words.
    pub reason: Option<Note>,
    /// Who asks.
    pub requester: Requester,
    /// Claim for repetitions.
    pub claim: Option<ClaimFor>,
    /// The most that the requester has agreed to pay for it.
    pub agreed_fee: Option<Money>,
}

/// What came of a [`CancelRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum CancelOutcome {
    /// Committed; its time is free.
    Cancelled(Appointment),
    /// It had been called off before.
    AlreadyCancelled(Appointment),
    /// It belongs to somebody else.
    NotYours,
    /// It is over.
    NotOpen(AppointmentStatus),
    /// The rules refuse it.
    Denied(Denial),
    /// It costs this much, and nobody has agreed to as much yet. Nothing was written.
    FeeDue {
        /// The appointment as it is.
        appointment: Appointment,
        /// The fee.
        fee: Money,
    },
    /// The claim was taken: this request was carried out before.
    Repeated,
}
