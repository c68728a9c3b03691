//! Calls: a slim row by month, its heavier parts beside it, and the routing entry that every other table refers to.

pub(crate) mod read;
pub(crate) mod reviews;
pub(crate) mod trace;
pub(crate) mod write;

use async_trait::async_trait;
use call::{CallRepository, CallSnapshot, CallWrite, StuckCall};
use chrono::{DateTime, Utc};
use kernel::{CallId, ChangeSet, CommitError, PlatformScope, ProviderCallId, StoreError, TenantScope};

pub use reviews::PgCallReviews;
pub use trace::PgToolTrace;

use crate::call::read::By;
use crate::database::Database;

/// The store of calls.
#[derive(Debug, Clone)]
pub struct PgCallRepository {
    database: Database,
}

impl PgCallRepository {
    /// Works with the pool of `gateway` or `worker`. With that of `gateway`, calls come without what they cost at the
    /// provider; a change leaves what is stored about it as it is.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database: database.with_costs() }
    }
}

#[async_trait]
impl CallRepository for PgCallRepository {
    async fn find(&self, scope: &TenantScope, id: CallId) -> Result<Option<CallSnapshot>, StoreError> {
        read::find(&self.database, scope, By::Id(id)).await
    }

    async fn find_by_provider_id(
        &self,
        scope: &TenantScope,
        id: &ProviderCallId,
    ) -> Result<Option<CallSnapshot>, StoreError> {
        read::find(&self.database, scope, By::ProviderId(id)).await
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallWrite>) -> Result<(), CommitError> {
        if change.is_empty() {
            return Ok(());
        }
        write::commit(&self.database, scope, &change).await
    }

    async fn list_stuck(
        &self,
        _scope: &PlatformScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<StuckCall>, StoreError> {
        read::list_stuck(&self.database, before, limit).await
    }
}
