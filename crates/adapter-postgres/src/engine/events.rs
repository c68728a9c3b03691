use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, EventId, StoreError, TenantId};
use operations::engine::{Dispatched, EventLog, EventRouter, Look, OutboxStats, StoredEvent};
use serde_json::Value;
use sqlx::{Connection as _, FromRow, PgConnection};
use uuid::Uuid;

use super::enqueue::{NewJob, insert_jobs};
use super::{count, from_millis};
use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

statements! {
    /// Most looks find nothing, and this is one message where an empty transaction is three.
    WAITING = "
        SELECT position FROM engine.outbox_events
         WHERE dispatched_at IS NULL AND position >= $1 ORDER BY position LIMIT 1";

    TAKE = "
        SELECT id, tenant_id, name, version, payload, correlation, occurred_at
          FROM engine.outbox_events
         WHERE dispatched_at IS NULL AND position >= $2
         ORDER BY position
         LIMIT $1
           FOR UPDATE SKIP LOCKED";

    /// The time once, and not for each of them.
    MARK = "UPDATE engine.outbox_events SET dispatched_at = (SELECT app.now()) WHERE id = ANY ($1)";

    STATS = "
        SELECT count(*), coalesce((extract(epoch FROM app.now() - min(occurred_at)) * 1000)::bigint, 0)
          FROM engine.outbox_events
         WHERE dispatched_at IS NULL";

    FORGET = "
        DELETE FROM engine.outbox_events
         WHERE id IN (SELECT id FROM engine.outbox_events
                       WHERE dispatched_at IS NOT NULL AND dispatched_at < $1
                       ORDER BY dispatched_at
                       LIMIT $2)";
}

/// [`EventLog`] on Postgres.
#[derive(Debug, Clone)]
pub struct PgEventLog {
    database: Database,
    begin: Arc<Mutex<Begin>>,
}

/// How long a fact may take from its position to its commit, as a rule.
const SLACK: Duration = Duration::from_millis(100);

/// Where a look begins that is not for everything: where facts were taken at least [`SLACK`] ago.
#[derive(Debug, Default)]
struct Begin {
    position: i64,
    /// The next one, and since when it is known.
    next: Option<(i64, Instant)>,
}

impl Begin {
    fn note(&mut self, first: i64, now: Instant) {
        match self.next {
            Some((_, since)) if now.saturating_duration_since(since) < SLACK => {}
            Some((next, _)) => *self = Self { position: next, next: Some((first, now)) },
            None => self.next = Some((first, now)),
        }
    }
}

impl PgEventLog {
    /// On the database as the role `worker`.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), begin: Arc::default() }
    }
}

#[derive(FromRow)]
struct EventRow {
    id: Uuid,
    tenant_id: Option<Uuid>,
    name: String,
    version: i16,
    payload: Value,
    correlation: Option<Uuid>,
    occurred_at: DateTime<Utc>,
}

impl From<EventRow> for StoredEvent {
    fn from(row: EventRow) -> Self {
        Self {
            id: EventId::from_uuid(row.id),
            tenant: row.tenant_id.map(TenantId::from_uuid),
            name: row.name,
            version: row.version,
            payload: row.payload,
            correlation: row.correlation.map(CorrelationId::from_uuid),
            occurred_at: row.occurred_at,
        }
    }
}

#[async_trait]
impl EventLog for PgEventLog {
    async fn dispatch(
        &self,
        router: Arc<dyn EventRouter>,
        limit: u16,
        look: Look,
    ) -> Result<Dispatched, StoreError> {
        let begin = match look {
            Look::Whole => 0,
            Look::Recent => self.begin.lock().unwrap_or_else(PoisonError::into_inner).position,
        };
        let mut lent = self.database.connections().acquire().await.map_err(store_error)?;
        let done = dispatch(&mut lent, &*router, limit, begin).await;
        lent.give_back_after(&done);
        let (done, first) = done.map_err(store_error)?;
        if let Some(first) = first {
            self.begin.lock().unwrap_or_else(PoisonError::into_inner).note(first, Instant::now());
        }
        Ok(done)
    }

    async fn stats(&self) -> Result<OutboxStats, StoreError> {
        let (waiting, oldest): (i64, i64) =
            sqlx::query_as(STATS).fetch_one(&self.database).await.map_err(store_error)?;
        Ok(OutboxStats { waiting: count(waiting), oldest: from_millis(oldest) })
    }

    async fn forget_dispatched(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(FORGET)
            .bind(before)
            .bind(i64::from(limit))
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected())
    }
}

/// Takes events from a position on and leaves their jobs, in one transaction. Says also where those events began.
async fn dispatch(
    connection: &mut PgConnection,
    router: &dyn EventRouter,
    limit: u16,
    begin: i64,
) -> Result<(Dispatched, Option<i64>), sqlx::Error> {
    let begun = Instant::now();
    let waiting: Option<i64> =
        sqlx::query_scalar(WAITING).bind(begin).fetch_optional(&mut *connection).await?;
    let looked = begun.elapsed();
    let Some(first) = waiting else {
        return Ok((Dispatched { looked, ..Dispatched::default() }, None));
    };
    // Not flushed: what a crash of the server forgets is waiting again, and its jobs are not there either.
    let mut transaction = connection.begin_with(crate::session::BEGIN_RELAXED).await?;
    let rows: Vec<EventRow> =
        sqlx::query_as(TAKE).bind(i64::from(limit)).bind(first).fetch_all(&mut *transaction).await?;
    if rows.is_empty() {
        transaction.rollback().await?;
        return Ok((Dispatched { looked, ..Dispatched::default() }, None));
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut jobs = Vec::new();
    for row in rows {
        let event = StoredEvent::from(row);
        for spec in router.jobs_for(&event) {
            let job = NewJob { tenant: event.tenant, correlation: event.correlation, spec };
            // None of these jobs can have begun, and all of these facts are committed.
            if !(job.spec.reads_anew && jobs.contains(&job)) {
                jobs.push(job);
            }
        }
    }
    let added = insert_jobs(&mut transaction, &jobs).await?;
    let marked = sqlx::query(MARK).bind(ids).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok((Dispatched { events: marked.rows_affected(), jobs: added, looked }, Some(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_begins_where_facts_were_taken_a_while_ago() {
        let (mut begin, at) = (Begin::default(), Instant::now());
        begin.note(10, at);
        begin.note(20, at + SLACK / 2);
        assert_eq!(begin.position, 0, "nothing is old enough");
        begin.note(30, at + SLACK);
        assert_eq!(begin.position, 10);
        begin.note(40, at + SLACK * 2);
        assert_eq!(begin.position, 30);
    }
}
