//! Failures of the use cases. What a caller can be told (taken, too late, closed) is an outcome, not a failure.

use kernel::{AppointmentId, BranchId, Classify, CommitError, ErrorClass, StoreError};

use crate::model::{CatalogueError, CorruptAppointment};
use crate::policy::series::NotASeries;

/// A use case of booking could not come to an outcome.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    /// The tenant has no such branch.
    #[error("there is no branch {0}")]
    UnknownBranch(BranchId),
    /// The tenant has no such appointment.
    #[error("there is no appointment {0}")]
    UnknownAppointment(AppointmentId),
    /// The catalogue changed while it was read, more than once.
    #[error("the catalogue changes faster than it can be read")]
    Unsettled,
    /// A sequence has at least two services and at most these.
    #[error("a sequence has two to {max} services")]
    SequenceLength {
        /// Most services of one.
        max: u32,
    },
    /// The rule of a series is none.
    #[error(transparent)]
    NotASeries(#[from] NotASeries),
    /// Reading failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Writing failed, and not because of the time or a repetition.
    #[error("writing failed")]
    Commit(#[source] CommitError),
}

impl Classify for BookingError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownBranch(_) | Self::UnknownAppointment(_) => ErrorClass::NotFound,
            Self::Unsettled => ErrorClass::Busy,
            Self::SequenceLength { .. } | Self::NotASeries(_) => ErrorClass::CallerMistake,
            Self::Store(error) => error.class(),
            Self::Commit(error) => error.class(),
        }
    }
}

impl From<CatalogueError> for BookingError {
    fn from(error: CatalogueError) -> Self {
        Self::Store(StoreError::Corrupt(Box::new(error)))
    }
}

impl From<CorruptAppointment> for BookingError {
    fn from(error: CorruptAppointment) -> Self {
        Self::Store(StoreError::Corrupt(Box::new(error)))
    }
}

impl From<serde_json::Error> for BookingError {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(StoreError::Corrupt(Box::new(error)))
    }
}
