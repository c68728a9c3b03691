//! Appointments and bookings that belong together although no record says so: what was promised before an account was
//! linked, or while it was switched off.

use std::collections::HashMap;

use appointment::calendar::{CalendarLink, Connection, CopyRecord, Effort, ReadFailure, RemoteBooking};
use appointment::model::{Appointment, BusyKind, ServiceLink, Span};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{AppointmentId, ChangeSet, CommitError, TenantScope};

use super::CalendarError;
use super::news::CalendarNews;
use super::push::CopyDesk;
use super::settle::{as_stands_there, update};

impl CalendarNews {
    /// A booking there that is an appointment here already: what occupies its time, `busy`, is one appointment of the same
    /// customer (or the one that the booking names), the same service and the same stay, which has no copy. From now on
    /// they are one. `made` is what would be made of the booking. Where its host has still to confirm it there, it waits
    /// here, too, whatever was promised.
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
        let after = as_stands_there(&record, appointment.copied());
        let change = ChangeSet::one(update(&appointment, &after)).write(AppointmentWrite::AddCopy(record));
        let change = self.desk.looked_after(&after).into_iter().fold(change, ChangeSet::enqueue);
        match parts.appointments.commit(scope, change).await {
            Ok(()) => Ok(Some(id)),
            // Somebody else was faster: a later run sees what came of it.
            Err(CommitError::Stale | CommitError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What [`CopyDesk::adopt`] came to.
pub(super) struct Adopted {
    /// The records that were added, by beginning.
    pub(super) due: Vec<CopyRecord>,
    /// Appointments of which nobody could say whether what they are linked to is there.
    pub(super) open: u32,
}

/// Whether what is linked is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linked {
    There,
    Gone,
    Unknown,
}

impl CopyDesk {
    /// What stands here, will be, and has no copy although it should have one there: it is due from now on. What is linked
    /// to an event type or a host that is not there any more stays as it was promised: it would only be refused.
    pub(super) async fn adopt(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        (window, most): (Span, u32),
        effort: Effort,
    ) -> Result<Adopted, CalendarError> {
        let now = self.parts.clock.now();
        let mut adopted = Adopted { due: Vec::new(), open: 0 };
        if window.end <= now {
            return Ok(adopted);
        }
        let ahead = Span::new(window.start.max(now), window.end);
        let mut known: HashMap<CalendarLink, Linked> = HashMap::new();
        for (id, link) in self.parts.book.uncopied(scope, connection.id, ahead, most).await? {
            let linked = match known.get(&link) {
                Some(linked) => *linked,
                None => {
                    let linked = self.linked(scope, connection, &link, effort).await;
                    known.insert(link.clone(), linked);
                    linked
                }
            };
            match linked {
                Linked::There => {}
                Linked::Gone => continue,
                Linked::Unknown => {
                    adopted.open += 1;
                    continue;
                }
            }
            let Some(found) = self.parts.appointments.find(scope, id).await? else { continue };
            let appointment = Appointment::restore(found)?;
            let record = CopyRecord::due(id, link);
            let change = ChangeSet::one(update(&appointment, &appointment.to_be_copied()))
                .write(AppointmentWrite::AddCopy(record.clone()));
            match self.parts.appointments.commit(scope, change).await {
                Ok(()) => adopted.due.push(record),
                // It was changed meanwhile: the next comparison looks again.
                Err(CommitError::Stale | CommitError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(adopted)
    }

    async fn linked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        effort: Effort,
    ) -> Linked {
        let why = match self.is_there(scope, connection, link, effort).await {
            Ok(true) => return Linked::There,
            Ok(false) => "its host is none any more".to_owned(),
            Err(failure) if failure.is_about_nothing() => failure.to_string(),
            Err(failure) => {
                tracing::warn!(%failure, connection.id = %connection.id, event_type = %link.event_type,
                    "it could not be found out whether what is linked is there: its appointments get no copies for now");
                return Linked::Unknown;
            }
        };
        tracing::warn!(%why, connection.id = %connection.id, event_type = %link.event_type,
            "appointments of a link that leads nowhere have no copies there, and get none");
        Linked::Gone
    }

    /// Whether the account knows the event type, and shows the person that the link names, if it shows who performs it.
    async fn is_there(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        effort: Effort,
    ) -> Result<bool, ReadFailure> {
        let (gateway, now) = (&self.parts.gateway, self.parts.clock.now());
        let day = Span::new(now, now + TimeDelta::days(1));
        gateway.free_starts(scope, connection, link, day, None, effort).await?;
        let Some(host) = &link.host else { return Ok(true) };
        let hosts = gateway.hosts(scope, connection, &link.event_type, effort).await?;
        Ok(hosts.is_none_or(|hosts| hosts.contains(host)))
    }
}
