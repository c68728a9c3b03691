//! What this domain needs from outside.

use async_trait::async_trait;
use kernel::{ChangeSet, CommitError, StoreError, TenantScope};

use crate::CallbackId;
use crate::model::CallbackSnapshot;

/// One write of a callback.
#[derive(Debug, Clone, PartialEq)]
pub enum CallbackWrite {
    /// A new callback.
    Insert(CallbackSnapshot),
    /// A changed callback.
    Update {
        /// The new state; its version is `expected + 1`.
        next: CallbackSnapshot,
        /// The version that the change was decided on.
        expected: i64,
    },
}

/// Port: callbacks of a tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallbackRepository: Send + Sync {
    /// The callback with this id. `None`: the tenant has none.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn find(&self, scope: &TenantScope, id: CallbackId)
    -> Result<Option<CallbackSnapshot>, StoreError>;

    /// Applies the writes in their order with events, jobs and claim, all or none.
    ///
    /// # Errors
    /// [`CommitError::Stale`] if an update's row is not at its expected version or does not exist;
    /// [`CommitError::Refused`] for an insert whose id exists, or that names a branch, customer or call the tenant
    /// does not have; [`CommitError::AlreadyClaimed`]; [`CommitError::Store`].
    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallbackWrite>) -> Result<(), CommitError>;
}
