use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, IdGenerator, JobSpec, PlatformScope, StoreError, TenantId};
use serde_json::Value;
use uuid::Uuid;

/// Longest stored text of an error, in characters: enough for a chain of causes, too short for a payload.
const MAX_ERROR_CHARS: usize = 1_000;

/// An error text as it is stored: cut to a bound, without the NUL that a database's text cannot hold.
#[must_use]
pub fn bounded_error(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MAX_ERROR_CHARS).collect()
}

/// Names a job. Given by the store in the order of enqueuing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(i64);

impl JobId {
    /// The id that the store gave.
    #[must_use]
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// The number inside.
    #[must_use]
    pub const fn raw(self) -> i64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Names one start of a worker process. A restarted worker is another worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(Uuid);

impl WorkerId {
    /// A name that nobody had before.
    #[must_use]
    pub fn generate(ids: &dyn IdGenerator) -> Self {
        Self(ids.next_uuid())
    }

    /// The UUID inside.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// Names one run of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// The job.
    pub job: JobId,
    /// Counts the claims of the job from 1 and never goes back, unlike its attempts.
    pub run: i32,
}

/// What a worker could take from one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDemand {
    /// The queue.
    pub queue: String,
    /// Free slots of the worker; zero takes nothing.
    pub free: u16,
    /// Most jobs that one tenant may have running in this queue, over all workers. At least 1.
    pub tenant_cap: u16,
}

/// How far a worker looks for what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// At everything.
    Whole,
    /// From where the last look found something alive; among much, at the oldest and the newest. What was committed late or
    /// freed, and what lies in the middle, may be left out. Cheap while an old transaction keeps what is done from being
    /// cleared away, unless something alive is as old as that.
    Recent,
}

/// A job that the worker has claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// This run.
    pub ticket: Ticket,
    /// Its kind, as registered, or the kind of a version that is no longer or not yet here.
    pub kind: String,
    /// Its queue.
    pub queue: String,
    /// Whose work it is; `None` is the platform's own.
    pub tenant: Option<TenantId>,
    /// The chain it belongs to.
    pub correlation: Option<CorrelationId>,
    /// Input of the handler.
    pub payload: Value,
    /// Which attempt this is, from 1.
    pub attempt: i16,
    /// Attempts before the job is dead.
    pub max_attempts: i16,
    /// What an earlier run noted about how far it came.
    pub progress: Option<Value>,
}

/// What a claim brought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClaimBatch {
    /// The jobs, now leased.
    pub jobs: Vec<Leased>,
    /// How long until the next job that is not due yet; `None` if there is none.
    pub next_due_in: Option<Duration>,
    /// How long the look took, without what it waited for.
    pub looked: Duration,
}

/// What a heartbeat found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// The runs that are still this worker's, their leases extended. One that is missing has been lost.
    pub held: Vec<Ticket>,
    /// Those of them that somebody wants stopped.
    pub cancelled: Vec<Ticket>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The work is done; the job goes to the history.
    Done,
    /// The attempt failed; try again at `at` (product time).
    Retry {
        /// Not before.
        at: DateTime<Utc>,
        /// Why it failed.
        error: String,
    },
    /// Not now, but this was no failure: the attempt is not counted.
    Snooze {
        /// Not before, product time.
        at: DateTime<Utc>,
    },
    /// It will not succeed by itself.
    Dead {
        /// Why.
        error: String,
    },
    /// It was stopped on request; the job goes to the history.
    Cancelled,
}

/// The end of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The run.
    pub ticket: Ticket,
    /// How it ended.
    pub verdict: Verdict,
}

/// What the reaper did with runs whose lease had run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reaped {
    /// Jobs that are due again.
    pub rescued: u64,
    /// Jobs that had no attempt left.
    pub dead: u64,
}

/// Port: the machine's side of the job queue.
///
/// Unscoped: a worker leases the work of all tenants; each job carries its own.
///
/// Every method is one statement. `Unavailable` means that nothing is known to have happened; repeating is safe for all
/// of them: a claim that was lost on the way expires with its lease, a repeated outcome is refused.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Adds jobs outside of a change set: platform work, or work that an operator asks for. A job whose unique key is
    /// taken is dropped silently. Returns how many were added.
    async fn enqueue(
        &self,
        scope: &PlatformScope,
        tenant: Option<TenantId>,
        jobs: &[JobSpec],
    ) -> Result<u64, StoreError>;

    /// Settles runs, and then leases due jobs for `lease` of real time, fairly among tenants, at most as many as there are
    /// slots. With [`Look::Recent`] some that are due may be left out; caps and serial keys hold as ever. Returns the
    /// refused runs, which are no longer this worker's and for which nothing was changed, and the jobs.
    async fn finish_and_claim(
        &self,
        worker: WorkerId,
        outcomes: &[Outcome],
        lease: Duration,
        demand: &[QueueDemand],
        look: Look,
    ) -> Result<(Vec<Ticket>, ClaimBatch), StoreError>;

    /// The second half alone.
    async fn claim(
        &self,
        worker: WorkerId,
        lease: Duration,
        demand: &[QueueDemand],
        look: Look,
    ) -> Result<ClaimBatch, StoreError> {
        Ok(self.finish_and_claim(worker, &[], lease, demand, look).await?.1)
    }

    /// Extends all leases of the worker to `lease` from now, in one statement.
    async fn extend(&self, worker: WorkerId, lease: Duration) -> Result<Heartbeat, StoreError>;

    /// The first half alone.
    async fn finish(&self, worker: WorkerId, outcomes: &[Outcome]) -> Result<Vec<Ticket>, StoreError>;

    /// Gives runs back that were not finished, due at once, without costing an attempt. Returns how many were.
    async fn hand_back(&self, worker: WorkerId, tickets: &[Ticket]) -> Result<u64, StoreError>;

    /// Frees the jobs of workers whose leases have run out. Any worker may do it at any time.
    async fn reap(&self) -> Result<Reaped, StoreError>;

    /// Notes how far a run has come, for the next attempt and for people. False if the run is no longer the worker's.
    async fn note_progress(
        &self,
        worker: WorkerId,
        ticket: Ticket,
        progress: Value,
    ) -> Result<bool, StoreError>;
}

/// Which dead jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadFilter {
    /// Only this one.
    pub job: Option<JobId>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only of this tenant.
    pub tenant: Option<TenantId>,
}

/// A job that will not be tried again by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadJob {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its queue.
    pub queue: String,
    /// Whose work it is.
    pub tenant: Option<TenantId>,
    /// Its input: ids, no personal data.
    pub payload: Value,
    /// Attempts made.
    pub attempt: i16,
    /// Why the last one failed.
    pub error: Option<String>,
    /// The chain it belongs to.
    pub correlation: Option<CorrelationId>,
}

/// What a cancellation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelResult {
    /// It was waiting and is gone.
    Removed,
    /// It is running; its worker stops it at the next heartbeat.
    Requested,
    /// There is no such live job.
    NotFound,
}

/// Numbers of one queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueStats {
    /// The queue.
    pub queue: String,
    /// Jobs that are due and not running.
    pub due: u64,
    /// Jobs whose time has not come.
    pub scheduled: u64,
    /// Running jobs.
    pub leased: u64,
    /// Dead jobs.
    pub dead: u64,
    /// How long the oldest due job has been due, in product time.
    pub oldest_due: Duration,
}

/// Port: people's side of the job queue. Every change names who made it and leaves a line in the history.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobAdministration: Send + Sync {
    /// Numbers of all queues that hold anything.
    async fn stats(&self, scope: &PlatformScope) -> Result<Vec<QueueStats>, StoreError>;

    /// Age of the oldest open transaction of the database: an old one keeps dead rows alive and slows every claim.
    /// `None` if there is none, or none that this role may see.
    async fn oldest_transaction(&self, scope: &PlatformScope) -> Result<Option<Duration>, StoreError>;

    /// Dead jobs behind `after`, oldest first, at most `limit`.
    async fn list_dead(
        &self,
        scope: &PlatformScope,
        filter: &DeadFilter,
        after: Option<JobId>,
        limit: u16,
    ) -> Result<Vec<DeadJob>, StoreError>;

    /// Makes dead jobs due again with fresh attempts; returns them. One whose unique key a live job holds stays dead.
    async fn requeue_dead(
        &self,
        scope: &PlatformScope,
        filter: &DeadFilter,
    ) -> Result<Vec<JobId>, StoreError>;

    /// Removes dead jobs for good; returns them.
    async fn discard_dead(
        &self,
        scope: &PlatformScope,
        filter: &DeadFilter,
    ) -> Result<Vec<JobId>, StoreError>;

    /// Stops a live job: a waiting one is removed, a running one is asked to stop.
    async fn cancel(&self, scope: &PlatformScope, job: JobId) -> Result<CancelResult, StoreError>;

    /// Makes room in the history for this month and `months_ahead` more; returns how many months were missing.
    async fn ensure_history(&self, scope: &PlatformScope, months_ahead: u16) -> Result<u32, StoreError>;

    /// Drops whole months of history that ended before `before`; returns how many.
    async fn drop_history(&self, scope: &PlatformScope, before: DateTime<Utc>) -> Result<u32, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_errors_have_a_bound_and_no_nul() {
        let text = bounded_error(&"\0ä".repeat(5_000));
        assert_eq!(text.chars().count(), MAX_ERROR_CHARS);
        assert!(!text.contains('\0'));
    }
}
