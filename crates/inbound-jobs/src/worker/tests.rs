use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::testing::{FixedClock, SequentialIds};
use kernel::{CorrelationId, JobSpec, PlatformScope, StoreError, TenantId};
use operations::engine::{
    CancelResult, ClaimBatch, DeadFilter, DeadJob, Dispatched, DueSchedule, EventRouter, Heartbeat, JobId,
    Leased, OutboxStats, Outcome, QueueStats, Reaped, ScheduleDeclaration, Ticket,
};
use serde_json::{Value, json};

use super::*;
use crate::QueueConfig;
use crate::handler::{JobContext, JobFailure, JobHandler};

struct Nothing;

#[async_trait]
impl JobHandler for Nothing {
    async fn run(&self, _context: JobContext) -> Result<(), JobFailure> {
        Ok(())
    }
}

/// A store that counts how often it is asked; with nothing in it but what is due, or away.
#[derive(Default)]
struct Quiet {
    asked: AtomicU64,
    away: bool,
    due: Mutex<Vec<Leased>>,
    /// How many outcomes came with each exchange, or without one.
    settled: Mutex<Vec<usize>>,
    /// How long an exchange takes.
    takes: Duration,
}

impl Quiet {
    fn ask<T: Default>(&self) -> Result<T, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.away { Err(StoreError::Unavailable("away".into())) } else { Ok(T::default()) }
    }
}

#[async_trait]
impl JobQueue for Quiet {
    async fn enqueue(
        &self,
        _: &PlatformScope,
        _: Option<TenantId>,
        _: &[JobSpec],
    ) -> Result<u64, StoreError> {
        self.ask()
    }

    async fn finish_and_claim(
        &self,
        _: WorkerId,
        outcomes: &[Outcome],
        _: Duration,
        demand: &[QueueDemand],
        _: Look,
    ) -> Result<(Vec<Ticket>, ClaimBatch), StoreError> {
        let (refused, mut batch): (_, ClaimBatch) = self.ask()?;
        self.settled.lock().unwrap().push(outcomes.len());
        for one in demand {
            let free = usize::from(one.free);
            let mut due = self.due.lock().unwrap();
            batch.jobs.extend(due.extract_if(.., |job| job.queue == one.queue).take(free));
        }
        // What comes from here on, it does not see.
        tokio::time::sleep(self.takes).await;
        Ok((refused, batch))
    }

    async fn extend(&self, _: WorkerId, _: Duration) -> Result<Heartbeat, StoreError> {
        self.ask()
    }

    async fn finish(&self, _: WorkerId, outcomes: &[Outcome]) -> Result<Vec<Ticket>, StoreError> {
        self.settled.lock().unwrap().push(outcomes.len());
        self.ask()
    }

    async fn hand_back(&self, _: WorkerId, _: &[Ticket]) -> Result<u64, StoreError> {
        self.ask()
    }

    async fn reap(&self) -> Result<Reaped, StoreError> {
        self.ask()
    }

    async fn note_progress(&self, _: WorkerId, _: Ticket, _: Value) -> Result<bool, StoreError> {
        self.ask()
    }
}

#[async_trait]
impl EventLog for Quiet {
    async fn dispatch(&self, _: Arc<dyn EventRouter>, _: u16, _: Look) -> Result<Dispatched, StoreError> {
        self.ask()
    }

    async fn stats(&self) -> Result<OutboxStats, StoreError> {
        self.ask()
    }

    async fn forget_dispatched(&self, _: DateTime<Utc>, _: u32) -> Result<u64, StoreError> {
        self.ask()
    }
}

#[async_trait]
impl Schedules for Quiet {
    async fn declare(&self, _: &[ScheduleDeclaration]) -> Result<(), StoreError> {
        self.ask()
    }

    async fn lead(&self, _: WorkerId, _: Duration) -> Result<bool, StoreError> {
        self.ask::<()>().map(|()| true)
    }

    async fn resign(&self, _: WorkerId) -> Result<(), StoreError> {
        self.ask()
    }

    async fn due(&self, _: &[String]) -> Result<Vec<DueSchedule>, StoreError> {
        self.ask()
    }

    async fn next_due_in(&self, _: &[String]) -> Result<Option<Duration>, StoreError> {
        self.ask()
    }

    async fn fire(
        &self,
        _: &DueSchedule,
        _: DateTime<Utc>,
        _: &JobSpec,
        _: CorrelationId,
    ) -> Result<bool, StoreError> {
        self.ask()
    }
}

#[async_trait]
impl JobAdministration for Quiet {
    async fn stats(&self, _: &PlatformScope) -> Result<Vec<QueueStats>, StoreError> {
        self.ask()
    }

    async fn oldest_transaction(&self, _: &PlatformScope) -> Result<Option<Duration>, StoreError> {
        self.ask()
    }

    async fn list_dead(
        &self,
        _: &PlatformScope,
        _: &DeadFilter,
        _: Option<JobId>,
        _: u16,
    ) -> Result<Vec<DeadJob>, StoreError> {
        self.ask()
    }

    async fn requeue_dead(&self, _: &PlatformScope, _: &DeadFilter) -> Result<Vec<JobId>, StoreError> {
        self.ask()
    }

    async fn discard_dead(&self, _: &PlatformScope, _: &DeadFilter) -> Result<Vec<JobId>, StoreError> {
        self.ask()
    }

    async fn cancel(&self, _: &PlatformScope, _: JobId) -> Result<CancelResult, StoreError> {
        self.ask::<()>().map(|()| CancelResult::NotFound)
    }

    async fn ensure_history(&self, _: &PlatformScope, _: u16) -> Result<u32, StoreError> {
        self.ask()
    }

    async fn drop_history(&self, _: &PlatformScope, _: DateTime<Utc>) -> Result<u32, StoreError> {
        self.ask()
    }
}

fn registry() -> Registry {
    Registry::new().handler("upkeep", Arc::new(Nothing)).schedule(
        "nightly",
        "30 2 * * *",
        "Europe/Berlin",
        JobSpec::new("upkeep", json!({})),
    )
}

fn worker(store: &Arc<Quiet>, registry: Registry, config: WorkerConfig) -> Result<Worker, WorkerError> {
    let ports = WorkerPorts {
        queue: Arc::clone(store) as _,
        events: Arc::clone(store) as _,
        schedules: Arc::clone(store) as _,
        administration: Arc::clone(store) as _,
        signal: None,
        clock: Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)),
        ids: Arc::new(SequentialIds::default()),
    };
    Worker::new(registry, ports, config)
}

/// How often the store is asked in ten minutes, which pass at once.
async fn asked_in_ten_minutes(away: bool) -> u64 {
    let store = Arc::new(Quiet { away, ..Quiet::default() });
    let worker = worker(&store, registry(), WorkerConfig::default()).unwrap();
    let stop = CancellationToken::new();
    let work = worker.run(stop.clone());
    let clock = async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        stop.cancel();
    };
    futures_util::join!(work, clock);
    store.asked.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_asks_less_than_five_times_a_second() {
    let asked = asked_in_ten_minutes(false).await;
    assert!(asked < 600 * 5, "{asked} in ten minutes");
    assert!(asked > 600, "it looks every second: {asked}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_waited_for_and_not_stormed() {
    let asked = asked_in_ten_minutes(true).await;
    assert!(asked < 600 * 5, "{asked} in ten minutes");
    assert!(asked > 600, "it keeps trying: {asked}");
}

/// What comes with each exchange, up to the end of all that is due, of jobs that take so long, with sixteen slots.
async fn settled(durations: &[u64]) -> Vec<usize> {
    settled_by(Quiet::default(), durations).await
}

async fn settled_by(store: Quiet, durations: &[u64]) -> Vec<usize> {
    settled_while(store, durations, async |_, _| tokio::time::sleep(ms(500)).await).await
}

/// The same, until something else has happened to the worker and its store, and the worker has stopped.
async fn settled_while(
    store: Quiet,
    durations: &[u64],
    happens: impl AsyncFnOnce(&Worker, &Quiet),
) -> Vec<usize> {
    let store = Arc::new(store);
    *store.due.lock().unwrap() = (1..).zip(durations).map(|(id, ms)| due(id, *ms)).collect();
    let registry = Registry::new().handler("take", Arc::new(Sleepy));
    let config = WorkerConfig { queues: vec![QueueConfig::new("default", 16)], ..WorkerConfig::default() };
    let worker = worker(&store, registry, config).unwrap();
    let stop = CancellationToken::new();
    let work = worker.run(stop.clone());
    let clock = async {
        happens(&worker, &store).await;
        stop.cancel();
    };
    futures_util::join!(work, clock);
    std::mem::take(&mut *store.settled.lock().unwrap())
}

const fn ms(many: u64) -> Duration {
    Duration::from_millis(many)
}

fn due(id: i64, ms: u64) -> Leased {
    Leased {
        ticket: Ticket { job: JobId::from_raw(id), run: 1 },
        kind: "take".to_owned(),
        queue: "default".to_owned(),
        tenant: None,
        correlation: None,
        payload: json!(ms),
        attempt: 1,
        max_attempts: 10,
        progress: None,
    }
}

/// Takes as many milliseconds as its payload says.
struct Sleepy;

#[async_trait]
impl JobHandler for Sleepy {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        tokio::time::sleep(Duration::from_millis(context.payload()?)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_within_a_moment_is_settled_together() {
    assert_eq!(settled(&[0; 16]).await, [0, 16], "a queue without room is not asked about again");
    assert_eq!(settled(&[0; 20]).await, [0, 16, 0, 4], "one with room may have been shown too little");
    assert_eq!(settled(&[10, 11, 100]).await, [0, 0, 2, 1], "the moment is not over");
    assert_eq!(settled(&[10, 14, 100]).await, [0, 0, 1, 1, 1], "it is");
    let [soon, later] = [[0; 8], [1; 8]];
    assert_eq!(settled(&[soon, later].concat()).await, [0, 8, 8], "half of the slots wait for no more");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_its_time_is_not_asked_for_each_run_alone() {
    let settled = async |durations: &[u64]| {
        settled_by(Quiet { takes: Duration::from_millis(2), ..Quiet::default() }, durations).await
    };
    assert_eq!(
        settled(&[10, 14, 100]).await,
        [0, 2, 1],
        "what ends while it rests; nothing runs after the last"
    );
    assert_eq!(settled(&[0, 10, 14, 30, 100]).await, [0, 3, 1, 1]);
    assert_eq!(
        settled(&[0, 10, 14, 15, 15, 15, 15, 16, 17, 17, 100]).await,
        [0, 8, 2, 1],
        "half of the slots are enough"
    );
    assert_eq!(settled(&[5; 40]).await, [0, 16, 16, 8], "many are worth a request");
}

#[tokio::test(start_paused = true)]
async fn what_is_announced_during_a_claim_is_claimed_after_it() {
    let settled = settled_while(Quiet { takes: ms(20), ..Quiet::default() }, &[], async |worker, store| {
        tokio::time::sleep(ms(10)).await;
        store.due.lock().unwrap().push(due(1, 0));
        worker.core.wake();
        // Far less than until the next poll.
        tokio::time::sleep(ms(90)).await;
    });
    assert_eq!(settled.await, [0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_stopped_while_it_rests_settles_what_has_ended() {
    let settled = settled_while(Quiet { takes: ms(2), ..Quiet::default() }, &[10, 14, 100], async |_, _| {
        tokio::time::sleep(ms(17)).await;
    });
    assert_eq!(settled.await, [0, 2, 1], "what has ended waits neither for a claim nor for what still runs");
}

#[tokio::test]
async fn draining_says_that_the_store_is_away() {
    let store = Arc::new(Quiet { away: true, ..Quiet::default() });
    let worker = worker(&store, registry(), WorkerConfig::default()).unwrap();
    assert!(worker.drain(10).await.is_err());
}

#[test]
fn a_worker_with_mistakes_does_not_start() {
    let store = Arc::new(Quiet::default());
    let dangling = Registry::new().subscribe("x.y", "nobody", |_| JobSpec::new("nobody", json!({})));
    let error = worker(&store, dangling, WorkerConfig::default()).unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error}");
    let slotless = WorkerConfig { queues: Vec::new(), ..WorkerConfig::default() };
    assert!(matches!(
        worker(&store, Registry::new(), slotless),
        Err(WorkerError::Config(ConfigProblem::NoSlots))
    ));
    assert_eq!(store.asked.load(Ordering::Relaxed), 0);
}
