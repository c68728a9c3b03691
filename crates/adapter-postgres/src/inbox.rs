//! The inbox of webhooks: stored with their job before they are answered.

pub(crate) mod group;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{JobSpec, PlatformScope, StoreError};
use operations::ports::{
    Conclusion, Inbox, InboxEntry, InboxId, InboxState, InboxSummary, ReceivedWebhook, Stored,
};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::Database;
use crate::error::store_error;
use crate::row::word;
use crate::statements::statements;

statements! {
    /// One statement, committed by itself: one round trip and one flush to disk. The gateway may insert and nothing
    /// else, so nothing is returned; the number of rows of the last INSERT tells new from duplicate. Without a job the
    /// arrays are empty.
    STORE = "
        WITH job AS (
            INSERT INTO engine.jobs
                (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts, correlation)
            SELECT j.kind, j.queue, j.payload, j.priority, coalesce(j.run_at, app.now()), j.unique_key, j.serial_key,
                   j.max_attempts, $10
              FROM unnest($11::text[], $12::text[], $13::jsonb[], $14::smallint[], $15::timestamptz[], $16::text[],
                          $17::text[], $18::smallint[])
                AS j (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts)
            ON CONFLICT DO NOTHING
        )
        INSERT INTO intake.webhook_inbox
            (id, provider, event, subject, body_sha256, body, received_at, state, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING";

    LOAD = "
        SELECT id, provider, event, subject, body, received_at, state FROM intake.webhook_inbox WHERE id = $1";

    CONCLUDE = "
        UPDATE intake.webhook_inbox
           SET state = $2, reason = $3, tenant_id = coalesce($4, tenant_id), processed_at = $5,
               attempts = attempts + 1
         WHERE id = $1";

    LIST = "
        SELECT id, provider, event, subject, octet_length(body) AS bytes, received_at, state, reason, attempts
          FROM intake.webhook_inbox WHERE state = $1 ORDER BY received_at DESC, id LIMIT $2";

    /// Row and job in one statement: the job is inserted only if the row was there in the right state.
    REPLAY = "
        WITH row AS (
            UPDATE intake.webhook_inbox SET state = 'received', reason = NULL, processed_at = NULL
             WHERE id = $1 AND state IN ('quarantined', 'unrouted')
            RETURNING id
        ), job AS (
            INSERT INTO engine.jobs
                (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts, correlation)
            SELECT $2, $3, $4, $5, coalesce($6, app.now()), $7, $8, $9, $10 FROM row
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM row";

    DISCARD = "DELETE FROM intake.webhook_inbox WHERE id = $1 AND state IN ('quarantined', 'unrouted')";

    ERASE = "
        DELETE FROM intake.webhook_inbox
         WHERE id IN (
            SELECT id FROM intake.webhook_inbox
             WHERE received_at < $1 AND state = ANY ($3)
             ORDER BY received_at LIMIT $2)";
}

#[derive(FromRow)]
struct EntryRow {
    id: Uuid,
    provider: String,
    event: String,
    subject: String,
    body: Vec<u8>,
    received_at: DateTime<Utc>,
    state: String,
}

#[derive(FromRow)]
struct SummaryRow {
    id: Uuid,
    provider: String,
    event: String,
    subject: String,
    bytes: i32,
    received_at: DateTime<Utc>,
    state: String,
    reason: Option<String>,
    attempts: i32,
}

impl TryFrom<EntryRow> for InboxEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: InboxId::from_uuid(row.id),
            provider: word(&row.provider, "webhook_inbox.provider")?,
            event: row.event,
            subject: row.subject,
            body: row.body,
            received_at: row.received_at,
            state: word(&row.state, "webhook_inbox.state")?,
        })
    }
}

impl TryFrom<SummaryRow> for InboxSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: InboxId::from_uuid(row.id),
            provider: word(&row.provider, "webhook_inbox.provider")?,
            event: row.event,
            subject: row.subject,
            bytes: u64::try_from(row.bytes).unwrap_or(0),
            received_at: row.received_at,
            state: word(&row.state, "webhook_inbox.state")?,
            reason: row.reason,
            attempts: row.attempts,
        })
    }
}

/// The inbox.
#[derive(Debug, Clone)]
pub struct PgInbox {
    database: Database,
    group: Arc<group::Group>,
}

impl PgInbox {
    /// With the pool of `gateway` it can store; everything else needs the pool of `worker`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, group: Arc::default() }
    }

    async fn store_alone(&self, webhook: &ReceivedWebhook) -> Result<Stored, StoreError> {
        let jobs = webhook.job.as_slice();
        let done = sqlx::query(STORE)
            .bind(webhook.id.as_uuid())
            .bind(webhook.provider.code())
            .bind(&webhook.event)
            .bind(&webhook.subject)
            .bind(webhook.body_sha256.as_slice())
            .bind(&webhook.body)
            .bind(webhook.received_at)
            .bind(webhook.state.code())
            .bind(webhook.reason.as_deref())
            .bind(webhook.correlation.as_uuid())
            .bind(jobs.iter().map(|j| j.kind).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.queue).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| Json(&j.payload)).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.priority).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.run_at).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.unique_key.as_deref()).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.serial_key.as_deref()).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.max_attempts).collect::<Vec<_>>())
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(if done.rows_affected() > 0 { Stored::New } else { Stored::Duplicate })
    }
}

#[async_trait]
impl Inbox for PgInbox {
    async fn store(&self, webhook: ReceivedWebhook) -> Result<Stored, StoreError> {
        let webhook = Arc::new(webhook);
        match self.group.store(&self.database, &webhook).await {
            group::Left::Stored => Ok(Stored::New),
            group::Left::Alone(_turn) => self.store_alone(&webhook).await,
        }
    }

    async fn load(&self, _scope: &PlatformScope, id: InboxId) -> Result<Option<InboxEntry>, StoreError> {
        let row: Option<EntryRow> = sqlx::query_as(LOAD)
            .bind(id.as_uuid())
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        row.map(InboxEntry::try_from).transpose()
    }

    async fn conclude(
        &self,
        _scope: &PlatformScope,
        id: InboxId,
        conclusion: Conclusion,
    ) -> Result<(), StoreError> {
        sqlx::query(CONCLUDE)
            .bind(id.as_uuid())
            .bind(conclusion.state.code())
            .bind(conclusion.reason.as_deref())
            .bind(conclusion.tenant.map(|tenant| tenant.as_uuid()))
            .bind(conclusion.at)
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn list(
        &self,
        _scope: &PlatformScope,
        state: InboxState,
        limit: u32,
    ) -> Result<Vec<InboxSummary>, StoreError> {
        let rows: Vec<SummaryRow> = sqlx::query_as(LIST)
            .bind(state.code())
            .bind(i64::from(limit))
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(InboxSummary::try_from).collect()
    }

    async fn replay(&self, scope: &PlatformScope, id: InboxId, job: JobSpec) -> Result<bool, StoreError> {
        let rows: i64 = sqlx::query_scalar(REPLAY)
            .bind(id.as_uuid())
            .bind(job.kind)
            .bind(job.queue)
            .bind(Json(&job.payload))
            .bind(job.priority)
            .bind(job.run_at)
            .bind(job.unique_key.as_deref())
            .bind(job.serial_key.as_deref())
            .bind(job.max_attempts)
            .bind(scope.correlation().as_uuid())
            .fetch_one(&self.database)
            .await
            .map_err(store_error)?;
        Ok(rows > 0)
    }

    async fn discard(&self, _scope: &PlatformScope, id: InboxId) -> Result<bool, StoreError> {
        let done =
            sqlx::query(DISCARD).bind(id.as_uuid()).execute(&self.database).await.map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }

    async fn erase(
        &self,
        _scope: &PlatformScope,
        states: &'static [InboxState],
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(ERASE)
            .bind(before)
            .bind(i64::from(limit))
            .bind(states.iter().map(|state| state.code()).collect::<Vec<_>>())
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected())
    }
}
