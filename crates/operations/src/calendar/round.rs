//! One comparison under way, and what it came to.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use appointment::calendar::{Became, Connection, CopyRecord, Difference, Effort, RemoteBooking, RemoteUid};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, CommitError, TenantScope};

use super::CalendarError;
use super::listed::Moves;
use super::news::Heard;

/// One booking there, or the copy of one appointment here.
pub(super) enum Place {
    Booking(RemoteUid),
    Copy(AppointmentId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Booking(uid) => write!(f, "the booking {uid}"),
            Self::Copy(appointment) => write!(f, "the copy of {appointment}"),
        }
    }
}

/// What the provider lists, as old as its pages.
#[derive(Default)]
pub(super) struct Listing {
    /// Those that were not moved on, each once.
    pub(super) bookings: Vec<RemoteBooking>,
    /// Their names.
    pub(super) seen: BTreeSet<RemoteUid>,
    /// What each was moved from.
    pub(super) moves: Moves,
    /// Those that were moved on.
    pub(super) moved_on: Vec<RemoteUid>,
    pub(super) unreadable: u32,
}

/// One comparison under way.
pub(super) struct Round<'a> {
    pub(super) scope: &'a TenantScope,
    pub(super) connection: &'a Connection,
    pub(super) effort: Effort,
    pub(super) listed: &'a Listing,
    /// When each copy was known to stand there, before.
    known: HashMap<AppointmentId, Option<DateTime<Utc>>>,
    /// Of which appointment each booking was known to be.
    copied: HashMap<RemoteUid, AppointmentId>,
    pub(super) found: Differences,
    /// Each of them.
    explained: Vec<Difference>,
    /// The first that could not be asked about, and how many could not.
    stopped: Option<(Place, u32)>,
    /// Bookings that stand for an appointment, or do not stand any more.
    pub(super) plain: Vec<RemoteUid>,
}

/// What a comparison came to.
pub(super) struct Ended {
    pub(super) found: Differences,
    pub(super) explained: Vec<Difference>,
    /// Where the next one goes on.
    pub(super) stopped: Option<Place>,
    pub(super) plain: Vec<RemoteUid>,
}

impl<'a> Round<'a> {
    /// Of what is `listed` there and of `copies` here.
    pub(super) fn new(
        (scope, connection): (&'a TenantScope, &'a Connection),
        effort: Effort,
        listed: &'a Listing,
        copies: &[CopyRecord],
    ) -> Self {
        Self {
            scope,
            connection,
            effort,
            listed,
            known: copies.iter().map(|record| (record.appointment, record.remote_start)).collect(),
            copied: copies
                .iter()
                .filter_map(|record| Some((record.uid.clone()?, record.appointment)))
                .collect(),
            found: Differences { unreadable: listed.unreadable, ..Differences::default() },
            explained: Vec::new(),
            stopped: None,
            plain: Vec::new(),
        }
    }

    pub(super) const fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// What came of a booking there.
    pub(super) fn heard(&mut self, heard: Heard, booking: &RemoteBooking) {
        self.found.compared += 1;
        let (became, appointment) = match heard {
            Heard::Nothing | Heard::Known => return,
            Heard::Followed(appointment) => (Became::Followed, Some(appointment)),
            Heard::Imported(appointment) => (Became::Imported, Some(appointment)),
            Heard::Tidied => (Became::Tidied, self.copied_by(booking)),
            Heard::Disputed => (Became::Disputed, self.copied_by(booking)),
        };
        let known = appointment.and_then(|appointment| self.known.get(&appointment)).copied();
        let known = known.map_or_else(String::new, |start| format!("{}; ", known_as(start)));
        self.differed(became, (Some(&booking.uid), appointment), format!("{known}there {}", there(booking)));
    }

    /// The appointment that a booking, or the one that it was moved from, was known to stand for, or is marked with.
    fn copied_by(&self, booking: &RemoteBooking) -> Option<AppointmentId> {
        let earlier = booking.predecessor.as_ref().or_else(|| self.listed.moves.get(&booking.uid));
        let mut names = std::iter::once(&booking.uid).chain(earlier);
        names.find_map(|uid| self.copied.get(uid).copied()).or(booking.marker)
    }

    /// What differs about the copy of an appointment.
    pub(super) fn copy_differed(&mut self, became: Became, record: &CopyRecord, how: &str) {
        let detail = format!("{}, its copy {}: {how}", known_as(record.remote_start), record.state.as_str());
        self.differed(became, (record.uid.as_ref(), Some(record.appointment)), detail);
    }

    /// What a person has the word about since an earlier comparison: it is told again, and counted no more.
    pub(super) fn lasts(&mut self, record: &CopyRecord) {
        let why = record.error.as_deref().unwrap_or("it differs there");
        let detail = format!("{}, its copy refused: {why}", known_as(record.remote_start));
        self.explain(Became::Disputed, (record.uid.as_ref(), Some(record.appointment)), detail);
    }

    pub(super) fn differed(
        &mut self,
        became: Became,
        about: (Option<&RemoteUid>, Option<AppointmentId>),
        detail: String,
    ) {
        *self.found.of(became) += 1;
        self.explain(became, about, detail);
    }

    fn explain(
        &mut self,
        became: Became,
        (booking, appointment): (Option<&RemoteUid>, Option<AppointmentId>),
        detail: String,
    ) {
        tracing::debug!(connection.id = %self.connection.id, booking = booking.map(tracing::field::display),
            appointment.id = appointment.map(tracing::field::display), became = became.as_str(), detail,
            "a comparison found a difference");
        let booking = booking.cloned();
        self.explained.push(Difference { booking, appointment, became, detail });
    }

    /// What concerns one booking alone does not keep the others waiting; the next run comes back to it.
    pub(super) fn leave_open(
        &mut self,
        compared: Result<(), CalendarError>,
        place: impl FnOnce() -> Place,
    ) -> Result<(), CalendarError> {
        match compared {
            Err(error @ CalendarError::Store(_)) => Err(error),
            Err(CalendarError::Commit(error @ CommitError::Store(_))) => Err(error.into()),
            // Told once, for all of them.
            Err(CalendarError::Read(failure)) if failure.is_spent() => {
                self.found.open += 1;
                self.stopped.get_or_insert_with(|| (place(), 0)).1 += 1;
                Ok(())
            }
            Err(error) => {
                let place = place();
                let about = match &place {
                    Place::Booking(uid) => (Some(uid), None),
                    Place::Copy(appointment) => (None, Some(*appointment)),
                };
                self.differed(Became::Open, about, error.to_string());
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// With what concerns the account as a whole.
    pub(super) fn end(mut self) -> Ended {
        let mut of_account = Vec::new();
        if self.found.unreadable > 0 {
            of_account.push(format!("{} bookings cannot be read as they are listed", self.found.unreadable));
        }
        if let Some((place, waiting)) = &self.stopped {
            of_account.push(format!(
                "the account may be asked no more for now: {waiting} wait, the next comparison begins with {place}"
            ));
        }
        if !of_account.is_empty() {
            let detail = of_account.join("; ");
            tracing::warn!(connection.id = %self.connection.id, detail, "a comparison is not complete");
            self.explained.push(of_the_account(detail));
        }
        let stopped = self.stopped.map(|(place, _)| place);
        Ended { found: self.found, explained: self.explained, stopped, plain: self.plain }
    }
}

/// What keeps an account from being compared.
pub(super) const fn of_the_account(detail: String) -> Difference {
    Difference { booking: None, appointment: None, became: Became::Open, detail }
}

/// When it was known to stand there.
fn known_as(start: Option<DateTime<Utc>>) -> String {
    start.map_or_else(
        || "known not to stand there".to_owned(),
        |start| format!("known to stand there at {}", minute(start)),
    )
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%MZ").to_string()
}

/// How a booking stands there.
fn there(booking: &RemoteBooking) -> String {
    let hosts: Vec<_> = booking.hosts.iter().map(|host| host.reference.as_str()).collect();
    let by = if hosts.is_empty() { String::new() } else { format!(", performed by {}", hosts.join(", ")) };
    let came = if booking.absent == Some(true) { ", the customer did not come" } else { "" };
    let of = booking.event_type.as_ref().map_or_else(String::new, |of| format!(", event type {of}"));
    let (status, start, end) = (booking.status.as_str(), minute(booking.start), minute(booking.end));
    format!("it is {status}, from {start} to {end}{of}{by}{came}")
}

/// What a comparison found: how many, by what became of them.
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
    /// Bookings and copies that are still open: the calendar was not reached, could not be asked any more, refused to show
    /// this one or showed it in an unreadable way, or a write is not settled yet.
    pub open: u32,
    /// Copies too many that were called off.
    pub tidied: u32,
    /// Questions for a person.
    pub disputed: u32,
    /// Appointments without a copy whose link leads nowhere.
    pub left: u32,
    /// Entries of the listing that could not be read.
    pub unreadable: u32,
    /// Accounts that could not be compared at all.
    pub missed: u32,
}

impl Differences {
    const fn of(&mut self, became: Became) -> &mut u32 {
        match became {
            Became::Followed => &mut self.followed,
            Became::Imported => &mut self.imported,
            Became::Pushed => &mut self.pushed,
            Became::Tidied => &mut self.tidied,
            Became::Disputed => &mut self.disputed,
            Became::Left => &mut self.left,
            Became::Open => &mut self.open,
        }
    }

    /// Adds those of another comparison.
    pub(super) const fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        self.followed += other.followed;
        self.imported += other.imported;
        self.pushed += other.pushed;
        self.open += other.open;
        self.tidied += other.tidied;
        self.disputed += other.disputed;
        self.left += other.left;
        self.unreadable += other.unreadable;
        self.missed += other.missed;
    }
}
