//! What earlier runs of a request did.

use async_trait::async_trait;
use kernel::{IdempotencyKey, RequestHash, StoreError, TenantScope};
use serde_json::Value;
use voice::ports::{OutcomeStore, StoredOutcome};

use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::statements::statements;

statements! {
    FIND = "SELECT request_hash, outcome FROM public.idempotent_outcomes WHERE tenant_id = $1 AND key = $2";
}

/// The store of outcomes. They are written by the change sets that had the effect.
#[derive(Debug, Clone)]
pub struct PgOutcomeStore {
    database: Database,
}

impl PgOutcomeStore {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl OutcomeStore for PgOutcomeStore {
    async fn find(
        &self,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Option<StoredOutcome>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<(Vec<u8>, Value)>, _> = sqlx::query_as(FIND)
            .bind(scope.tenant().as_uuid())
            .bind(key.as_str())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session
            .finish_read(row)
            .await?
            .map(|(hash, outcome)| {
                let hash = hash.try_into().map_err(|_| corrupt("idempotent_outcomes.request_hash"))?;
                Ok(StoredOutcome { request: RequestHash(hash), outcome })
            })
            .transpose()
    }
}
