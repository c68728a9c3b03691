//! Services one after the other: booked, moved and called off as one.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AppointmentId, BranchId, Claim, Money, ServiceId, StaffId};

use super::{BookingParty, Requester};
use crate::calendar::Certainty;
use crate::model::{
    Appointment, AppointmentSource, AppointmentStatus, Hold, Note, OwnAppointment, SequenceId, Slot,
    Unavailable,
};
use crate::policy::alternatives::{OfferKind, Wish};
use crate::policy::change::Denial;

/// One service of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartWish {
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody, the person of the part before first.
    pub staff: Option<StaffId>,
}

/// The sequence that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SequenceTarget {
    /// These services in this order, the first beginning at an instant.
    At {
        /// What, in order.
        parts: Vec<PartWish>,
        /// Beginning of the first stay.
        start: DateTime<Utc>,
    },
    /// These slots in this order, as they were offered or held.
    Slots(Vec<Slot>),
}

/// Can these services follow each other from this minute on?
#[derive(Debug, Clone)]
pub struct CheckSequenceRequest {
    /// Where.
    pub branch: BranchId,
    /// What and when.
    pub target: SequenceTarget,
    /// Who asks.
    pub requester: Requester,
    /// Hold all parts for the call if they can.
    pub hold: bool,
}

/// Free slots that follow each other.
pub type Sequence = Vec<Slot>;

/// A whole sequence that can be had; nothing of it is held.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedSequence {
    /// Its slots, in order.
    pub slots: Sequence,
    /// How its beginning relates to what was asked for.
    pub kind: OfferKind,
    /// True if it begins in the wished part of the day; always true for a wish for one minute.
    pub matches_preference: bool,
    /// As far as that of its least certain part: where an outside calendar that has a say in it does not answer, it is free as
    /// far as is known.
    pub certainty: Certainty,
}

/// Which sequences of these services are free around a wish?
#[derive(Debug, Clone)]
pub struct SearchSequencesRequest {
    /// Where.
    pub branch: BranchId,
    /// What, in order.
    pub parts: Vec<PartWish>,
    /// When the first part shall begin.
    pub wish: Wish,
    /// The last date of a wish for several days or for one as a whole, the first of which is that of `wish`. What begins
    /// on these dates in the wished part of the day is found before anything else, and alone if there is any of it.
    /// `None`: a wish for whatever is near.
    pub last_day: Option<NaiveDate>,
    /// Who asks.
    pub requester: Requester,
    /// At most this many; never more than the branch's policy allows.
    pub limit: Option<u32>,
}

/// The answer to a [`SearchSequencesRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct SequencesFound {
    /// What can be had, best first.
    pub sequences: Vec<OfferedSequence>,
    /// True if every beginning that the wish allows was tried, on all of its days: what is not among the sequences then
    /// cannot be had. Always false without a last day.
    pub tried_all: bool,
    /// Why nothing of it can begin on the wished day, whoever has time, if a rule says so.
    pub day: Option<Unavailable>,
}

/// Which sequences of these services are free next?
#[derive(Debug, Clone)]
pub struct NextSequencesRequest {
    /// Where.
    pub branch: BranchId,
    /// What, in order.
    pub parts: Vec<PartWish>,
    /// Not before this instant; `None` is now.
    pub after: Option<DateTime<Utc>>,
    /// Days to look at, bounded as [`super::NextRequest::MAX_SEARCH_DAYS`].
    pub search_days: u32,
    /// Who asks.
    pub requester: Requester,
    /// At most this many; never more than the branch's policy allows.
    pub limit: Option<u32>,
}

/// The answer to a [`NextSequencesRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct NextSequences {
    /// What can be had, in order of time.
    pub sequences: Vec<OfferedSequence>,
    /// The last beginning that was tried, where so many led nowhere that those after it were not tried any more. `None`:
    /// all of the days were looked at as far as it was needed.
    pub tried_until: Option<DateTime<Utc>>,
    /// True if no beginning up to there was given up on before every way was tried.
    pub tried_all: bool,
}

/// The answer to a [`CheckSequenceRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum CheckSequenceOutcome {
    /// They can.
    Free {
        /// The slots, in order.
        slots: Sequence,
        /// The holds, if they were wanted and the caller does not hold too much already: all parts or none.
        holds: Vec<Hold>,
        /// An appointment of the person on the line that overlaps a part.
        existing: Option<OwnAppointment>,
        /// How far the answer can be relied on: as far as that about its least certain part.
        certainty: Certainty,
    },
    /// They cannot.
    Taken {
        /// The part that cannot be had, from 0.
        part: usize,
        /// Why.
        reason: Unavailable,
        /// True if whoever was asked for cannot have it in any way; false where not every way was tried.
        tried_all: bool,
        /// Whole sequences that can be had instead, best first.
        alternatives: Vec<OfferedSequence>,
        /// An appointment of the person on the line that overlaps the time that was asked for.
        existing: Option<OwnAppointment>,
    },
}

type MakeClaim = dyn Fn(&[Appointment]) -> Claim + Send + Sync;

/// Makes the idempotency claim of several appointments from all of them.
#[derive(Clone)]
pub struct ClaimForAll(Arc<MakeClaim>);

impl ClaimForAll {
    /// A claim whose outcome is made from the appointments after the change.
    pub fn new(make: impl Fn(&[Appointment]) -> Claim + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn make(&self, appointments: &[Appointment]) -> Claim {
        (self.0)(appointments)
    }
}

impl fmt::Debug for ClaimForAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimForAll")
    }
}

/// Book them all, or nothing.
#[derive(Debug, Clone)]
pub struct BookSequenceRequest {
    /// Where.
    pub branch: BranchId,
    /// What and when.
    pub target: SequenceTarget,
    /// For whom.
    pub party: BookingParty,
    /// Who asks.
    pub requester: Requester,
    /// Through which door it came.
    pub source: AppointmentSource,
    /// What the caller added; every part gets it.
    pub notes: Option<Note>,
    /// True once the caller knows of their other appointment at that time and wants these as well.
    pub additional: bool,
    /// True once it is known to be for somebody else than the person on the line: then neither what the call has booked
    /// before, nor what whoever speaks has at that time, is this one's.
    pub other_person: bool,
    /// Slots that the call asked for on behalf of others: what it holds for them stays held.
    pub held_for_others: Vec<Slot>,
    /// Claim for repetitions.
    pub claim: Option<ClaimForAll>,
}

/// What came of a [`BookSequenceRequest`].
#[derive(Debug, Clone, PartialEq)]
pub enum BookSequenceOutcome {
    /// Committed, in order.
    Booked(Vec<Appointment>),
    /// The same customer (or the same call) has the first service at that minute already: that appointment, with what
    /// follows it. Nothing was written.
    AlreadyBooked(Vec<Appointment>),
    /// The customer has another appointment at that time. Nothing was written; ask, then repeat with `additional`.
    OwnAppointment {
        /// Which.
        own: OwnAppointment,
        /// Whether all of it could be had beside it; if not, `additional` is of no use.
        is_free: bool,
    },
    /// Not all of it can be had (any more). Nothing was written.
    Gone {
        /// The part that cannot be had, from 0.
        part: usize,
        /// Why.
        reason: Unavailable,
        /// True if whoever was asked for cannot have it in any way; false where not every way was tried.
        tried_all: bool,
        /// Whole sequences that can be had instead, best first.
        alternatives: Vec<OfferedSequence>,
    },
    /// The claim was taken: this request was carried out before.
    Repeated,
}

/// Change a whole sequence: move it, or call it off.
#[derive(Debug, Clone)]
pub struct ChangeSequenceRequest {
    /// Which.
    pub sequence: SequenceId,
    /// Which of its parts; `None`: all that are open. What was moved elsewhere on its own is a visit of its own.
    pub parts: Option<Vec<AppointmentId>>,
    /// Who asks.
    pub requester: Requester,
    /// Why it is called off, in the caller's words.
    pub reason: Option<Note>,
    /// Claim for repetitions.
    pub claim: Option<ClaimForAll>,
    /// The most that the requester has agreed to pay for all of it.
    pub agreed_fee: Option<Money>,
}

/// Where a sequence shall go.
#[derive(Debug, Clone, PartialEq)]
pub enum SequenceMove {
    /// Its first open part begins at this instant, and the others follow.
    At(DateTime<Utc>),
    /// Its open parts take these slots, in order. Where other parts are open by now, they cannot be had.
    To(Sequence),
}

impl SequenceMove {
    /// When the first open part would begin. `None` if no slot is named.
    #[must_use]
    pub fn start(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(start) => Some(*start),
            Self::To(slots) => slots.first().map(|slot| slot.start),
        }
    }
}

/// Everything about a move of a sequence but the move.
#[derive(Debug, Clone, PartialEq)]
pub enum PrepareSequenceOutcome {
    /// It can be moved there.
    Ready {
        /// Every part that is open, in order, as it is.
        parts: Vec<Appointment>,
        /// Where they would go.
        slots: Sequence,
        /// The holds, if there is a caller who does not hold too much already: all parts or none.
        holds: Vec<Hold>,
        /// What it would cost in all.
        fee: Option<Money>,
        /// How far the new slots can be relied on: as far as the least certain of them.
        certainty: Certainty,
    },
    /// It cannot; never [`ChangeSequenceOutcome::Changed`], and nothing was written.
    Not(ChangeSequenceOutcome),
}

/// What came of a change of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeSequenceOutcome {
    /// Committed: every part that was open, in order.
    Changed {
        /// As they were.
        before: Vec<Appointment>,
        /// As they are.
        after: Vec<Appointment>,
    },
    /// Nothing of it is open any more. Nothing was written.
    NotOpen(AppointmentStatus),
    /// It belongs to somebody else.
    NotYours,
    /// It begins at that time already.
    NoChange,
    /// The rules refuse it for a part.
    Denied {
        /// Which of the open parts, from 0.
        part: usize,
        /// Why.
        denial: Denial,
    },
    /// It costs this much in all, and nobody has agreed to as much yet. Nothing was written.
    FeeDue(Money),
    /// The new time cannot be had for all of it. Nothing was written.
    Unavailable {
        /// Which of the open parts cannot be had, from 0.
        part: usize,
        /// Why.
        reason: Unavailable,
        /// Where all of it could go instead, best first.
        alternatives: Vec<OfferedSequence>,
    },
    /// The claim was taken: this request was carried out before.
    Repeated,
}
