//! The customer.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use kernel::{Caller, CustomerId, EmailAddress, PersonName, PhoneNumber};

use crate::error::CorruptCustomer;
use crate::ports::CustomerWrite;

/// How many customers of one number are ever read: a family or an office; beyond that the number says nothing.
pub const MAX_SHARING: usize = 20;

/// Whether a customer may book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CustomerStatus {
    /// May book.
    Active,
    /// Is recognised, but the company does not want bookings.
    Blocked,
}

impl CustomerStatus {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
        }
    }
}

impl FromStr for CustomerStatus {
    type Err = CorruptCustomer;

    fn from_str(text: &str) -> Result<Self, CorruptCustomer> {
        match text {
            "active" => Ok(Self::Active),
            "blocked" => Ok(Self::Blocked),
            _ => Err(CorruptCustomer::Word),
        }
    }
}

/// Where a customer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CustomerSource {
    /// Made by a booking on the telephone.
    PhoneCall,
    /// Made by an API client.
    Api,
    /// Taken over from another system, or part of a prepared data set.
    Import,
}

impl CustomerSource {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PhoneCall => "phone_call",
            Self::Api => "api",
            Self::Import => "import",
        }
    }
}

impl FromStr for CustomerSource {
    type Err = CorruptCustomer;

    fn from_str(text: &str) -> Result<Self, CorruptCustomer> {
        match text {
            "phone_call" => Ok(Self::PhoneCall),
            "api" => Ok(Self::Api),
            "import" => Ok(Self::Import),
            _ => Err(CorruptCustomer::Word),
        }
    }
}

/// A customer as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerSnapshot {
    /// The customer.
    pub id: CustomerId,
    /// Name, once one is known.
    pub name: Option<PersonName>,
    /// Number, the identity on the telephone; never a placeholder.
    pub phone: Option<PhoneNumber>,
    /// Address for messages; several customers may share one.
    pub email: Option<EmailAddress>,
    /// Made by a caller without a number; then there is no [`Self::phone`].
    pub anonymous: bool,
    /// Whether the customer may book.
    pub status: CustomerStatus,
    /// Where the customer came from.
    pub source: CustomerSource,
    /// Product time of creation.
    pub created_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: i64,
}

/// A person who calls and books.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    state: CustomerSnapshot,
}

impl Customer {
    /// A customer as it was stored.
    ///
    /// # Errors
    /// [`CorruptCustomer`] if the snapshot is anonymous with a number, or has a version below 1.
    pub fn restore(state: CustomerSnapshot) -> Result<Self, CorruptCustomer> {
        if state.anonymous && state.phone.is_some() {
            return Err(CorruptCustomer::AnonymousWithNumber);
        }
        if state.version < 1 {
            return Err(CorruptCustomer::Version);
        }
        Ok(Self { state })
    }

    /// A customer who has just called for the first time, or without a number.
    #[must_use]
    pub fn new_caller(
        id: CustomerId,
        caller: &Caller,
        name: PersonName,
        email: Option<EmailAddress>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            state: CustomerSnapshot {
                id,
                name: Some(name),
                phone: caller.number().cloned(),
                email,
                anonymous: caller.number().is_none(),
                status: CustomerStatus::Active,
                source: CustomerSource::PhoneCall,
                created_at: now,
                version: 1,
            },
        }
    }

    /// What is stored.
    #[must_use]
    pub const fn snapshot(&self) -> &CustomerSnapshot {
        &self.state
    }

    /// What is stored, given away.
    #[must_use]
    pub fn into_snapshot(self) -> CustomerSnapshot {
        self.state
    }

    /// The customer's id.
    #[must_use]
    pub const fn id(&self) -> CustomerId {
        self.state.id
    }

    /// The name, once one is known.
    #[must_use]
    pub const fn name(&self) -> Option<&PersonName> {
        self.state.name.as_ref()
    }

    /// The number, unless the customer called without one.
    #[must_use]
    pub const fn phone(&self) -> Option<&PhoneNumber> {
        self.state.phone.as_ref()
    }

    /// The address for messages.
    #[must_use]
    pub const fn email(&self) -> Option<&EmailAddress> {
        self.state.email.as_ref()
    }

    /// True if the customer called without a number.
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        self.state.anonymous
    }

    /// True if the company does not want bookings from this customer.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        matches!(self.state.status, CustomerStatus::Blocked)
    }

    /// True if whoever is called so may be this customer, by a part of the name or as it sounds. Whoever has no name may be
    /// anybody.
    #[must_use]
    pub fn may_be_called(&self, name: &PersonName) -> bool {
        self.name().is_none_or(|own| name.is_short_for(own) || own.sounds_like(name))
    }

    /// True if this caller's number is this customer's, digit by digit: the only proof of identity on the telephone.
    #[must_use]
    pub fn answers_to(&self, caller: &Caller) -> bool {
        matches!((self.phone(), caller.number()), (Some(own), Some(shown)) if own == shown)
    }

    /// Adds what a call revealed: a name if none was known (a known one is never replaced, since recognition of names
    /// is weak), and an address if a new one was given. `None` if that changes nothing.
    #[must_use]
    pub fn learn(&self, name: Option<&PersonName>, email: Option<&EmailAddress>) -> Option<Self> {
        let mut next = self.state.clone();
        if next.name.is_none() {
            next.name = name.cloned();
        }
        if let Some(email) = email {
            next.email = Some(email.clone());
        }
        (next != self.state).then(|| {
            next.version += 1;
            Self { state: next }
        })
    }

    /// Bars or admits the customer. `None` if that changes nothing.
    #[must_use]
    pub fn with_status(&self, status: CustomerStatus) -> Option<Self> {
        (self.state.status != status).then(|| {
            let mut next = self.state.clone();
            next.status = status;
            next.version += 1;
            Self { state: next }
        })
    }

    /// The write that stores this state over the one that `before` was read at.
    #[must_use]
    pub fn update_over(&self, before: &Self) -> CustomerWrite {
        CustomerWrite::Update { next: self.state.clone(), expected: before.state.version }
    }
}

#[cfg(test)]
mod tests;
