//! The copy of an appointment in an outside calendar: what is known of it, and what to do next. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, JobSpec};

use super::failure::RefusalReason;
use super::remote::{CalendarLink, RemoteBooking, RemoteStatus, RemoteUid};
use crate::model::{AppointmentSnapshot, AppointmentStatus, stored_words};

/// How long a write whose answer was lost may still take effect: a provider's gateway was seen to hang for 125 s
/// before it gave up. Only after that does "no such booking" mean that there is none.
pub const SETTLING_SECONDS: i64 = 150;

/// So far the provider's clock may be behind ours; nobody has an appointment made, given to somebody else and given back at
/// the same time in less.
const CLOCKS_DIFFER_SECONDS: i64 = 10;

stored_words!(
    /// Where the work on a copy stands.
    CopyState {
        /// The copy differs from the appointment, as far as is known: to be written.
        Due = "due",
        /// A write is under way. One whose lease has run out was lost: its outcome is unknown.
        Sending = "sending",
        /// A write may have taken effect: to be looked up.
        Unknown = "unknown",
        /// The copy is as it should be.
        Settled = "settled",
        /// The provider refused; a person decides.
        Refused = "refused",
    }
);

/// What is known of an appointment's copy.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyRecord {
    /// Of which appointment.
    pub appointment: AppointmentId,
    /// Where it shall be.
    pub link: CalendarLink,
    /// Where it is, or was asked for last; another person may have got the appointment since.
    pub placed: Option<CalendarLink>,
    /// Where the work stands.
    pub state: CopyState,
    /// The provider's name for the copy, once there is one; it changes with every move there.
    pub uid: Option<RemoteUid>,
    /// When the copy begins; `None` if there is none, or it was called off.
    pub remote_start: Option<DateTime<Utc>>,
    /// When the copy ends, as it was when it was heard of last; `None` if that is not known, or there is none.
    pub remote_end: Option<DateTime<Utc>>,
    /// Whether its host has still to confirm what stands there.
    pub awaits_host: bool,
    /// Tries in a row that led nowhere.
    pub attempts: u32,
    /// Real time of the last write.
    pub sent_at: Option<DateTime<Utc>>,
    /// The start that the last write asked for: where it took effect, if it did, wherever the appointment is by now.
    pub sent_start: Option<DateTime<Utc>>,
    /// Whether the appointment was changed since that write was sent, while nobody knew what had become of it.
    pub changed_since: bool,
    /// Real time until which whoever is sending has the word.
    pub lease_until: Option<DateTime<Utc>>,
    /// Product time before which rounds do not try again; `None`: at once, as always for a new record.
    pub next_try: Option<DateTime<Utc>>,
    /// Why the last try did not succeed, or there was none: of a refusal its code and the provider's shortened words.
    pub error: Option<String>,
    /// Counts its writes, from 1.
    pub version: i64,
}

/// Kind of the job that brings one copy up to date; its payload is `{"appointment": id}`.
pub const COPY_JOB: &str = "bring_copy_up_to_date";

/// Seconds after a change in which whoever made it tries first: a caller is on the line.
const HEAD_START_SECONDS: i64 = 10;

/// The job that brings a copy up to date if nobody else has done so.
#[must_use]
pub fn copy_job(appointment: AppointmentId, now: DateTime<Utc>) -> JobSpec {
    let at = now.checked_add_signed(TimeDelta::seconds(HEAD_START_SECONDS)).unwrap_or(now);
    let payload = serde_json::json!({"appointment": appointment});
    JobSpec::new(COPY_JOB, payload).in_queue("sync").at(at).serial(format!("copy:{appointment}"))
}

/// Kind of the job that looks whether an outside calendar has answered in time; its payload is
/// `{"appointment": id, "starts_at": instant}`.
pub const UNANSWERED_JOB: &str = "call_about_unanswered_copy";

/// A customer who was told "if anything speaks against it, we call you" is called so long before, hours.
const CALLED_BEFORE_HOURS: i64 = 24;

/// The job that has somebody called if nobody knows by then whether the copy stands: a day before the appointment, but
/// not before half of the time until then is over. `None`: it has begun.
#[must_use]
pub fn unanswered_job(appointment: &AppointmentSnapshot, now: DateTime<Utc>) -> Option<JobSpec> {
    let left = appointment.starts_at.signed_duration_since(now);
    let before = TimeDelta::hours(CALLED_BEFORE_HOURS).min(left / 2);
    let at = appointment.starts_at.checked_sub_signed(before).filter(|at| *at > now)?;
    let payload = serde_json::json!({"appointment": appointment.id, "starts_at": appointment.starts_at});
    Some(JobSpec::new(UNANSWERED_JOB, payload).in_queue("sync").at(at))
}

/// What to do about a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is as it should be, or a person has the word.
    Nothing,
    /// Somebody else is at it.
    Wait,
    /// Find out what became of the last write.
    Look,
    /// Make it.
    Create,
    /// Give it the appointment's time.
    Reschedule(RemoteUid),
    /// Call it off.
    Cancel(RemoteUid),
}

/// What looking has shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The write may still take effect: look again later.
    TooEarly,
    /// It has not taken effect, and will not.
    NothingThere,
    /// It has made this booking, which was called off or rejected there since.
    Ended(Box<RemoteBooking>),
    /// The copy was called off there while ours was a wish to move it, or what was made of it was while the appointment was
    /// changed here: nobody can know which word is the last.
    CalledOff,
    /// This booking is the copy; the others are not wanted.
    There {
        /// The copy.
        copy: Box<RemoteBooking>,
        /// Further bookings with the marker, from a write that took effect late.
        surplus: Vec<RemoteUid>,
    },
}

impl CopyRecord {
    /// The copy of a new appointment: still to be made.
    #[must_use]
    pub const fn due(appointment: AppointmentId, link: CalendarLink) -> Self {
        Self {
            appointment,
            link,
            placed: None,
            state: CopyState::Due,
            uid: None,
            remote_start: None,
            remote_end: None,
            awaits_host: false,
            attempts: 0,
            sent_at: None,
            sent_start: None,
            changed_since: false,
            lease_until: None,
            next_try: None,
            error: None,
            version: 1,
        }
    }

    /// The copy of an appointment that was made there.
    #[must_use]
    pub fn settled(appointment: AppointmentId, link: CalendarLink, booking: &RemoteBooking) -> Self {
        let mut record = Self::due(appointment, link);
        record.adopt(booking);
        record.state = CopyState::Settled;
        record
    }

    /// When the copy should begin; `None` if there should be none. An appointment that is over keeps its copy.
    #[must_use]
    pub fn wanted(appointment: &AppointmentSnapshot) -> Option<DateTime<Utc>> {
        (appointment.status != AppointmentStatus::Cancelled).then_some(appointment.starts_at)
    }

    /// What to do next. `real_now` is real time.
    #[must_use]
    pub fn step(&self, appointment: &AppointmentSnapshot, real_now: DateTime<Utc>) -> Step {
        match self.state {
            CopyState::Sending if self.lease_until.is_some_and(|until| real_now < until) => Step::Wait,
            CopyState::Sending | CopyState::Unknown => Step::Look,
            // A person has the word. What is still unwanted there is made due by the next comparison, and not at once by
            // whoever else is on the way.
            CopyState::Refused => Step::Nothing,
            CopyState::Due | CopyState::Settled => self.difference(appointment),
        }
    }

    fn difference(&self, appointment: &AppointmentSnapshot) -> Step {
        let wanted = Self::wanted(appointment);
        if wanted.is_some() && !appointment.status.is_open() {
            // What is over is not made, moved or called off there any more.
            return Step::Nothing;
        }
        match (wanted, &self.uid, self.remote_start) {
            (Some(_), Some(uid), Some(_)) if self.placed.as_ref() != Some(&self.link) => {
                Step::Cancel(uid.clone())
            }
            (Some(wanted), Some(_), Some(start)) if wanted == start => Step::Nothing,
            (Some(_), Some(uid), Some(_)) => Step::Reschedule(uid.clone()),
            (Some(_), ..) => Step::Create,
            (None, Some(uid), Some(_)) => Step::Cancel(uid.clone()),
            (None, ..) => Step::Nothing,
        }
    }

    /// Whether the copy is as it should be.
    #[must_use]
    pub fn agrees_with(&self, appointment: &AppointmentSnapshot) -> bool {
        self.difference(appointment) == Step::Nothing
    }

    /// Whether somebody has moved the copy there, and not before the appointment was changed here: it begins neither when it
    /// was last known to, nor when we last asked for. A moved booking is made anew.
    #[must_use]
    pub fn was_moved_after(&self, changed: Option<DateTime<Utc>>, booking: &RemoteBooking) -> bool {
        let is_elsewhere = self.remote_start.is_some_and(|known| known != booking.start)
            && self.sent_start != Some(booking.start);
        let skew = TimeDelta::seconds(CLOCKS_DIFFER_SECONDS);
        let is_older = changed.zip(booking.created_at).is_some_and(|(changed, made)| made < changed - skew);
        is_elsewhere && !is_older
    }

    /// Judges what was found under the marker, at `now`, product time. Bookings that are over for good do not count.
    #[must_use]
    pub fn judge(
        &self,
        appointment: &AppointmentSnapshot,
        found: Vec<RemoteBooking>,
        now: DateTime<Utc>,
    ) -> Finding {
        let (mut open, closed): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|booking| booking.status.is_open());
        let wanted = Self::wanted(appointment);
        // The one at the right time first, then the oldest: a surplus is what came late.
        open.sort_by_key(|booking| (Some(booking.start) != wanted, booking.created_at, booking.uid.clone()));
        let mut open = open.into_iter();
        let is_over = self.is_over(now);
        match open.next() {
            // A move, or calling off, that was lost leaves the old booking standing until it takes effect; also if the
            // old time is wanted again by now.
            Some(copy) if self.remote_start.is_some() && self.uid.as_ref() == Some(&copy.uid) && !is_over => {
                Finding::TooEarly
            }
            Some(copy) => {
                Finding::There { copy: Box::new(copy), surplus: open.map(|extra| extra.uid).collect() }
            }
            // A booking that is being made may come into being until then, whether it is wanted or not.
            None if self.remote_start.is_none() => {
                let ended = closed.into_iter().find(|booking| self.has_made(booking));
                match ended.filter(|_| appointment.status.is_open()) {
                    Some(_) if self.changed_since => Finding::CalledOff,
                    Some(ended) => Finding::Ended(Box::new(ended)),
                    None if is_over => Finding::NothingThere,
                    None => Finding::TooEarly,
                }
            }
            // The copy is called off, so nothing that was sent about it can take effect. Was it our own doing?
            None if appointment.status.is_open() && self.placed.as_ref() == Some(&self.link) => {
                Finding::CalledOff
            }
            None => Finding::NothingThere,
        }
    }

    /// Whether a booking with the marker came of the last write, and of none before: those were made earlier, and what we
    /// called off because somebody else was to perform it is not what was wanted.
    #[must_use]
    pub fn has_made(&self, booking: &RemoteBooking) -> bool {
        let skew = TimeDelta::seconds(CLOCKS_DIFFER_SECONDS);
        let is_since = self.sent_at.zip(booking.created_at).is_some_and(|(sent, made)| sent - skew <= made);
        is_since
            && self.sent_start == Some(booking.start)
            && self.uid.as_ref() != Some(&booking.uid)
            && booking.event_type.as_ref().is_none_or(|event_type| *event_type == self.link.event_type)
            && (self.link.host.is_none() || !booking.hosts.is_empty())
            && self.link.is_performed_as_wanted(booking)
    }

    /// Whether the last write can take effect no more.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.sent_at
            .is_none_or(|sent| now.signed_duration_since(sent) >= TimeDelta::seconds(SETTLING_SECONDS))
    }

    /// The record while a write is under way: for an appointment at `start`, sent at `now`, product time, under a lease
    /// that ends in real time.
    #[must_use]
    pub fn sending(
        &self,
        start: DateTime<Utc>,
        now: DateTime<Utc>,
        real_now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Self {
        Self {
            state: CopyState::Sending,
            // What is made is made there, whoever gets the appointment until the answer comes.
            placed: self
                .placed
                .clone()
                .filter(|_| self.remote_start.is_some())
                .or_else(|| Some(self.link.clone())),
            sent_at: Some(now),
            sent_start: Some(start),
            changed_since: false,
            lease_until: Some(real_now.checked_add_signed(lease).unwrap_or(real_now)),
            next_try: None,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The record after something was learned about the copy. Why it was open before is of no use once it is settled.
    #[must_use]
    pub fn next(&self, state: CopyState) -> Self {
        let error = self.error.clone().filter(|_| state != CopyState::Settled);
        Self { state, error, lease_until: None, next_try: None, version: self.version + 1, ..self.clone() }
    }

    /// The record after the appointment was changed. A write that is under way, or whose outcome is unknown, is judged
    /// first; its sender finds that the record has moved on.
    #[must_use]
    pub fn due_again(&self, link: Option<&CalendarLink>) -> Self {
        let state = match self.state {
            CopyState::Sending | CopyState::Unknown => self.state,
            CopyState::Due | CopyState::Settled | CopyState::Refused => CopyState::Due,
        };
        let link = link.unwrap_or(&self.link).clone();
        let changed_since = matches!(state, CopyState::Sending | CopyState::Unknown);
        Self {
            state,
            link,
            changed_since,
            attempts: 0,
            next_try: None,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// How long a booking lasts and how long the copy lasted before, if that is known and differs.
    #[must_use]
    pub fn stretched(&self, booking: &RemoteBooking) -> Option<(TimeDelta, TimeDelta)> {
        // A program that does not know the end yet moves the start alone: what comes of that is no length.
        let before =
            Some(self.remote_end? - self.remote_start?).filter(|before| *before > TimeDelta::zero())?;
        let now = booking.end - booking.start;
        (now != before).then_some((now, before))
    }

    /// Takes over what a booking says.
    pub fn adopt(&mut self, booking: &RemoteBooking) {
        self.placed = Some(self.place_of(booking).clone());
        self.uid = Some(booking.uid.clone());
        self.remote_start = booking.status.is_open().then_some(booking.start);
        self.remote_end = booking.status.is_open().then_some(booking.end);
        self.awaits_host = booking.status == RemoteStatus::Pending;
        // What was sent is answered.
        self.sent_start = None;
        self.attempts = 0;
        self.error = None;
    }

    /// Where a booking stands: where the copy shall be, unless it is the one that is still elsewhere.
    fn place_of(&self, booking: &RemoteBooking) -> &CalendarLink {
        let fits = |link: &CalendarLink| {
            booking.event_type.as_ref() == Some(&link.event_type)
                && link
                    .host
                    .as_ref()
                    .is_none_or(|host| booking.hosts.iter().any(|known| known.reference == *host))
        };
        match &self.placed {
            Some(placed) if fits(placed) || !fits(&self.link) => placed,
            _ => &self.link,
        }
    }

    /// Notes why the provider refused.
    pub fn refused(&mut self, reason: RefusalReason, detail: &str) {
        self.failed(format!("{}: {detail}", reason.code()));
    }

    /// Whether nothing stands there because the provider did not take the time: nobody else could have it there either.
    #[must_use]
    pub fn is_refused_for_its_time(&self) -> bool {
        let code = self.error.as_deref().and_then(|error| error.split_once(": ")).map(|(code, _)| code);
        self.remote_start.is_none()
            && [RefusalReason::SlotTaken, RefusalReason::OutsideRules]
                .iter()
                .any(|reason| code == Some(reason.code()))
    }

    /// Notes a failure.
    pub fn failed(&mut self, why: String) {
        self.attempts = self.attempts.saturating_add(1);
        self.error = Some(why);
    }
}
