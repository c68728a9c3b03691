//! Whether the customer came.

use appointment::calendar::{Connection, Effort, RemoteBooking, RemoteUid};
use appointment::model::{Appointment, AppointmentStatus};
use kernel::{ChangeSet, TenantScope};

use super::CalendarError;
use super::news::{CalendarNews, Heard};
use super::settle::update;

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
        let now = self.desk.parts.gateway.get(scope, connection, uid, effort).await?;
        let is_absent = now.and_then(|booking| booking.absent).unwrap_or(marked);
        self.of_uid(scope, connection, uid, |appointment| attended(appointment, is_absent)).await
    }

    /// What a booking that was just read, or listed, says about it. A mark that is not there (any more) is read again before
    /// it is taken back here: the listing may be older than the mark.
    pub(super) async fn attendance(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        appointment: &Appointment,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        match (booking.absent, appointment.status()) {
            (Some(true), status) if status != AppointmentStatus::NoShow => {
                self.ended(scope, appointment, |appointment| attended(appointment, true)).await
            }
            (Some(false), AppointmentStatus::NoShow) => {
                self.marked(scope, connection, &booking.uid, true, effort).await
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

fn attended(appointment: &Appointment, is_absent: bool) -> Option<Appointment> {
    if is_absent { appointment.end(false) } else { appointment.came_after_all() }
}
