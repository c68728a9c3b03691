//! Appointments and bookings that belong together although no record says so: what was promised before an account was
//! linked, or while it was switched off.

use std::collections::HashMap;

use appointment::calendar::{CalendarLink, Connection, CopyRecord, Effort, RemoteBooking};
use appointment::model::{Appointment, BusyKind, ServiceLink, Span};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{AppointmentId, ChangeSet, CommitError, TenantScope};

use super::CalendarError;
use super::news::CalendarNews;
use super::push::CopyDesk;
use super::settle::update;

impl CalendarNews {
    /// A booking there that is an appointment here already: what occupies its time, `busy`, is one appointment of the same
    /// customer (or the one that the booking names), the same service and the same stay, which has no copy. From now on
    /// they are one. `made` is what would be made of the booking. What was promised stays so while its host has still to
    /// confirm it there.
    pub(super) async fn attach(
        &self,
        scope: &TenantScope,
        link: &ServiceLink,
        booking: &RemoteBooking,
        (made, busy): (&Appointment, &[BusyKind]),
    ) -> Result<Option<AppointmentId>, CalendarError> {
        let Some(BusyKind::Appointment(id)) = busy.first().copied() else { return Ok(None) };
        if busy.iter().any(|kind| *kind != BusyKind::Appointment(id)) {
            return Ok(None);
        }
        let parts = &self.desk.parts;
        let Some(found) = parts.appointments.find(scope, id).await? else { return Ok(None) };
        let made = made.snapshot();
        let is_same = (found.service, found.staff, found.starts_at, found.ends_at)
            == (made.service, made.staff, made.starts_at, made.ends_at)
            && (booking.marker == Some(id) || found.customer == made.customer);
        if !is_same || parts.book.copy(scope, id).await?.is_some() {
            return Ok(None);
        }
        let appointment = Appointment::restore(found)?;
        let record = CopyRecord::settled(id, link.link.clone(), booking);
        let change = ChangeSet::one(update(&appointment, &appointment.copied()))
            .write(AppointmentWrite::AddCopy(record));
        match parts.appointments.commit(scope, change).await {
            Ok(()) => Ok(Some(id)),
            // Somebody else was faster: a later run sees what came of it.
            Err(CommitError::Stale | CommitError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl CopyDesk {
    /// What stands here, will be, and has no copy although it should have one there: it is due from now on. Returns the
    /// records that were added, by beginning. What is linked to an event type that is not there any more stays as it was
    /// promised: it would only be refused.
    pub(super) async fn adopt(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        (window, most): (Span, u32),
        effort: Effort,
    ) -> Result<Vec<CopyRecord>, CalendarError> {
        let now = self.parts.clock.now();
        if window.end <= now {
            return Ok(Vec::new());
        }
        let ahead = Span::new(window.start.max(now), window.end);
        let mut added = Vec::new();
        let mut known: HashMap<CalendarLink, bool> = HashMap::new();
        for (id, link) in self.parts.book.uncopied(scope, connection.id, ahead, most).await? {
            let is_there = match known.get(&link) {
                Some(is_there) => *is_there,
                None => {
                    let is_there = self.is_there(scope, connection, &link, effort).await;
                    known.insert(link.clone(), is_there);
                    is_there
                }
            };
            if !is_there {
                continue;
            }
            let Some(found) = self.parts.appointments.find(scope, id).await? else { continue };
            let appointment = Appointment::restore(found)?;
            let record = CopyRecord::due(id, link);
            let change = ChangeSet::one(update(&appointment, &appointment.to_be_copied()))
                .write(AppointmentWrite::AddCopy(record.clone()));
            match self.parts.appointments.commit(scope, change).await {
                Ok(()) => added.push(record),
                // It was changed meanwhile: the next comparison looks again.
                Err(CommitError::Stale | CommitError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(added)
    }

    /// Whether the account knows what is linked. What it does not answer about waits for the next comparison.
    async fn is_there(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        effort: Effort,
    ) -> bool {
        let now = self.parts.clock.now();
        let day = Span::new(now, now + TimeDelta::days(1));
        match self.parts.gateway.free_starts(scope, connection, link, day, None, effort).await {
            Ok(_) => true,
            Err(failure) => {
                tracing::warn!(%failure, connection.id = %connection.id, event_type = %link.event_type,
                    "appointments of a linked event type have no copies there, and get none for now");
                false
            }
        }
    }
}
