//! What the desk needs besides the domains' own ports.

use std::time::Duration;

use appointment::calendar::RefusalReason;
use appointment::model::{DateRange, SequenceId, Slot};
use appointment::policy::change::ChangeAct;
use async_trait::async_trait;
use call::ToolUse;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    AppointmentId, CallId, CustomerId, IdempotencyKey, Money, PhoneNumber, RequestHash, ServiceId, StaffId,
    StoreError, TenantScope,
};
use serde_json::Value;

use crate::for_whom::{AskedWhom, ForWhom, NamedTime};
use crate::told::Told;
use crate::unfinished::{Matter, Unfinished};
use crate::unmet::Unmet;

/// A stored outcome: what an earlier run of the same request did.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOutcome {
    /// What was asked then.
    pub request: RequestHash,
    /// What came of it.
    pub outcome: Value,
}

/// Port: outcomes of effects, written by the change sets that had them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OutcomeStore: Send + Sync {
    /// The outcome under this key. `None`: no effect with this key was committed.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn find(
        &self,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Option<StoredOutcome>, StoreError>;
}

/// A question that a yes answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Shall this slot be booked?
    Book(Slot),
    /// Shall this slot be booked beside the caller's own appointment at that time?
    BookBeside(Slot),
    /// Shall this appointment be moved there?
    Move(AppointmentId, Slot),
    /// Shall these slots be booked one after the other, all of them or nothing?
    BookAll {
        /// In order.
        slots: Vec<Slot>,
        /// Beside an appointment that the caller has at that time.
        beside: bool,
    },
    /// Shall the open parts of this sequence be moved there, all of them or nothing?
    MoveAll(SequenceId, Vec<Slot>),
    /// Shall this appointment be called off?
    Cancel {
        /// Which, or the first of a visit.
        appointment: AppointmentId,
        /// With all that is open of its visit.
        of_all: bool,
    },
}

/// What a yes of the caller would mean now: it answers the last question of the call and no older one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LastQuestion {
    /// Nothing is known to have been asked.
    #[default]
    Unknown,
    /// This was asked, and nothing was said or done since that would be another matter.
    Open(Question),
    /// It was answered: this appointment was booked or moved, with all of its sequence if it is part of one. A repeated
    /// yes means it again and does nothing.
    Answered(AppointmentId),
    /// Something else was asked, done or given up since: a yes means nothing that is certain.
    Closed,
}

/// What a call had said before its last invocation that did nothing. The provider may repeat that very invocation: the
/// repetition finds what the first one found, and so is no answer to what that has asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The key of the invocation.
    pub by: IdempotencyKey,
    /// The notes as it found them, without such notes of their own.
    pub notes: CallNotes,
}

/// What a change of an appointment costs, as the caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldFee {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// What would be done to it.
    pub act: ChangeAct,
    /// The fee.
    pub fee: Money,
    /// Whether it is for all of a visit that begins with this appointment; else for the appointment alone.
    pub of_all: bool,
}

/// A time that a caller wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishedTime {
    /// The days, by the branch's calendar.
    pub days: DateRange,
    /// First and last minute of each day at which the visit may begin: one and the same if a minute was wished for,
    /// `None` if any will do.
    pub hours: Option<(u16, u16)>,
}

/// What a call has said so far. Convenience, never truth: losing it costs one question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallNotes {
    /// The service the caller named last.
    pub service: Option<ServiceId>,
    /// The services that shall follow it in the same visit, in order.
    pub then: Vec<ServiceId>,
    /// The person the caller wished for.
    pub staff: Option<StaffId>,
    /// The day the caller spoke of last, by the branch's calendar.
    pub day: Option<NaiveDate>,
    /// The time the caller wished for last in words; a time that was offered instead is none.
    pub wished: Option<WishedTime>,
    /// The time that was refused last. Asking for it again is a repetition, not a mix-up with what was offered.
    pub refused: Option<DateTime<Utc>>,
    /// For whom times are asked since the last booking.
    pub for_whom: ForWhom,
    /// The customers for whom the call has booked as for another person: they are not who calls.
    pub booked_for_others: Vec<CustomerId>,
    /// The times of which it was said for whom they are, the last one last; [`NamedTime::MOST`] at most.
    pub named_times: Vec<NamedTime>,
    /// What the caller was asked to confirm last, and whether that still waits for its answer.
    pub asked: LastQuestion,
    /// The times that a tool that was to act has asked about, as long as nothing else was asked since.
    pub asked_back: Vec<DateTime<Utc>>,
    /// Whether something may be held for this call.
    pub may_hold: bool,
    /// The fee that the caller was told last. A yes agrees to no other.
    pub told_fee: Option<ToldFee>,
    /// The appointments that were cancelled in this call, the last one last; [`Self::CANCELLED`] at most.
    pub cancelled: Vec<AppointmentId>,
    /// A cancellation was what the call asked for last, whatever came of it: then a yes that names nothing is no wish to call off
    /// another appointment.
    pub cancel_was_last: bool,
    /// The alternatives that were offered last, in their order, so that "den zweiten" has a meaning.
    pub offered: Vec<Slot>,
    /// The same where whole sequences were offered. One of the two is empty.
    pub offered_all: Vec<Vec<Slot>>,
    /// What a tool was told that had to ask for more.
    pub unfinished: Option<Unfinished>,
    /// The appointment that shall be moved and has no new time yet, and whether with all of its visit: the time that is named
    /// or chosen next is where to.
    pub moving: Option<(AppointmentId, bool)>,
    /// What could not be had last, as long as nothing else was asked since.
    pub unmet: Option<Unmet>,
    /// What the last invocation found, if it did nothing.
    pub before: Option<Box<Before>>,
    /// When the notes were taken, in product time. Where several gateways serve one call, what is held for it may be
    /// younger.
    pub noted_at: Option<DateTime<Utc>>,
}

impl Question {
    /// The slots that it is about, in order; none, where no time is asked about.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        match self {
            Self::Book(slot) | Self::BookBeside(slot) | Self::Move(_, slot) => std::slice::from_ref(slot),
            Self::BookAll { slots, .. } | Self::MoveAll(_, slots) => slots,
            Self::Cancel { .. } => &[],
        }
    }

    /// Whether it is about something new, and not about moving what there is.
    pub(crate) const fn is_of_booking(&self) -> bool {
        matches!(self, Self::Book(_) | Self::BookBeside(_) | Self::BookAll { .. })
    }

    /// When it would begin. `None` for no slot at all.
    #[must_use]
    pub fn start(&self) -> Option<DateTime<Utc>> {
        self.slots().first().map(|slot| slot.start)
    }
}

impl CallNotes {
    /// More than these a call does not call off one by one; the oldest is forgotten.
    pub const CANCELLED: usize = 10;

    /// The same once this appointment was cancelled.
    pub(crate) fn cancelling(self, appointment: AppointmentId) -> Self {
        let mut notes = self.offering(Vec::new());
        notes.cancelled.push(appointment);
        let too_many = notes.cancelled.len().saturating_sub(Self::CANCELLED);
        notes.cancelled.drain(..too_many);
        Self { told_fee: None, cancel_was_last: true, wished: None, ..notes }
    }

    /// The same once this was asked.
    pub(crate) fn asking(self, question: Question) -> Self {
        // Who looks at one of what was offered may still take another one.
        let is_offered = |offered: &[Slot]| !offered.is_empty() && question.slots() == offered;
        let kept = self.offered.iter().any(|slot| is_offered(std::slice::from_ref(slot)))
            || self.offered_all.iter().any(|slots| is_offered(slots));
        let mut notes = if kept { self } else { self.offering_nothing() };
        if question.is_of_booking() {
            notes.name_time(question.slots());
        } else {
            notes.for_whom = notes.for_whom.unasked();
        }
        notes.moving = None;
        Self {
            asked: LastQuestion::Open(question),
            asked_back: Vec::new(),
            cancel_was_last: false,
            may_hold: true,
            ..notes
        }
    }

    fn name_time(&mut self, slots: &[Slot]) {
        let whom = &self.for_whom;
        let is_told = if whom.says_nothing() { !whom.told.is_nothing() } else { whom.is_of_last };
        if !is_told || whom.asked != AskedWhom::Nothing {
            return;
        }
        // What was told of the same person before stays told.
        let before = self.named_times.iter().rev().find(|named| named.for_whom.is_one_with(whom));
        if let Some(before) = before {
            let told = before.for_whom.told.then(&whom.told);
            self.for_whom.told = told;
        }
        let whom = &self.for_whom;
        self.named_times.retain(|named| named.slots != slots);
        self.named_times.push(NamedTime { slots: slots.to_vec(), for_whom: whom.clone() });
        let too_many = self.named_times.len().saturating_sub(NamedTime::MOST);
        self.named_times.drain(..too_many);
    }

    /// What was said of whom these slots are for, or what begins then if nothing else does.
    pub(crate) fn named_at(&self, slots: &[Slot], start: DateTime<Utc>) -> Option<&ForWhom> {
        if !slots.is_empty() {
            let named = self.named_times.iter().find(|named| named.slots == slots);
            return named.map(|named| &named.for_whom);
        }
        let mut then = self.named_times.iter().filter(|named| named.start() == Some(start));
        match (then.next(), then.next()) {
            (Some(only), None) => Some(&only.for_whom),
            _ => None,
        }
    }

    /// The slots that were asked for somebody else.
    pub(crate) fn asked_for_others(&self, whom: &ForWhom) -> Vec<Slot> {
        let others = self.named_times.iter().filter(|named| named.is_anothers(whom));
        others.flat_map(|named| named.slots.iter().copied()).collect()
    }

    /// The same once this appointment was booked for whom the notes say: the other times that were asked for them are given back.
    pub(crate) fn booked(mut self, appointment: AppointmentId, customer: CustomerId) -> Self {
        let whom = std::mem::take(&mut self.for_whom);
        if whom.other_person == Some(true) && !self.booked_for_others.contains(&customer) {
            self.booked_for_others.push(customer);
        }
        self.named_times.retain(|named| named.is_anothers(&whom));
        // Under whatever number the caller can be reached, that is the one.
        let phone = whom.told.phone;
        let notes = self.answered(appointment);
        let for_whom = ForWhom::default().telling(Told { phone, ..Told::default() });
        Self { for_whom, ..notes }
    }

    /// The same once these slots were given back; all of them, if none are named.
    pub(crate) fn without_times(mut self, slots: Option<&[Slot]>) -> Self {
        let is_given_back = |slot: &Slot| slots.is_none_or(|slots| slots.contains(slot));
        self.named_times.retain(|named| !named.slots.iter().any(is_given_back));
        self
    }

    /// The same once this time was wished for. Hours stand for the same days until other ones are said.
    pub(crate) fn wishing(self, wished: WishedTime, says_hours: bool) -> Self {
        let known = self.wished.filter(|known| known.days == wished.days && !says_hours);
        Self { wished: Some(known.unwrap_or(wished)), ..self }
    }

    /// What was said of where this move shall go.
    pub(crate) fn wished_for(&self, moving: (AppointmentId, bool)) -> Option<WishedTime> {
        self.wished.filter(|_| self.moving == Some(moving))
    }

    /// The same once these times were offered: which of them, is another question than any before.
    pub(crate) fn offering(self, offered: Vec<Slot>) -> Self {
        Self { offered, moving: None, ..self.closed().offering_nothing() }
    }

    /// The same once these sequences were offered.
    pub(crate) fn offering_all(self, offered_all: Vec<Vec<Slot>>) -> Self {
        Self { offered_all, moving: None, ..self.closed().offering_nothing() }
    }

    /// The same once this appointment was booked or moved.
    pub(crate) fn answered(self, appointment: AppointmentId) -> Self {
        let asked = LastQuestion::Answered(appointment);
        Self {
            asked,
            asked_back: Vec::new(),
            cancel_was_last: false,
            moving: None,
            wished: None,
            for_whom: ForWhom::default(),
            ..self.offering_nothing()
        }
    }

    fn offering_nothing(self) -> Self {
        Self { offered: Vec::new(), offered_all: Vec::new(), ..self }
    }

    /// The same once the call has gone on to something else.
    pub(crate) fn closed(self) -> Self {
        Self { asked: LastQuestion::Closed, asked_back: Vec::new(), cancel_was_last: false, ..self }
    }

    /// Whether this is what waits for a yes.
    pub(crate) fn is_asking(&self, question: Option<&Question>) -> bool {
        matches!(&self.asked, LastQuestion::Open(asked) if Some(asked) == question)
    }

    /// The beginnings of what was offered, in their order.
    pub(crate) fn offered_starts(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let firsts = self.offered_all.iter().filter_map(|slots| slots.first());
        self.offered.iter().chain(firsts).map(|slot| slot.start)
    }

    /// The same as long as nothing is asked: then the question outweighs what else was offered.
    pub(crate) fn open_offers(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let is_open = matches!(self.asked, LastQuestion::Open(_));
        self.offered_starts().filter(move |_| !is_open)
    }

    /// Whether a time was to be looked at or booked, and something of it was missing.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.unfinished.as_ref().is_some_and(|unfinished| unfinished.matter == Matter::New)
    }

    /// Whether this time is one of those that were offered or asked about last.
    pub(crate) fn is_of_last_offers(&self, start: DateTime<Utc>) -> bool {
        self.was_asked_back(start) || self.open_offers().any(|offered| offered == start)
    }

    /// Whether the tool that was to act has asked about this time before; whoever has been asked means what is said next.
    pub(crate) fn was_asked_back(&self, start: DateTime<Utc>) -> bool {
        self.asked_back.contains(&start)
    }

    /// The fee that the caller knows of for this act on this appointment alone.
    pub(crate) fn agreed_fee(&self, appointment: AppointmentId, act: ChangeAct) -> Option<Money> {
        let told = self.told_fee.filter(|told| !told.of_all && told.act == act)?;
        (told.appointment == appointment).then_some(told.fee)
    }

    /// The same for all of the visit that begins with this appointment. What was told of one part is no fee for all.
    pub(crate) fn agreed_fee_of_all(&self, first: AppointmentId, act: ChangeAct) -> Option<Money> {
        let told = self.told_fee.filter(|told| told.of_all && told.act == act)?;
        (told.appointment == first).then_some(told.fee)
    }
}

/// Port: notes of ongoing calls, kept for half an hour after the last use. It cannot fail: without its memory an
/// implementation knows nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallMemory: Send + Sync {
    /// The notes of a call; empty if there are none.
    async fn recall(&self, scope: &TenantScope, call: CallId) -> CallNotes;

    /// Replaces the notes of a call.
    async fn remember(&self, scope: &TenantScope, call: CallId, notes: CallNotes);
}

/// Where an appointment and its copy in an outside calendar stand, as far as a caller can wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Both sides agree, or there is no copy to keep.
    Agreed,
    /// The outside calendar does not take it. How the appointment stands now has to be read: it was withdrawn, is back
    /// where it was, or stays, and a person looks at it.
    Refused(RefusalReason),
    /// Not known yet. The work goes on; if it fails, a person will tell the customer.
    Open,
}

/// Port: brings copies up to date while the caller waits: of one appointment, or of all parts of one visit. It takes no
/// longer than a caller can wait, and cannot fail: what is not known of all of them in time is [`Settlement::Open`]. If
/// one that is new is refused for its time, none of the visit stands.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CopySettler: Send + Sync {
    /// Tries now.
    async fn settle(&self, scope: &TenantScope, visit: &[AppointmentId]) -> Settlement;
}

/// Port: how often a number has named appointments that are not its own. Guessing ids must not pay. It counts in real
/// time and cannot fail: without its memory an implementation knows of no attempt.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FailedIdentifications: Send + Sync {
    /// Takes one attempt, before anything is looked at. `None` if it may be made, else how long the number has to wait.
    /// Asking and counting are one step: of a crowd, no more than allowed may try.
    async fn take(&self, scope: &TenantScope, number: &PhoneNumber) -> Option<Duration>;

    /// Gives an attempt back that did not fail.
    async fn give_back(&self, scope: &TenantScope, number: &PhoneNumber);
}

/// Port: where uses of tools go, off the caller's time. It takes what it is given and returns at once; what it cannot
/// take it counts.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait TraceSink: Send + Sync {
    /// Hands over one use.
    fn submit(&self, scope: &TenantScope, tool_use: ToolUse);
}
