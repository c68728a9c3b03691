//! What this domain needs from a store.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{
    BranchId, CallId, ChangeSet, CommitError, PlatformScope, ProviderCallId, StoreError, TenantId,
    TenantScope,
};

use crate::model::{CallSnapshot, ToolUse};

/// Which of the parts that a store keeps apart changed, so that it rewrites no transcript for a new customer link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Touched {
    /// Summary or recording.
    pub contents: bool,
    /// Transcript.
    pub transcript: bool,
    /// Cost.
    pub cost: bool,
}

/// One write to the store of calls. The slim row is written in every case.
#[derive(Debug, Clone, PartialEq)]
pub enum CallWrite {
    /// A call that was unknown, with all its parts and its routing entry (provider's id, call, tenant, branch,
    /// `created_at`, whether it ended). A routing entry that exists already is [`CommitError::Stale`]: somebody else
    /// was faster, and the service reads again.
    Insert(Box<CallSnapshot>),
    /// The next state of a known call. The routing entry learns whether the call has ended.
    Update {
        /// The next state; its version is `expected` + 1.
        next: Box<CallSnapshot>,
        /// The version that was read; another one in the store is [`CommitError::Stale`].
        expected: i64,
        /// Which of the heavier parts must be replaced.
        touched: Touched,
    },
}

/// A call that is called ongoing although it began long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckCall {
    /// Whose call it is.
    pub tenant: TenantId,
    /// The branch that was called.
    pub branch: BranchId,
    /// The call.
    pub call: CallId,
    /// When it became known.
    pub created_at: DateTime<Utc>,
}

/// Port: the store of calls. Reads give the whole snapshot, transcript and cost included.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallRepository: Send + Sync {
    /// The call with this id, unless it is unknown or another tenant's.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn find(&self, scope: &TenantScope, id: CallId) -> Result<Option<CallSnapshot>, StoreError>;

    /// The call that the provider names so, unless it is unknown or another tenant's.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn find_by_provider_id(
        &self,
        scope: &TenantScope,
        id: &ProviderCallId,
    ) -> Result<Option<CallSnapshot>, StoreError>;

    /// Writes everything or nothing.
    ///
    /// # Errors
    /// [`CommitError::Stale`] if a call was changed or created meanwhile, also by another tenant;
    /// [`CommitError::AlreadyClaimed`] if the claim's key is taken; otherwise the store's failure.
    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallWrite>) -> Result<(), CommitError>;

    /// Ongoing calls of all tenants that became known before `before`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn list_stuck(
        &self,
        scope: &PlatformScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<StuckCall>, StoreError>;
}

/// Port: the trace of tools. Written off the hot path; losing a line of it never fails a call.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ToolTrace: Send + Sync {
    /// Appends uses of tools. One that is already there (same id) is left as it is.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn record(&self, scope: &TenantScope, uses: Vec<ToolUse>) -> Result<(), StoreError>;
}
