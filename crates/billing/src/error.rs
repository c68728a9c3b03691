//! What can go wrong with money.

use kernel::{Classify, CommitError, ErrorClass, StoreError};

/// Why an amount was not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// A duration below zero or above a day.
    #[error("a call cannot have lasted {duration_ms} ms")]
    ImplausibleDuration {
        /// What was given, in milliseconds.
        duration_ms: i64,
    },
    /// A cost below zero or above the highest accepted.
    #[error("a call cannot have cost that much")]
    ImplausibleCost,
    /// A tariff below zero or above the highest accepted.
    #[error("the tariff is not plausible")]
    ImplausibleTariff,
    /// An exchange rate outside the accepted bounds.
    #[error("an exchange rate of {ppm} millionths is not plausible")]
    ImplausibleRate {
        /// What was given, in millionths of a euro per dollar.
        ppm: i64,
    },
    /// An amount that does not fit, which the bounds above exclude for accounts that were accepted.
    #[error("the amount does not fit")]
    Overflow,
}

impl Classify for AmountError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::ImplausibleDuration { .. }
            | Self::ImplausibleCost
            | Self::ImplausibleTariff
            | Self::ImplausibleRate { .. } => ErrorClass::CallerMistake,
            Self::Overflow => ErrorClass::Fault,
        }
    }
}

/// Failure of [`BillingService`](crate::BillingService).
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// An amount cannot be computed from what was given.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The tenant has no such call.
    #[error("no such call")]
    UnknownCall,
    /// Somebody else changed the account while this was decided: read the facts anew and try again.
    #[error("the account was changed by somebody else meanwhile")]
    Contended,
    /// The commit failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for BillingError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Amount(error) => error.class(),
            Self::UnknownCall => ErrorClass::NotFound,
            Self::Contended => ErrorClass::Busy,
            Self::Commit(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// Why stored lines are not the account of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorruptAccount {
    /// A word that is none of those stored.
    #[error("unknown word")]
    Word,
    /// A line of another call.
    #[error("a line belongs to another call")]
    ForeignLine,
    /// Numbers that are not 1, 2, 3, …
    #[error("the lines are not numbered 1, 2, 3")]
    Numbering,
    /// The first entry is not the charge, or a later one is.
    #[error("the first entry alone is the charge")]
    Kinds,
    /// Entries in different currencies.
    #[error("the entries have different currencies")]
    Currencies,
    /// Entries do not add up to the price of the last basis, or a cost is not its dollars at its rate.
    #[error("the lines do not add up")]
    Sum,
}
