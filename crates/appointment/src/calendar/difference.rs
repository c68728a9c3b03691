//! What a comparison of both calendars found to differ, and what became of it.

use chrono::{DateTime, Utc};
use kernel::AppointmentId;

use super::remote::{ConnectionId, RemoteUid};
use crate::model::stored_words;

stored_words!(
    /// What became of a difference.
    Became {
        /// The appointment followed the outside calendar.
        Followed = "followed",
        /// A booking there became an appointment here.
        Imported = "imported",
        /// The copy of an appointment agrees with it now: it was written there, or found to be so.
        Pushed = "pushed",
        /// A copy too many was called off there.
        Tidied = "tidied",
        /// A person has to decide, or has decided and both sides still differ.
        Disputed = "disputed",
        /// Nothing: what the appointment is linked to is not there any more, so it has no copy.
        Left = "left",
        /// Nothing yet: the next comparison comes back to it.
        Open = "open",
    }
);

/// One thing in which both calendars differed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The booking there, if it is about one.
    pub booking: Option<RemoteUid>,
    /// The appointment here, if it is about one. Neither: it is about the account.
    pub appointment: Option<AppointmentId>,
    /// What became of it.
    pub became: Became,
    /// How it stood there and was known here, or what was in the way, in codes and times; no personal data.
    pub detail: String,
}

/// A difference as it is kept, once for each end it came to, however often it was found. What a person has to decide stands in
/// the questions for as long as that takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDifference {
    /// The account.
    pub connection: ConnectionId,
    /// What differed, as it was found last.
    pub difference: Difference,
    /// When it was found first, of what is kept; product time.
    pub first_found_at: DateTime<Utc>,
    /// When it was found last; product time.
    pub last_found_at: DateTime<Utc>,
}
