//! A worker process for the tests that kill, stop and crash workers.
//!
//! `engine-worker DATABASE_URL LEASE_MS SLOTS [ticking]`: serves the queue `default` with the kinds `effect`, `crash` and
//! `tick` until it is killed; with `ticking` it also declares a schedule that fires every second.

use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::engine::{PgEventLog, PgJobAdministration, PgJobQueue, PgJobSignal, PgSchedules};
use adapter_postgres::{Database, DatabaseConfig};
use anyhow::Context as _;
use async_trait::async_trait;
use inbound_jobs::{
    JobContext, JobFailure, JobHandler, QueueConfig, Registry, Worker, WorkerConfig, WorkerPorts,
};
use kernel::{JobSpec, RandomIds, SystemClock};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Notes that it runs, leaves its effect under a key of its own, and takes its time before or after.
struct Effect {
    database: Database,
    /// Odd jobs leave their effect before they take their time, even ones afterwards.
    pause: Duration,
}

#[async_trait]
impl JobHandler for Effect {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let number: i64 = context.payload()?;
        let failed = |error: sqlx::Error| JobFailure::retry(error);
        sqlx::query("INSERT INTO probe.runs (number, pid) VALUES ($1, $2)")
            .bind(number)
            .bind(i64::from(std::process::id()))
            .execute(self.database.pool())
            .await
            .map_err(failed)?;
        if number % 2 == 0 {
            tokio::time::sleep(self.pause).await;
        }
        sqlx::query("INSERT INTO probe.effects (number) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(number)
            .execute(self.database.pool())
            .await
            .map_err(failed)?;
        if number % 2 == 1 {
            tokio::time::sleep(self.pause).await;
        }
        Ok(())
    }
}

struct Crash;

#[async_trait]
impl JobHandler for Crash {
    async fn run(&self, _context: JobContext) -> Result<(), JobFailure> {
        std::process::abort()
    }
}

struct Tick;

#[async_trait]
impl JobHandler for Tick {
    async fn run(&self, _context: JobContext) -> Result<(), JobFailure> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, lease, slots, rest @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: engine-worker DATABASE_URL LEASE_MS SLOTS [ticking]");
    };
    let lease = Duration::from_millis(lease.parse().context("LEASE_MS")?);
    let database = Database::connect(&DatabaseConfig::worker(url.as_str()).with_max_connections(12)).await?;
    let effect = Effect { database: database.clone(), pause: lease / 2 };
    let mut registry = Registry::new()
        .handler("effect", Arc::new(effect))
        .handler("crash", Arc::new(Crash))
        .handler("tick", Arc::new(Tick));
    if rest.first().is_some_and(|word| word == "ticking") {
        registry = registry.schedule(
            "every_second",
            "* * * * * *",
            "Europe/Berlin",
            JobSpec::new("tick", json!({})),
        );
    }
    let ports = WorkerPorts {
        queue: Arc::new(PgJobQueue::new(&database)),
        events: Arc::new(PgEventLog::new(&database)),
        schedules: Arc::new(PgSchedules::new(&database)),
        administration: Arc::new(PgJobAdministration::new(&database)),
        signal: Some(Arc::new(PgJobSignal::new(&database))),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(RandomIds),
    };
    let config = WorkerConfig {
        queues: vec![QueueConfig::new("default", slots.parse().context("SLOTS")?)],
        lease,
        lead: lease,
        reap_every: lease / 4,
        ..WorkerConfig::default()
    };
    Worker::new(registry, ports, config)?.run(CancellationToken::new()).await;
    Ok(())
}
