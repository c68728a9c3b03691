//! Whose time a copy takes there.

use appointment::calendar::{
    Connection, CopyRecord, CopyState, Effort, RefusalReason, RemoteBooking, RemoteUid, ReviewReason, Step,
    WriteFailure,
};
use appointment::model::{Appointment, Span};
use chrono::{NaiveTime, TimeDelta};
use kernel::{StaffId, TenantScope};

use super::CalendarError;
use super::attention::Attention;
use super::delay::SWITCHED_OFF;
use super::push::{CopyDesk, Pushed};

impl CopyDesk {
    /// Before a copy is called off where it stands, because somebody else is to perform it: whether that person has the
    /// time there. `None`: yes, or the step is another one. Called off first and refused then, the customer would have
    /// lost the old time as well.
    pub(super) async fn place_is_taken(
        &self,
        scope: &TenantScope,
        (appointment, record, step): (&Appointment, &CopyRecord, &Step),
        effort: Effort,
        attention: &Attention,
    ) -> Result<Option<Option<Pushed>>, CalendarError> {
        let (Step::Cancel(_), Some(wanted)) = (step, CopyRecord::wanted(appointment.snapshot())) else {
            return Ok(None);
        };
        let link = &record.link;
        let Some(connection) = self.parts.book.connection(scope, link.connection).await? else {
            return self.stays_open(scope, appointment, record, SWITCHED_OFF).await.map(Some);
        };
        // The whole day, since a provider may count its grid from the beginning of what is asked for.
        let midnight = wanted.date_naive().and_time(NaiveTime::MIN).and_utc();
        let day = Span::new(midnight, midnight + TimeDelta::days(1));
        // Our own copy stands in nobody's way: it is about to be called off.
        let is_same_account =
            record.placed.as_ref().is_some_and(|placed| placed.connection == link.connection);
        let own = record.uid.as_ref().filter(|_| is_same_account);
        match self.parts.gateway.free_starts(scope, &connection, link, day, own, effort).await {
            Ok(starts) if starts.contains(&wanted) => Ok(None),
            Ok(_) if self.may_be_hidden(scope, appointment).await? => {
                let why = "a reservation of ours may hide the time there";
                self.stays_open(scope, appointment, record, why).await.map(Some)
            }
            Ok(_) => {
                let detail = "the person has no time there".to_owned();
                let refused = WriteFailure::Refused { reason: RefusalReason::SlotTaken, detail };
                self.failed(scope, appointment, record, step, refused, attention).await.map(Some)
            }
            Err(failure) => self.stays_open(scope, appointment, record, &failure).await.map(Some),
        }
    }

    /// Whether what an offer of the waiting list has left there may hide an appointment's time from us. It ends soon.
    async fn may_be_hidden(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
    ) -> Result<bool, CalendarError> {
        let row = appointment.snapshot();
        let (stay, now) = (Span::new(row.starts_at, row.ends_at), self.parts.clock.now());
        Ok(!self.parts.wishes.left_reserved(scope, row.staff, stay, now).await?.is_empty())
    }

    /// Who has the copy where it stands now; `None` if nobody is linked to that any more.
    pub(super) async fn placed_with(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
    ) -> Result<Option<StaffId>, CalendarError> {
        let Some(placed) = &record.placed else { return Ok(None) };
        let links = self.parts.book.links(scope, placed.connection).await?;
        let service = appointment.snapshot().service;
        let found = links.into_iter().find(|(_, link)| link.service == service && link.link == *placed);
        Ok(found.map(|(_, link)| link.staff))
    }

    /// Calls off there what is not wanted; what is remembered of the account's free time is old then, whatever came of it.
    pub(super) async fn call_off(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        let done = self.parts.gateway.cancel(scope, connection, uid, effort).await;
        self.parts.outside.changed(scope, connection.id, None).await;
        done
    }

    /// The provider gave it to somebody else. What was just made is called off, as if that person's time had been taken;
    /// what was moved is left to a person, since the customer's old time is gone there.
    #[expect(clippy::too_many_arguments, reason = "one step of a run, with all that the run knows")]
    pub(super) async fn misplaced(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        appointment: &Appointment,
        record: &CopyRecord,
        step: &Step,
        booking: &RemoteBooking,
        effort: Effort,
        attention: &Attention,
    ) -> Result<Option<Pushed>, CalendarError> {
        let detail = "somebody else would perform it there".to_owned();
        if *step != Step::Create {
            let mut next = record.next(CopyState::Refused);
            next.adopt(booking);
            next.failed(detail);
            let after = self.dispute(scope, appointment, next, ReviewReason::CopyRefused).await?;
            return Ok(Some(Pushed::Refused(Box::new(after), RefusalReason::SlotTaken)));
        }
        let failure = match self.call_off(scope, connection, &booking.uid, effort).await {
            Ok(()) => WriteFailure::Refused { reason: RefusalReason::SlotTaken, detail },
            // It is found by its marker, and called off then.
            Err(_) => WriteFailure::Unknown { why: detail },
        };
        self.failed(scope, appointment, record, step, failure, attention).await
    }
}
