//! The job engine's store: outbox, jobs, history, schedules, leader, wake-up.
//!
//! One struct per port, each over the pool of the login role `worker`, which may read and change the schema `engine`
//! across tenants. Change sets add jobs and facts under the role `tenant` instead, inside their own transaction.
//!
//! Claiming and settling live in the database (`engine.finish_and_claim`, see the migrations): a claim takes its lock and
//! its snapshot in that order, and must end on the server even if the worker that asked has frozen. So does what a worker
//! says before it sleeps (`engine.fall_asleep`).

mod administration;
mod enqueue;
mod events;
mod queue;
mod schedules;
mod signal;

pub use administration::PgJobAdministration;
pub use events::PgEventLog;
pub use queue::PgJobQueue;
pub use schedules::PgSchedules;
pub use signal::PgJobSignal;

use std::time::Duration;

use crate::statements::NamedStatement;

/// Every statement of this module, for the test that prepares them all against the migrated schema.
pub fn statements() -> impl Iterator<Item = NamedStatement> {
    [
        ("engine::administration", administration::STATEMENTS),
        ("engine::enqueue", enqueue::STATEMENTS),
        ("engine::events", events::STATEMENTS),
        ("engine::queue", queue::STATEMENTS),
        ("engine::schedules", schedules::STATEMENTS),
        ("engine::signal", signal::STATEMENTS),
    ]
    .into_iter()
    .flat_map(|(module, list)| list.iter().map(move |(name, sql)| NamedStatement { module, name, sql }))
}

/// Milliseconds for a statement; a duration beyond the range is for ever anyway.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A duration that a statement gave in milliseconds; negative ones are over.
fn from_millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A count of a statement.
fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_never_wrap() {
        assert_eq!(millis(Duration::MAX), i64::MAX);
        assert_eq!(from_millis(-5), Duration::ZERO);
    }
}
