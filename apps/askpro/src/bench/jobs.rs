//! `jobs`: facts that are committed in transactions, dispatched, and run as jobs that do nothing; several in a transaction, as
//! a group of webhooks or an import leaves them, and one by one. The floor is a loop that takes single rows with
//! `SKIP LOCKED`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adapter_postgres::engine::{PgEventLog, PgJobAdministration, PgJobQueue, PgJobSignal, PgSchedules};
use adapter_postgres::{Database, DatabaseConfig, product_time_offset};
use anyhow::{Context, ensure};
use async_trait::async_trait;
use inbound_jobs::{JobContext, JobFailure, JobHandler, Registry, Worker, WorkerConfig, WorkerPorts};
use kernel::{JobSpec, RandomIds, SystemClock};
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::floor::statements;
use super::load::Manner;
use super::rig::Rig;
use super::sample::{Round, Side, median, milliseconds, nanoseconds, percentile};

const KIND: &str = "bench.nothing";
const CONNECTIONS: usize = 8;
/// Facts a second where the pick-up is measured.
const RATE: u32 = 50;
/// Longest wait for what was committed to be done.
const PATIENCE: Duration = Duration::from_secs(120);
/// Rounds at the end of the open transaction's minute from which the loss is taken: a single one may meet a look at
/// everything, or none.
const LAST_ROUNDS: usize = 3;
/// Facts that are committed together.
const TOGETHER: u32 = 16;
/// Facts with the numbers from $1 on, of the companies in turn.
const FACTS: &str = "
    INSERT INTO engine.outbox_events (id, tenant_id, name, version, payload, occurred_at)
    SELECT gen_random_uuid(), ($2::uuid[])[1 + n % cardinality($2)], 'bench.happened', 1, jsonb_build_object('n', n), app.now()
      FROM generate_series($1::bigint, $1 + $3 - 1) AS n";
const FLOOR_TABLE: &str = "
    DROP TABLE IF EXISTS floor.queue;
    CREATE TABLE floor.queue (id bigint PRIMARY KEY, payload jsonb NOT NULL);
    INSERT INTO floor.queue SELECT n, '{}' FROM generate_series(1, 200000) AS n;
    ANALYZE floor.queue";
const FLOOR_TAKE: &str = "
    DELETE FROM floor.queue
     WHERE id = (SELECT id FROM floor.queue ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)";

/// What was done, and when what was committed.
#[derive(Default)]
struct Done {
    count: AtomicU64,
    sum: AtomicU64,
    committed: Mutex<HashMap<u64, Instant>>,
    picked_up: Mutex<HashMap<u64, Instant>>,
}

impl Done {
    fn reset(&self) {
        self.count.store(0, Ordering::Relaxed);
        self.sum.store(0, Ordering::Relaxed);
        for times in [&self.committed, &self.picked_up] {
            times.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    fn note(times: &Mutex<HashMap<u64, Instant>>, n: u64) {
        times.lock().unwrap_or_else(PoisonError::into_inner).insert(n, Instant::now());
    }

    /// From commit to the beginning of the run, of all that were paced.
    fn waits(&self) -> Vec<u64> {
        let committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        let picked_up = self.picked_up.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs =
            picked_up.iter().filter_map(|(n, at)| Some(at.saturating_duration_since(*committed.get(n)?)));
        pairs.map(nanoseconds).collect()
    }
}

struct Nothing(Arc<Done>);

#[async_trait]
impl JobHandler for Nothing {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let payload: HashMap<String, u64> = context.payload()?;
        let n = payload.get("n").copied().unwrap_or_default();
        Done::note(&self.0.picked_up, n);
        self.0.sum.fetch_add(n, Ordering::Relaxed);
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// A worker of the product in this process that knows one kind of job.
struct Running {
    done: Arc<Done>,
    stop: CancellationToken,
    tasks: TaskTracker,
    database: Database,
}

impl Running {
    async fn start(rig: &Rig) -> anyhow::Result<Self> {
        let settings = DatabaseConfig::worker(&rig.setting.connections.worker);
        let database = Database::connect(&settings).await.context("the worker's login")?;
        let done = Arc::new(Done::default());
        let registry = Registry::new().handler(KIND, Arc::new(Nothing(Arc::clone(&done)))).subscribe(
            "bench.happened",
            KIND,
            |event| JobSpec::new(KIND, event.payload.clone()),
        );
        let offset = product_time_offset(&database).await?;
        let ports = WorkerPorts {
            queue: Arc::new(PgJobQueue::new(&database)),
            events: Arc::new(PgEventLog::new(&database)),
            schedules: Arc::new(PgSchedules::new(&database)),
            administration: Arc::new(PgJobAdministration::new(&database)),
            signal: Some(Arc::new(PgJobSignal::new(&database))),
            clock: Arc::new(SystemClock::with_offset(offset)),
            ids: Arc::new(RandomIds),
        };
        let worker = Worker::new(registry, ports, WorkerConfig::default())?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let token = stop.clone();
        tasks.spawn(async move { worker.run(token).await });
        tasks.close();
        Ok(Self { done, stop, tasks, database })
    }

    /// Waits until so many jobs were run.
    async fn until(&self, many: u64) -> anyhow::Result<()> {
        let begun = Instant::now();
        while self.done.count.load(Ordering::Relaxed) < many {
            ensure!(begun.elapsed() < PATIENCE, "jobs are left over");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.database.close().await;
    }
}

/// Commits facts, so many in a transaction, and waits until all are done. Jobs a second.
async fn jobs(
    rig: &Rig,
    running: &Running,
    together: u32,
    long: Duration,
    report: &mut Report,
) -> anyhow::Result<Side> {
    running.done.reset();
    // Of all companies in turn: one alone may not take every slot of a worker.
    let tenants: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM public.tenants").fetch_all(&rig.administrator).await?;
    let url = &rig.setting.connections.administrator;
    let many = i64::from(together);
    let begun = Instant::now();
    let facts = statements(url, CONNECTIONS, Manner::Saturate(long), "", async |connection, turn| {
        let first = i64::try_from(turn).unwrap_or_default() * many;
        sqlx::query(FACTS).bind(first).bind(&tenants).bind(many).execute(connection).await.map(|_| ())
    })?;
    let committed = facts.good * u64::from(together);
    running.until(committed).await?;
    let took = begun.elapsed();
    // Every number once: how many, and their sum. Turns that came too late for a connection were not taken.
    let done = (running.done.count.load(Ordering::Relaxed), running.done.sum.load(Ordering::Relaxed));
    let expected = committed * committed.saturating_sub(1) / 2;
    report.check(done == (committed, expected), || {
        format!("{committed} facts were committed, {} jobs ran with sum {} for {expected}", done.0, done.1)
    });
    Ok(Side::rate(committed, took, Vec::new()))
}

/// How long a job waits after its commit, at an ordinary pace.
async fn pick_up(rig: &Rig, running: &Running, long: Duration) -> anyhow::Result<Side> {
    running.done.reset();
    let done = Arc::clone(&running.done);
    let url = &rig.setting.connections.administrator;
    let facts = statements(url, 1, Manner::Pace(RATE, long), "", async |connection, turn| {
        let n = i64::try_from(turn).unwrap_or_default();
        sqlx::query(FACTS).bind(n).bind([None::<uuid::Uuid>]).bind(1_i64).execute(connection).await?;
        Done::note(&done.committed, turn);
        Ok(())
    })?;
    running.until(facts.good).await?;
    let waits = running.done.waits();
    let value = milliseconds(percentile(&mut waits.clone(), 95));
    Ok(Side { value, waits })
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("jobs");
    // What other measurements left is nobody's here, and this worker does not know it.
    rig.forget_intake().await?;
    let running = Running::start(rig).await?;
    let measured = measure(rig, plan, &running, &mut report).await;
    running.stop().await;
    let left = rig.count("SELECT count(*) FROM engine.jobs").await?;
    report.check(left == 0, || format!("{left} jobs are left"));
    rig.forget_intake().await?;
    measured.map(|()| report)
}

async fn measure(rig: &Rig, plan: Plan, running: &Running, report: &mut Report) -> anyhow::Result<()> {
    let (mut rounds, mut single, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let url = &rig.setting.connections.administrator;
    // Each begins with empty tables: what was done before is not cleared away yet.
    for _ in 0..plan.rounds {
        rig.forget_intake().await?;
        let together = jobs(rig, running, TOGETHER, plan.round, report).await?;
        sqlx::raw_sql(FLOOR_TABLE).execute(&rig.administrator).await?;
        let floor = statements(url, CONNECTIONS, Manner::Saturate(plan.round), "", async |connection, _| {
            sqlx::query(FLOOR_TAKE).execute(connection).await.map(|_| ())
        })?;
        let floor = Some(floor.rate());
        rounds.push(Round { ours: together, floor: floor.clone() });
        rig.forget_intake().await?;
        let ours = jobs(rig, running, 1, plan.round, report).await?;
        single.push(Round { ours, floor });
        rig.forget_intake().await?;
        waits.push(Round { ours: pick_up(rig, running, plan.round).await?, floor: None });
    }
    // Somebody's transaction stays open: dead rows cannot be cleared away, and looks at everything walk over them.
    rig.forget_intake().await?;
    let mut open = PgConnection::connect(url).await?;
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM engine.jobs")
        .execute(&mut open)
        .await?;
    let (held, mut under) = (Instant::now(), Vec::new());
    let minute = Duration::from_secs(plan.pick(60, 1));
    while held.elapsed() < minute {
        under.push(jobs(rig, running, 1, plan.round, report).await?.value);
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut open).await?;
    open.close().await?;
    let on_empty = median(&single.iter().map(|round| round.ours.value).collect::<Vec<_>>());
    let lost: Vec<Round> = under
        .iter()
        .rev()
        .take(LAST_ROUNDS)
        .map(|rate| Round { ours: Side::of((1.0 - rate / on_empty) * 100.0), floor: None })
        .collect();
    let (must, aim) = (Goal::RatioFrom(1.0), Goal::RatioFrom(5.0));
    report.tell(Figure::new("jobs", "jobs a second", &rounds, must, aim));
    report.tell(Figure::new("jobs.single", "jobs a second", &single, must, aim));
    report.tell(Figure::new("jobs.pick-up", "ms at p95, 50 a second", &waits, Goal::To(20.0), Goal::To(5.0)));
    report.tell(Figure::new("jobs.held", "% lost, transaction open", &lost, Goal::To(20.0), Goal::To(5.0)));
    Ok(())
}
