//! What this domain needs from outside.

use async_trait::async_trait;
use kernel::{ChangeSet, CommitError, CustomerId, PhoneNumber, StoreError, TenantScope};

use crate::model::CustomerSnapshot;

/// One write of a customer.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerWrite {
    /// A new customer.
    Insert(CustomerSnapshot),
    /// A changed customer.
    Update {
        /// The new state; its version is `expected + 1`.
        next: CustomerSnapshot,
        /// The version that the change was decided on.
        expected: i64,
    },
}

/// Port: customers of a tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CustomerRepository: Send + Sync {
    /// The customer with this id. `None`: the tenant has none.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn find(&self, scope: &TenantScope, id: CustomerId)
    -> Result<Option<CustomerSnapshot>, StoreError>;

    /// Customers with exactly this number, blocked ones included: oldest first (creation, then id), at most
    /// [`MAX_SHARING`](crate::model::MAX_SHARING).
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn find_by_phone(
        &self,
        scope: &TenantScope,
        phone: &PhoneNumber,
    ) -> Result<Vec<CustomerSnapshot>, StoreError>;

    /// Applies the writes in their order with events, jobs and claim, all or none.
    ///
    /// # Errors
    /// [`CommitError::Stale`] if an update's row is not at its expected version or does not exist;
    /// [`CommitError::Refused`] for an insert whose id exists; [`CommitError::AlreadyClaimed`];
    /// [`CommitError::Store`].
    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CustomerWrite>) -> Result<(), CommitError>;
}
