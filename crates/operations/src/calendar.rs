//! Keeping appointments and their copies in an outside calendar the same.
//!
//! * [`CopyDesk`] brings one copy up to date: it is what a live call tries first and what the worker repeats until both
//!   sides agree. A write is announced in the store before it is sent, so that one that was cut off, by a crash or by
//!   time, is known to be unknown; an unknown write is looked up by its marker, never repeated.
//! * [`CalendarNews`] takes in what happened there: bookings that were made, moved or called off. News are hints: what
//!   counts is the booking as it is read then.
//! * [`Reconciliation`] compares both sides from end to end, repairs what has one right answer, and asks a person about
//!   the rest.
//!
//! * [`mapping`] proposes which event type stands for which service by which person.
//!
//! All of it is level-triggered: running twice, late or in another order ends in the same state.

mod adopt;
mod answered;
mod attendance;
mod attendee;
mod attention;
mod changed;
mod decide;
mod delay;
mod dispute;
mod door;
mod import;
mod listed;
mod look;
pub mod mapping;
mod news;
mod others;
mod place;
mod push;
mod reconcile;
mod round;
mod rounds;
mod settle;
#[cfg(test)]
mod tests;
mod visit;

use appointment::error::BookingError;
use appointment::model::CorruptAppointment;
use kernel::{Classify, CommitError, ErrorClass, StoreError};

pub use attention::Attention;
pub use decide::{DecideError, Decided, Decision, ReviewDesk};
pub use dispute::Dispute;
pub use door::{BookingNews, CalendarDoor, CalendarProcessing, DoorError, PROVIDER, Rumour, Visitor};
pub use news::{CalendarNews, Heard};
pub use push::{CopyDesk, CopyParts, Pushed};
pub use reconcile::Reconciliation;
pub use round::Differences;
pub use rounds::{CalendarRounds, RoundParts};

/// Why keeping the calendars the same failed. What the outside calendar answers is an outcome, not an error.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A stored appointment contradicts the model.
    #[error(transparent)]
    Corrupt(#[from] CorruptAppointment),
    /// The catalogue could not be read.
    #[error(transparent)]
    Booking(#[from] BookingError),
    /// A customer could not be decided on.
    #[error(transparent)]
    Party(#[from] customer::PartyError),
    /// An event could not be written.
    #[error("an event could not be written")]
    Event(#[from] serde_json::Error),
    /// The outside calendar could not be read; a later run will.
    #[error(transparent)]
    Read(#[from] appointment::calendar::ReadFailure),
}

impl CalendarError {
    /// Whether the outside calendar was not asked, or did not answer: that says nothing about what was to be done, which is
    /// as good later.
    #[must_use]
    pub const fn is_unanswered(&self) -> bool {
        matches!(self, Self::Read(appointment::calendar::ReadFailure::Unavailable { .. }))
    }
}

impl Classify for CalendarError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => error.class(),
            Self::Commit(error) => error.class(),
            Self::Corrupt(_) | Self::Event(_) => ErrorClass::Fault,
            Self::Booking(error) => error.class(),
            Self::Party(error) => error.class(),
            Self::Read(error) => error.class(),
        }
    }
}
