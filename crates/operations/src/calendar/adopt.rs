//! Appointments and bookings that belong together although no record says so: what was promised before an account was
//! linked, or while it was switched off.

use std::collections::HashMap;

use appointment::calendar::{
    CalendarLink, Connection, CopyRecord, Effort, ReadFailure, RemoteBooking, RemoteService,
};
use appointment::model::{Appointment, BusyKind, ServiceLink, Span};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{AppointmentId, ChangeSet, CommitError, TenantScope};

use super::CalendarError;
use super::mapping::Missing;
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
#[derive(Default)]
pub(super) struct Adopted {
    /// The records that were added, by beginning.
    pub(super) due: Vec<CopyRecord>,
    /// Appointments of which nobody could say whether what they are linked to is there.
    pub(super) open: Vec<AppointmentId>,
    /// Appointments whose link leads nowhere.
    pub(super) left: Vec<(AppointmentId, CalendarLink)>,
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
        let mut adopted = Adopted::default();
        if window.end <= now {
            return Ok(adopted);
        }
        let ahead = Span::new(window.start.max(now), window.end);
        let uncopied = self.parts.book.uncopied(scope, connection.id, ahead, most).await?;
        if uncopied.is_empty() {
            return Ok(adopted);
        }
        let mut links = Links::of(self.shown(scope, connection, effort).await);
        for (id, link) in uncopied {
            let linked = match links.known(&link) {
                Some(linked) => linked,
                None => links.learn(&link, self.asked(scope, connection, &link, effort).await),
            };
            match linked {
                Linked::There => {}
                Linked::Gone => {
                    adopted.left.push((id, link));
                    continue;
                }
                Linked::Unknown => {
                    adopted.open.push(id);
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

    /// The event types that the account shows. `None` if it could not be asked; one that shows them in an unreadable way, or
    /// not to this key, shows nothing.
    async fn shown(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Option<Vec<RemoteService>> {
        match self.parts.gateway.services(scope, connection, effort).await {
            Ok(shown) => Some(shown),
            Err(failure) => {
                tracing::warn!(%failure, connection.id = %connection.id, "the event types of an account could not be read");
                (!matches!(failure, ReadFailure::Unavailable { .. })).then(Vec::new)
            }
        }
    }

    /// Whether an event type that the account does not show is there all the same.
    async fn asked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        effort: Effort,
    ) -> Linked {
        let now = self.parts.clock.now();
        let day = Span::new(now, now + TimeDelta::days(1));
        match self.parts.gateway.free_starts(scope, connection, link, day, None, effort).await {
            Ok(_) => Linked::There,
            Err(failure) if failure.is_about_nothing() => Linked::Gone,
            Err(failure) => {
                tracing::warn!(%failure, connection.id = %connection.id, event_type = %link.event_type,
                    "it could not be found out whether an event type is there: its appointments get no copies for now");
                Linked::Unknown
            }
        }
    }
}

/// What is known about links.
struct Links {
    /// The account's event types. `None`: nothing can be asked now.
    shown: Option<Vec<RemoteService>>,
    known: HashMap<CalendarLink, Linked>,
}

impl Links {
    fn of(shown: Option<Vec<RemoteService>>) -> Self {
        Self { shown, known: HashMap::new() }
    }

    /// Whether what is linked is there, if nobody has to be asked about it.
    fn known(&self, link: &CalendarLink) -> Option<Linked> {
        let Some(shown) = &self.shown else { return Some(Linked::Unknown) };
        match Missing::of(link, shown) {
            None => Some(Linked::There),
            Some(Missing::Host) => Some(Linked::Gone),
            Some(Missing::EventType) => self.known.get(link).copied(),
        }
    }

    fn learn(&mut self, link: &CalendarLink, linked: Linked) -> Linked {
        self.known.insert(link.clone(), linked);
        linked
    }
}
