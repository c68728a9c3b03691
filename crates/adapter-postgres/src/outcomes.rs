//! What earlier runs of a request did.

use async_trait::async_trait;
use kernel::{IdempotencyKey, RequestHash, StoreError, TenantScope};
use serde_json::Value;
use voice::ports::{OutcomeStore, StoredOutcome};

use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::statements::statements;
use crate::trip::trip;

statements! {
    FIND = "SELECT * FROM app.outcome($1, $2)";
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
        let found: Vec<(Vec<u8>, Value)> = self
            .database
            .travel(scope, || trip(FIND, scope).bind(key.as_str()))
            .await
            .map_err(store_error)?;
        found
            .into_iter()
            .next()
            .map(|(hash, outcome)| {
                let hash = hash.try_into().map_err(|_| corrupt("idempotent_outcomes.request_hash"))?;
                Ok(StoredOutcome { request: RequestHash(hash), outcome })
            })
            .transpose()
    }
}
