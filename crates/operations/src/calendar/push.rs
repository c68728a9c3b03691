//! Bringing one copy up to date.

use std::sync::Arc;

use appointment::calendar::{
    CalendarBook, CalendarGateway, Connection, CopyRecord, CopyState, Effort, Finding, ReadFailure, RefusalReason,
    RemoteBooking, RemoteRequest, RemoteStatus, RemoteUid, Review, ReviewId, ReviewReason, Step, WriteFailure,
};
use appointment::events::AppointmentEvent;
use appointment::model::{Appointment, AppointmentChange, AppointmentStatus, ChangeKind, Note, Span};
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use chrono::{DateTime, TimeDelta, Utc};
use customer::CustomerService;
use kernel::{AppointmentId, ChangeSet, Clock, CommitError, IdGenerator, TenantScope};

use super::CalendarError;
use super::attendee::{attendee, placeholder};

/// Steps of one run. Moving a copy to another person takes two, a lost write one more; beyond that somebody keeps
/// changing the appointment, and the next run will see.
const MAX_STEPS: usize = 6;

/// A sender that has not reported by then was cut off. Longer than any request may take, with room for a slow commit.
const LEASE_SECONDS: i64 = 20;

/// Days around an appointment in which its copy is looked for: it may have been moved there meanwhile.
const LOOK_AROUND_DAYS: i64 = 31;

/// What keeping copies needs.
#[derive(Clone)]
pub struct CopyParts {
    /// Accounts, links, records of copies.
    pub book: Arc<dyn CalendarBook>,
    /// Appointments.
    pub appointments: Arc<dyn AppointmentRepository>,
    /// Whom they are for.
    pub customers: CustomerService,
    /// The outside calendar.
    pub gateway: Arc<dyn CalendarGateway>,
    /// Both times.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
    /// Domain of the addresses that stand in for missing ones; one that the operator owns.
    pub placeholder_domain: String,
}

/// Brings copies up to date.
#[derive(Clone)]
pub struct CopyDesk {
    pub(super) parts: CopyParts,
}

/// Where an appointment and its copy stand after a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Pushed {
    /// There is no copy to keep.
    NotNeeded,
    /// Both sides agree.
    Settled(Box<Appointment>),
    /// The outside calendar does not take it. A new appointment is withdrawn and a moved one is back where it was,
    /// unless that was impossible or somebody was promised to be told: then it needs attention.
    Refused(Box<Appointment>, RefusalReason),
    /// Not yet: the calendar was not reached, or it is not known what it did. A later run goes on.
    Open {
        /// Why, without personal data.
        why: String,
    },
}

/// Who waits, and so what becomes of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// A caller hears of it in the same answer.
    OnTheLine,
    /// Nobody: a person has to tell the customer.
    Nobody,
}

impl CopyDesk {
    /// Over these parts.
    #[must_use]
    pub const fn new(parts: CopyParts) -> Self {
        Self { parts }
    }

    /// Tries while the caller is on the line: whatever is refused is undone at once, since the caller hears of it.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn push_live(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        effort: Effort,
    ) -> Result<Pushed, CalendarError> {
        self.push(scope, appointment, effort, Listener::OnTheLine).await
    }

    /// Goes on with what is not finished.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn push_later(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        effort: Effort,
    ) -> Result<Pushed, CalendarError> {
        self.push(scope, appointment, effort, Listener::Nobody).await
    }

    async fn push(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        effort: Effort,
        listener: Listener,
    ) -> Result<Pushed, CalendarError> {
        for _ in 0..MAX_STEPS {
            let Some((appointment, record)) = self.load(scope, id).await? else { return Ok(Pushed::NotNeeded) };
            let step = record.step(appointment.snapshot(), self.parts.clock.real_now());
            let done = match step {
                Step::Nothing => return self.rest(scope, appointment, record).await,
                Step::Wait => return Ok(Pushed::Open { why: "somebody else is sending".to_owned() }),
                Step::Look => self.look(scope, &appointment, &record, effort).await,
                write => self.send(scope, &appointment, &record, write, effort, listener).await,
            };
            match done {
                Ok(None) => {}
                Ok(Some(pushed)) => return Ok(pushed),
                // Somebody changed the appointment or the record meanwhile: look again.
                Err(CalendarError::Commit(CommitError::Stale)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Pushed::Open { why: "the appointment keeps changing".to_owned() })
    }

    pub(super) async fn load(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<(Appointment, CopyRecord)>, CalendarError> {
        let Some(record) = self.parts.book.copy(scope, id).await? else { return Ok(None) };
        let Some(found) = self.parts.appointments.find(scope, id).await? else { return Ok(None) };
        Ok(Some((Appointment::restore(found)?, record)))
    }

    /// The copy is as it should be: so says the appointment, too.
    async fn rest(
        &self,
        scope: &TenantScope,
        appointment: Appointment,
        record: CopyRecord,
    ) -> Result<Pushed, CalendarError> {
        if record.state == CopyState::Refused {
            return Ok(Pushed::Refused(Box::new(appointment), RefusalReason::AlreadyChanged));
        }
        if record.state == CopyState::Settled {
            return Ok(Pushed::Settled(Box::new(appointment)));
        }
        let settled = record.next(CopyState::Settled);
        let agreed = self.agree(scope, &appointment, settled, None).await?;
        Ok(Pushed::Settled(Box::new(agreed)))
    }

    /// Announces the write, sends it, and commits what came of it. `None`: something was achieved, look again.
    async fn send(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        step: Step,
        effort: Effort,
        listener: Listener,
    ) -> Result<Option<Pushed>, CalendarError> {
        let connection = record.placed.as_ref().filter(|_| matches!(step, Step::Cancel(_))).unwrap_or(&record.link);
        let Some(connection) = self.parts.book.connection(scope, connection.connection).await? else {
            return Ok(Some(Pushed::Open { why: "the account is switched off".to_owned() }));
        };
        if appointment.starts_at() <= self.parts.clock.now() && step == Step::Create {
            return self.too_late(scope, appointment, record).await.map(Some);
        }
        let lease = TimeDelta::seconds(LEASE_SECONDS);
        let sending = record.sending(self.parts.clock.real_now(), lease);
        let announced = ChangeSet::one(AppointmentWrite::UpdateCopy(sending.clone()));
        self.parts.appointments.commit(scope, announced).await?;
        match self.write(scope, &connection, appointment, &sending, &step, effort).await {
            Ok(Some(booking)) => self.accepted(scope, appointment, &sending, &booking).await,
            Ok(None) => {
                let mut gone = sending.next(CopyState::Due);
                gone.remote_start = None;
                gone.attempts = 0;
                self.note(scope, gone).await.map(|()| None)
            }
            Err(failure) => self.failed(scope, appointment, &sending, &step, failure, listener).await,
        }
    }

    async fn write(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        appointment: &Appointment,
        record: &CopyRecord,
        step: &Step,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, WriteFailure> {
        let gateway = &self.parts.gateway;
        match step {
            Step::Create => {
                let request = self.request(scope, appointment, record).await?;
                gateway.create(scope, connection, &request, effort).await.map(Some)
            }
            Step::Reschedule(uid) => {
                gateway.reschedule(scope, connection, uid, appointment.starts_at(), effort).await.map(Some)
            }
            Step::Cancel(uid) => gateway.cancel(scope, connection, uid, effort).await.map(|()| None),
            Step::Nothing | Step::Wait | Step::Look => Ok(None),
        }
    }

    async fn request(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
    ) -> Result<RemoteRequest, WriteFailure> {
        let not_sent = |why: &str| WriteFailure::NotSent { why: why.to_owned() };
        let customer = self.parts.customers.find(scope, appointment.customer()).await;
        let customer = customer.map_err(|_| not_sent("the customer could not be read"))?;
        let placeholder_email = placeholder(appointment.id(), &self.parts.placeholder_domain)
            .ok_or_else(|| not_sent("the domain of placeholder addresses is not usable"))?;
        Ok(RemoteRequest {
            link: record.link.clone(),
            start: appointment.starts_at(),
            timezone: appointment.snapshot().timezone,
            attendee: attendee(customer.as_ref()),
            placeholder_email,
            marker: appointment.id(),
        })
    }

    /// The provider has it. One that waits for a confirmation there is a copy, but no agreement.
    async fn accepted(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        booking: &RemoteBooking,
    ) -> Result<Option<Pushed>, CalendarError> {
        let mut next = record.next(CopyState::Settled);
        next.adopt(booking);
        if booking.status == RemoteStatus::Pending {
            self.note(scope, next).await?;
            return Ok(Some(Pushed::Open { why: "it waits for a confirmation there".to_owned() }));
        }
        if !next.agrees_with(appointment.snapshot()) {
            next.state = CopyState::Due;
            return self.note(scope, next).await.map(|()| None);
        }
        let agreed = self.agree(scope, appointment, next, None).await?;
        Ok(Some(Pushed::Settled(Box::new(agreed))))
    }

    async fn failed(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        step: &Step,
        failure: WriteFailure,
        listener: Listener,
    ) -> Result<Option<Pushed>, CalendarError> {
        match failure {
            WriteFailure::NotSent { why } => {
                let mut next = record.next(CopyState::Due);
                next.failed(why.clone());
                self.note(scope, next).await?;
                Ok(Some(Pushed::Open { why }))
            }
            WriteFailure::Unknown { why } => {
                let mut next = record.next(CopyState::Unknown);
                next.failed(why.clone());
                self.note(scope, next).await?;
                Ok(Some(Pushed::Open { why }))
            }
            WriteFailure::Refused { reason: RefusalReason::AlreadyChanged | RefusalReason::NotFound, detail }
                if !matches!(step, Step::Create) =>
            {
                // It was moved or called off there: what it is now decides.
                let mut next = record.next(CopyState::Unknown);
                next.failed(detail);
                self.note(scope, next).await.map(|()| None)
            }
            WriteFailure::Refused { reason, detail } => {
                let mut next = record.next(CopyState::Refused);
                next.failed(format!("{}: {detail}", reason.code()));
                let after = self.undo(scope, appointment, next, reason, listener).await?;
                Ok(Some(Pushed::Refused(Box::new(after), reason)))
            }
        }
    }

    /// Finds out what became of a write. `None`: it is known now, go on.
    async fn look(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        effort: Effort,
    ) -> Result<Option<Pushed>, CalendarError> {
        let Some(connection) = self.parts.book.connection(scope, record.link.connection).await? else {
            return Ok(Some(Pushed::Open { why: "the account is switched off".to_owned() }));
        };
        let found = match self.find_copies(scope, &connection, appointment, record, effort).await {
            Ok(found) => found,
            Err(failure) => return Ok(Some(Pushed::Open { why: failure.to_string() })),
        };
        match record.judge(appointment.snapshot(), found, self.parts.clock.real_now()) {
            Finding::TooEarly => {
                let mut next = record.next(CopyState::Unknown);
                next.failed("it may still take effect".to_owned());
                self.note(scope, next).await?;
                Ok(Some(Pushed::Open { why: "it may still take effect".to_owned() }))
            }
            Finding::NothingThere => {
                let mut next = record.next(CopyState::Due);
                (next.uid, next.remote_start) = (None, None);
                self.note(scope, next).await.map(|()| None)
            }
            Finding::There { copy, surplus } => {
                for uid in &surplus {
                    // A write that took effect late; failing to call it off leaves the record as it is, to look again.
                    if let Err(failure) = self.parts.gateway.cancel(scope, &connection, uid, effort).await {
                        return Ok(Some(Pushed::Open { why: failure.to_string() }));
                    }
                }
                let mut next = record.next(CopyState::Due);
                next.adopt(&copy);
                if next.agrees_with(appointment.snapshot()) && copy.status == RemoteStatus::Accepted {
                    next.state = CopyState::Settled;
                    let agreed = self.agree(scope, appointment, next, None).await?;
                    return Ok(Some(Pushed::Settled(Box::new(agreed))));
                }
                self.note(scope, next).await.map(|()| None)
            }
        }
    }

    /// Bookings with the marker, and what the known uid has become: a moved booking need not carry the marker on.
    async fn find_copies(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        appointment: &Appointment,
        record: &CopyRecord,
        effort: Effort,
    ) -> Result<Vec<RemoteBooking>, ReadFailure> {
        let around = TimeDelta::days(LOOK_AROUND_DAYS);
        let starts = [Some(appointment.starts_at()), record.remote_start];
        let first = starts.iter().flatten().min().copied().unwrap_or_else(|| appointment.starts_at());
        let last = starts.iter().flatten().max().copied().unwrap_or(first);
        let window = Span::new(first - around, last + around);
        let gateway = &self.parts.gateway;
        let mut found = gateway.find_marked(scope, connection, appointment.id(), window, effort).await?;
        if let Some(uid) = &record.uid {
            let chain = follow(&self.parts, scope, connection, uid, effort).await?;
            found.extend(chain.filter(|booking| found.iter().all(|known| known.uid != booking.uid)));
        }
        Ok(found)
    }

    /// Both sides agree: record and appointment are committed together.
    pub(super) async fn agree(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        more: Option<AppointmentWrite>,
    ) -> Result<Appointment, CalendarError> {
        let is_open = appointment.status().is_open();
        let is_news = is_open && appointment.status() != AppointmentStatus::Confirmed;
        let agreed = appointment.copied();
        let mut change = ChangeSet::one(AppointmentWrite::UpdateCopy(record))
            .write(update(appointment, &agreed));
        if is_news {
            let fact = AppointmentEvent::confirmed(agreed.snapshot());
            change = change.emit(fact.into_outgoing(&*self.parts.ids, self.parts.clock.now())?);
        }
        if let Some(write) = more {
            change = change.write(write);
        }
        self.parts.appointments.commit(scope, change).await?;
        Ok(agreed)
    }

    async fn note(&self, scope: &TenantScope, record: CopyRecord) -> Result<(), CalendarError> {
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(record));
        Ok(self.parts.appointments.commit(scope, change).await?)
    }

    /// The provider said no. With the caller on the line, a new appointment is withdrawn and a moved one goes back;
    /// otherwise, or if it cannot go back, a person has to look at it.
    async fn undo(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        mut record: CopyRecord,
        reason: RefusalReason,
        listener: Listener,
    ) -> Result<Appointment, CalendarError> {
        let is_about_time = matches!(reason, RefusalReason::SlotTaken | RefusalReason::OutsideRules);
        if is_about_time && let Some(start) = record.remote_start {
            record.state = CopyState::Settled;
            let back = appointment.follow(start);
            let change = self.change(scope, ChangeKind::Moved, appointment, &back, record.clone())?;
            match self.parts.appointments.commit(scope, change).await {
                Ok(()) => return Ok(back),
                Err(CommitError::Occupied) => record.state = CopyState::Refused,
                Err(error) => return Err(error.into()),
            }
        } else if is_about_time && listener == Listener::OnTheLine {
            let gone = appointment.withdraw(Note::clean("Im Kalender des Betriebs schon vergeben"), self.parts.clock.now());
            let change = self.change(scope, ChangeKind::Cancelled, appointment, &gone, record)?;
            self.parts.appointments.commit(scope, change).await?;
            return Ok(gone);
        }
        self.dispute(scope, appointment, record, ReviewReason::CopyRefused).await
    }

    async fn too_late(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
    ) -> Result<Pushed, CalendarError> {
        let mut next = record.next(CopyState::Refused);
        next.failed("its time has come before the copy was made".to_owned());
        let after = self.dispute(scope, appointment, next, ReviewReason::CopyRefused).await?;
        Ok(Pushed::Refused(Box::new(after), RefusalReason::OutsideRules))
    }

    /// A person has to look at it: the appointment says so, a review asks, and an event sets off a callback.
    pub(super) async fn dispute(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        reason: ReviewReason,
    ) -> Result<Appointment, CalendarError> {
        let now = self.parts.clock.now();
        let disputed = appointment.disputed();
        let review = self.review(&record, reason, Some(appointment.id()), record.uid.clone());
        let fact = AppointmentEvent::disputed(disputed.snapshot(), reason.as_str());
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(record))
            .write(update(appointment, &disputed))
            .write(AppointmentWrite::OpenReview(review))
            .emit(fact.into_outgoing(&*self.parts.ids, now)?);
        self.parts.appointments.commit(scope, change).await?;
        Ok(disputed)
    }

    pub(super) fn review(
        &self,
        record: &CopyRecord,
        reason: ReviewReason,
        appointment: Option<AppointmentId>,
        uid: Option<RemoteUid>,
    ) -> Review {
        Review {
            id: ReviewId::generate(&*self.parts.ids),
            connection: record.link.connection,
            reason,
            appointment,
            uid,
            detail: record.error.clone().unwrap_or_default(),
            opened_at: self.parts.clock.now(),
        }
    }

    /// A change of the appointment with its history, event and copy.
    pub(super) fn change(
        &self,
        scope: &TenantScope,
        kind: ChangeKind,
        before: &Appointment,
        after: &Appointment,
        record: CopyRecord,
    ) -> Result<ChangeSet<AppointmentWrite>, CalendarError> {
        let now = self.parts.clock.now();
        let ids = &*self.parts.ids;
        let (old, new) = (before.snapshot(), after.snapshot());
        let history = AppointmentChange::new(ids, kind, Some(old), new, (scope.actor().clone(), None), now);
        let fact = match kind {
            ChangeKind::Moved => AppointmentEvent::moved(old, new, None),
            ChangeKind::Cancelled => AppointmentEvent::cancelled(new, None),
            ChangeKind::Booked => AppointmentEvent::booked(new),
        };
        Ok(ChangeSet::one(AppointmentWrite::UpdateCopy(record))
            .write(update(before, after))
            .write(AppointmentWrite::RecordChange(history))
            .emit(fact.into_outgoing(ids, now)?))
    }
}

pub(super) fn update(before: &Appointment, after: &Appointment) -> AppointmentWrite {
    AppointmentWrite::Update { next: after.snapshot().clone(), expected: before.snapshot().version }
}

/// A booking as it is now: the one it was moved to, as often as it was moved. `None`: the provider knows none of it.
pub(super) async fn follow(
    parts: &CopyParts,
    scope: &TenantScope,
    connection: &Connection,
    uid: &RemoteUid,
    effort: Effort,
) -> Result<Option<RemoteBooking>, ReadFailure> {
    /// Moves that are followed; beyond that the chain is broken or a circle.
    const MAX_MOVES: usize = 10;
    let mut next = uid.clone();
    let mut last = None;
    for _ in 0..MAX_MOVES {
        let Some(booking) = parts.gateway.get(scope, connection, &next, effort).await? else { return Ok(last) };
        let successor = booking.successor.clone();
        last = Some(booking);
        match successor {
            Some(uid) => next = uid,
            None => break,
        }
    }
    Ok(last)
}

/// The real time at which a write can be judged; for schedules.
#[must_use]
pub fn judged_from(sent_at: DateTime<Utc>) -> DateTime<Utc> {
    sent_at + TimeDelta::seconds(appointment::calendar::SETTLING_SECONDS)
}
