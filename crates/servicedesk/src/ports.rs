//! What this domain needs from outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
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

/// What [`CallbackRepository::overdue`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overdue {
    /// Open callbacks of the tenant whose time is over, marked or not.
    pub total: u64,
    /// Those of them that nobody was told about, by id; only ids, so that a row that cannot be read hides no other.
    pub unmarked: Vec<CallbackId>,
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

    /// Open callbacks that were due before `now`: how many, and at most `limit` of those not yet marked, with ids
    /// greater than `after`, in the order of ids.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn overdue(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        after: Option<CallbackId>,
        limit: u32,
    ) -> Result<Overdue, StoreError>;

    /// Applies the writes in their order with events, jobs and claim, all or none.
    ///
    /// # Errors
    /// [`CommitError::Stale`] if an update's row is not at its expected version or does not exist;
    /// [`CommitError::Refused`] for an insert whose id exists, or that names a branch, customer or call the tenant
    /// does not have; [`CommitError::AlreadyClaimed`]; [`CommitError::Store`].
    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallbackWrite>) -> Result<(), CommitError>;
}
