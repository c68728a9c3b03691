use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Classify, Clock, PlatformScope, StoreError, TenantScope};
use operations::engine::{JobId, JobQueue, Ticket, WorkerId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// How long a run may take unless its handler says otherwise: far beyond any remote call with its retries, short enough
/// that a handler that hangs does not hold its slot for a night.
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(600);

/// The work of one kind of job.
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// Does the work. See the crate's documentation for what an implementation must bear: repetition, and being dropped
    /// at any `await`.
    ///
    /// # Errors
    /// What shall happen instead of success.
    async fn run(&self, context: JobContext) -> Result<(), JobFailure>;

    /// How long one run may take; then it is dropped and counts as failed.
    fn time_limit(&self) -> Duration {
        DEFAULT_TIME_LIMIT
    }
}

/// Why a run did not succeed, as what shall happen next. Reasons are stored and shown to operators: no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobFailure {
    /// Try again, at `at` or after the usual wait. The last attempt makes the job dead.
    Retry {
        /// Not before, product time.
        at: Option<DateTime<Utc>>,
        /// What went wrong.
        reason: String,
    },
    /// Trying again changes nothing: the job is dead at once.
    Permanent(String),
    /// Too early, or not now: no failure, and no attempt is counted.
    Snooze {
        /// Not before, product time. At least a second from now.
        at: DateTime<Utc>,
    },
}

/// A process learns the database's clock anew within this.
const CLOCK_LEARNT: TimeDelta = TimeDelta::minutes(1);

impl JobFailure {
    /// Try again after the usual wait.
    #[must_use]
    pub fn retry(reason: impl fmt::Display) -> Self {
        Self::Retry { at: None, reason: reason.to_string() }
    }

    /// Do not try again.
    #[must_use]
    pub fn permanent(reason: impl fmt::Display) -> Self {
        Self::Permanent(reason.to_string())
    }

    /// For a job that the queue gave out for `due`, which on this process's clock, `now`, is still to come: the clock of the
    /// database is ahead of it. It is put off by as much and a minute, in which a clock is learnt anew, so that it does not come
    /// again and again until then.
    #[must_use]
    pub fn too_early(due: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let ahead = (due - now).max(TimeDelta::zero()) + CLOCK_LEARNT;
        Self::Snooze { at: due.checked_add_signed(ahead).unwrap_or(due) }
    }

    /// What the class of an error means for a job: what may pass is tried again, the rest is not.
    #[must_use]
    pub fn of(error: &(impl Classify + fmt::Display)) -> Self {
        if error.class().may_pass() { Self::retry(error) } else { Self::permanent(error) }
    }
}

impl From<StoreError> for JobFailure {
    fn from(error: StoreError) -> Self {
        Self::of(&error)
    }
}

/// On whose behalf a job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobScope {
    /// A tenant's.
    Tenant(TenantScope),
    /// The platform's.
    Platform(PlatformScope),
}

/// Where progress is noted.
#[derive(Clone)]
pub(crate) struct ProgressSink {
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) worker: WorkerId,
    pub(crate) ticket: Ticket,
}

/// What a handler gets.
#[derive(Clone)]
pub struct JobContext {
    pub(crate) scope: JobScope,
    pub(crate) platform: PlatformScope,
    pub(crate) job: Option<JobId>,
    pub(crate) payload: Value,
    pub(crate) attempt: i16,
    pub(crate) max_attempts: i16,
    pub(crate) progress: Option<Value>,
    pub(crate) sink: Option<ProgressSink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shutdown: CancellationToken,
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext")
            .field("job", &self.job)
            .field("attempt", &self.attempt)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl JobContext {
    /// A first attempt outside of any queue: for tests of handlers, and for running one by hand.
    #[must_use]
    pub fn detached(
        platform: PlatformScope,
        tenant: Option<TenantScope>,
        payload: Value,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let scope = tenant.map_or_else(|| JobScope::Platform(platform.clone()), JobScope::Tenant);
        Self {
            scope,
            platform,
            job: None,
            payload,
            attempt: 1,
            max_attempts: 1,
            progress: None,
            sink: None,
            clock,
            shutdown: CancellationToken::new(),
        }
    }

    /// On whose behalf.
    #[must_use]
    pub const fn scope(&self) -> &JobScope {
        &self.scope
    }

    /// The tenant's scope.
    ///
    /// # Errors
    /// [`JobFailure::Permanent`] if the job belongs to no tenant.
    pub fn tenant(&self) -> Result<&TenantScope, JobFailure> {
        match &self.scope {
            JobScope::Tenant(scope) => Ok(scope),
            JobScope::Platform(_) => Err(JobFailure::permanent("the job belongs to no tenant")),
        }
    }

    /// The platform's scope, in the job's chain: for looking up whose a thing is. Also there for a tenant's job.
    #[must_use]
    pub const fn platform(&self) -> &PlatformScope {
        &self.platform
    }

    /// The job; `None` outside of a queue.
    #[must_use]
    pub const fn job(&self) -> Option<JobId> {
        self.job
    }

    /// The payload as the handler's type.
    ///
    /// # Errors
    /// [`JobFailure::Permanent`] if it has another shape.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobFailure> {
        T::deserialize(&self.payload).map_err(|error| {
            // The error's text may quote the payload; where it failed is enough.
            JobFailure::permanent(format_args!("the payload has another shape ({:?})", error.classify()))
        })
    }

    /// Whether an operator asked for it, and not the timetable: they wait for what comes of it, also where the next round
    /// would make up for a failure. Said by `{"by_hand": true}` in the payload.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        self.payload.get("by_hand").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> i16 {
        self.attempt
    }

    /// True if a failure now makes the job dead.
    #[must_use]
    pub const fn is_last_attempt(&self) -> bool {
        self.attempt >= self.max_attempts
    }

    /// What an earlier run noted.
    #[must_use]
    pub const fn progress(&self) -> Option<&Value> {
        self.progress.as_ref()
    }

    /// Notes how far the work has come, for the next attempt and for people.
    ///
    /// # Errors
    /// [`JobFailure::Retry`] if it could not be noted; also when the job is no longer this worker's.
    pub async fn note_progress(&self, progress: Value) -> Result<(), JobFailure> {
        let Some(sink) = &self.sink else { return Ok(()) };
        let ours = sink.queue.note_progress(sink.worker, sink.ticket, progress).await?;
        if ours { Ok(()) } else { Err(JobFailure::retry("the lease is lost")) }
    }

    /// Both clocks.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Cancelled when the process shuts down. Shutting down is not cancelling: a handler may finish, and a long one does
    /// well to note its progress and to snooze.
    #[must_use]
    pub const fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::{FixedClock, scope};
    use kernel::{Actor, CorrelationId};
    use serde_json::json;

    fn context(payload: Value, tenant: bool) -> JobContext {
        let platform =
            PlatformScope::new(Actor::Job("x".to_owned()), CorrelationId::from_uuid(uuid::Uuid::nil()));
        let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        JobContext::detached(platform, tenant.then(|| scope(1, None)), payload, clock)
    }

    #[test]
    fn what_comes_too_early_is_put_off_by_as_much() {
        let due = DateTime::UNIX_EPOCH;
        let again = |ahead: i64| match JobFailure::too_early(due, due - TimeDelta::seconds(ahead)) {
            JobFailure::Snooze { at } => (at - due).num_seconds(),
            other => panic!("{other:?}"),
        };
        assert_eq!([again(90), again(0), again(-5)], [150, 60, 60]);
        let last = DateTime::<Utc>::MAX_UTC;
        let far = JobFailure::too_early(last, last);
        assert!(matches!(far, JobFailure::Snooze { at } if at == last));
    }

    #[test]
    fn a_payload_of_another_shape_is_permanent_and_not_quoted() {
        let context = context(json!({"name": "Erika"}), true);
        let failure = context.payload::<Vec<u8>>().unwrap_err();
        assert!(matches!(&failure, JobFailure::Permanent(reason) if !reason.contains("Erika")));
        assert!(context.payload::<serde_json::Map<String, Value>>().is_ok());
    }

    #[test]
    fn a_tenant_is_never_made_up() {
        assert!(context(json!({}), true).tenant().is_ok());
        assert!(matches!(context(json!({}), false).tenant(), Err(JobFailure::Permanent(_))));
    }

    #[test]
    fn the_class_decides() {
        let passing = StoreError::Unavailable("gone".into());
        assert!(matches!(JobFailure::from(passing), JobFailure::Retry { at: None, .. }));
    }
}
