//! Differences between the two calendars that have no single right answer: a person decides.

use chrono::{DateTime, Utc};
use kernel::AppointmentId;

use super::remote::{ConnectionId, RemoteUid};
use crate::model::stored_words;

kernel::define_id!(
    /// One thing that a person must look at.
    ReviewId,
    "rev"
);

stored_words!(
    /// What is wrong.
    ReviewReason {
        /// The outside calendar refused an appointment that a caller was promised to be told about.
        CopyRefused = "copy_refused",
        /// A booking was made there at a time that is sold here.
        DoubleBooked = "double_booked",
        /// A booking was moved there to a time that is sold here.
        MovedOntoTaken = "moved_onto_taken",
        /// A booking there cannot be assigned to a service and a person.
        NotAssignable = "not_assignable",
        /// A copy has disappeared there without a trace.
        CopyMissing = "copy_missing",
        /// A booking was changed there in a way that has no single right answer here: somebody performs it who is not linked,
        /// it lasts longer or shorter than before, or it was moved there while it was moved here. What stands here is as it
        /// was.
        ChangedThere = "changed_there",
        /// The customer has to be told what has become of an appointment: no number is known, and the provider has not
        /// written to them.
        CustomerUnreachable = "customer_unreachable",
        /// The account refuses the key.
        AccountRefused = "account_refused",
    }
);

impl ReviewReason {
    /// Whether it is about something that stands there and is found again by every comparison: once a person has answered,
    /// the same question is asked again only if something about it has changed.
    #[must_use]
    pub const fn is_found_again(self) -> bool {
        match self {
            Self::DoubleBooked | Self::NotAssignable | Self::ChangedThere => true,
            Self::CopyRefused
            | Self::MovedOntoTaken
            | Self::CopyMissing
            | Self::CustomerUnreachable
            | Self::AccountRefused => false,
        }
    }

    /// Whether it is about a booking that could not become an appointment: it is over once it has become one, or does not
    /// stand there any more.
    #[must_use]
    pub const fn ends_by_itself(self) -> bool {
        matches!(self, Self::DoubleBooked | Self::NotAssignable)
    }
}

/// One thing that a person must look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// The account it is about.
    pub connection: ConnectionId,
    /// What is wrong.
    pub reason: ReviewReason,
    /// The appointment, if there is one.
    pub appointment: Option<AppointmentId>,
    /// The booking there, if there is one.
    pub uid: Option<RemoteUid>,
    /// What is known, in codes and times; no personal data.
    pub detail: String,
    /// Product time.
    pub opened_at: DateTime<Utc>,
}
