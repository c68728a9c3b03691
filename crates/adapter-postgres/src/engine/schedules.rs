use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, JobSpec, StoreError};
use operations::engine::{DueSchedule, ScheduleDeclaration, Schedules, WorkerId};

use super::{count, from_millis, millis};
use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

statements! {
    DECLARE = "
        INSERT INTO engine.schedules AS s (name, cron, zone, next_at)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        ON CONFLICT (name) DO UPDATE
           SET cron = excluded.cron, zone = excluded.zone, next_at = excluded.next_at
         WHERE (s.cron, s.zone) IS DISTINCT FROM (excluded.cron, excluded.zone)";

    LEAD = "
        INSERT INTO engine.leader AS l (duty, holder, lease_until)
        VALUES ('schedules', $1, clock_timestamp() + $2::bigint * interval '1 millisecond')
        ON CONFLICT (duty) DO UPDATE
           SET holder = excluded.holder, lease_until = excluded.lease_until,
               since = CASE WHEN l.holder = excluded.holder THEN l.since ELSE excluded.since END
         WHERE l.holder = excluded.holder OR l.lease_until < clock_timestamp()";

    RESIGN = "DELETE FROM engine.leader WHERE duty = 'schedules' AND holder = $1";

    DUE = "
        SELECT name, next_at, app.now() FROM engine.schedules
         WHERE name = ANY ($1) AND next_at <= app.now()
         ORDER BY next_at, name";

    NEXT_DUE = "
        SELECT (extract(epoch FROM min(next_at) - app.now()) * 1000)::bigint
          FROM engine.schedules WHERE name = ANY ($1)";

    /// The occurrence is its own fence: `next_at` moves on with the firing, so a second one finds nothing to move.
    FIRE = "
        WITH moved AS (
            UPDATE engine.schedules SET next_at = $3, fired_for = $2, fired_at = app.now()
             WHERE name = $1 AND next_at = $2
            RETURNING name
        ), added AS (
            INSERT INTO engine.jobs
                (correlation, kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts)
            SELECT $4, $5, $6, $7, $8, coalesce($9, app.now()), $10, $11, $12 FROM moved
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM moved";
}

/// [`Schedules`] on Postgres. The lead is a row with an expiry, never a lock of a session: a leader that freezes loses
/// it, and one whose connection is replaced keeps it.
#[derive(Debug, Clone)]
pub struct PgSchedules {
    database: Database,
}

impl PgSchedules {
    /// On the database as the role `worker`.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }
}

#[async_trait]
impl Schedules for PgSchedules {
    async fn declare(&self, schedules: &[ScheduleDeclaration]) -> Result<(), StoreError> {
        if schedules.is_empty() {
            return Ok(());
        }
        let column =
            |pick: fn(&ScheduleDeclaration) -> &str| -> Vec<&str> { schedules.iter().map(pick).collect() };
        sqlx::query(DECLARE)
            .bind(column(|one| &one.name))
            .bind(column(|one| &one.cron))
            .bind(column(|one| &one.zone))
            .bind(schedules.iter().map(|one| one.next_at).collect::<Vec<_>>())
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn lead(&self, worker: WorkerId, lease: Duration) -> Result<bool, StoreError> {
        let done = sqlx::query(LEAD)
            .bind(worker.as_uuid())
            .bind(millis(lease))
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn resign(&self, worker: WorkerId) -> Result<(), StoreError> {
        sqlx::query(RESIGN).bind(worker.as_uuid()).execute(&self.database).await.map_err(store_error)?;
        Ok(())
    }

    async fn due(&self, names: &[String]) -> Result<Vec<DueSchedule>, StoreError> {
        let rows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> =
            sqlx::query_as(DUE).bind(names).fetch_all(&self.database).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|(name, due_at, now)| DueSchedule { name, due_at, now }).collect())
    }

    async fn next_due_in(&self, names: &[String]) -> Result<Option<Duration>, StoreError> {
        let next: Option<i64> =
            sqlx::query_scalar(NEXT_DUE).bind(names).fetch_one(&self.database).await.map_err(store_error)?;
        Ok(next.map(from_millis))
    }

    async fn fire(
        &self,
        occurrence: &DueSchedule,
        next: DateTime<Utc>,
        job: &JobSpec,
        correlation: CorrelationId,
    ) -> Result<bool, StoreError> {
        let moved: i64 = sqlx::query_scalar(FIRE)
            .bind(&occurrence.name)
            .bind(occurrence.due_at)
            .bind(next)
            .bind(correlation.as_uuid())
            .bind(job.kind)
            .bind(job.queue)
            .bind(&job.payload)
            .bind(job.priority)
            .bind(job.run_at)
            .bind(job.unique_key.as_deref())
            .bind(job.serial_key.as_deref())
            .bind(job.max_attempts)
            .fetch_one(&self.database)
            .await
            .map_err(store_error)?;
        Ok(count(moved) == 1)
    }
}
