//! Finding out how a copy stands there: what became of a write whose answer was lost, and whether what is remembered is
//! still so.

use std::collections::BTreeSet;

use appointment::calendar::{
    Connection, ConnectionId, CopyRecord, CopySearch, CopyState, Effort, Finding, ReadFailure, RefusalReason,
    RemoteBooking, RemoteEventType, RemoteStatus, RemoteUid, ReviewReason,
};
use appointment::events::There;
use appointment::model::{Appointment, AppointmentStatus, Span};
use chrono::TimeDelta;
use kernel::TenantScope;

use super::CalendarError;
use super::delay::SWITCHED_OFF;
use super::push::{CopyDesk, CopyParts, Pushed};
use super::reconcile::MAX_PAGES;

/// Days in which a copy is looked for around the times where it may be: it may have been moved there meanwhile.
const LOOK_AROUND_DAYS: i64 = 31;

/// Moves that are followed; beyond that the chain is broken or a circle.
pub(super) const MAX_MOVES: usize = 10;

impl CopyDesk {
    /// The copy is as it should be: so says the appointment, too. `None`: it is not, look again.
    pub(super) async fn rest(
        &self,
        scope: &TenantScope,
        appointment: Appointment,
        record: CopyRecord,
        effort: Effort,
    ) -> Result<Option<Pushed>, CalendarError> {
        if record.state == CopyState::Refused {
            return Ok(Some(Pushed::Refused(Box::new(appointment), RefusalReason::AlreadyChanged)));
        }
        if record.state == CopyState::Settled && appointment.status() == AppointmentStatus::Pending {
            return Ok(Some(Pushed::Unconfirmed));
        }
        if record.state == CopyState::Settled {
            return Ok(Some(Pushed::Settled(Box::new(appointment))));
        }
        if appointment.status().is_open()
            && let Some(pushed) = self.doubt(scope, &appointment, &record, effort).await?
        {
            return Ok(pushed);
        }
        // What is open stands there, and its host agrees to it: that was just read.
        let settled = CopyRecord { awaits_host: false, ..record.next(CopyState::Settled) };
        let agreed = self.agree(scope, &appointment, settled, None).await?;
        Ok(Some(Pushed::Settled(Box::new(agreed))))
    }

    /// Nothing is to be written, since the appointment is back where its copy was. What is promised now must not rest
    /// on memory alone. `None`: the copy stands there as it is remembered.
    async fn doubt(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        effort: Effort,
    ) -> Result<Option<Option<Pushed>>, CalendarError> {
        let (Some(uid), link) = (&record.uid, record.placed.as_ref().unwrap_or(&record.link)) else {
            return Ok(None);
        };
        let Some(connection) = self.parts.book.connection(scope, link.connection).await? else {
            return self.stays_open(scope, appointment, record, SWITCHED_OFF).await.map(Some);
        };
        let stands = |there: &RemoteBooking| {
            there.status == RemoteStatus::Accepted && Some(there.start) == record.remote_start
        };
        match self.parts.gateway.get(scope, &connection, uid, effort).await {
            Ok(Some(there)) if stands(&there) && record.link.is_performed_as_wanted(&there) => Ok(None),
            Ok(Some(there)) if stands(&there) => {
                let mut next = record.next(CopyState::Refused);
                next.failed("somebody else performs it there".to_owned());
                let after = self.dispute(scope, appointment, next, ReviewReason::CopyRefused).await?;
                Ok(Some(Some(Pushed::Refused(Box::new(after), RefusalReason::SlotTaken))))
            }
            // What is not shown any more is not as it was left either: whoever looks for it asks a person.
            Ok(_) | Err(ReadFailure::Withheld { .. }) => {
                self.note(scope, record.next(CopyState::Unknown)).await?;
                Ok(Some(None))
            }
            Err(failure) => self.stays_open(scope, appointment, record, &failure).await.map(Some),
        }
    }

    /// Finds out what became of a write. `None`: it is known now, go on.
    pub(super) async fn look(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        effort: Effort,
    ) -> Result<Option<Pushed>, CalendarError> {
        let mut found: Vec<(Connection, RemoteBooking)> = Vec::new();
        for id in accounts(record) {
            let Some(connection) = self.parts.book.connection(scope, id).await? else {
                return self.stays_open(scope, appointment, record, SWITCHED_OFF).await;
            };
            match self.find_copies(scope, &connection, appointment, record, effort).await {
                Ok(here) => found.extend(here.into_iter().map(|booking| (connection.clone(), booking))),
                Err(failure @ ReadFailure::Withheld { .. }) => {
                    return self.withheld(scope, appointment, record, &failure).await.map(Some);
                }
                Err(failure) => {
                    return self.stays_open(scope, appointment, record, &failure).await;
                }
            }
        }
        // One that was just made and given to somebody else is not wanted; one that was known may have been given to
        // somebody else there on purpose.
        if record.remote_start.is_none() {
            let misplaced = |booking: &RemoteBooking| {
                booking.status.is_open() && !record.link.is_performed_as_wanted(booking)
            };
            for (connection, booking) in found.iter().filter(|(_, booking)| misplaced(booking)) {
                if let Err(failure) = self.call_off(scope, connection, &booking.uid, effort).await {
                    return self.stays_open(scope, appointment, record, &failure).await;
                }
            }
            found.retain(|(_, booking)| !misplaced(booking));
        }
        let bookings = found.iter().map(|(_, booking)| booking.clone()).collect();
        match record.judge(appointment.snapshot(), bookings, self.parts.clock.now()) {
            Finding::TooEarly => {
                let why = "it may still take effect";
                self.put_off(scope, appointment, record.next(CopyState::Unknown), why).await
            }
            Finding::NothingThere => {
                let mut next = record.next(CopyState::Due);
                (next.uid, next.remote_start) = (None, None);
                self.note(scope, next).await.map(|()| None)
            }
            // What was made took effect and was ended there: that is the later word, and booking it again would unsay it.
            Finding::Ended(booking) => {
                let mut next = record.next(CopyState::Settled);
                (next.uid, next.remote_start) = (Some(booking.uid.clone()), None);
                let after = self.ended_there(scope, appointment, next, Some(&booking)).await?;
                Ok(Some(Pushed::Refused(Box::new(after), RefusalReason::AlreadyChanged)))
            }
            Finding::CalledOff => {
                let mut next = record.next(CopyState::Refused);
                next.remote_start = None;
                next.failed("it was called off there while it was moved here".to_owned());
                let after = self.dispute(scope, appointment, next, ReviewReason::CopyMissing).await?;
                Ok(Some(Pushed::Refused(Box::new(after), RefusalReason::AlreadyChanged)))
            }
            Finding::There { copy, surplus } => {
                for (connection, booking) in &found {
                    if !surplus.contains(&booking.uid) {
                        continue;
                    }
                    // A write that took effect late; failing to call it off leaves the record as it is, to look again.
                    if let Err(failure) = self.call_off(scope, connection, &booking.uid, effort).await {
                        return self.stays_open(scope, appointment, record, &failure).await;
                    }
                }
                let mut next = record.next(CopyState::Due);
                next.adopt(&copy);
                if next.agrees_with(appointment.snapshot()) {
                    next.state = CopyState::Settled;
                    let agreed = self.agree(scope, appointment, next, None).await?;
                    return Ok(Some(match agreed.status() {
                        AppointmentStatus::Pending => Pushed::Unconfirmed,
                        _ => Pushed::Settled(Box::new(agreed)),
                    }));
                }
                // Whoever is on the line and moves it now has the last word.
                if !effort.lane.is_live() && self.is_moved_since(scope, (appointment, record), &copy).await? {
                    let after = self.dispute_both_moved(scope, appointment, next).await?;
                    return Ok(Some(Pushed::Refused(Box::new(after), RefusalReason::AlreadyChanged)));
                }
                self.note(scope, next).await.map(|()| None)
            }
        }
    }

    /// The account answers, and shows everything but this copy: asking again changes nothing.
    async fn withheld(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        failure: &ReadFailure,
    ) -> Result<Pushed, CalendarError> {
        let mut next = record.next(CopyState::Refused);
        next.failed(failure.to_string());
        if matches!(appointment.status(), AppointmentStatus::Completed | AppointmentStatus::NoShow) {
            // What is over keeps its copy, whatever it is.
            self.note(scope, next).await?;
            return Ok(Pushed::Refused(Box::new(appointment.clone()), RefusalReason::Invalid));
        }
        let unknown = (ReviewReason::CopyRefused, There::Unknown);
        let after = self.dispute_what_is(scope, appointment, next, unknown).await?;
        Ok(Pushed::Refused(Box::new(after), RefusalReason::Invalid))
    }

    /// What the known uid has become, and bookings with the marker as far as that does not tell: a moved booking need not
    /// carry the marker on, and an account may have more bookings than can be listed while it matters.
    async fn find_copies(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        appointment: &Appointment,
        record: &CopyRecord,
        effort: Effort,
    ) -> Result<Vec<RemoteBooking>, ReadFailure> {
        let mut found = Vec::new();
        let mut withheld = None;
        if let Some(uid) = &record.uid {
            match follow(&self.parts, scope, connection, uid, effort).await {
                // What is found by its marker is enough.
                Err(failure @ ReadFailure::Withheld { .. }) => withheld = Some(failure),
                chain => found.extend(chain?),
            }
        }
        let stands = |found: &[RemoteBooking]| found.iter().any(|booking| booking.status.is_open());
        let is_move = appointment.status().is_open() && record.placed.as_ref() == Some(&record.link);
        // Nothing but what stands under the known name can have been moved or called off. Once that is called off, only a
        // move that is in doubt may have left something behind.
        if record.remote_start.is_some() && (stands(&found) || (!found.is_empty() && !is_move)) {
            return Ok(found);
        }
        // What was made stands, or stood, where the write wanted it; whatever it has become since is followed from there.
        let sent = record.sent_start.unwrap_or_else(|| appointment.starts_at());
        let there = Span::new(sent - TimeDelta::minutes(1), sent + TimeDelta::minutes(1));
        self.search(scope, connection, (appointment, record), there, effort, &mut found).await?;
        if stands(&found) {
            return Ok(found);
        }
        let judged = record.judge(appointment.snapshot(), found.clone(), self.parts.clock.now());
        if withheld.is_none() && judged == Finding::TooEarly {
            return Ok(found);
        }
        // It will be said that there is nothing: only after looking wherever it may be.
        let around = TimeDelta::days(LOOK_AROUND_DAYS);
        let starts = [Some(appointment.starts_at()), record.remote_start, Some(sent)];
        let first = starts.iter().flatten().min().copied().unwrap_or(sent);
        let last = starts.iter().flatten().max().copied().unwrap_or(sent);
        let wide = Span::new(first - around, last + around);
        self.search(scope, connection, (appointment, record), wide, effort, &mut found).await?;
        match withheld {
            Some(failure) if !stands(&found) => Err(failure),
            _ => Ok(found),
        }
    }

    /// Bookings with the marker that begin within `window`, as what they are now. Each page has the whole effort.
    async fn search(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        (appointment, record): (&Appointment, &CopyRecord),
        window: Span,
        effort: Effort,
        found: &mut Vec<RemoteBooking>,
    ) -> Result<(), ReadFailure> {
        for event_type in event_types(record, connection.id) {
            let search = CopySearch { marker: appointment.id(), event_type, window };
            let mut from = None;
            let mut pages = 0..MAX_PAGES;
            loop {
                if pages.next().is_none() {
                    return Err(ReadFailure::Malformed { what: "the listing does not end".to_owned() });
                }
                let page = self.parts.gateway.find_marked(scope, connection, &search, from, effort).await?;
                for booking in page.bookings {
                    let now = match &booking.successor {
                        Some(uid) => follow(&self.parts, scope, connection, uid, effort).await?,
                        None => None,
                    };
                    let now = match now {
                        // What was made has ended, wherever it had been moved to meanwhile.
                        Some(now) if !now.status.is_open() => RemoteBooking {
                            uid: now.uid,
                            status: now.status,
                            why_ended: now.why_ended,
                            ..booking
                        },
                        Some(now) => now,
                        None => booking,
                    };
                    if found.iter().all(|known| known.uid != now.uid) {
                        found.push(now);
                    }
                }
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// What a copy may be a booking of in this account: while it changes places, two.
fn event_types(record: &CopyRecord, account: ConnectionId) -> BTreeSet<RemoteEventType> {
    let links = std::iter::once(&record.link).chain(&record.placed);
    links.filter(|link| link.connection == account).map(|link| link.event_type.clone()).collect()
}

/// The accounts in which a copy may be: while it changes places, both.
fn accounts(record: &CopyRecord) -> Vec<ConnectionId> {
    let mut ids = vec![record.link.connection];
    ids.extend(record.placed.as_ref().map(|placed| placed.connection).filter(|id| *id != ids[0]));
    ids
}

/// A booking as it is now: the one it was moved to, as often as it was moved. `None`: the provider knows none of it.
pub(super) async fn follow(
    parts: &CopyParts,
    scope: &TenantScope,
    connection: &Connection,
    uid: &RemoteUid,
    effort: Effort,
) -> Result<Option<RemoteBooking>, ReadFailure> {
    let mut next = uid.clone();
    let mut last = None;
    for _ in 0..MAX_MOVES {
        let Some(booking) = parts.gateway.get(scope, connection, &next, effort).await? else {
            return Ok(last);
        };
        let successor = booking.successor.clone();
        last = Some(booking);
        match successor {
            Some(uid) => next = uid,
            None => break,
        }
    }
    Ok(last)
}
