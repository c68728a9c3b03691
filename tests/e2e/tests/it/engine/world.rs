//! A database with the engine in it, the worker's pool, and an administrator who looks at everything.

use std::future::Future;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapter_postgres::engine::{PgEventLog, PgJobAdministration, PgJobQueue, PgJobSignal, PgSchedules};
use adapter_postgres::{Database, DatabaseConfig};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use inbound_jobs::{
    JobContext, JobFailure, JobHandler, QueueConfig, Registry, Worker, WorkerConfig, WorkerPorts,
};
use kernel::{
    Actor, Clock, CorrelationId, IdGenerator as _, JobSpec, PlatformScope, RandomIds, SystemClock, TenantId,
};
use operations::engine::JobQueue as _;
use sqlx::PgPool;
use testkit::TestDatabase;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// Nothing here takes this long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How often the state of another process is looked at.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) struct World {
    kit: TestDatabase,
    pub(crate) admin: PgPool,
    pub(crate) database: Database,
}

impl World {
    pub(crate) async fn new() -> Self {
        let kit = TestDatabase::fresh().await;
        let admin = kit.admin().pool().clone();
        // More connections than the testkit's pool: some tests have two workers, each with a listener of its own.
        let config = DatabaseConfig::worker(kit.worker_url()).with_max_connections(12);
        let database = Database::connect(&config).await.unwrap();
        for statement in [
            "CREATE SCHEMA probe",
            "CREATE TABLE probe.runs (number bigint NOT NULL, pid bigint NOT NULL, at timestamptz DEFAULT clock_timestamp())",
            "CREATE TABLE probe.effects (number bigint PRIMARY KEY)",
            "CREATE TABLE probe.fired (name text, fired_for timestamptz)",
            "CREATE FUNCTION probe.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
             BEGIN INSERT INTO probe.fired VALUES (NEW.name, NEW.fired_for); RETURN NULL; END $$",
            "CREATE TRIGGER note AFTER UPDATE OF fired_for ON engine.schedules FOR EACH ROW
             WHEN (NEW.fired_for IS DISTINCT FROM OLD.fired_for) EXECUTE FUNCTION probe.note()",
            "GRANT USAGE ON SCHEMA probe TO worker",
            "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA probe TO worker",
        ] {
            sqlx::query(statement).execute(&admin).await.unwrap();
        }
        Self { kit, admin, database }
    }

    /// Adds jobs of one tenant or of the platform in one transaction.
    pub(crate) async fn enqueue(&self, tenant: Option<TenantId>, jobs: &[JobSpec]) -> u64 {
        PgJobQueue::new(&self.database).enqueue(&platform(), tenant, jobs).await.unwrap()
    }

    /// The one number that a query of the administrator gives.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.admin).await.unwrap()
    }

    /// Waits until the query gives that number.
    pub(crate) async fn reaches(&self, query: &'static str, number: i64) {
        let begin = Instant::now();
        loop {
            let now = self.count(query).await;
            if now == number {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{query} gives {now}, not {number}, after {PATIENCE:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets product time run on from there.
    pub(crate) async fn product_time(&self, instant: DateTime<Utc>) {
        sqlx::query("SELECT app.set_product_time($1)").bind(instant).execute(&self.admin).await.unwrap();
    }

    pub(crate) async fn worker(&self, registry: Registry, config: WorkerConfig) -> Worker {
        self.worker_with_clock(registry, config, Arc::new(SystemClock::default())).await
    }

    pub(crate) async fn worker_with_clock(
        &self,
        registry: Registry,
        config: WorkerConfig,
        clock: Arc<dyn Clock>,
    ) -> Worker {
        let ports = WorkerPorts {
            queue: Arc::new(PgJobQueue::new(&self.database)),
            events: Arc::new(PgEventLog::new(&self.database)),
            schedules: Arc::new(PgSchedules::new(&self.database)),
            administration: Arc::new(PgJobAdministration::new(&self.database)),
            signal: Some(Arc::new(PgJobSignal::new(&self.database))),
            clock,
            ids: Arc::new(RandomIds),
        };
        Worker::new(registry, ports, config).unwrap()
    }

    /// Starts a worker process; it is killed when the child is dropped.
    pub(crate) fn process(&self, lease: Duration, slots: u16, ticking: bool) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine-worker"));
        command.arg(self.kit.worker_url()).arg(lease.as_millis().to_string()).arg(slots.to_string());
        if ticking {
            command.arg("ticking");
        }
        command.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap()
    }
}

/// A signal by its name, sent with the machine's own tool.
pub(crate) async fn signal(child: &Child, name: &str) {
    let pid = child.id().expect("the process runs");
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().await.unwrap();
    assert!(sent.success());
}

pub(crate) fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Operator("test".to_owned()), CorrelationId::generate(&RandomIds))
}

pub(crate) fn tenant() -> TenantId {
    TenantId::from_uuid(RandomIds.next_uuid())
}

pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// One queue, and everything that waits waits shortly.
pub(crate) fn brisk(slots: u16) -> WorkerConfig {
    WorkerConfig {
        queues: vec![QueueConfig::new("default", slots)],
        lease: Duration::from_secs(5),
        poll: Duration::from_millis(200),
        reap_every: Duration::from_millis(200),
        grace: Duration::from_millis(300),
        ..WorkerConfig::default()
    }
}

/// A handler made of a function.
pub(crate) struct Does<F>(pub(crate) F);

#[async_trait]
impl<F> JobHandler for Does<F>
where
    F: Fn(JobContext) -> BoxFuture<'static, Result<(), JobFailure>> + Send + Sync,
{
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        (self.0)(context).await
    }
}

pub(crate) fn does<F, R>(work: F) -> Arc<dyn JobHandler>
where
    F: Fn(JobContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), JobFailure>> + Send + 'static,
{
    Arc::new(Does(move |context| -> BoxFuture<'static, Result<(), JobFailure>> { Box::pin(work(context)) }))
}
