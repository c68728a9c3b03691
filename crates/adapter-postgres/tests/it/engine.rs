//! The job engine's store, statement by statement. What workers make of it is tested with whole workers, end to end.

mod claim;
mod dead;
mod enqueue;
mod leases;
mod outbox;
mod schedules;
mod signal;

use std::time::Duration;

use adapter_postgres::Database;
use adapter_postgres::engine::{PgJobQueue, statements};
use chrono::{DateTime, Utc};
use kernel::{Actor, CorrelationId, IdGenerator as _, JobSpec, PlatformScope, RandomIds, TenantId};
use operations::engine::{ClaimBatch, JobQueue as _, Look, QueueDemand, WorkerId};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _, PgPool, SqlSafeStr as _};
use testkit::TestDatabase;

const LEASE: Duration = Duration::from_secs(30);

struct Engine {
    kit: TestDatabase,
    admin: PgPool,
    database: Database,
    queue: PgJobQueue,
}

impl Engine {
    async fn new() -> Self {
        let kit = TestDatabase::fresh().await;
        let database = kit.worker().clone();
        Self { admin: kit.admin().pool().clone(), queue: PgJobQueue::new(&database), database, kit }
    }

    async fn add(&self, tenant: Option<TenantId>, jobs: &[JobSpec]) -> u64 {
        self.queue.enqueue(&platform(), tenant, jobs).await.unwrap()
    }

    async fn claim(&self, worker: WorkerId, free: u16) -> ClaimBatch {
        self.queue.claim(worker, LEASE, &[demand(free, 1_000)], Look::Whole).await.unwrap()
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.admin).await.unwrap()
    }

    async fn product_time(&self, instant: DateTime<Utc>) {
        sqlx::query("SELECT app.set_product_time($1)").bind(instant).execute(&self.admin).await.unwrap();
    }

    async fn product_now(&self) -> DateTime<Utc> {
        sqlx::query_scalar("SELECT app.now()").fetch_one(&self.admin).await.unwrap()
    }

    /// Lets every lease run out, as real time would.
    async fn leases_run_out(&self) {
        sqlx::query(
            "UPDATE engine.jobs SET lease_until = clock_timestamp() - interval '1 ms' WHERE state = 'leased'",
        )
        .execute(self.database.pool())
        .await
        .unwrap();
    }
}

fn demand(free: u16, tenant_cap: u16) -> QueueDemand {
    QueueDemand { queue: "default".to_owned(), free, tenant_cap }
}

fn worker() -> WorkerId {
    WorkerId::generate(&RandomIds)
}

fn tenant() -> TenantId {
    TenantId::from_uuid(RandomIds.next_uuid())
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Operator("ada".to_owned()), CorrelationId::generate(&RandomIds))
}

fn job(kind: &'static str) -> JobSpec {
    JobSpec::new(kind, json!({}))
}

fn jobs(kind: &'static str, count: usize) -> Vec<JobSpec> {
    vec![job(kind); count]
}

#[tokio::test]
async fn every_statement_is_one_that_the_worker_may_make() {
    let engine = Engine::new().await;
    let mut checked = 0;
    for statement in statements() {
        let mut connection = engine.database.pool().acquire().await.unwrap();
        let prepared = connection.prepare(AssertSqlSafe(statement.sql.to_owned()).into_sql_str()).await;
        assert!(prepared.is_ok(), "{}::{}: {:?}", statement.module, statement.name, prepared.err());
        checked += 1;
    }
    assert!(checked >= 20, "{checked}");
}

/// Beside the trigger, whose right is asked when it is made.
#[tokio::test]
async fn only_the_worker_runs_the_functions_of_the_engine() {
    let engine = Engine::new().await;
    let rights: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT p.oid::regprocedure::text, has_function_privilege('worker', p.oid, 'EXECUTE'),
                has_function_privilege('gateway', p.oid, 'EXECUTE') OR has_function_privilege('tenant', p.oid, 'EXECUTE')
           FROM pg_proc p
          WHERE p.pronamespace = 'engine'::regnamespace AND p.prorettype <> 'trigger'::regtype",
    )
    .fetch_all(&engine.admin)
    .await
    .unwrap();
    assert!(rights.len() > 5, "{rights:?}");
    for (function, worker, others) in rights {
        assert!(worker && !others, "{function}: the worker {worker}, others {others}");
    }
}
