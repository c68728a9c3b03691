//! What is committed once the outside calendar has spoken.

use appointment::calendar::{
    ConnectionId, CopyRecord, CopyState, RefusalReason, RemoteBooking, RemoteUid, Review, ReviewId,
    ReviewReason, Step, unanswered_job,
};
use appointment::events::{AppointmentEvent, There};
use appointment::model::{
    Appointment, AppointmentChange, AppointmentSource, AppointmentStatus, ChangeKind, HoldId,
};
use appointment::ports::AppointmentWrite;
use kernel::{AppointmentId, ChangeSet, JobSpec, TenantScope};

use super::CalendarError;
use super::attendee::is_written_to;
use super::attention::Attention;
use super::push::{CopyDesk, Pushed};

/// What a change leaves for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frees {
    /// The time that the appointment had.
    Time,
    /// Nothing: the outside calendar does not take that time.
    Nothing,
}

impl CopyDesk {
    /// Both sides agree: record and appointment are committed together. What its host has still to confirm there is pending.
    pub(super) async fn agree(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        more: Option<AppointmentWrite>,
    ) -> Result<Appointment, CalendarError> {
        let agreed = as_stands_there(&record, appointment.copied());
        let is_news =
            agreed.status() == AppointmentStatus::Confirmed && appointment.status() != agreed.status();
        let mut change =
            ChangeSet::one(AppointmentWrite::UpdateCopy(record)).write(update(appointment, &agreed));
        if is_news {
            let fact = AppointmentEvent::confirmed(agreed.snapshot());
            change = change.emit(fact.into_outgoing(&*self.parts.ids, self.parts.clock.now())?);
        }
        if let Some(write) = more {
            change = change.write(write);
        }
        if agreed.status() == AppointmentStatus::Cancelled {
            let at = self.parts.clock.now();
            change = change.write(AppointmentWrite::CloseRefusals { appointment: agreed.id(), at });
        }
        if appointment.status() != agreed.status() {
            // It was promised, and waits from now on.
            change = self.looked_after(&agreed).into_iter().fold(change, ChangeSet::enqueue);
        }
        self.parts.appointments.commit(scope, change).await?;
        Ok(agreed)
    }

    /// Somebody looks, before its time has come, at what waits for an answer there.
    pub(super) fn looked_after(&self, after: &Appointment) -> Option<JobSpec> {
        let waits = after.status() == AppointmentStatus::Pending;
        unanswered_job(after.snapshot(), self.parts.clock.now()).filter(|_| waits)
    }

    /// The provider said no. With the caller on the line, a new appointment is withdrawn and a moved one goes back;
    /// without, a moved one goes back too, and a person has to tell the customer; otherwise, or if it cannot go back, a
    /// person has to look at it. The rest of a visit goes the same way. One that was promised before is never withdrawn, and
    /// one that cannot be called off there stays called off here.
    pub(super) async fn undo(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        step: &Step,
        reason: RefusalReason,
        attention: &Attention,
    ) -> Result<Appointment, CalendarError> {
        let is_about_time = reason.is_about_time();
        let is_new = *step == Step::Create
            && appointment.status() == AppointmentStatus::Pending
            && appointment.snapshot().reschedule_count == 0;
        let old_place = match step {
            Step::Reschedule(_) => Some(appointment.snapshot().staff),
            Step::Cancel(_) if appointment.status().is_open() => {
                self.placed_with(scope, appointment, &record).await?
            }
            _ => None,
        };
        if is_about_time && let (Some(staff), Some(start)) = (old_place, record.remote_start) {
            let link = record.placed.clone().unwrap_or_else(|| record.link.clone());
            let settled = CopyRecord { state: CopyState::Settled, link, ..record.clone() };
            let back = as_stands_there(&record, appointment.move_undone(staff, start));
            let refused = (&record, settled);
            if self.go_back(scope, (appointment, &back), refused, attention.take()).await? {
                return Ok(back);
            }
        } else if is_about_time && is_new && attention.take() {
            return self.withdraw(scope, appointment, record, reason).await;
        }
        self.dispute(scope, appointment, record, ReviewReason::CopyRefused).await
    }

    pub(super) async fn too_late(
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
        let there = there(&record);
        self.dispute_what_is(scope, appointment, record, (reason, there)).await
    }

    /// Whether the copy of an open appointment that was moved here was moved there as well, and not before.
    pub(super) async fn is_moved_since(
        &self,
        scope: &TenantScope,
        (appointment, record): (&Appointment, &CopyRecord),
        booking: &RemoteBooking,
    ) -> Result<bool, CalendarError> {
        if !appointment.status().is_open() || !record.was_moved_after(None, booking) {
            return Ok(false);
        }
        let changed = self.parts.appointments.last_changed(scope, appointment.id()).await?;
        Ok(record.was_moved_after(changed, booking))
    }

    /// It was moved here, and there meanwhile or since: two words, and no right answer.
    pub(super) async fn dispute_both_moved(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        found: CopyRecord,
    ) -> Result<Appointment, CalendarError> {
        let mut refused = CopyRecord { state: CopyState::Refused, ..found };
        refused.failed("it was moved there while it was moved here".to_owned());
        self.dispute(scope, appointment, refused, ReviewReason::ChangedThere).await
    }

    /// The same, where it is known from elsewhere what the outside calendar has.
    pub(super) async fn dispute_what_is(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        (reason, there): (ReviewReason, There),
    ) -> Result<Appointment, CalendarError> {
        let now = self.parts.clock.now();
        let disputed = appointment.disputed();
        let review = self.review(&record, reason, Some(appointment.id()), record.uid.clone());
        let fact = AppointmentEvent::disputed(disputed.snapshot(), reason, there);
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(record))
            .write(update(appointment, &disputed))
            .write(AppointmentWrite::OpenReview(review))
            .emit(fact.into_outgoing(&*self.parts.ids, now)?);
        self.parts.appointments.commit(scope, change).await?;
        Ok(disputed)
    }

    /// It was called off or rejected there, and so it is here.
    pub(super) async fn ended_there(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        booking: Option<&RemoteBooking>,
    ) -> Result<Appointment, CalendarError> {
        let why = booking.and_then(|booking| booking.why_ended.clone());
        let after = appointment.withdraw(why, self.parts.clock.now());
        let change = self.change(scope, (ChangeKind::Cancelled, Frees::Time), appointment, &after, record)?;
        let change = self.to_be_told(change, (appointment, &after), booking)?;
        self.parts.appointments.commit(scope, change).await?;
        Ok(after)
    }

    /// What the outside calendar has changed of an appointment that was made here is told to the customer by somebody,
    /// unless the provider knows an address of theirs and so has told them. Whoever booked there hears it from there.
    pub(super) fn to_be_told(
        &self,
        change: ChangeSet<AppointmentWrite>,
        (before, after): (&Appointment, &Appointment),
        booking: Option<&RemoteBooking>,
    ) -> Result<ChangeSet<AppointmentWrite>, CalendarError> {
        let now = self.parts.clock.now();
        let state = after.snapshot();
        if state.source == AppointmentSource::OutsideCalendar || state.starts_at <= now {
            return Ok(change);
        }
        let change = self.looked_after(after).into_iter().fold(change, ChangeSet::enqueue);
        let told = booking.map(|booking| is_written_to(booking, &self.parts.placeholder_domain));
        let fact = AppointmentEvent::changed_there(before.snapshot(), state, told);
        Ok(change.emit(fact.into_outgoing(&*self.parts.ids, now)?))
    }

    /// The account does not take our key: a person has to mend it. Asked once as long as the question is open.
    pub(super) async fn account_refused(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        detail: &str,
    ) -> Result<(), CalendarError> {
        let review = Review {
            id: ReviewId::generate(&*self.parts.ids),
            connection,
            reason: ReviewReason::AccountRefused,
            appointment: None,
            uid: None,
            detail: detail.to_owned(),
            opened_at: self.parts.clock.now(),
        };
        let change = ChangeSet::one(AppointmentWrite::OpenReview(review));
        Ok(self.parts.appointments.commit(scope, change).await?)
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
        what: (ChangeKind, Frees),
        before: &Appointment,
        after: &Appointment,
        record: CopyRecord,
    ) -> Result<ChangeSet<AppointmentWrite>, CalendarError> {
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(record));
        self.described(scope, change, what, (before, after))
    }

    /// A move that holds do not stop: they are released in the same transaction.
    pub(super) fn change_over(
        &self,
        scope: &TenantScope,
        (before, after): (&Appointment, &Appointment),
        record: CopyRecord,
        holds: Vec<HoldId>,
    ) -> Result<ChangeSet<AppointmentWrite>, CalendarError> {
        let released = holds.into_iter().map(AppointmentWrite::ReleaseHold);
        let writes = released.chain([AppointmentWrite::UpdateCopy(record)]);
        self.described(
            scope,
            writes.fold(ChangeSet::new(), ChangeSet::write),
            (ChangeKind::Moved, Frees::Time),
            (before, after),
        )
    }

    pub(super) fn described(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
        (kind, frees): (ChangeKind, Frees),
        (before, after): (&Appointment, &Appointment),
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
        let fact = if frees == Frees::Nothing { fact.taken_outside() } else { fact };
        Ok(change
            .write(update(before, after))
            .write(AppointmentWrite::RecordChange(history))
            .emit(fact.into_outgoing(ids, now)?))
    }
}

/// What stands there without its host having confirmed it stands so here.
pub(super) fn as_stands_there(record: &CopyRecord, appointment: Appointment) -> Appointment {
    if record.awaits_host { appointment.awaited() } else { appointment }
}

/// What the calendar there has, as far as its last answer tells.
pub(super) const fn there(record: &CopyRecord) -> There {
    match (record.state, record.remote_start) {
        (CopyState::Due | CopyState::Sending | CopyState::Unknown, _) => There::Unknown,
        (CopyState::Settled | CopyState::Refused, Some(start)) => There::Booking(start),
        (CopyState::Settled | CopyState::Refused, None) => There::Nothing,
    }
}

pub(super) fn update(before: &Appointment, after: &Appointment) -> AppointmentWrite {
    AppointmentWrite::Update { next: after.snapshot().clone(), expected: before.snapshot().version }
}
