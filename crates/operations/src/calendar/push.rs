//! Bringing one copy up to date.

use std::sync::Arc;

use appointment::calendar::{
    CalendarBook, CalendarGateway, Connection, CopyRecord, CopyRetries, CopyState, Effort, OutsideTimes,
    RefusalReason, RemoteBooking, RemoteRequest, RemoteStatus, ReviewReason, Step, WriteFailure,
};
use appointment::model::{Appointment, AppointmentStatus};
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use appointment::waiting::WishRepository;
use chrono::TimeDelta;
use customer::CustomerService;
use kernel::{AppointmentId, ChangeSet, Clock, CommitError, IdGenerator, TenantScope};

use super::CalendarError;
use super::answered::Answered;
use super::attendee::{attendee, placeholder};
use super::attention::Attention;
use super::delay::{Delay, SWITCHED_OFF};

/// Steps of one run. Moving a copy to another person takes two, a lost write one more; beyond that somebody keeps
/// changing the appointment, and the next run will see.
const MAX_STEPS: usize = 6;

/// A sender that has not reported by then was cut off. Longer than any request may take, with room for a slow commit.
const LEASE_SECONDS: i64 = 20;

/// Why a part of a visit waits.
const BEHIND: &str = "another part of the visit stands where it goes";

/// What keeping copies needs.
#[derive(Clone)]
pub struct CopyParts {
    /// Accounts, links, records of copies.
    pub book: Arc<dyn CalendarBook>,
    /// Appointments.
    pub appointments: Arc<dyn AppointmentRepository>,
    /// Whom they are for.
    pub customers: CustomerService,
    /// Offers of the waiting list, whose reservations may hide time from us.
    pub wishes: Arc<dyn WishRepository>,
    /// The outside calendar.
    pub gateway: Arc<dyn CalendarGateway>,
    /// What is remembered of free time there: every write makes it old.
    pub outside: Arc<dyn OutsideTimes>,
    /// Both times.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
    /// When what stays open is tried again.
    pub retries: CopyRetries,
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
    /// It stands there, and its host has still to confirm it.
    Unconfirmed,
    /// Not yet: the calendar was not reached, or it is not known what it did. A later run goes on.
    Open {
        /// Why, without personal data.
        why: String,
    },
    /// Not yet: another part of the visit stands where it goes, and has not left. A later run goes on.
    Behind,
}

/// Where one appointment stands, whatever is in its way.
enum One {
    /// So.
    Done(Pushed),
    /// Behind this other part of its visit.
    Behind(AppointmentId),
}

impl CopyDesk {
    /// Over these parts.
    #[must_use]
    pub const fn new(parts: CopyParts) -> Self {
        Self { parts }
    }

    /// Brings the copy of an appointment up to date, as far as it goes now; parts of its visit that stand in its way there, and
    /// are to leave, go first.
    ///
    /// While somebody waits who will hear of it, a new appointment that is refused is withdrawn at once; once nobody
    /// does, it needs attention, since a person has to tell the customer.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn push(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        effort: Effort,
        attention: &Attention,
    ) -> Result<Pushed, CalendarError> {
        // Each of them goes first once: what stands there still then does not leave.
        let (mut queue, mut tried) = (vec![id], vec![id]);
        while let Some(part) = queue.last() {
            // Who waits for this one does not hear of the others.
            let nobody = Attention::nobody();
            let heard = if queue.len() == 1 { attention } else { &nobody };
            match self.push_one(scope, *part, effort, heard).await? {
                // Whoever stands where it goes goes first.
                One::Behind(other) if !tried.contains(&other) => {
                    queue.push(other);
                    tried.push(other);
                }
                One::Done(pushed) if queue.len() == 1 => return Ok(pushed),
                One::Behind(_) | One::Done(Pushed::Open { .. } | Pushed::Behind) => break,
                One::Done(
                    Pushed::NotNeeded | Pushed::Settled(_) | Pushed::Unconfirmed | Pushed::Refused(..),
                ) => {
                    queue.pop();
                }
            }
        }
        // Whoever sends it meanwhile writes when to go on.
        if let Some((appointment, record)) = self.load(scope, id).await?
            && record.state != CopyState::Sending
        {
            match self.stays_open(scope, &appointment, &record, Delay::no_try(BEHIND)).await {
                Ok(_) | Err(CalendarError::Commit(CommitError::Stale)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Pushed::Behind)
    }

    /// The same for this one alone, whatever else of its visit is to be written: for whoever tries all of them at once.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn push_alone(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        effort: Effort,
        attention: &Attention,
    ) -> Result<Pushed, CalendarError> {
        Ok(match self.push_one(scope, id, effort, attention).await? {
            One::Done(pushed) => pushed,
            One::Behind(_) => Pushed::Behind,
        })
    }

    /// As far as it goes while the rest of its visit stays where it is.
    async fn push_one(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        effort: Effort,
        attention: &Attention,
    ) -> Result<One, CalendarError> {
        for _ in 0..MAX_STEPS {
            let Some((appointment, record)) = self.load(scope, id).await? else {
                return Ok(One::Done(Pushed::NotNeeded));
            };
            let step = record.step(appointment.snapshot(), self.parts.clock.real_now());
            if let Some(other) = self.in_the_way(scope, (&appointment, &record), &step).await? {
                return Ok(One::Behind(other));
            }
            let done = match step {
                Step::Nothing => self.rest(scope, appointment, record, effort).await,
                Step::Wait => Ok(Some(Pushed::Open { why: "somebody else is sending".to_owned() })),
                Step::Look => self.look(scope, &appointment, &record, effort).await,
                write => self.send(scope, &appointment, &record, write, effort, attention).await,
            };
            match done {
                Ok(Some(pushed)) => return Ok(One::Done(pushed)),
                // Something was achieved, or somebody changed the appointment or the record meanwhile: look again.
                Ok(None) | Err(CalendarError::Commit(CommitError::Stale)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(One::Done(Pushed::Open { why: "the appointment keeps changing".to_owned() }))
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

    /// Announces the write, sends it, and commits what came of it. `None`: something was achieved, look again.
    async fn send(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        step: Step,
        effort: Effort,
        attention: &Attention,
    ) -> Result<Option<Pushed>, CalendarError> {
        if appointment.starts_at() <= self.parts.clock.now() && step == Step::Create {
            return self.too_late(scope, appointment, record).await.map(Some);
        }
        let connection =
            record.placed.as_ref().filter(|_| matches!(step, Step::Cancel(_))).unwrap_or(&record.link);
        let Some(connection) = self.parts.book.connection(scope, connection.connection).await? else {
            return self.stays_open(scope, appointment, record, SWITCHED_OFF).await;
        };
        if let Some(pushed) =
            self.place_is_taken(scope, (appointment, record, &step), effort, attention).await?
        {
            return Ok(pushed);
        }
        let lease = TimeDelta::seconds(LEASE_SECONDS);
        let sending = record.sending(
            appointment.starts_at(),
            self.parts.clock.now(),
            self.parts.clock.real_now(),
            lease,
        );
        let announced = ChangeSet::one(AppointmentWrite::UpdateCopy(sending.clone()));
        self.parts.appointments.commit(scope, announced).await?;
        let written = self.write(scope, &connection, appointment, &sending, &step, effort).await;
        // Whose time it is: the person's who has it there, and of whom it goes to.
        let is_sent = !matches!(written, Err(WriteFailure::NotSent { .. }));
        for link in record.placed.iter().filter(|placed| **placed != record.link).chain([&record.link]) {
            if is_sent && link.connection == connection.id {
                self.parts.outside.changed(scope, connection.id, Some(&link.event_type)).await;
            }
        }
        let known = Answered::of(&written, record);
        let done = match written {
            Ok(Some(booking)) if !record.link.is_performed_as_wanted(&booking) => {
                self.misplaced(scope, &connection, appointment, &sending, &step, &booking, effort, attention)
                    .await
            }
            Ok(Some(booking)) => self.accepted(scope, appointment, &sending, &booking).await,
            Ok(None) => {
                let mut gone = sending.next(CopyState::Due);
                gone.remote_start = None;
                gone.attempts = 0;
                self.note(scope, gone).await.map(|()| None)
            }
            Err(failure) => self.failed(scope, appointment, &sending, &step, failure, attention).await,
        };
        match (done, known) {
            (Err(CalendarError::Commit(CommitError::Stale)), Some(answered)) => {
                self.answered_late(scope, &sending, answered).await.map(|()| None)
            }
            (done, _) => done,
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
            if appointment.status() == AppointmentStatus::Confirmed {
                self.agree(scope, appointment, next, None).await?;
            } else {
                self.note(scope, next).await?;
            }
            return Ok(Some(Pushed::Unconfirmed));
        }
        if !next.agrees_with(appointment.snapshot()) {
            next.state = CopyState::Due;
            return self.note(scope, next).await.map(|()| None);
        }
        let agreed = self.agree(scope, appointment, next, None).await?;
        Ok(Some(Pushed::Settled(Box::new(agreed))))
    }

    pub(super) async fn failed(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        step: &Step,
        failure: WriteFailure,
        attention: &Attention,
    ) -> Result<Option<Pushed>, CalendarError> {
        match failure {
            failure @ WriteFailure::NotSent { .. } => {
                self.put_off(scope, appointment, record.next(CopyState::Due), &failure).await
            }
            failure @ WriteFailure::Unknown { .. } => {
                self.put_off(scope, appointment, record.next(CopyState::Unknown), &failure).await
            }
            WriteFailure::Refused {
                reason: RefusalReason::AlreadyChanged | RefusalReason::NotFound,
                detail,
            } if !matches!(step, Step::Create) => {
                // It was moved or called off there: what it is now decides.
                let mut next = record.next(CopyState::Unknown);
                next.failed(detail);
                self.note(scope, next).await.map(|()| None)
            }
            WriteFailure::Refused { reason: RefusalReason::Unauthorized, detail } => {
                // Not about this appointment: it goes on once a person has mended the account.
                let mut next = record.next(CopyState::Due);
                next.put_off(
                    detail.clone(),
                    appointment.starts_at(),
                    self.parts.clock.now(),
                    &self.parts.retries,
                );
                let review = self.review(&next, ReviewReason::AccountRefused, None, None);
                let change = ChangeSet::one(AppointmentWrite::UpdateCopy(next))
                    .write(AppointmentWrite::OpenReview(review));
                self.parts.appointments.commit(scope, change).await?;
                Ok(Some(Pushed::Open { why: detail }))
            }
            WriteFailure::Refused { reason, detail } => {
                let mut next = record.next(CopyState::Refused);
                next.refused(reason, &detail);
                let after = self.undo(scope, appointment, next, step, reason, attention).await?;
                Ok(Some(Pushed::Refused(Box::new(after), reason)))
            }
        }
    }

    pub(super) async fn note(&self, scope: &TenantScope, record: CopyRecord) -> Result<(), CalendarError> {
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(record));
        Ok(self.parts.appointments.commit(scope, change).await?)
    }
}
