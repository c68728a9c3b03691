//! The line that an operator leaves in a company's audit log.

use async_trait::async_trait;
use kernel::{ChangeSet, CommitError, StoreError, TenantScope};
use operations::ports::ActingLog;
use serde_json::json;

use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::store_error;
use crate::session::Access;

/// The audit log, for operators.
#[derive(Debug, Clone)]
pub struct PgActingLog {
    database: Database,
}

impl PgActingLog {
    /// Works with an administrator's pool.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl ActingLog for PgActingLog {
    async fn acted(&self, scope: &TenantScope, doing: &str) -> Result<(), StoreError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(store_error)?;
        let entry =
            AuditEntry::new("operator.acted", &scope.tenant(), None).with(json!({ "command": doing }));
        let done = settle(&mut session, scope, &ChangeSet::<()>::new(), &[entry]).await;
        session
            .finish_plain(done.map_err(|error| match error {
                CommitError::Store(error) => error,
                // A line alone can be neither claimed nor stale; a company that is not there refuses it.
                other => StoreError::Corrupt(Box::new(other)),
            }))
            .await
    }
}
