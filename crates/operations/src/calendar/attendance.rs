//! Whether the customer came.

use appointment::calendar::{Connection, Effort, ReadFailure, RemoteBooking, RemoteStatus, RemoteUid};
use appointment::model::{Appointment, AppointmentStatus};
use chrono::TimeDelta;
use kernel::{ChangeSet, TenantScope};

use super::CalendarError;
use super::news::{CalendarNews, Heard};
use super::settle::update;

/// So long after the end of a booking its news are waited for.
const END_HEARD_MINUTES: i64 = 60;

impl CalendarNews {
    /// The time of a booking is over.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn over(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
    ) -> Result<Heard, CalendarError> {
        self.of_uid(scope, connection, uid, |appointment| appointment.end(true)).await
    }

    /// The customer of a booking was marked as not having come, or the mark was taken back: as it is by now, where the
    /// provider shows it; else as `marked` says.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub async fn marked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        marked: bool,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        let read = match self.desk.parts.gateway.get(scope, connection, uid, effort).await {
            // The mark itself was proven.
            Err(ReadFailure::Withheld { .. }) => None,
            read => read?,
        };
        let is_absent = read.and_then(|booking| booking.absent).unwrap_or(marked);
        let now = self.desk.parts.clock.now();
        self.of_uid(scope, connection, uid, |appointment| {
            if is_absent { appointment.end(false) } else { appointment.came_after_all(now) }
        })
        .await
    }

    /// What a booking that was just read, or listed, says about it. What would change something here is read again first: a
    /// listing may be older than the mark, or than its end.
    pub(super) async fn attendance(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        appointment: &Appointment,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        let now = self.desk.parts.clock.now();
        let is_long_over = booking.end + TimeDelta::minutes(END_HEARD_MINUTES) <= now;
        match (booking.absent, appointment.status()) {
            (Some(true), AppointmentStatus::NoShow) => Ok(Heard::Known),
            (Some(true), _) | (Some(false), AppointmentStatus::NoShow) => {
                self.marked(scope, connection, &booking.uid, true, effort).await
            }
            // The news of its end comes once; it was lost.
            (_, status) if status.is_open() && is_long_over && booking.status == RemoteStatus::Accepted => {
                let read = self.desk.parts.gateway.get(scope, connection, &booking.uid, effort).await?;
                let took_place = read.is_some_and(|now| now.status == RemoteStatus::Accepted);
                if took_place { self.over(scope, connection, &booking.uid).await } else { Ok(Heard::Known) }
            }
            _ => Ok(Heard::Known),
        }
    }

    async fn of_uid(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        end: impl FnOnce(&Appointment) -> Option<Appointment> + Send,
    ) -> Result<Heard, CalendarError> {
        let Some(record) = self.desk.parts.book.copy_by_uid(scope, connection.id, uid).await? else {
            return Ok(Heard::Nothing);
        };
        let Some((appointment, _)) = self.desk.load(scope, record.appointment).await? else {
            return Ok(Heard::Nothing);
        };
        self.ended(scope, &appointment, end).await
    }

    async fn ended(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        end: impl FnOnce(&Appointment) -> Option<Appointment> + Send,
    ) -> Result<Heard, CalendarError> {
        let has_begun = appointment.starts_at() <= self.desk.parts.clock.now();
        let Some(after) = end(appointment).filter(|_| has_begun) else { return Ok(Heard::Known) };
        let change = ChangeSet::one(update(appointment, &after));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Followed(after.id()))
    }
}
