//! Why a scope was not issued.

use kernel::{Classify, ErrorClass, StoreError};

/// The reason for which an identity was not turned into a scope.
///
/// Reasons about keys are told apart for the log and the operator; a client hears the same answer for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denied {
    /// The called number is nobody's, or switched off.
    #[error("nobody has this number")]
    UnknownNumber,
    /// The company is not served.
    #[error("the company is not active")]
    InactiveTenant,
    /// No call has this id.
    #[error("no such call")]
    UnknownCall,
    /// The call has ended: it cannot vouch for its caller any more.
    #[error("the call is over")]
    CallOver,
    /// No key has this prefix, or its secret is another.
    #[error("no such key")]
    UnknownKey,
    /// The key was withdrawn.
    #[error("the key was revoked")]
    RevokedKey,
    /// The key's time is over.
    #[error("the key has expired")]
    ExpiredKey,
    /// The key may not be used from where the request comes, or it cannot be told from where that is.
    #[error("the key may not be used from there")]
    ForeignAddress,
    /// No connection to an outside calendar has this id, or the text is no such id.
    #[error("no such connection")]
    UnknownConnection,
    /// The connection is switched off.
    #[error("the connection is switched off")]
    InactiveConnection,
    /// The deployment has no connection, or several: which one is meant must be said.
    #[error("there is not exactly one connection")]
    NoSoleConnection,
}

impl Denied {
    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownNumber => "unknown_number",
            Self::InactiveTenant => "inactive_tenant",
            Self::UnknownCall => "unknown_call",
            Self::CallOver => "call_over",
            Self::UnknownKey => "unknown_key",
            Self::RevokedKey => "revoked_key",
            Self::ExpiredKey => "expired_key",
            Self::ForeignAddress => "foreign_address",
            Self::UnknownConnection => "unknown_connection",
            Self::InactiveConnection => "inactive_connection",
            Self::NoSoleConnection => "no_sole_connection",
        }
    }
}

/// Failure of [`TenantResolver`](crate::TenantResolver).
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Refused, for this reason.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The directory failed: nothing is known about the identity.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for ResolveError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Denied(
                Denied::UnknownNumber
                | Denied::UnknownCall
                | Denied::UnknownConnection
                | Denied::NoSoleConnection,
            ) => ErrorClass::NotFound,
            Self::Denied(_) => ErrorClass::Denied,
            Self::Store(error) => error.class(),
        }
    }
}
