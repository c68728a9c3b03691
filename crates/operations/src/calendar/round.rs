//! One comparison under way, and what it came to.

use std::collections::BTreeSet;
use std::fmt;

use appointment::calendar::{Connection, Effort, RemoteBooking, RemoteUid};
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
    pub(super) found: Differences,
    /// The first that could not be asked about.
    pub(super) stopped: Option<Place>,
    /// Bookings that stand for an appointment, or do not stand any more.
    pub(super) plain: Vec<RemoteUid>,
    /// What was left open first, and why.
    pub(super) first_open: Option<String>,
}

impl Round<'_> {
    pub(super) fn left_open(&mut self, what: String) {
        self.first_open.get_or_insert(what);
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
                let place = place();
                self.left_open(format!("{place}: {failure}"));
                self.stopped.get_or_insert(place);
                self.found.open += 1;
                Ok(())
            }
            Err(error) => {
                let place = place();
                tracing::warn!(%error, connection.id = %self.connection.id, about = %place,
                    "a difference could not be repaired");
                self.left_open(format!("{place}: {error}"));
                self.found.open += 1;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
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
    /// Bookings and copies that are still open: the calendar was not reached, could not be asked any more, refused to show
    /// this one or showed it in an unreadable way, or a write is not settled yet.
    pub open: u32,
    /// Copies too many that were called off.
    pub tidied: u32,
    /// Questions for a person.
    pub disputed: u32,
    /// Entries of the listing that could not be read.
    pub unreadable: u32,
    /// Accounts that could not be compared at all.
    pub missed: u32,
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
        self.missed += other.missed;
    }

    pub(super) fn note(&mut self, heard: Heard) {
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
