use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, PlatformScope, StoreError, TenantId};
use operations::engine::{CancelResult, DeadFilter, DeadJob, JobAdministration, JobId, QueueStats};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{count, from_millis};
use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

statements! {
    STATS = "
        SELECT queue,
               count(*) FILTER (WHERE state = 'ready' AND run_at <= app.now()),
               count(*) FILTER (WHERE state = 'ready' AND run_at > app.now()),
               count(*) FILTER (WHERE state = 'leased'),
               count(*) FILTER (WHERE state = 'dead'),
               coalesce((extract(epoch FROM app.now() - min(run_at) FILTER (WHERE state = 'ready')) * 1000)::bigint, 0)
          FROM engine.jobs
         GROUP BY queue
         ORDER BY queue";

    OLDEST_TRANSACTION = "SELECT age_ms FROM engine.oldest_transaction()";

    LIST_DEAD = "
        SELECT id, kind, queue, tenant_id, payload, attempt, last_error, correlation
          FROM engine.jobs
         WHERE state = 'dead' AND ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR kind = $2)
           AND ($3::uuid IS NULL OR tenant_id = $3) AND ($4::bigint IS NULL OR id > $4)
         ORDER BY id
         LIMIT $5";

    /// Of several dead jobs with one unique key the oldest comes back, and none if a live one has the key.
    REQUEUE_DEAD = "
        WITH chosen AS (
            SELECT DISTINCT ON (bucket, coalesce(unique_key, 'id ' || id)) id
              FROM engine.jobs d
             WHERE state = 'dead' AND ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR kind = $2)
               AND ($3::uuid IS NULL OR tenant_id = $3)
               AND (unique_key IS NULL OR NOT EXISTS (
                    SELECT FROM engine.jobs l
                     WHERE l.bucket = d.bucket AND l.unique_key = d.unique_key AND l.state <> 'dead'))
             ORDER BY bucket, coalesce(unique_key, 'id ' || id), id
        ), revived AS (
            UPDATE engine.jobs j SET state = 'ready', attempt = 0, run_at = app.now(), cancelled_by = NULL
              FROM chosen
             WHERE j.id = chosen.id AND j.state = 'dead'
            RETURNING j.id, j.tenant_id, j.kind, j.queue, j.correlation
        ), line AS (
            INSERT INTO engine.job_history (job_id, tenant_id, kind, queue, outcome, attempt, correlation, actor)
            SELECT id, tenant_id, kind, queue, 'rerun', 0, correlation, $4 FROM revived
        )
        SELECT id, pg_notify('engine_jobs', '')::text FROM revived ORDER BY id";

    DISCARD_DEAD = "
        WITH gone AS (
            DELETE FROM engine.jobs
             WHERE state = 'dead' AND ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR kind = $2)
               AND ($3::uuid IS NULL OR tenant_id = $3)
            RETURNING id, tenant_id, kind, queue, attempt, correlation
        ), line AS (
            INSERT INTO engine.job_history (job_id, tenant_id, kind, queue, outcome, attempt, correlation, actor)
            SELECT id, tenant_id, kind, queue, 'discarded', attempt, correlation, $4 FROM gone
        )
        SELECT id, '' FROM gone ORDER BY id";

    CANCEL = "
        WITH gone AS (
            DELETE FROM engine.jobs WHERE id = $1 AND state = 'ready'
            RETURNING id, tenant_id, kind, queue, attempt, correlation
        ), line AS (
            INSERT INTO engine.job_history (job_id, tenant_id, kind, queue, outcome, attempt, correlation, actor)
            SELECT id, tenant_id, kind, queue, 'cancelled', attempt, correlation, $2 FROM gone
        ), asked AS (
            UPDATE engine.jobs SET cancelled_by = $2 WHERE id = $1 AND state = 'leased' RETURNING id
        )
        SELECT EXISTS (SELECT FROM gone), EXISTS (SELECT FROM asked)";

    ENSURE_HISTORY = "SELECT engine.ensure_history($1)";

    DROP_HISTORY = "SELECT engine.drop_history($1)";
}

/// Longest name of an actor in the history, in characters.
const MAX_ACTOR_CHARS: usize = 200;

/// [`JobAdministration`] on Postgres.
#[derive(Debug, Clone)]
pub struct PgJobAdministration {
    database: Database,
}

impl PgJobAdministration {
    /// On the database as the role `worker`.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    async fn change_dead(
        &self,
        statement: &'static str,
        scope: &PlatformScope,
        filter: &DeadFilter,
    ) -> Result<Vec<JobId>, StoreError> {
        let rows: Vec<(i64, Option<String>)> = sqlx::query_as(statement)
            .bind(filter.job.map(JobId::raw))
            .bind(filter.kind.as_deref())
            .bind(filter.tenant.map(|tenant| tenant.as_uuid()))
            .bind(actor(scope))
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        Ok(rows.into_iter().map(|(id, _)| JobId::from_raw(id)).collect())
    }
}

fn actor(scope: &PlatformScope) -> String {
    scope.actor().to_string().chars().take(MAX_ACTOR_CHARS).collect()
}

#[derive(FromRow)]
struct DeadRow {
    id: i64,
    kind: String,
    queue: String,
    tenant_id: Option<Uuid>,
    payload: Value,
    attempt: i16,
    last_error: Option<String>,
    correlation: Option<Uuid>,
}

#[async_trait]
impl JobAdministration for PgJobAdministration {
    async fn stats(&self, _scope: &PlatformScope) -> Result<Vec<QueueStats>, StoreError> {
        let rows: Vec<(String, i64, i64, i64, i64, i64)> =
            sqlx::query_as(STATS).fetch_all(&self.database).await.map_err(store_error)?;
        Ok(rows
            .into_iter()
            .map(|(queue, due, scheduled, leased, dead, oldest)| QueueStats {
                queue,
                due: count(due),
                scheduled: count(scheduled),
                leased: count(leased),
                dead: count(dead),
                oldest_due: from_millis(oldest),
            })
            .collect())
    }

    async fn oldest_transaction(&self, _scope: &PlatformScope) -> Result<Option<Duration>, StoreError> {
        let age: Option<i64> =
            sqlx::query_scalar(OLDEST_TRANSACTION).fetch_one(&self.database).await.map_err(store_error)?;
        Ok(age.map(from_millis))
    }

    async fn list_dead(
        &self,
        _scope: &PlatformScope,
        filter: &DeadFilter,
        after: Option<JobId>,
        limit: u16,
    ) -> Result<Vec<DeadJob>, StoreError> {
        let rows: Vec<DeadRow> = sqlx::query_as(LIST_DEAD)
            .bind(filter.job.map(JobId::raw))
            .bind(filter.kind.as_deref())
            .bind(filter.tenant.map(|tenant| tenant.as_uuid()))
            .bind(after.map(JobId::raw))
            .bind(i64::from(limit))
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        Ok(rows
            .into_iter()
            .map(|row| DeadJob {
                id: JobId::from_raw(row.id),
                kind: row.kind,
                queue: row.queue,
                tenant: row.tenant_id.map(TenantId::from_uuid),
                payload: row.payload,
                attempt: row.attempt,
                error: row.last_error,
                correlation: row.correlation.map(CorrelationId::from_uuid),
            })
            .collect())
    }

    async fn requeue_dead(
        &self,
        scope: &PlatformScope,
        filter: &DeadFilter,
    ) -> Result<Vec<JobId>, StoreError> {
        self.change_dead(REQUEUE_DEAD, scope, filter).await
    }

    async fn discard_dead(
        &self,
        scope: &PlatformScope,
        filter: &DeadFilter,
    ) -> Result<Vec<JobId>, StoreError> {
        self.change_dead(DISCARD_DEAD, scope, filter).await
    }

    async fn cancel(&self, scope: &PlatformScope, job: JobId) -> Result<CancelResult, StoreError> {
        let (gone, asked): (bool, bool) = sqlx::query_as(CANCEL)
            .bind(job.raw())
            .bind(actor(scope))
            .fetch_one(&self.database)
            .await
            .map_err(store_error)?;
        Ok(match (gone, asked) {
            (true, _) => CancelResult::Removed,
            (false, true) => CancelResult::Requested,
            (false, false) => CancelResult::NotFound,
        })
    }

    async fn ensure_history(&self, _scope: &PlatformScope, months_ahead: u16) -> Result<u32, StoreError> {
        let made: i32 = sqlx::query_scalar(ENSURE_HISTORY)
            .bind(i32::from(months_ahead))
            .fetch_one(&self.database)
            .await
            .map_err(store_error)?;
        Ok(u32::try_from(made).unwrap_or(0))
    }

    async fn drop_history(&self, _scope: &PlatformScope, before: DateTime<Utc>) -> Result<u32, StoreError> {
        let dropped: i32 = sqlx::query_scalar(DROP_HISTORY)
            .bind(before)
            .fetch_one(&self.database)
            .await
            .map_err(store_error)?;
        Ok(u32::try_from(dropped).unwrap_or(0))
    }
}
