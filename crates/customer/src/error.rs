//! Why a booking has no party, and why a stored customer is none.

use kernel::{Classify, CommitError, ErrorClass, StoreError};

use crate::model::Customer;

/// Why it is not known for whom to book.
#[derive(Debug, thiserror::Error)]
pub enum PartyError {
    /// A new customer needs a name: ask for it.
    #[error("a new customer needs a name")]
    NameRequired,
    /// Several customers share the number, and the name is none of theirs or was not said: ask who it is. Blocked
    /// customers are not among them.
    #[error("{} customers share this number", .0.len())]
    AskWho(Vec<Customer>),
    /// The company does not want bookings from this customer.
    #[error("the customer is blocked")]
    Blocked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The commit of what was learnt about a customer failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Classify for PartyError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::NameRequired | Self::AskWho(_) => ErrorClass::CallerMistake,
            Self::Blocked => ErrorClass::Denied,
            Self::Store(error) => error.class(),
            Self::Commit(error) => error.class(),
        }
    }
}

/// Why a stored customer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorruptCustomer {
    /// A word that is none of those stored.
    #[error("unknown word")]
    Word,
    /// A customer without a number who has one.
    #[error("anonymous, and yet with a number")]
    AnonymousWithNumber,
    /// Versions start at 1.
    #[error("versions start at 1")]
    Version,
}
