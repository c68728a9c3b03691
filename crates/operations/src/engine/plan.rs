use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, EventId, JobSpec, StoreError, TenantId};
use serde_json::Value;

use super::{Look, WorkerId};

/// A fact from the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Unique per fact.
    pub id: EventId,
    /// Whose fact it is; `None` is the platform's own.
    pub tenant: Option<TenantId>,
    /// `area.what_happened`.
    pub name: String,
    /// Version of the payload's shape.
    pub version: i16,
    /// Ids and plain facts.
    pub payload: Value,
    /// The chain it belongs to; the jobs made of it continue it.
    pub correlation: Option<CorrelationId>,
    /// Product time of the fact.
    pub occurred_at: DateTime<Utc>,
}

/// Says which jobs a fact sets in motion. Pure: it is asked while a transaction is open.
pub trait EventRouter: Send + Sync {
    /// One job per subscription; empty if nobody subscribes.
    fn jobs_for(&self, event: &StoredEvent) -> Vec<JobSpec>;
}

/// What one round of dispatching did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dispatched {
    /// Facts that are dispatched now.
    pub events: u64,
    /// Jobs that were made of them.
    pub jobs: u64,
    /// How long it took to see whether facts are waiting.
    pub looked: Duration,
}

/// Numbers of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxStats {
    /// Facts that wait to be dispatched.
    pub waiting: u64,
    /// Age of the oldest of them, in product time.
    pub oldest: Duration,
}

/// Port: the outbox, as the dispatcher sees it.
///
/// Unscoped: the dispatcher serves all tenants; each fact carries its own.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Takes up to `limit` facts that nobody else is taking, adds the jobs that `router` names, with the tenant and the
    /// chain of the fact, and marks the facts, all in one transaction. No position is the last one: transactions become
    /// visible out of order, so only [`Look::Whole`] finds all that is waiting.
    async fn dispatch(
        &self,
        router: Arc<dyn EventRouter>,
        limit: u16,
        look: Look,
    ) -> Result<Dispatched, StoreError>;

    /// Numbers of the outbox.
    async fn stats(&self) -> Result<OutboxStats, StoreError>;

    /// Removes up to `limit` facts that were dispatched before `before`; returns how many.
    async fn forget_dispatched(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError>;
}

/// A schedule as the registry declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleDeclaration {
    /// Unique name.
    pub name: String,
    /// The pattern, five or six fields.
    pub cron: String,
    /// IANA name of the zone whose wall clock the pattern means.
    pub zone: String,
    /// First occurrence, if the schedule is new or its pattern or zone has changed.
    pub next_at: DateTime<Utc>,
}

/// A schedule whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSchedule {
    /// Its name.
    pub name: String,
    /// The occurrence that is due.
    pub due_at: DateTime<Utc>,
    /// Product time at the store, from which the next occurrence is computed.
    pub now: DateTime<Utc>,
}

/// Port: schedules and the lease of the one worker that minds them.
///
/// Unscoped: schedules are the platform's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Adds schedules that are new and replaces those whose pattern or zone has changed. Others keep their next time,
    /// and those that are not named stay as they are: another version of the worker may know them.
    async fn declare(&self, schedules: &[ScheduleDeclaration]) -> Result<(), StoreError>;

    /// Takes or keeps the lead for `lease` of real time. False if another worker has it.
    async fn lead(&self, worker: WorkerId, lease: Duration) -> Result<bool, StoreError>;

    /// Gives the lead up, if it is this worker's.
    async fn resign(&self, worker: WorkerId) -> Result<(), StoreError>;

    /// Those of the named schedules whose time has come.
    async fn due(&self, names: &[String]) -> Result<Vec<DueSchedule>, StoreError>;

    /// How long until the first of the named schedules is due; `None` if there is none.
    async fn next_due_in(&self, names: &[String]) -> Result<Option<Duration>, StoreError>;

    /// Adds the job of an occurrence and moves the schedule on to `next`, in one statement, if the occurrence is still
    /// the one that is due. False if somebody else has fired it: a worker that was frozen between [`Self::due`] and
    /// this call changes nothing.
    async fn fire(
        &self,
        occurrence: &DueSchedule,
        next: DateTime<Utc>,
        job: &JobSpec,
        correlation: CorrelationId,
    ) -> Result<bool, StoreError>;
}

/// Port: the wake-up. Missing one costs at most the poll interval. A return says that looking may be worth while, not that
/// there is something.
///
/// Unscoped: it says only that there is something.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobSignal: Send + Sync {
    /// Returns when somebody has added jobs or facts since the last return, or when that may have been missed.
    async fn wait(&self) -> Result<(), StoreError>;
}
