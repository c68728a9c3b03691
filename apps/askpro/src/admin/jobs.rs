//! Background work as an operator sees it.

use std::time::{Duration, Instant};

use anyhow::Context;
use kernel::JobSpec;
use operations::engine::{DeadFilter, JobId};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Office, Shown};

/// How long a task is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks whether it is done.
const PAUSE: Duration = Duration::from_millis(20);

/// What to do with jobs.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum JobsCommand {
    /// Numbers of all queues.
    Stats,
    /// List jobs that will not be tried again by themselves.
    Dead {
        /// Only of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// How many.
        #[command(flatten)]
        shown: Shown,
    },
    /// Make dead jobs due again.
    Requeue(Which),
    /// Remove dead jobs for good.
    Discard(Which),
}

/// Which dead jobs.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// This one.
    #[arg(long, value_name = "ID")]
    job: Option<i64>,
    /// All of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// All of them.
    #[arg(long)]
    all: bool,
}

impl Which {
    fn filter(&self) -> DeadFilter {
        DeadFilter { job: self.job.map(JobId::from_raw), kind: self.kind.clone(), tenant: None }
    }
}

impl JobsCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let jobs = &office.services.administration;
        match self {
            Self::Stats => {
                let stats = jobs.stats(&office.scope).await?;
                let lines = stats.iter().map(|queue| {
                    json!({"queue": queue.queue, "due": queue.due, "scheduled": queue.scheduled,
                        "running": queue.leased, "dead": queue.dead, "oldest_due_ms": queue.oldest_due.as_millis()})
                });
                Ok(lines.collect())
            }
            Self::Dead { kind, shown } => {
                let filter = DeadFilter { kind: kind.clone(), ..DeadFilter::default() };
                let wanted = u16::try_from(shown.wanted()).unwrap_or(u16::MAX);
                let (dead, more) = shown.part(jobs.list_dead(&office.scope, &filter, None, wanted).await?);
                let lines = dead.iter().map(|job| {
                    json!({"job": job.id.raw(), "kind": job.kind, "queue": job.queue, "attempts": job.attempt,
                        "tenant": job.tenant.map(|tenant| tenant.to_string()), "error": job.error})
                });
                Ok(lines.chain(more).collect())
            }
            Self::Requeue(which) => {
                let jobs = jobs.requeue_dead(&office.scope, &which.filter()).await?;
                Ok(vec![json!({"requeued": jobs.iter().map(|job| job.raw()).collect::<Vec<_>>()})])
            }
            Self::Discard(which) => {
                let jobs = jobs.discard_dead(&office.scope, &which.filter()).await?;
                Ok(vec![json!({"discarded": jobs.iter().map(|job| job.raw()).collect::<Vec<_>>()})])
            }
        }
    }
}

/// Waits until a worker that was just started has entered this task.
///
/// # Errors
/// If none does in time.
pub async fn task_is_known(pool: &PgPool, name: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let is_known: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM engine.schedules WHERE name = $1)")
                .bind(name)
                .fetch_one(pool)
                .await?;
        if is_known {
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "no worker knows the task `{name}`");
        tokio::time::sleep(PAUSE).await;
    }
}

const NEWEST_DONE: &str = "SELECT coalesce(max(job_id), 0) FROM engine.job_history WHERE kind = $1";
const NEWEST: &str = "
    SELECT greatest((SELECT coalesce(max(job_id), 0) FROM engine.job_history WHERE kind = $1),
                    (SELECT coalesce(max(id), 0) FROM engine.jobs WHERE kind = $1))";

/// How a job of a kind ended that is newer than another, and of one origin, if that matters.
const ENDED: &str = "
    SELECT outcome, took_ms FROM engine.job_history
     WHERE kind = $1 AND job_id > $2 AND ($3::uuid IS NULL OR correlation = $3) ORDER BY job_id LIMIT 1";
const FAILED: &str = "
    SELECT id, last_error FROM engine.jobs
     WHERE kind = $1 AND state = 'dead' AND id > $2 AND ($3::uuid IS NULL OR correlation = $3) ORDER BY id LIMIT 1";

/// Who asks for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedBy {
    /// An operator, for whom it fails where the next round would make up for what it could not do.
    Operator,
    /// The timetable, or whoever plays it.
    Timetable,
}

/// Puts a scheduled task into the queue and waits until a worker has done it.
///
/// # Errors
/// If there is no such task, it fails, or no worker does it in time.
pub async fn run_task(office: &Office, name: &str, by: AskedBy) -> anyhow::Result<Vec<Value>> {
    let known: Vec<String> =
        sqlx::query_scalar("SELECT name FROM engine.schedules ORDER BY name").fetch_all(&office.pool).await?;
    anyhow::ensure!(
        known.iter().any(|task| task == name),
        "there is no task `{name}`; there are {}",
        if known.is_empty() { "none: no worker has run here yet".to_owned() } else { known.join(", ") }
    );
    // A kind is a name in the registry; this one comes from the registry's own table, once in this process.
    let kind: &'static str = name.to_owned().leak();
    // An operator's is a job of its own, also where the timetable's waits, and is told by its origin; what failed before is
    // not waited for.
    let job = JobSpec { max_attempts: 1, ..JobSpec::new(kind, json!({"by_hand": by == AskedBy::Operator})) };
    let (job, newest, origin) = match by {
        AskedBy::Operator => (job, NEWEST, Some(office.scope.correlation().as_uuid())),
        AskedBy::Timetable => (job.unique(kind), NEWEST_DONE, None),
    };
    let newest: i64 = sqlx::query_scalar(newest).bind(name).fetch_one(&office.pool).await?;
    office.services.queue.enqueue(&office.scope, None, &[job]).await?;
    let begun = Instant::now();
    loop {
        let done: Option<(String, Option<i32>)> =
            sqlx::query_as(ENDED).bind(name).bind(newest).bind(origin).fetch_optional(&office.pool).await?;
        if let Some((outcome, took_ms)) = done {
            anyhow::ensure!(outcome == "done", "the task `{name}` ended as {outcome}");
            return Ok(vec![json!({"task": name, "outcome": outcome, "took_ms": took_ms})]);
        }
        let failed: Option<(i64, Option<String>)> =
            sqlx::query_as(FAILED).bind(name).bind(newest).bind(origin).fetch_optional(&office.pool).await?;
        if let Some((job, error)) = failed {
            if by == AskedBy::Operator {
                // Whoever asked hears of it now: it waits for nobody else to look at it.
                let this = DeadFilter { job: Some(JobId::from_raw(job)), ..DeadFilter::default() };
                if let Err(error) = office.services.administration.discard_dead(&office.scope, &this).await {
                    tracing::warn!(%error, job, "what a task left behind could not be removed");
                }
            }
            anyhow::bail!("the task `{name}` failed: {}", error.unwrap_or_default());
        }
        if begun.elapsed() > PATIENCE {
            return Err(anyhow::anyhow!(
                "no worker has done it within {} s; it stays in the queue",
                PATIENCE.as_secs()
            ))
            .context(format!("the task `{name}`"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
