//! Both calendars, compared from end to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appointment::calendar::{
    Became, Connection, ConnectionId, CopyRecord, CopyState, Difference, Effort, Lane, RemoteBooking,
    RemoteHostRef, RemoteUid, ReviewReason,
};
use appointment::model::{AppointmentSource, Span};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{AppointmentId, ChangeSet, TenantScope};

use super::CalendarError;
use super::attention::Attention;
use super::look::follow;
use super::news::{CalendarNews, Heard};
use super::push::Pushed;
use super::round::{Differences, Ended, Listing, Place, Round, of_the_account};

/// Pages of one listing; at a hundred bookings a page, more than any branch has in a year.
pub(super) const MAX_PAGES: usize = 200;

/// Copies that one run looks at; the next run goes on with what is still unsettled.
const MAX_COPIES: u32 = 20_000;

/// Differences in one write.
const NOTED_AT_ONCE: usize = 1000;

/// Compares and repairs.
#[derive(Clone)]
pub struct Reconciliation {
    news: CalendarNews,
    /// Where the last comparison of an account could ask no more. Lost with the process: then one begins anew.
    places: Arc<Mutex<HashMap<ConnectionId, Place>>>,
}

/// Whether a booking needs nobody to say what it stands for. One that is over without anybody having looked at it stays with
/// whoever was asked.
fn leaves_no_question(heard: Heard, booking: &RemoteBooking) -> bool {
    match heard {
        Heard::Disputed => false,
        Heard::Nothing => !booking.status.is_open(),
        Heard::Known | Heard::Followed(_) | Heard::Imported(_) | Heard::Tidied => true,
    }
}

/// Where an appointment's copy stands among these; the beginning if it is not there any more.
fn position(copies: &[CopyRecord], id: AppointmentId) -> usize {
    copies.iter().position(|record| record.appointment == id).unwrap_or(0)
}

impl Reconciliation {
    /// Days for which a difference is kept after it was found last: a company that asks what happened to an appointment asks
    /// about the last weeks.
    pub const KEPT_DAYS: i64 = 30;

    /// Over what takes in news.
    #[must_use]
    pub fn new(news: CalendarNews) -> Self {
        Self { news, places: Arc::default() }
    }

    /// Compares everything that begins within `window` on either side.
    ///
    /// What concerns one booking alone keeps no other from being compared: it is counted as open. Where nothing more can
    /// be asked of the account, what needs no question is compared all the same, and the next run of this process begins
    /// with the first one that could not be asked about, so that none is left behind for ever.
    ///
    /// # Errors
    /// [`CalendarError::Read`] if the calendar cannot be listed: then nothing is concluded from what is missing.
    pub async fn run(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        effort: Effort,
    ) -> Result<Differences, CalendarError> {
        // Few requests on which everything depends: old copies that are written for hours would keep the account from ever
        // being listed.
        let listed =
            self.listing(scope, connection, window, Effort { lane: Lane::Background, ..effort }).await?;
        let copies = self.news.desk.parts.book.copies(scope, connection.id, window, MAX_COPIES).await?;
        let mut round = Round::new((scope, connection), effort, &listed, &copies);
        let compared = self.compare(&mut round, window).await;
        let Ended { found, explained, stopped, plain } = round.end();
        // Also of what came to an end in the middle.
        let is_complete = compared.is_ok() && stopped.is_none();
        self.note(scope, (connection.id, is_complete), explained).await;
        compared?;
        self.close_questions(scope, connection, plain.into_iter().chain(listed.moved_on).collect()).await?;
        if let Some(place) = stopped {
            self.places().insert(connection.id, place);
        }
        Ok(found)
    }

    /// Keeps why an account could not be compared at all.
    pub(super) async fn missed(&self, scope: &TenantScope, connection: ConnectionId, why: &CalendarError) {
        self.note(scope, (connection, false), vec![of_the_account(format!("could not be compared: {why}"))])
            .await;
    }

    /// Keeps what was found, and forgets what was long ago. What was repaired is repaired, whether that is kept or not.
    async fn note(
        &self,
        scope: &TenantScope,
        (connection, is_complete): (ConnectionId, bool),
        mut found: Vec<Difference>,
    ) {
        let parts = &self.news.desk.parts;
        let at = parts.clock.now();
        let forget_before = at - TimeDelta::days(Self::KEPT_DAYS);
        loop {
            let rest = found.split_off(found.len().min(NOTED_AT_ONCE));
            let is_complete = is_complete && rest.is_empty();
            let write =
                AppointmentWrite::NoteDifferences { connection, found, is_complete, at, forget_before };
            if let Err(error) = parts.appointments.commit(scope, ChangeSet::one(write)).await {
                tracing::warn!(%error, connection.id = %connection, "what a comparison found was not kept");
                return;
            }
            found = rest;
            if found.is_empty() {
                return;
            }
        }
    }

    async fn compare(&self, round: &mut Round<'_>, window: Span) -> Result<(), CalendarError> {
        let listed = round.listed;
        let place = self.places().remove(&round.connection.id);
        match place {
            Some(Place::Copy(id)) => {
                self.copies(round, window, &|copies| copies.split_off(position(copies, id))).await?;
                self.bookings(round, &listed.bookings).await?;
                // Before the copies that were looked at in the last run: they would use up what may be asked again.
                self.adopt(round, window).await?;
                self.copies(round, window, &|copies| {
                    copies.truncate(position(copies, id));
                    std::mem::take(copies)
                })
                .await?;
            }
            place => {
                let begins = |uid| listed.bookings.iter().position(|booking| booking.uid == uid);
                let first = match place {
                    Some(Place::Booking(uid)) => begins(uid).unwrap_or(0),
                    _ => 0,
                };
                let (later, earlier) = (&listed.bookings[first..], &listed.bookings[..first]);
                self.bookings(round, later).await?;
                self.copies(round, window, &std::mem::take).await?;
                self.bookings(round, earlier).await?;
                self.adopt(round, window).await?;
            }
        }
        Ok(())
    }

    /// What has no copy yet. After the bookings: what stands there for one of these is its copy.
    async fn adopt(&self, round: &mut Round<'_>, window: Span) -> Result<(), CalendarError> {
        if round.is_stopped() {
            return Ok(());
        }
        let Round { scope, connection, effort, .. } = *round;
        let adopted = self.news.desk.adopt(scope, connection, (window, MAX_COPIES), effort).await?;
        for id in &adopted.open {
            let why = "without a copy: whether what it is linked to is there could not be asked";
            round.differed(Became::Open, (None, Some(*id)), why.to_owned());
        }
        for (id, link) in &adopted.left {
            let host = link.host.as_ref().map_or("nobody in particular", RemoteHostRef::as_str);
            let why =
                format!("without a copy: event type {}, performed by {host}, is not there", link.event_type);
            round.differed(Became::Left, (None, Some(*id)), why);
        }
        for record in &adopted.due {
            let compared = self.copy(round, record).await;
            round.leave_open(compared, || Place::Copy(record.appointment))?;
        }
        Ok(())
    }

    async fn listing(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        effort: Effort,
    ) -> Result<Listing, CalendarError> {
        let mut listing = Listing::default();
        let mut from = None;
        for _ in 0..MAX_PAGES {
            let page =
                self.news.desk.parts.gateway.list(scope, connection, window, from.take(), effort).await?;
            listing.unreadable += page.unreadable;
            for booking in page.bookings {
                if let Some(earlier) = &booking.predecessor {
                    listing.moves.insert(booking.uid.clone(), earlier.clone());
                }
                // A booking that was moved on speaks through its successor.
                if booking.successor.is_some() {
                    listing.moved_on.push(booking.uid);
                } else if listing.seen.insert(booking.uid.clone()) {
                    listing.bookings.push(booking);
                }
            }
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        Ok(listing)
    }

    async fn bookings(&self, round: &mut Round<'_>, part: &[RemoteBooking]) -> Result<(), CalendarError> {
        for booking in part {
            let Round { scope, connection, effort, listed, .. } = *round;
            let heard = self.news.take_in_listed(scope, connection, booking, &listed.moves, effort).await;
            let noted = heard.map(|heard| {
                round.heard(heard, booking);
                if leaves_no_question(heard, booking) {
                    round.plain.push(booking.uid.clone());
                }
            });
            round.leave_open(noted, || Place::Booking(booking.uid.clone()))?;
        }
        Ok(())
    }

    /// What was asked about these bookings before, and has come to an end by itself.
    async fn close_questions(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        bookings: Vec<RemoteUid>,
    ) -> Result<(), CalendarError> {
        if bookings.is_empty() {
            return Ok(());
        }
        let parts = &self.news.desk.parts;
        let (connection, at) = (connection.id, parts.clock.now());
        let change = ChangeSet::one(AppointmentWrite::CloseReviews { connection, bookings, at });
        Ok(parts.appointments.commit(scope, change).await?)
    }

    /// Those that `part` takes out of the copies as they are now.
    async fn copies(
        &self,
        round: &mut Round<'_>,
        window: Span,
        part: &(dyn Fn(&mut Vec<CopyRecord>) -> Vec<CopyRecord> + Sync),
    ) -> Result<(), CalendarError> {
        let book = &self.news.desk.parts.book;
        let mut copies = book.copies(round.scope, round.connection.id, window, MAX_COPIES).await?;
        for record in part(&mut copies) {
            let compared = self.copy(round, &record).await;
            round.leave_open(compared, || Place::Copy(record.appointment))?;
        }
        Ok(())
    }

    async fn copy(&self, round: &mut Round<'_>, record: &CopyRecord) -> Result<(), CalendarError> {
        round.found.compared += 1;
        let Round { scope, connection, effort, listed, .. } = *round;
        let desk = &self.news.desk;
        match (record.state, &record.uid, record.remote_start) {
            (CopyState::Settled | CopyState::Refused, Some(uid), Some(_)) if !listed.seen.contains(uid) => {
                match follow(&desk.parts, scope, connection, uid, effort).await? {
                    Some(booking) if self.is_anothers(scope, connection, record, &booking).await? => {
                        self.doubled(round, record, &booking).await?;
                    }
                    Some(booking) => {
                        let heard = self.news.take_in(scope, connection, &booking, effort).await?;
                        round.heard(heard, &booking);
                    }
                    None => self.missing(round, record).await?,
                }
            }
            (CopyState::Settled | CopyState::Refused, ..) => {}
            _ => match desk.push(scope, record.appointment, effort, &Attention::nobody()).await? {
                Pushed::Settled(_) | Pushed::Unconfirmed => {
                    round.copy_differed(Became::Pushed, record, "both sides agree now");
                }
                Pushed::Refused(_, reason) => {
                    let how = format!("it was refused there, {}", reason.code());
                    round.copy_differed(Became::Disputed, record, &how);
                }
                Pushed::Open { why } => round.copy_differed(Became::Open, record, &why),
                Pushed::Behind => {
                    let why = "another part of its visit is to leave that time first";
                    round.copy_differed(Became::Open, record, why);
                }
                Pushed::NotNeeded => {}
            },
        }
        if record.state == CopyState::Refused { self.still_refused(round, record).await } else { Ok(()) }
    }

    /// What a person has the word about, found before and not settled since.
    async fn still_refused(&self, round: &mut Round<'_>, record: &CopyRecord) -> Result<(), CalendarError> {
        let Some((appointment, record)) = self.news.desk.load(round.scope, record.appointment).await? else {
            return Ok(());
        };
        if appointment.status().is_open() && record.state == CopyState::Refused {
            round.lasts(&record);
        }
        Ok(())
    }

    fn places(&self) -> MutexGuard<'_, HashMap<ConnectionId, Place>> {
        // One entry is written or taken at a time: it is never left half changed.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what a copy was moved on to stands for another appointment here.
    async fn is_anothers(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        record: &CopyRecord,
        booking: &RemoteBooking,
    ) -> Result<bool, CalendarError> {
        let known = self.news.desk.parts.book.copy_by_uid(scope, connection.id, &booking.uid).await?;
        Ok(known.is_some_and(|known| known.appointment != record.appointment))
    }

    /// One booking became two appointments: it was moved on, and the news of that taken in, between the reading of what it
    /// was and the writing. The one that was made of what it was stands for nothing. Where somebody was promised it, a
    /// person has the word.
    async fn doubled(
        &self,
        round: &mut Round<'_>,
        record: &CopyRecord,
        booking: &RemoteBooking,
    ) -> Result<(), CalendarError> {
        let scope = round.scope;
        let Some((appointment, current)) = self.news.desk.load(scope, record.appointment).await? else {
            return Ok(());
        };
        if appointment.snapshot().source != AppointmentSource::OutsideCalendar {
            return self.missing(round, record).await;
        }
        let heard = self.news.gone(scope, &appointment, current, None).await?;
        round.heard(heard, booking);
        Ok(())
    }

    /// A copy that stood there is gone without a trace.
    async fn missing(&self, round: &mut Round<'_>, record: &CopyRecord) -> Result<(), CalendarError> {
        let scope = round.scope;
        let desk = &self.news.desk;
        let Some((appointment, record)) = desk.load(scope, record.appointment).await? else { return Ok(()) };
        if !appointment.status().is_open() || record.state == CopyState::Refused {
            return Ok(());
        }
        let mut next = record.next(CopyState::Refused);
        next.failed("the copy is gone without a trace".to_owned());
        desk.dispute(scope, &appointment, next, ReviewReason::CopyMissing).await?;
        round.copy_differed(Became::Disputed, &record, "the booking is gone there without a trace");
        Ok(())
    }
}
