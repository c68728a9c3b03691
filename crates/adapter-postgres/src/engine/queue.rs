use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, JobSpec, PlatformScope, StoreError, TenantId};
use operations::engine::{
    ClaimBatch, Heartbeat, JobId, JobQueue, Leased, Look, Outcome, QueueDemand, Reaped, Ticket, Verdict,
    WorkerId,
};
use serde_json::Value;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::{count, enqueue, from_millis, millis};
use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

statements! {
    /// Settling, claiming and the next due time in one statement, so that a busy worker commits once for both, and an idle
    /// one asks once per poll. It is not flushed: nobody is told of it, whatever a job commits flushes the claim before it,
    /// and what a crash of the server forgets is claimed, or handed back as a stray, once more.
    FINISH_AND_CLAIM = "
        SELECT (extract(epoch FROM c.next_at - app.now()) * 1000)::bigint AS next_ms, c.due_from, c.leased_from,
               (extract(epoch FROM c.looked) * 1000000)::bigint AS looked_us,
               c.settled_ids, c.settled_runs,
               c.id, c.run, c.kind, c.queue, c.tenant_id, c.correlation, c.payload, c.attempt, c.max_attempts, c.progress
          FROM (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed,
               engine.finish_and_claim($1, $2, $3, $4, $5, $6, $7::bigint * interval '1 millisecond', $8, $9, $10, $11,
                                       coalesce($12::timestamptz, '-infinity'),
                                       coalesce($13::timestamptz, '-infinity')) c";

    FINISH = "SELECT id, run FROM engine.finish($1, $2, $3, $4, $5, $6)";

    EXTEND = "
        UPDATE engine.jobs SET lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
         WHERE state = 'leased' AND leased_by = $1
        RETURNING id, run, cancelled_by IS NOT NULL";

    HAND_BACK = "
        WITH freed AS (
            UPDATE engine.jobs j
               SET state = 'ready', attempt = j.attempt - 1, leased_by = NULL, leased_at = NULL, lease_until = NULL
              FROM unnest($2::bigint[], $3::integer[]) AS t (id, run)
             WHERE j.id = t.id AND j.run = t.run AND j.state = 'leased' AND j.leased_by = $1
            RETURNING j.id
        )
        SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('engine_jobs', '')::text END FROM freed";

    /// The lease that ran out was delay enough: a rescued job is due at once.
    REAP = "
        WITH expired AS (
            SELECT id FROM engine.jobs WHERE state = 'leased' AND lease_until < clock_timestamp()
               FOR UPDATE SKIP LOCKED
        ), freed AS (
            UPDATE engine.jobs j
               SET state = CASE WHEN j.attempt >= j.max_attempts THEN 'dead' ELSE 'ready' END,
                   last_error = 'the lease ran out: its worker has died or stands still',
                   leased_by = NULL, leased_at = NULL, lease_until = NULL
              FROM expired
             WHERE j.id = expired.id
            RETURNING j.state
        )
        SELECT count(*) FILTER (WHERE state = 'ready'), count(*) FILTER (WHERE state = 'dead'),
               CASE WHEN count(*) > 0 THEN pg_notify('engine_jobs', '')::text END
          FROM freed";

    NOTE_PROGRESS = "
        UPDATE engine.jobs SET progress = $4 WHERE id = $2 AND run = $3 AND state = 'leased' AND leased_by = $1";
}

/// [`JobQueue`] on Postgres.
#[derive(Debug)]
pub struct PgJobQueue {
    database: Database,
    /// The bucket served last in each queue. Kept here alone: losing it costs nothing but the place in the rotation.
    turns: Mutex<HashMap<String, Uuid>>,
    /// Where the last claim found that the next one may begin.
    begin: Mutex<Begin>,
}

/// Where a claim begins; `None` is before everything.
#[derive(Debug, Clone, Copy, Default)]
struct Begin {
    /// Of the jobs that are due: product time.
    due: Option<DateTime<Utc>>,
    /// Of the running ones: real time of their claim.
    leased: Option<DateTime<Utc>>,
    /// When those were last counted from the beginning.
    recounted: Option<Instant>,
}

/// So often running jobs are counted from the beginning, over everything that was done and is not cleared away: no claim is
/// older than the oldest that ran a moment ago, unless the server's clock was put back.
const RECOUNT: Duration = Duration::from_secs(1);

impl Begin {
    /// Where a claim begins that looks so.
    fn of(self, look: Look, now: Instant) -> Self {
        let is_counted = self.recounted.is_some_and(|at| now.saturating_duration_since(at) < RECOUNT);
        match look {
            Look::Recent => self,
            Look::Whole if is_counted => Self { due: None, ..self },
            Look::Whole => Self { due: None, leased: None, recounted: Some(now) },
        }
    }
}

impl PgJobQueue {
    /// On the database as the role `worker`.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), turns: Mutex::default(), begin: Mutex::default() }
    }

    fn turns(&self, demand: &[QueueDemand]) -> Vec<Option<Uuid>> {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        demand.iter().map(|one| turns.get(&one.queue).copied()).collect()
    }

    fn remember(&self, jobs: &[Leased]) {
        let mut served: HashMap<&str, Vec<Uuid>> = HashMap::new();
        for job in jobs {
            let bucket = job.tenant.map_or(Uuid::nil(), |tenant| tenant.as_uuid());
            served.entry(&job.queue).or_default().push(bucket);
        }
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        for (queue, buckets) in served {
            if let Some(last) = last_in_turn(turns.get(queue).copied(), &buckets) {
                turns.insert(queue.to_owned(), last);
            }
        }
    }
}

/// The bucket that comes last when one starts behind `after` and goes round.
fn last_in_turn(after: Option<Uuid>, buckets: &[Uuid]) -> Option<Uuid> {
    let wrapped = buckets.iter().copied().filter(|bucket| after.is_some_and(|after| *bucket <= after));
    wrapped.max().or_else(|| buckets.iter().copied().max())
}

/// The first row of a claim.
#[derive(FromRow)]
struct FirstRow {
    next_ms: Option<i64>,
    due_from: Option<DateTime<Utc>>,
    leased_from: Option<DateTime<Utc>>,
    looked_us: i64,
    settled_ids: Option<Vec<i64>>,
    settled_runs: Option<Vec<i32>>,
}

#[derive(FromRow)]
struct ClaimedRow {
    id: i64,
    run: i32,
    kind: String,
    queue: String,
    tenant_id: Option<Uuid>,
    correlation: Option<Uuid>,
    payload: Value,
    attempt: i16,
    max_attempts: i16,
    progress: Option<Value>,
}

impl From<ClaimedRow> for Leased {
    fn from(row: ClaimedRow) -> Self {
        Self {
            ticket: Ticket { job: JobId::from_raw(row.id), run: row.run },
            kind: row.kind,
            queue: row.queue,
            tenant: row.tenant_id.map(TenantId::from_uuid),
            correlation: row.correlation.map(CorrelationId::from_uuid),
            payload: row.payload,
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            progress: row.progress,
        }
    }
}

#[async_trait]
impl JobQueue for PgJobQueue {
    async fn enqueue(
        &self,
        scope: &PlatformScope,
        tenant: Option<TenantId>,
        jobs: &[JobSpec],
    ) -> Result<u64, StoreError> {
        let mut lent = self.database.connections().acquire().await.map_err(store_error)?;
        let added = enqueue::insert_specs(&mut lent, tenant, scope.correlation(), jobs).await;
        lent.give_back_after(&added);
        added.map_err(store_error)
    }

    async fn finish_and_claim(
        &self,
        worker: WorkerId,
        outcomes: &[Outcome],
        lease: Duration,
        demand: &[QueueDemand],
        look: Look,
    ) -> Result<(Vec<Ticket>, ClaimBatch), StoreError> {
        let column = |pick: fn(&QueueDemand) -> u16| -> Vec<i32> {
            demand.iter().map(|one| i32::from(pick(one))).collect()
        };
        let known = *self.begin.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = known.of(look, Instant::now());
        let reported = Reported::of(outcomes);
        let rows = sqlx::query(FINISH_AND_CLAIM)
            .bind(worker.as_uuid())
            .bind(reported.ids)
            .bind(reported.runs)
            .bind(reported.verdicts)
            .bind(reported.ats)
            .bind(reported.errors)
            .bind(millis(lease))
            .bind(demand.iter().map(|one| one.queue.as_str()).collect::<Vec<_>>())
            .bind(column(|one| one.free))
            .bind(column(|one| one.tenant_cap.max(1)))
            .bind(self.turns(demand))
            .bind(begin.due)
            .bind(begin.leased)
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        let mut batch = ClaimBatch::default();
        let mut refused = Vec::new();
        // The first row says what was settled and how the queue looked, the others are jobs.
        for (position, row) in rows.iter().enumerate() {
            if position == 0 {
                let first = FirstRow::from_row(row).map_err(store_error)?;
                batch.next_due_in = first.next_ms.map(from_millis);
                batch.looked = Duration::from_micros(count(first.looked_us));
                // Where nothing was due, nothing was counted.
                let counted = first.leased_from.map(|from| (Some(from), begin.recounted));
                let (leased, recounted) = counted.unwrap_or((known.leased, known.recounted));
                let next = Begin { due: first.due_from, leased, recounted };
                *self.begin.lock().unwrap_or_else(PoisonError::into_inner) = next;
                let ids = first.settled_ids.unwrap_or_default();
                let settled: Vec<_> = ids.into_iter().zip(first.settled_runs.unwrap_or_default()).collect();
                refused = not_among(outcomes, &settled);
            } else {
                batch.jobs.push(ClaimedRow::from_row(row).map_err(store_error)?.into());
            }
        }
        self.remember(&batch.jobs);
        Ok((refused, batch))
    }

    async fn extend(&self, worker: WorkerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        let rows: Vec<(i64, i32, bool)> = sqlx::query_as(EXTEND)
            .bind(worker.as_uuid())
            .bind(millis(lease))
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        let mut heartbeat = Heartbeat::default();
        for (id, run, cancelled) in rows {
            let ticket = Ticket { job: JobId::from_raw(id), run };
            heartbeat.held.push(ticket);
            if cancelled {
                heartbeat.cancelled.push(ticket);
            }
        }
        Ok(heartbeat)
    }

    async fn finish(&self, worker: WorkerId, outcomes: &[Outcome]) -> Result<Vec<Ticket>, StoreError> {
        if outcomes.is_empty() {
            return Ok(Vec::new());
        }
        let reported = Reported::of(outcomes);
        let settled: Vec<(i64, i32)> = sqlx::query_as(FINISH)
            .bind(worker.as_uuid())
            .bind(reported.ids)
            .bind(reported.runs)
            .bind(reported.verdicts)
            .bind(reported.ats)
            .bind(reported.errors)
            .fetch_all(&self.database)
            .await
            .map_err(store_error)?;
        Ok(not_among(outcomes, &settled))
    }

    async fn hand_back(&self, worker: WorkerId, tickets: &[Ticket]) -> Result<u64, StoreError> {
        if tickets.is_empty() {
            return Ok(0);
        }
        let row = sqlx::query(HAND_BACK)
            .bind(worker.as_uuid())
            .bind(tickets.iter().map(|ticket| ticket.job.raw()).collect::<Vec<_>>())
            .bind(tickets.iter().map(|ticket| ticket.run).collect::<Vec<_>>())
            .fetch_one(&self.database)
            .await
            .map_err(store_error)?;
        row.try_get(0).map(count).map_err(store_error)
    }

    async fn reap(&self) -> Result<Reaped, StoreError> {
        let row = sqlx::query(REAP).fetch_one(&self.database).await.map_err(store_error)?;
        Ok(Reaped {
            rescued: row.try_get(0).map(count).map_err(store_error)?,
            dead: row.try_get(1).map(count).map_err(store_error)?,
        })
    }

    async fn note_progress(
        &self,
        worker: WorkerId,
        ticket: Ticket,
        progress: Value,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(NOTE_PROGRESS)
            .bind(worker.as_uuid())
            .bind(ticket.job.raw())
            .bind(ticket.run)
            .bind(progress)
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }
}

/// Outcomes as columns.
#[derive(Default)]
struct Reported<'a> {
    ids: Vec<i64>,
    runs: Vec<i32>,
    verdicts: Vec<&'static str>,
    ats: Vec<Option<DateTime<Utc>>>,
    errors: Vec<Option<&'a str>>,
}

impl<'a> Reported<'a> {
    fn of(outcomes: &'a [Outcome]) -> Self {
        let mut columns = Self::default();
        for outcome in outcomes {
            let (verdict, at, error) = match &outcome.verdict {
                Verdict::Done => ("done", None, None),
                Verdict::Retry { at, error } => ("retry", Some(*at), Some(error.as_str())),
                Verdict::Snooze { at } => ("snooze", Some(*at), None),
                Verdict::Dead { error } => ("dead", None, Some(error.as_str())),
                Verdict::Cancelled => ("cancelled", None, None),
            };
            columns.ids.push(outcome.ticket.job.raw());
            columns.runs.push(outcome.ticket.run);
            columns.verdicts.push(verdict);
            columns.ats.push(at);
            columns.errors.push(error);
        }
        columns
    }
}

/// The runs that were reported and are not among those that were settled.
fn not_among(outcomes: &[Outcome], settled: &[(i64, i32)]) -> Vec<Ticket> {
    let tickets = outcomes.iter().map(|one| one.ticket);
    tickets.filter(|ticket| !settled.contains(&(ticket.job.raw(), ticket.run))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_jobs_are_counted_from_the_beginning_once_in_a_while() {
        let (at, now) = (Some(DateTime::UNIX_EPOCH), Instant::now());
        let first = Begin::default().of(Look::Whole, now);
        assert_eq!((first.due, first.leased), (None, None));
        let known = Begin { due: at, leased: at, ..first };
        let soon = known.of(Look::Whole, now + RECOUNT / 2);
        assert_eq!((soon.due, soon.leased, soon.recounted), (None, at, Some(now)));
        let recent = known.of(Look::Recent, now + RECOUNT * 9);
        assert_eq!((recent.due, recent.leased), (at, at));
        assert_eq!(known.of(Look::Whole, now + RECOUNT).leased, None);
    }

    #[test]
    fn the_rotation_goes_round() {
        let [a, b, c, d] = [1, 2, 3, 4].map(Uuid::from_u128);
        assert_eq!(last_in_turn(None, &[]), None);
        assert_eq!(last_in_turn(None, &[c, a]), Some(c));
        assert_eq!(last_in_turn(Some(b), &[c, d]), Some(d));
        assert_eq!(last_in_turn(Some(b), &[d, a]), Some(a), "behind the end comes the beginning");
        assert_eq!(last_in_turn(Some(b), &[a, b]), Some(b));
    }
}
