//! What a person must look at about calls.

use async_trait::async_trait;
use kernel::{StoreError, TenantScope};
use operations::said_and_done::{CallReview, CallReviews};

use crate::database::Database;
use crate::error::store_error;
use crate::session::Access;
use crate::statements::statements;

statements! {
    OPEN = "
        INSERT INTO public.call_reviews (tenant_id, call_id, mismatch, sentence, opened_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, call_id, mismatch) DO NOTHING";
}

/// [`CallReviews`] on Postgres.
#[derive(Debug, Clone)]
pub struct PgCallReviews {
    database: Database,
}

impl PgCallReviews {
    /// Works with the pool of `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CallReviews for PgCallReviews {
    async fn open(&self, scope: &TenantScope, review: &CallReview) -> Result<bool, StoreError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(store_error)?;
        let done = sqlx::query(OPEN)
            .bind(scope.tenant().as_uuid())
            .bind(review.call.as_uuid())
            .bind(review.finding.mismatch.as_str())
            .bind(review.finding.sentence.as_deref())
            .bind(review.opened_at)
            .execute(&mut *session)
            .await;
        session.finish_plain(done.map(|done| done.rows_affected() == 1).map_err(store_error)).await
    }
}
