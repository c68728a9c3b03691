//! What keeps the tables small and the calendar honest.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{BranchId, ChangeSet, CommitError, PlatformScope, StoreError, TenantScope};
use operations::ports::{ClosedDay, PartitionReport, Upkeep};
use sqlx::postgres::PgArguments;
use sqlx::query::{Query, QueryScalar};
use sqlx::{PgConnection, Postgres};

use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::{is_contention, store_error};
use crate::session::{Access, Session};
use crate::statements::statements;
use crate::trip::trip;

statements! {
    /// The occupied time goes with its hold. What a claim is deleting at this moment is left to it.
    ERASE_HOLDS = "
        DELETE FROM public.holds
         WHERE tenant_id = $1 AND id IN (
            SELECT id FROM public.holds WHERE tenant_id = $1 AND expires_at < $2
             ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)";

    ERASE_OUTCOMES = "
        DELETE FROM public.idempotent_outcomes
         WHERE tenant_id = $1 AND key IN (
            SELECT key FROM public.idempotent_outcomes WHERE tenant_id = $1 AND created_at < $2
             ORDER BY created_at LIMIT $3)";

    /// One that is being written at this moment is left to the next run.
    ERASE_CALLS = "
        WITH old AS (
            SELECT created_at, id FROM public.calls
             WHERE tenant_id = $1 AND created_at < $2 AND erased_at IS NULL AND status <> 'ongoing'
             ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
        ), words AS (
            DELETE FROM public.call_transcripts t USING old
             WHERE t.tenant_id = $1 AND t.call_created_at = old.created_at AND t.call_id = old.id
        ), contents AS (
            DELETE FROM public.call_contents n USING old
             WHERE n.tenant_id = $1 AND n.call_created_at = old.created_at AND n.call_id = old.id
        ), sentences AS (
            UPDATE public.call_reviews r SET sentence = NULL FROM old
             WHERE r.tenant_id = $1 AND r.call_id = old.id AND r.sentence IS NOT NULL
        )
        UPDATE public.calls c
           SET caller_e164 = NULL, customer_id = NULL, link_method = NULL, sentiment = NULL, erased_at = app.now(),
               updated_at = app.now(), version = c.version + 1
          FROM old
         WHERE c.tenant_id = $1 AND c.created_at = old.created_at AND c.id = old.id";

    COUNT_CALL_DAYS = "SELECT app.count_call_days($1, $2, $3)";

    DROP_FORGOTTEN_MONTHS = "SELECT count(*) FROM app.drop_forgotten_months($1)";

    ADD_HOLIDAYS = "
        INSERT INTO public.closed_days (tenant_id, branch_id, day, reason, origin)
        SELECT $1, $2, d.day, d.reason, 'holiday' FROM unnest($3::date[], $4::text[]) AS d (day, reason)
        ON CONFLICT (tenant_id, branch_id, day) DO NOTHING";

    ENSURE_PARTITIONS = "SELECT count(*) FROM app.ensure_partitions($1)";
    DEFAULT_ROWS = "SELECT table_name FROM app.default_partition_rows() ORDER BY 1";
}

/// The upkeep of the tables.
#[derive(Debug, Clone)]
pub struct PgUpkeep {
    database: Database,
}

impl PgUpkeep {
    /// Works with the pool of `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    async fn run(
        &self,
        scope: &TenantScope,
        statement: Query<'_, sqlx::Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(store_error)?;
        let done =
            statement.execute(&mut *session).await.map(|done| done.rows_affected()).map_err(store_error);
        session.finish_plain(done).await
    }
}

#[async_trait]
impl Upkeep for PgUpkeep {
    async fn erase_expired_holds(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let statement =
            sqlx::query(ERASE_HOLDS).bind(scope.tenant().as_uuid()).bind(before).bind(i64::from(limit));
        self.run(scope, statement).await
    }

    async fn erase_outcomes(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let statement =
            sqlx::query(ERASE_OUTCOMES).bind(scope.tenant().as_uuid()).bind(before).bind(i64::from(limit));
        self.run(scope, statement).await
    }

    async fn erase_calls(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(store_error)?;
        let erased = erase_calls(&mut session, scope, before, limit).await;
        session.finish_plain(erased).await
    }

    async fn count_call_days(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        let count = || trip(COUNT_CALL_DAYS, scope).bind(before).bind(most);
        let counted: Vec<(i32,)> = self.database.travel(scope, count).await.map_err(store_error)?;
        Ok(counted.into_iter().filter_map(|(days,)| u64::try_from(days).ok()).sum())
    }

    async fn drop_forgotten_months(
        &self,
        _scope: &PlatformScope,
        before: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let mut lent = self.database.connections().acquire().await.map_err(store_error)?;
        let dropped = giving_way(&mut lent, || sqlx::query_scalar(DROP_FORGOTTEN_MONTHS).bind(before)).await;
        lent.give_back_after(&dropped);
        let dropped = dropped.map_err(store_error)?;
        Ok(u32::try_from(dropped).unwrap_or(u32::MAX))
    }

    async fn add_holidays(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        days: &[ClosedDay],
    ) -> Result<u64, StoreError> {
        if days.is_empty() {
            return Ok(0);
        }
        let statement = sqlx::query(ADD_HOLIDAYS)
            .bind(scope.tenant().as_uuid())
            .bind(branch.as_uuid())
            .bind(days.iter().map(|day| day.day).collect::<Vec<_>>())
            .bind(days.iter().map(|day| day.reason.as_str()).collect::<Vec<_>>());
        self.run(scope, statement).await
    }

    async fn ensure_partitions(
        &self,
        _scope: &PlatformScope,
        months_ahead: u32,
    ) -> Result<PartitionReport, StoreError> {
        let ahead = i32::try_from(months_ahead).unwrap_or(i32::MAX);
        let mut lent = self.database.connections().acquire().await.map_err(store_error)?;
        let created = make_months(&mut lent, ahead).await;
        lent.give_back_after(&created);
        let created = created.map_err(store_error)?;
        let default_with_rows =
            sqlx::query_scalar(DEFAULT_ROWS).fetch_all(&self.database).await.map_err(store_error)?;
        Ok(PartitionReport { created: u32::try_from(created).unwrap_or(u32::MAX), default_with_rows })
    }
}

/// Makes the months around this one and so many ahead; how many were missing.
pub(crate) async fn make_months(connection: &mut PgConnection, ahead: i32) -> Result<i64, sqlx::Error> {
    giving_way(connection, || sqlx::query_scalar(ENSURE_PARTITIONS).bind(ahead)).await
}

/// Making and dropping months gives way to work that is under way: it waits a tenth of a second for its locks. On a busy
/// database it is therefore tried some more times, for five seconds at most.
async fn giving_way(
    connection: &mut PgConnection,
    work: impl Fn() -> QueryScalar<'static, Postgres, i64, PgArguments>,
) -> Result<i64, sqlx::Error> {
    const ATTEMPTS: u32 = 50;
    for _ in 1..ATTEMPTS {
        match work().fetch_one(&mut *connection).await {
            Err(error) if is_contention(&error) => {}
            ended => return ended,
        }
    }
    work().fetch_one(connection).await
}

async fn erase_calls(
    session: &mut Session,
    scope: &TenantScope,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let erased = sqlx::query(ERASE_CALLS)
        .bind(scope.tenant().as_uuid())
        .bind(before)
        .bind(i64::from(limit))
        .execute(&mut **session)
        .await
        .map_err(store_error)?
        .rows_affected();
    if erased > 0 {
        let entry = AuditEntry::new("call.erased", &scope.tenant(), None)
            .with(serde_json::json!({ "calls": erased, "known_before": before }));
        settle(session, scope, &ChangeSet::<()>::new(), &[entry]).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            // Nothing of an audit line alone can be claimed, stale or refused.
            other => StoreError::Corrupt(Box::new(other)),
        })?;
    }
    Ok(erased)
}
