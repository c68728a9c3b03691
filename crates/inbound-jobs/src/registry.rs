use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::JobSpec;
use operations::engine::{EventRouter, StoredEvent};
use serde_json::json;

use crate::handler::JobHandler;
use crate::timetable::{Timetable, TimetableError};

type BuildJob = Arc<dyn Fn(&StoredEvent) -> JobSpec + Send + Sync>;

struct Subscription {
    event: &'static str,
    kind: &'static str,
    build: BuildJob,
}

pub(crate) struct ScheduleEntry {
    pub(crate) name: &'static str,
    pub(crate) timetable: Timetable,
    pub(crate) job: JobSpec,
}

/// What a registry cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryProblem {
    /// Two handlers for one kind.
    #[error("the kind `{0}` has two handlers")]
    DuplicateKind(&'static str),
    /// A kind is both handled and retired.
    #[error("the kind `{0}` is retired and has a handler")]
    RetiredKindHandled(&'static str),
    /// A kind, schedule or queue name that the store would refuse.
    #[error("`{0}` is not a name: lower case letters, digits, `_`, `.` and `-`, at most 100, a letter first")]
    BadName(&'static str),
    /// A subscription or schedule names a kind that nobody handles.
    #[error("`{origin}` makes jobs of the kind `{kind}`, which has no handler")]
    NoHandler {
        /// The event or schedule.
        origin: &'static str,
        /// The kind.
        kind: &'static str,
    },
    /// One event makes two jobs of one kind.
    #[error("the event `{event}` is subscribed twice by `{kind}`")]
    DuplicateSubscription {
        /// The event.
        event: &'static str,
        /// The kind.
        kind: &'static str,
    },
    /// Two schedules of one name.
    #[error("the schedule `{0}` is there twice")]
    DuplicateSchedule(&'static str),
    /// A schedule that no clock can follow.
    #[error("the schedule `{name}`: {error}")]
    BadSchedule {
        /// The schedule.
        name: &'static str,
        /// What is wrong.
        error: TimetableError,
    },
}

/// The one list of kinds, subscriptions, schedules and retired names.
///
/// ```text
/// Registry::new()
///     .handler("charge_call", Arc::new(ChargeCall::new(billing)))
///     .subscribe("call.ended", "charge_call", |event| JobSpec::new("charge_call", event.payload.clone()))
///     .schedule("nightly_upkeep", "30 2 * * *", "Europe/Berlin", JobSpec::new("upkeep", json!({})))
///     .retired("old_name")
/// ```
///
/// Mistakes are collected while it is built and reported by [`Self::check`], which the worker calls before it starts.
#[derive(Default)]
pub struct Registry {
    handlers: BTreeMap<&'static str, Arc<dyn JobHandler>>,
    retired: BTreeSet<&'static str>,
    subscriptions: Vec<Subscription>,
    schedules: Vec<ScheduleEntry>,
    problems: Vec<RegistryProblem>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("kinds", &self.handlers.keys())
            .field("retired", &self.retired)
            .field("events", &self.events().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What the registry knows about a kind.
pub(crate) enum Known {
    Handled(Arc<dyn JobHandler>),
    Retired,
    Unknown,
}

impl Registry {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The handler of a kind.
    #[must_use]
    pub fn handler(mut self, kind: &'static str, handler: Arc<dyn JobHandler>) -> Self {
        self.name(kind);
        if self.handlers.insert(kind, handler).is_some() {
            self.problems.push(RegistryProblem::DuplicateKind(kind));
        }
        self
    }

    /// Makes a job of `kind` of every event of that name. `build` is pure; the job gets the event's tenant and chain.
    #[must_use]
    pub fn subscribe(
        mut self,
        event: &'static str,
        kind: &'static str,
        build: impl Fn(&StoredEvent) -> JobSpec + Send + Sync + 'static,
    ) -> Self {
        if self.subscriptions.iter().any(|one| one.event == event && one.kind == kind) {
            self.problems.push(RegistryProblem::DuplicateSubscription { event, kind });
        }
        self.subscriptions.push(Subscription { event, kind, build: Arc::new(build) });
        self
    }

    /// Adds `job`, as the platform's own, whenever the pattern says so on the wall clock of `zone`, in product time. Times
    /// that pass while no worker runs are made up for once, not once each.
    #[must_use]
    pub fn schedule(
        mut self,
        name: &'static str,
        pattern: &'static str,
        zone: &'static str,
        job: JobSpec,
    ) -> Self {
        self.name(name);
        if self.schedules.iter().any(|one| one.name == name) {
            self.problems.push(RegistryProblem::DuplicateSchedule(name));
        }
        let checked = Timetable::parse(pattern, zone).and_then(|timetable| {
            // Any instant does: a pattern that never comes after it never comes.
            timetable.next_after(DateTime::UNIX_EPOCH)?;
            Ok(timetable)
        });
        match checked {
            Ok(timetable) => self.schedules.push(ScheduleEntry { name, timetable, job }),
            Err(error) => self.problems.push(RegistryProblem::BadSchedule { name, error }),
        }
        self
    }

    /// A kind that no longer exists; what is still queued of it counts as done.
    #[must_use]
    pub fn retired(mut self, kind: &'static str) -> Self {
        self.retired.insert(kind);
        self
    }

    fn name(&mut self, name: &'static str) {
        if !is_name(name) {
            self.problems.push(RegistryProblem::BadName(name));
        }
    }

    /// Says what is wrong with the list.
    ///
    /// # Errors
    /// Every problem that was found.
    pub fn check(&self) -> Result<(), Vec<RegistryProblem>> {
        let mut problems = self.problems.clone();
        for kind in &self.retired {
            if self.handlers.contains_key(kind) {
                problems.push(RegistryProblem::RetiredKindHandled(kind));
            }
        }
        let sources = self
            .subscriptions
            .iter()
            .map(|one| (one.event, one.kind))
            .chain(self.schedules.iter().map(|one| (one.name, one.job.kind)));
        for (origin, kind) in sources {
            if !self.handlers.contains_key(kind) {
                problems.push(RegistryProblem::NoHandler { origin, kind });
            }
        }
        for one in &self.schedules {
            if !is_name(one.job.queue) {
                problems.push(RegistryProblem::BadName(one.job.queue));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The kinds that have a handler.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.handlers.keys().copied()
    }

    /// The events that somebody subscribes to, each once.
    pub fn events(&self) -> impl Iterator<Item = &'static str> + '_ {
        let names: BTreeSet<_> = self.subscriptions.iter().map(|one| one.event).collect();
        names.into_iter()
    }

    /// The job that a schedule adds, for running it by hand.
    #[must_use]
    pub fn scheduled_job(&self, name: &str) -> Option<&JobSpec> {
        self.schedules.iter().find(|one| one.name == name).map(|one| &one.job)
    }

    pub(crate) fn schedules(&self) -> &[ScheduleEntry] {
        &self.schedules
    }

    pub(crate) fn find(&self, kind: &str) -> Known {
        match self.handlers.get(kind) {
            Some(handler) => Known::Handled(Arc::clone(handler)),
            None if self.retired.contains(kind) => Known::Retired,
            None => Known::Unknown,
        }
    }
}

impl ScheduleEntry {
    pub(crate) fn next_after(&self, instant: DateTime<Utc>) -> Result<DateTime<Utc>, TimetableError> {
        self.timetable.next_after(instant)
    }
}

impl EventRouter for Registry {
    fn jobs_for(&self, event: &StoredEvent) -> Vec<JobSpec> {
        self.subscriptions
            .iter()
            .filter(|one| one.event == event.name)
            .map(|one| {
                // One event that a builder cannot bear must not stop the dispatcher for all: the job is made all the
                // same, and its handler refuses the payload where an operator sees it.
                let built = catch_unwind(AssertUnwindSafe(|| (one.build)(event))).unwrap_or_else(|_| {
                    tracing::error!(event.name = %event.name, event.id = %event.id, job.kind = one.kind,
                        "a subscription cannot make a job of this event");
                    JobSpec::new(one.kind, json!({ "unusable_event": event.id }))
                });
                storable(built, one.kind)
            })
            .collect()
    }
}

/// Longest unique or serial key that the store takes, in characters.
const MAX_KEY_CHARS: usize = 300;

/// A job that the store will take: one that it refused would hold up the facts behind it.
fn storable(mut job: JobSpec, kind: &'static str) -> JobSpec {
    job.kind = kind;
    if !is_name(job.queue) || job.queue.len() > 50 {
        tracing::error!(job.kind = kind, job.queue, "no such queue; the job goes to `default`");
        job.queue = "default";
    }
    job.max_attempts = job.max_attempts.clamp(1, 100);
    for key in [&mut job.unique_key, &mut job.serial_key] {
        if key.as_ref().is_some_and(|key| key.chars().count() > MAX_KEY_CHARS) {
            tracing::error!(job.kind = kind, "a key is too long; the job goes without");
            *key = None;
        }
    }
    job
}

/// What the store accepts as the name of a kind, a schedule or a queue.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && text.len() <= 100
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')
        })
}

#[cfg(test)]
mod tests;
