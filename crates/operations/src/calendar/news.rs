//! What happened in the outside calendar.

use std::sync::Arc;

use appointment::calendar::{
    Connection, CopyRecord, CopyState, Effort, RemoteBooking, RemoteStatus, RemoteUid, Review, ReviewId,
    ReviewReason, copy_job,
};
use appointment::model::{Appointment, AppointmentStatus, ServiceLink};
use appointment::ports::AppointmentWrite;
use appointment::service::BookingService;
use appointment::waiting::WaitingList;
use kernel::{AppointmentId, ChangeSet, CommitError, TenantScope};

use super::CalendarError;
use super::changed::Performer;
use super::look::{MAX_MOVES, follow};
use super::push::CopyDesk;
use super::settle::as_stands_there;

/// Takes in what happened in the outside calendar.
#[derive(Clone)]
pub struct CalendarNews {
    pub(super) desk: CopyDesk,
    pub(super) bookings: Arc<BookingService>,
    pub(super) list: WaitingList,
}

/// What came of a piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that concerns us.
    Nothing,
    /// Our own doing, or known already.
    Known,
    /// The appointment follows: another time, or called off.
    Followed(AppointmentId),
    /// A booking that was made there is an appointment now.
    Imported(AppointmentId),
    /// A copy too many was called off there.
    Tidied,
    /// A person has to decide.
    Disputed,
}

impl CalendarNews {
    /// Over the desk that keeps copies, the catalogues, and the list of those who wait for freed time.
    #[must_use]
    pub const fn new(desk: CopyDesk, bookings: Arc<BookingService>, list: WaitingList) -> Self {
        Self { desk, bookings, list }
    }

    /// Reads a booking there as it is now, and takes it in.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub async fn look_at(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        let (heard, of) = match follow(&self.desk.parts, scope, connection, uid, effort).await {
            Ok(Some(booking)) => {
                let heard = self.take_in(scope, connection, &booking, effort).await;
                // What was known already concerns the people of its event type, and nobody else.
                let of = booking.event_type.filter(|_| matches!(heard, Ok(Heard::Known)));
                (heard, of)
            }
            Ok(None) => (Ok(Heard::Nothing), None),
            Err(error) => (Err(error.into()), None),
        };
        self.desk.parts.outside.changed(scope, connection.id, of.as_ref()).await;
        heard
    }

    /// Takes in a booking as it was just read there.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub async fn take_in(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        match self.record_of(scope, connection, booking, effort).await? {
            Some(record) => self.about_copy(scope, connection, record, booking, effort).await,
            None if booking.status.is_open() => self.import(scope, connection, booking, effort).await,
            None => Ok(Heard::Nothing),
        }
    }

    /// By its uid, by the one it was moved from, or by our marker: what needs no question.
    pub(super) async fn known_record_of(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
    ) -> Result<Option<CopyRecord>, CalendarError> {
        let book = &self.desk.parts.book;
        for uid in std::iter::once(&booking.uid).chain(&booking.predecessor) {
            if let Some(record) = book.copy_by_uid(scope, connection.id, uid).await? {
                return Ok(Some(record));
            }
        }
        if let Some(marker) = booking.marker
            && let Some(record) = book.copy(scope, marker).await?
            && [Some(&record.link), record.placed.as_ref()]
                .into_iter()
                .flatten()
                .any(|link| link.connection == connection.id)
        {
            return Ok(Some(record));
        }
        Ok(None)
    }

    /// By what we know, or by a booking it was moved from, however often.
    pub(super) async fn record_of(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Option<CopyRecord>, CalendarError> {
        let book = &self.desk.parts.book;
        if let Some(record) = self.known_record_of(scope, connection, booking).await? {
            return Ok(Some(record));
        }
        let mut earlier = booking.predecessor.clone();
        for _ in 0..MAX_MOVES {
            let Some(uid) = earlier else { break };
            if let Some(record) = book.copy_by_uid(scope, connection.id, &uid).await? {
                return Ok(Some(record));
            }
            let known = self.desk.parts.gateway.get(scope, connection, &uid, effort).await?;
            earlier = known.and_then(|known| known.predecessor);
        }
        Ok(None)
    }

    pub(super) async fn about_copy(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        record: CopyRecord,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        let Some((appointment, record)) = self.desk.load(scope, record.appointment).await? else {
            return Ok(Heard::Nothing);
        };
        if matches!(record.state, CopyState::Sending | CopyState::Unknown) {
            // What the write in doubt has made. Else whoever sends, or looks for what was sent, finds it: where it stood
            // before, it may be going from.
            if record.state == CopyState::Unknown && booking.status.is_open() && record.has_made(booking) {
                let mut found = record.next(CopyState::Settled);
                found.adopt(booking);
                if found.agrees_with(appointment.snapshot()) {
                    self.desk.agree(scope, &appointment, found, None).await?;
                } else {
                    // It was changed here meanwhile, and is no longer in doubt: the next step can be taken.
                    found.state = CopyState::Due;
                    let next = copy_job(appointment.id(), self.desk.parts.clock.now());
                    let change = ChangeSet::one(AppointmentWrite::UpdateCopy(found)).enqueue(next);
                    self.desk.parts.appointments.commit(scope, change).await?;
                }
            }
            return Ok(Heard::Known);
        }
        if self.is_booked_anew(&appointment, &record, booking) {
            return self.import(scope, connection, booking, effort).await;
        }
        let is_current = record.uid.as_ref() == Some(&booking.uid);
        let had_none = record.remote_start.is_none();
        if !is_current && !had_none {
            // What stands in the record may have been moved on, to this one or another, or be gone.
            let copy = match &record.uid {
                Some(uid) => follow(&self.desk.parts, scope, connection, uid, effort).await?,
                None => None,
            };
            match copy {
                Some(copy) if copy.status.is_open() && copy.uid != booking.uid => {
                    return self.surplus(scope, connection, booking, effort).await;
                }
                // An older one, and nothing is known of the one that stands in the record.
                None if !booking.status.is_open() => return Ok(Heard::Known),
                _ => {}
            }
        }
        if !booking.status.is_open() {
            // Of one that we called off ourselves, that is no news.
            return if had_none {
                Ok(Heard::Known)
            } else {
                self.gone(scope, &appointment, record, Some(booking)).await
            };
        }
        let mut next = record.next(record.state);
        next.adopt(booking);
        let agrees = next.agrees_with(appointment.snapshot());
        let is_same = is_current && record.remote_start == next.remote_start;
        let is_open = appointment.status().is_open();
        if is_open
            && record.state == CopyState::Refused
            && is_same
            && !record.link.is_performed_as_wanted(booking)
        {
            // A person has the word about who performs it, and nothing has happened there since.
            return Ok(Heard::Known);
        }
        let waits = booking.status == RemoteStatus::Pending;
        let performer = self.performer(scope, connection, (&appointment, &record), booking).await?;
        let heard = match record.state {
            _ if let Performer::Another(link) = &performer => {
                self.moved(scope, &appointment, next, booking, Some(link)).await
            }
            CopyState::Settled
                if agrees && is_same && (waits || appointment.status() != AppointmentStatus::Pending) =>
            {
                if record.remote_end.is_some() && record.awaits_host == next.awaits_host {
                    self.attendance(scope, connection, &appointment, booking, effort).await
                } else {
                    self.keep(scope, next).await
                }
            }
            _ if agrees => {
                next.state = CopyState::Settled;
                self.desk.agree(scope, &appointment, next, None).await?;
                Ok(Heard::Known)
            }
            // It was changed here and is on its way there, or is not wanted any more.
            CopyState::Due if is_same => Ok(Heard::Known),
            CopyState::Due => {
                if self.desk.is_moved_since(scope, (&appointment, &record), booking).await? {
                    self.desk.dispute_both_moved(scope, &appointment, next).await?;
                    Ok(Heard::Disputed)
                } else {
                    self.keep(scope, next).await
                }
            }
            _ if !appointment.status().is_open() => {
                next.state = CopyState::Due;
                self.keep(scope, next).await
            }
            // A person has the word, and nothing has happened there since.
            CopyState::Refused if is_same => Ok(Heard::Known),
            // It has changed there while it should change places: that stays with the person.
            CopyState::Refused if next.placed.as_ref() != Some(&next.link) => self.keep(scope, next).await,
            _ => self.moved(scope, &appointment, next, booking, None).await,
        }?;
        let asked = is_open && self.ask_about_changes(scope, &record, booking, &performer).await?;
        Ok(if asked && heard == Heard::Known { Heard::Disputed } else { heard })
    }

    /// Whether a booking follows one whose appointment is closed: somebody booked anew there, over the link of what was
    /// called off or is over. We move no booking of a closed appointment, and what we make has no predecessor, so that one
    /// of ours which turns up late is none of these. While it is still to be called off there, ours is the later word.
    fn is_booked_anew(
        &self,
        appointment: &Appointment,
        record: &CopyRecord,
        booking: &RemoteBooking,
    ) -> bool {
        let is_closed = match appointment.status() {
            AppointmentStatus::Cancelled => {
                record.state == CopyState::Settled && record.remote_start.is_none()
            }
            AppointmentStatus::Completed | AppointmentStatus::NoShow => {
                booking.start > self.desk.parts.clock.now()
            }
            _ => false,
        };
        is_closed
            && booking.status.is_open()
            && booking.predecessor.is_some()
            && record.uid.as_ref() != Some(&booking.uid)
    }

    /// Whether a booking stands for an appointment here, and does not just follow one that is closed.
    pub(super) async fn is_taken_in(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<bool, CalendarError> {
        let Some(record) = self.record_of(scope, connection, booking, effort).await? else {
            return Ok(false);
        };
        let loaded = self.desk.load(scope, record.appointment).await?;
        Ok(loaded.is_none_or(|(appointment, record)| !self.is_booked_anew(&appointment, &record, booking)))
    }

    async fn keep(&self, scope: &TenantScope, next: CopyRecord) -> Result<Heard, CalendarError> {
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(next));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Known)
    }

    /// A second booking with our marker: a write that took effect late. One of the two is too many.
    async fn surplus(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        if !booking.status.is_open() {
            return Ok(Heard::Known);
        }
        match self.desk.call_off(scope, connection, &booking.uid, effort).await {
            Ok(()) => {
                tracing::info!(connection.id = %connection.id, booking.uid = %booking.uid, "a copy too many was called off");
                Ok(Heard::Tidied)
            }
            Err(failure) => {
                tracing::warn!(%failure, connection.id = %connection.id, "a copy too many could not be called off");
                Ok(Heard::Known)
            }
        }
    }

    /// It was called off there: so says `booking`, if it was read.
    pub(super) async fn gone(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        booking: Option<&RemoteBooking>,
    ) -> Result<Heard, CalendarError> {
        let mut next = record.next(CopyState::Settled);
        next.remote_start = None;
        if !appointment.status().is_open() {
            if record.remote_start.is_some() {
                self.desk.agree(scope, appointment, next, None).await?;
            }
            return Ok(Heard::Known);
        }
        if record.state == CopyState::Due {
            // Moved here and called off there at the same time: nobody can know which word is the last.
            next.state = CopyState::Refused;
            self.desk.dispute(scope, appointment, next, ReviewReason::CopyMissing).await?;
            return Ok(Heard::Disputed);
        }
        let after = self.desk.ended_there(scope, appointment, next, booking).await?;
        Ok(Heard::Followed(after.id()))
    }

    /// It has another time there, or was given to somebody else. Ours follows, unless that time of theirs is sold here.
    async fn moved(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        mut next: CopyRecord,
        booking: &RemoteBooking,
        given: Option<&ServiceLink>,
    ) -> Result<Heard, CalendarError> {
        let mut followed = CopyRecord { state: CopyState::Settled, ..next.clone() };
        let mut after = as_stands_there(&next, appointment.follow(booking.start));
        if let Some(given) = given {
            after = after.given_to(given.staff);
            followed.link = given.link.clone();
            followed.placed = Some(given.link.clone());
        }
        let catalogue = self.bookings.catalogue(scope, after.snapshot().branch).await?;
        let moved = self
            .despite_holds(scope, &catalogue, &after, |holds| {
                let change = self.desk.change_over(scope, (appointment, &after), followed.clone(), holds);
                let change = change
                    .and_then(|change| self.desk.to_be_told(change, (appointment, &after), Some(booking)));
                async move { Ok(self.desk.parts.appointments.commit(scope, change?).await?) }
            })
            .await;
        match moved {
            Ok(()) => Ok(Heard::Followed(after.id())),
            Err(CalendarError::Commit(CommitError::Occupied)) if self.is_sold_at(scope, &after).await? => {
                next.state = CopyState::Refused;
                let to = given.and_then(|given| given.link.host.as_ref());
                let to = to.map_or_else(String::new, |host| format!(", performed by {host}"));
                next.error = Some(format!("moved there to {}{to}", booking.start));
                self.desk.dispute(scope, appointment, next, ReviewReason::MovedOntoTaken).await?;
                Ok(Heard::Disputed)
            }
            // Somebody keeps holding it anew, or the store failed: a later run comes back to it.
            Err(error) => Err(error),
        }
    }

    pub(super) async fn ask(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        reason: ReviewReason,
    ) -> Result<Heard, CalendarError> {
        let event_type = booking.event_type.as_ref().map_or("none", |event| event.as_str());
        let review = Review {
            id: ReviewId::generate(&*self.desk.parts.ids),
            connection: connection.id,
            reason,
            appointment: None,
            uid: Some(booking.uid.clone()),
            detail: format!("{} to {}, event type {event_type}", booking.start, booking.end),
            opened_at: self.desk.parts.clock.now(),
        };
        let change = ChangeSet::one(AppointmentWrite::OpenReview(review));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Disputed)
    }
}
