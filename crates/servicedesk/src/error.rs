//! Why a callback was not recorded or not moved on.

use kernel::{Classify, CommitError, ErrorClass, StoreError};

use crate::model::CallbackStatus;

/// Failure of [`CallbackService::request`](crate::CallbackService::request).
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Neither did the network show a number nor did the caller give one: ask for it.
    #[error("a callback needs a number to call")]
    NumberRequired,
    /// The commit failed; [`CommitError::AlreadyClaimed`] means that this very request was carried out before.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Classify for RequestError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::NumberRequired => ErrorClass::CallerMistake,
            Self::Commit(error) => error.class(),
        }
    }
}

/// Failure of [`CallbackService::advance`](crate::CallbackService::advance).
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The tenant has no such callback.
    #[error("no such callback")]
    Unknown,
    /// A callback does not go this way.
    #[error("a callback that is {from:?} does not become {to:?}")]
    NotAllowed {
        /// Where it is.
        from: CallbackStatus,
        /// Where it was to go.
        to: CallbackStatus,
    },
    /// The commit failed; [`CommitError::Stale`] means that somebody else moved it on meanwhile.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for AdvanceError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown => ErrorClass::NotFound,
            Self::NotAllowed { .. } => ErrorClass::Conflict,
            Self::Commit(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// Why a stored callback is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorruptCallback {
    /// A word that is none of those stored.
    #[error("unknown word")]
    Word,
    /// Due before it was made.
    #[error("due before it was made")]
    DueBeforeMade,
    /// A text beyond its bound.
    #[error("a text is too long")]
    TooLong,
    /// Versions start at 1.
    #[error("versions start at 1")]
    Version,
}
