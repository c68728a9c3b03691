//! Use cases about customers.

use std::sync::Arc;

use kernel::{
    Caller, ChangeSet, Clock, CommitError, CustomerId, EmailAddress, IdGenerator, PersonName, PhoneNumber,
    StoreError, TenantScope,
};

use crate::error::PartyError;
use crate::events::CustomerEvent;
use crate::model::{Customer, CustomerSnapshot};
use crate::party::{BookingParty, decide_booking_party, decide_other_person};
use crate::ports::{CustomerRepository, CustomerWrite};

/// What a caller's number says.
#[derive(Debug, Clone, PartialEq)]
pub enum Identification {
    /// One customer has the number. May be blocked: see [`Customer::is_blocked`].
    Known(Customer),
    /// Several customers share it, oldest first.
    SharedNumber(Vec<Customer>),
    /// Nobody has it.
    Unknown(PhoneNumber),
    /// The network showed none.
    Anonymous,
}

impl Identification {
    /// The customers who may be calling; empty for an unknown or anonymous caller.
    #[must_use]
    pub fn customers(&self) -> &[Customer] {
        match self {
            Self::Known(customer) => std::slice::from_ref(customer),
            Self::SharedNumber(customers) => customers,
            Self::Unknown(_) | Self::Anonymous => &[],
        }
    }
}

/// Identifies callers and finds or prepares the customer of a booking.
#[derive(Clone)]
pub struct CustomerService {
    customers: Arc<dyn CustomerRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl CustomerService {
    /// A service over this repository.
    #[must_use]
    pub fn new(
        customers: Arc<dyn CustomerRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { customers, clock, ids }
    }

    /// Who is calling.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn identify(&self, scope: &TenantScope, caller: &Caller) -> Result<Identification, StoreError> {
        let Caller::Known(number) = caller else {
            return Ok(Identification::Anonymous);
        };
        let mut customers = self.at_number(scope, caller).await?;
        Ok(match customers.len() {
            0 => Identification::Unknown(number.clone()),
            1 => Identification::Known(customers.swap_remove(0)),
            _ => Identification::SharedNumber(customers),
        })
    }

    /// The customer with this id. `None`: the tenant has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, scope: &TenantScope, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        self.customers.find(scope, id).await?.map(restore).transpose()
    }

    /// For whom the caller books. Commits nothing: a new customer travels with the booking.
    ///
    /// # Errors
    /// [`PartyError`].
    pub async fn for_booking(
        &self,
        scope: &TenantScope,
        caller: &Caller,
        name: Option<PersonName>,
        email: Option<EmailAddress>,
    ) -> Result<BookingParty, PartyError> {
        let existing = self.at_number(scope, caller).await?;
        let new_id = CustomerId::generate(&*self.ids);
        decide_booking_party(&existing, caller, name.as_ref(), email.as_ref(), self.clock.now(), new_id)
            .into_party(&existing)
    }

    /// For whom the caller books who has said that it is for another person. Commits nothing.
    ///
    /// # Errors
    /// [`PartyError`].
    pub async fn for_other_person(
        &self,
        scope: &TenantScope,
        caller: &Caller,
        name: Option<PersonName>,
        email: Option<EmailAddress>,
    ) -> Result<BookingParty, PartyError> {
        let existing = self.at_number(scope, caller).await?;
        let new_id = CustomerId::generate(&*self.ids);
        decide_other_person(&existing, caller, name.as_ref(), email.as_ref(), self.clock.now(), new_id)
            .into_party(&existing)
    }

    /// Commits the write of a [`BookingParty`] on its own, with its event: what was learnt about a known customer, or
    /// a new one that no booking carries.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] means that somebody else changed the customer meanwhile.
    pub async fn commit(&self, scope: &TenantScope, write: CustomerWrite) -> Result<(), CommitError> {
        let event = match &write {
            CustomerWrite::Insert(row) => CustomerEvent::created(row),
            CustomerWrite::Update { next, .. } => CustomerEvent::changed(next),
        }
        .into_outgoing(&*self.ids, self.clock.now());
        self.customers.commit(scope, ChangeSet::one(write).emit(event)).await
    }

    async fn at_number(&self, scope: &TenantScope, caller: &Caller) -> Result<Vec<Customer>, StoreError> {
        match caller.number() {
            Some(number) => {
                self.customers.find_by_phone(scope, number).await?.into_iter().map(restore).collect()
            }
            None => Ok(Vec::new()),
        }
    }
}

fn restore(snapshot: CustomerSnapshot) -> Result<Customer, StoreError> {
    Customer::restore(snapshot).map_err(|error| StoreError::Corrupt(Box::new(error)))
}

#[cfg(test)]
mod tests;
