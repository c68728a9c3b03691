//! What background work needs from its store: jobs, facts to dispatch, schedules, a wake-up.
//!
//! The vocabulary:
//!
//! * a **fact** ([`StoredEvent`]) is what a change set emitted; it is turned once into one job per subscription;
//! * a **job** is one piece of work; a worker **leases** it ([`Leased`]), runs it and reports an [`Outcome`];
//! * a [`Ticket`] names one run of one job. It is the fencing token: whoever holds an older ticket, or is another
//!   worker, changes nothing any more;
//! * an **attempt** is a run that counts towards the job's limit. It is counted when it is claimed, so that a job that
//!   kills its worker reaches the limit; snoozing and handing back take the counting back;
//! * a job is **dead** when it will not be tried again until a person says so.
//!
//! Two clocks: [`JobSpec::run_at`](kernel::JobSpec) and schedules are product time, leases are real time.
//!
//! The ports here work across tenants, since the platform serves all of them with the same workers. What runs is
//! handed the tenant of the job as a scope, never these ports.

mod jobs;
mod plan;

pub use jobs::{
    CancelResult, ClaimBatch, DeadFilter, DeadJob, Heartbeat, JobAdministration, JobId, JobQueue, Leased,
    Look, Outcome, QueueDemand, QueueStats, Reaped, Ticket, Verdict, WorkerId, bounded_error,
};
pub use plan::{
    Dispatched, DueSchedule, EventLog, EventRouter, JobSignal, OutboxStats, ScheduleDeclaration, Schedules,
    StoredEvent,
};

#[cfg(any(test, feature = "testing"))]
pub use jobs::{MockJobAdministration, MockJobQueue};
#[cfg(any(test, feature = "testing"))]
pub use plan::{MockEventLog, MockJobSignal, MockSchedules};
