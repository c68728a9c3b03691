//! What a call has done: read from the histories of the appointments that it touched.
//!
//! An entry is committed together with what it tells of, and names its call. So nothing that a call did is missing, and what
//! became of it later is told apart from what was so when the caller hung up.

use appointment::model::{AppointmentStatus, ChangeFacts, ChangeKind};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{AppointmentId, StaffId};

use super::claims::When;

/// In which call an entry came about, as one call sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whence {
    /// In that call.
    ThisCall,
    /// In another one.
    AnotherCall,
    /// In none: the outside calendar, the staff.
    NoCall,
}

/// One entry of an appointment's history, as one call sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub kind: ChangeKind,
    /// In which call it happened.
    pub whence: Whence,
    /// The state before; `None` when it was booked.
    pub before: Option<ChangeFacts>,
    /// The state after.
    pub after: ChangeFacts,
    /// Product time.
    pub at: DateTime<Utc>,
}

impl Entry {
    /// Whether that call has booked it.
    fn is_made_here(&self) -> bool {
        self.kind == ChangeKind::Booked && self.whence == Whence::ThisCall
    }
}

/// An appointment that a call has done something to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where it takes place.
    pub timezone: Tz,
    /// Where it stands now.
    pub status: AppointmentStatus,
    /// Whether the last that a person was asked about it is that the outside calendar refuses it.
    pub is_refused: bool,
    /// Its whole history, oldest first.
    pub history: Vec<Entry>,
}

/// How a call left an appointment.
#[derive(Debug, Clone)]
pub(super) struct Left {
    /// Which one.
    pub(super) appointment: AppointmentId,
    /// The call has booked it, and it stood, if only for a while.
    pub(super) is_booked: bool,
    /// The call has moved it, and it was not put back.
    pub(super) is_moved: bool,
    /// The last of its moves led where it was before the call.
    pub(super) is_back: bool,
    /// When the call has called it off.
    pub(super) cancelled_at: Option<DateTime<Utc>>,
    /// Others have, before the call was over, what stood until then.
    pub(super) is_called_off_by_others: bool,
    /// The outside calendar had yet to agree to it, or did not.
    pub(super) is_waiting: bool,
    /// What was done to it last, by whomever.
    pub(super) last: ChangeKind,
    /// When it was to be.
    pub(super) when: When,
    /// The same, and with whom, as it is stored.
    pub(super) facts: ChangeFacts,
    /// What the call booked or moved last, and was not put back: when it did so, which is the same for all of a visit, and to
    /// when.
    pub(super) own: Option<(DateTime<Utc>, When)>,
    /// With whom it was to be, whenever.
    pub(super) people: Vec<StaffId>,
    /// Each time that it was to be at, the last of them too: whoever speaks of its end may mean any.
    pub(super) times: Vec<When>,
}

impl Left {
    /// Whether the call has called it off.
    pub(super) const fn is_cancelled(&self) -> bool {
        self.cancelled_at.is_some()
    }

    /// Whether anybody has: nobody needs its time any more.
    pub(super) const fn is_gone(&self) -> bool {
        self.is_cancelled() || self.is_called_off_by_others
    }

    /// Whether this may name a time at which it was, or was to be.
    pub(super) fn was_ever_at(&self, said: When) -> bool {
        self.times.iter().any(|when| !when.differs_from(said))
    }

    /// Whether it may be meant by what is said to be done. What is gone is meant only by one of its own times: of what stands,
    /// another time is found by itself.
    pub(super) fn may_be_meant(&self, said: Option<When>) -> bool {
        !self.is_gone() || said.is_none_or(|said| self.was_ever_at(said))
    }
}

const fn place(facts: &ChangeFacts) -> (DateTime<Utc>, StaffId) {
    (facts.starts_at, facts.staff)
}

/// Whether it stood for certain before.
fn is_firm(entry: &Entry) -> bool {
    entry.before.as_ref().is_some_and(|before| before.status == AppointmentStatus::Confirmed.as_str())
}

impl Touched {
    /// How it was left when the call ended. What was done to it later, or in another call meanwhile, is as if it had not
    /// happened; without an end, nothing is later. `None`: it has no history.
    pub(super) fn left_by(&self, began: Option<DateTime<Utc>>, ended: Option<DateTime<Utc>>) -> Option<Left> {
        let is_in_time = |entry: &&Entry| match entry.whence {
            Whence::ThisCall => true,
            Whence::AnotherCall => false,
            Whence::NoCall => ended.is_none_or(|ended| entry.at <= ended),
        };
        let (mut is_booked, mut is_moved, mut cancelled_at) = (false, false, None);
        let mut moved_from = Vec::new();
        let mut own: Vec<&Entry> = Vec::new();
        for entry in self.history.iter().filter(is_in_time) {
            match (entry.kind, entry.whence == Whence::ThisCall) {
                (ChangeKind::Booked, true) => {
                    is_booked = true;
                    own.push(entry);
                }
                (ChangeKind::Moved, true) => {
                    moved_from.extend(entry.before.as_ref().map(place));
                    is_moved = true;
                    own.push(entry);
                }
                (ChangeKind::Cancelled, true) => cancelled_at = Some(entry.at),
                // It is where it was, whichever of several moves was not taken.
                (ChangeKind::Moved, false) if moved_from.contains(&place(&entry.after)) => {
                    while own.pop_if(|own| place(&own.after) != place(&entry.after)).is_some() {}
                    is_moved = own.last().is_some_and(|own| own.kind == ChangeKind::Moved);
                }
                // That it stands was no false word while it did. What never stood was not booked.
                (ChangeKind::Cancelled, false) if is_firm(entry) => {}
                (ChangeKind::Cancelled, false) => (is_booked, is_moved) = (false, false),
                (ChangeKind::Booked | ChangeKind::Moved, false) => {}
            }
        }
        let at_last = self.history.iter().rposition(|entry| is_in_time(&entry))?;
        let last = &self.history[at_last];
        // Agreeing is no entry: where nothing was changed since, it stands as it did.
        let status = self
            .history
            .get(at_last + 1)
            .and_then(|next| next.before.as_ref())
            .map_or(self.status.as_str(), |before| before.status.as_str());
        // Only a refusal means that there was no agreement; anything else is asked about what the calendar had.
        let is_disputed = status == AppointmentStatus::NeedsAttention.as_str();
        let local = |at: DateTime<Utc>| at.with_timezone(&self.timezone).naive_local();
        // "Morgen" is said on the day of the call.
        let named = |facts: &ChangeFacts| match began.or(ended) {
            Some(at) => When::seen_from(local(facts.starts_at), local(at).date()),
            None => When::of(local(facts.starts_at)),
        };
        let when = |entry: &Entry| named(&entry.after);
        let known = self.history.iter().filter(is_in_time);
        let is_made_here = self.history.iter().any(Entry::is_made_here);
        let states: Vec<_> = known.flat_map(|entry| entry.before.iter().chain([&entry.after])).collect();
        let began_at = own
            .first()
            .filter(|first| first.kind == ChangeKind::Moved)
            .and_then(|first| first.before.as_ref());
        let is_back =
            is_moved && began_at.zip(own.last()).is_some_and(|(at, own)| place(at) == place(&own.after));
        Some(Left {
            appointment: self.appointment,
            is_booked,
            is_moved,
            is_back,
            cancelled_at,
            is_called_off_by_others: last.kind == ChangeKind::Cancelled
                && last.whence == Whence::NoCall
                && (is_firm(last) || !is_made_here),
            is_waiting: status == AppointmentStatus::Pending.as_str() || is_disputed && self.is_refused,
            last: last.kind,
            when: when(last),
            facts: last.after.clone(),
            own: own.last().map(|entry| (entry.at, when(entry))),
            people: states.iter().map(|facts| facts.staff).collect(),
            times: states.iter().copied().map(named).collect(),
        })
    }
}
