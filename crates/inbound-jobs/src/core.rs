use std::sync::Arc;
use std::time::Duration;

use kernel::{Actor, Clock, CorrelationId, IdGenerator, PlatformScope};
use operations::engine::{EventLog, JobAdministration, JobQueue, Schedules, WorkerId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::WorkerConfig;
use crate::registry::Registry;
use crate::running::Running;

/// What all parts of a worker share.
pub(crate) struct Core {
    pub(crate) worker: WorkerId,
    pub(crate) registry: Arc<Registry>,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) events: Arc<dyn EventLog>,
    pub(crate) schedules: Arc<dyn Schedules>,
    pub(crate) administration: Arc<dyn JobAdministration>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) config: WorkerConfig,
    pub(crate) running: Running,
    /// Something may be due.
    pub(crate) jobs_wake: Notify,
    /// A fact may be waiting.
    pub(crate) facts_wake: Notify,
}

impl Core {
    /// Scope of the engine's own work, in a chain of its own.
    pub(crate) fn platform(&self, part: &str) -> PlatformScope {
        PlatformScope::new(Actor::Job(part.to_owned()), CorrelationId::generate(self.ids.as_ref()))
    }

    pub(crate) fn wake(&self) {
        self.jobs_wake.notify_one();
        self.facts_wake.notify_one();
    }
}

/// Sleeps, unless it is told to stop. True if it was.
pub(crate) async fn pause(stop: &CancellationToken, duration: Duration) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => true,
        () = tokio::time::sleep(duration) => false,
    }
}
