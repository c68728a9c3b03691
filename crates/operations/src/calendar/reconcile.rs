//! Both calendars, compared from end to end.

use std::collections::BTreeSet;

use appointment::calendar::{
    Connection, CopyRecord, CopyState, Effort, RemoteBooking, RemoteUid, ReviewReason,
};
use appointment::model::{AppointmentSource, Span};
use kernel::{CommitError, TenantScope};

use super::CalendarError;
use super::attention::Attention;
use super::look::follow;
use super::news::{CalendarNews, Heard};
use super::push::Pushed;

/// Pages of one listing; at a hundred bookings a page, more than any branch has in a year.
const MAX_PAGES: usize = 200;

/// Copies that one run looks at; the next run goes on with what is still unsettled.
const MAX_COPIES: u32 = 20_000;

/// Compares and repairs.
#[derive(Clone)]
pub struct Reconciliation {
    news: CalendarNews,
}

/// What a comparison found, each difference explained by what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Differences {
    /// Bookings and copies looked at.
    pub compared: u32,
    /// Appointments that followed the outside calendar.
    pub followed: u32,
    /// Bookings that became appointments.
    pub imported: u32,
    /// Copies that were brought up to date.
    pub pushed: u32,
    /// Copies that are still open: the calendar was not reached, or a write is not settled yet.
    pub open: u32,
    /// Copies too many that were called off.
    pub tidied: u32,
    /// Questions for a person.
    pub disputed: u32,
    /// Entries of the listing that could not be read.
    pub unreadable: u32,
}

impl Reconciliation {
    /// Over what takes in news.
    #[must_use]
    pub const fn new(news: CalendarNews) -> Self {
        Self { news }
    }

    /// Compares everything that begins within `window` on either side.
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
        let desk = &self.news.desk;
        let mut found = Differences::default();
        let mut seen: BTreeSet<RemoteUid> = BTreeSet::new();
        let mut from = None;
        for _ in 0..MAX_PAGES {
            let page = desk.parts.gateway.list(scope, connection, window, from.take(), effort).await?;
            found.unreadable += page.unreadable;
            for booking in page.bookings {
                // A booking that was moved on speaks through its successor.
                if booking.successor.is_some() || !seen.insert(booking.uid.clone()) {
                    continue;
                }
                let heard = self.news.take_in_listed(scope, connection, &booking, effort).await;
                found.heard(heard)?;
            }
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        for record in desk.parts.book.copies(scope, connection.id, window, MAX_COPIES).await? {
            let compared = self.copy(scope, connection, &record, &seen, effort, &mut found).await;
            found.leave_open(compared)?;
        }
        Ok(found)
    }

    async fn copy(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        record: &CopyRecord,
        seen: &BTreeSet<RemoteUid>,
        effort: Effort,
        found: &mut Differences,
    ) -> Result<(), CalendarError> {
        found.compared += 1;
        let desk = &self.news.desk;
        match (record.state, &record.uid, record.remote_start) {
            (CopyState::Settled | CopyState::Refused, Some(uid), Some(_)) if !seen.contains(uid) => {
                match follow(&desk.parts, scope, connection, uid, effort).await? {
                    Some(booking) if self.is_anothers(scope, connection, record, &booking).await? => {
                        self.doubled(scope, record, found).await?;
                    }
                    Some(booking) => {
                        let heard = self.news.take_in(scope, connection, &booking, effort).await?;
                        found.note(heard);
                    }
                    None => self.missing(scope, record, found).await?,
                }
            }
            (CopyState::Settled | CopyState::Refused, ..) => {}
            _ => match desk.push(scope, record.appointment, effort, &Attention::nobody()).await? {
                Pushed::Settled(_) => found.pushed += 1,
                Pushed::Refused(..) => found.disputed += 1,
                Pushed::Open { .. } => found.open += 1,
                Pushed::NotNeeded => {}
            },
        }
        Ok(())
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
        scope: &TenantScope,
        record: &CopyRecord,
        found: &mut Differences,
    ) -> Result<(), CalendarError> {
        let Some((appointment, current)) = self.news.desk.load(scope, record.appointment).await? else {
            return Ok(());
        };
        if appointment.snapshot().source != AppointmentSource::OutsideCalendar {
            return self.missing(scope, record, found).await;
        }
        let heard = self.news.gone(scope, &appointment, current).await?;
        found.note(heard);
        Ok(())
    }

    /// A copy that stood there is gone without a trace.
    async fn missing(
        &self,
        scope: &TenantScope,
        record: &CopyRecord,
        found: &mut Differences,
    ) -> Result<(), CalendarError> {
        let desk = &self.news.desk;
        let Some((appointment, record)) = desk.load(scope, record.appointment).await? else { return Ok(()) };
        if !appointment.status().is_open() || record.state == CopyState::Refused {
            return Ok(());
        }
        let mut next = record.next(CopyState::Refused);
        next.failed("the copy is gone without a trace".to_owned());
        desk.dispute(scope, &appointment, next, ReviewReason::CopyMissing).await?;
        found.disputed += 1;
        Ok(())
    }
}

impl Differences {
    /// Adds those of another comparison.
    pub(super) const fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        self.followed += other.followed;
        self.imported += other.imported;
        self.pushed += other.pushed;
        self.open += other.open;
        self.tidied += other.tidied;
        self.disputed += other.disputed;
        self.unreadable += other.unreadable;
    }

    fn heard(&mut self, heard: Result<Heard, CalendarError>) -> Result<(), CalendarError> {
        let noted = heard.map(|heard| self.note(heard));
        self.leave_open(noted)
    }

    /// What concerns one booking alone does not keep the others waiting; the next run comes back to it.
    fn leave_open(&mut self, compared: Result<(), CalendarError>) -> Result<(), CalendarError> {
        match compared {
            Err(error @ (CalendarError::Store(_) | CalendarError::Read(_))) => Err(error),
            Err(CalendarError::Commit(error @ CommitError::Store(_))) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "a difference could not be repaired");
                self.open += 1;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn note(&mut self, heard: Heard) {
        self.compared += 1;
        match heard {
            Heard::Nothing | Heard::Known => {}
            Heard::Followed(_) => self.followed += 1,
            Heard::Imported(_) => self.imported += 1,
            Heard::Tidied => self.tidied += 1,
            Heard::Disputed => self.disputed += 1,
        }
    }
}
