//! Failures of ports, and the one classification that drives everything outside.

use std::error::Error as StdError;

/// The boxed cause of a failure; shown in logs, never to callers or clients.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// What kind of failure it is, from the caller's point of view.
///
/// Four outputs follow from it in one place each: HTTP status, spoken German fallback, retry decision, log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The request itself is wrong; repeating it changes nothing.
    CallerMistake,
    /// What was named does not exist, or not for this tenant.
    NotFound,
    /// Somebody else was faster, or the state does not allow it.
    Conflict,
    /// Out of capacity or out of time; a later try may succeed.
    Busy,
    /// Known, but not allowed.
    Denied,
    /// Our fault or the infrastructure's.
    Fault,
}

impl ErrorClass {
    /// Whether another try may succeed.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Busy | Self::Conflict | Self::Fault => true,
            Self::CallerMistake | Self::NotFound | Self::Denied => false,
        }
    }
}

/// Implemented by every error enum of a use case or port.
pub trait Classify {
    /// The class of this failure.
    fn class(&self) -> ErrorClass;
}

/// Failure of a store, opaque about its technology.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Out of connections or time, shutting down, or unreachable. Nothing is known to be written.
    #[error("the store is not available")]
    Unavailable(#[source] Cause),
    /// What is stored contradicts the model: a defect or a foreign hand.
    #[error("the store holds something that the model does not allow")]
    Corrupt(#[source] Cause),
}

impl Classify for StoreError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Unavailable(_) => ErrorClass::Busy,
            Self::Corrupt(_) => ErrorClass::Fault,
        }
    }
}

/// Failure of a commit.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A row has changed since it was read: reload, decide again, commit again.
    #[error("the state has changed since it was read")]
    Stale,
    /// The idempotency key is taken: the effect has happened, its outcome can be read.
    #[error("the request was already carried out")]
    AlreadyClaimed,
    /// A resource is occupied at that time, or the occupancy could not be decided in time.
    #[error("the time is occupied")]
    Occupied,
    /// A named rule of the store refused the write.
    #[error("the store's rule `{rule}` refused the write")]
    Refused {
        /// Name of the constraint.
        rule: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for CommitError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Stale | Self::AlreadyClaimed | Self::Occupied => ErrorClass::Conflict,
            Self::Refused { .. } => ErrorClass::Fault,
            Self::Store(error) => error.class(),
        }
    }
}
