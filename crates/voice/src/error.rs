//! What stops a tool, and what the caller hears then.

use appointment::error::BookingError;
use call::CallError;
use customer::PartyError;
use kernel::{Classify, CommitError, ErrorClass, StoreError};
use servicedesk::RequestError;
use tenancy::ResolveError;

use crate::reply::{NextAction, ToolReply};
use crate::status::Status;

/// A failure of something that a tool needs. Refusals are replies, not errors.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The tenant could not be looked up.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The call could not be opened.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A booking failed for a reason that is not a refusal.
    #[error(transparent)]
    Booking(#[from] BookingError),
    /// Customers could not be read.
    #[error(transparent)]
    Party(#[from] PartyError),
    /// The callback was not stored.
    #[error(transparent)]
    Callback(#[from] RequestError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored outcome or catalogue contradicts the model.
    #[error("what is stored contradicts the model: {0}")]
    Corrupt(&'static str),
}

impl Classify for VoiceError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Resolve(error) => error.class(),
            Self::Call(error) => error.class(),
            Self::Booking(error) => error.class(),
            Self::Party(error) => error.class(),
            Self::Callback(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Corrupt(_) => ErrorClass::Fault,
        }
    }
}

impl VoiceError {
    /// Whether something may have been committed although no answer came: then nothing may be claimed.
    pub(crate) const fn leaves_commit_open(&self) -> bool {
        matches!(
            self,
            Self::Booking(BookingError::Commit(CommitError::Store(_)))
                | Self::Callback(RequestError::Commit(CommitError::Store(_)))
        )
    }
}

/// What the caller hears when a tool that only looks has failed.
pub(crate) fn looked_in_vain(class: ErrorClass) -> ToolReply {
    let message = match class {
        ErrorClass::Busy => {
            "Ich komme gerade nicht an den Kalender heran, soll ich es noch einmal versuchen oder soll Sie jemand zurückrufen?"
        }
        _ => "Das kann ich gerade leider nicht nachsehen, soll Sie jemand zurückrufen?",
    };
    ToolReply::new(Status::Degraded, message).next(NextAction::OfferCallback)
}

/// What the caller hears when it is not known whether an effect was committed. It claims neither.
pub(crate) fn not_known_yet() -> ToolReply {
    ToolReply::new(
        Status::Pending,
        "Das dauert gerade einen Moment länger, ich habe noch keine Bestätigung, darf ich gleich noch einmal nachsehen?",
    )
    .next(NextAction::TryAgain)
}

/// What the caller hears when the agent uses a tool that does not exist.
pub(crate) fn unknown_tool() -> ToolReply {
    ToolReply::new(
        Status::UnknownTool,
        "Dabei kann ich Ihnen leider nicht direkt helfen, soll sich jemand bei Ihnen melden?",
    )
    .next(NextAction::OfferCallback)
}

/// What the caller hears when the agent uses a tool of a mode that the company does not have.
pub(crate) fn wrong_mode() -> ToolReply {
    ToolReply::new(
        Status::WrongMode,
        "Dafür nehme ich gern eine Rückrufbitte auf, soll sich jemand bei Ihnen melden?",
    )
    .next(NextAction::OfferCallback)
}
