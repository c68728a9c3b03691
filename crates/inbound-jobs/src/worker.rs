use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use kernel::{Clock, IdGenerator, StoreError};
use operations::engine::{
    EventLog, JobAdministration, JobQueue, JobSignal, Look, QueueDemand, Schedules, WorkerId,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{ConfigProblem, WorkerConfig};
use crate::core::{Core, pause};
use crate::execute::execute;
use crate::registry::{Registry, RegistryProblem};
use crate::running::Running;
use crate::{dispatcher, heart, planner, runner, upkeep};

/// What a worker needs from outside.
#[derive(Clone)]
pub struct WorkerPorts {
    /// The jobs.
    pub queue: Arc<dyn JobQueue>,
    /// The facts.
    pub events: Arc<dyn EventLog>,
    /// The schedules.
    pub schedules: Arc<dyn Schedules>,
    /// Numbers for the gauges.
    pub administration: Arc<dyn JobAdministration>,
    /// The wake-up; without one the worker polls.
    pub signal: Option<Arc<dyn JobSignal>>,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
}

impl fmt::Debug for WorkerPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPorts").finish_non_exhaustive()
    }
}

/// Why a worker cannot be.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The configuration cannot work.
    #[error(transparent)]
    Config(#[from] ConfigProblem),
    /// The registry has mistakes.
    #[error("the registry of jobs has mistakes: {}", list(.0))]
    Registry(Vec<RegistryProblem>),
}

fn list(problems: &[RegistryProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// What [`Worker::drain`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Facts dispatched.
    pub dispatched: u64,
    /// Schedules fired.
    pub fired: u64,
    /// Jobs of dead workers freed.
    pub rescued: u64,
    /// Runs claimed.
    pub claimed: u64,
    /// Jobs done.
    pub done: u64,
    /// Runs that will be tried again.
    pub retried: u64,
    /// Jobs put off.
    pub snoozed: u64,
    /// Jobs that are dead now.
    pub dead: u64,
    /// Jobs stopped on request.
    pub cancelled: u64,
    /// Completions that the queue refused.
    pub refused: u64,
    /// True if the limit ended it before nothing was due any more.
    pub cut_short: bool,
}

/// Dispatcher, runner, schedules and upkeep of one process.
pub struct Worker {
    core: Arc<Core>,
    signal: Option<Arc<dyn JobSignal>>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("id", &self.core.worker)
            .field("registry", &self.core.registry)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that has not started.
    ///
    /// # Errors
    /// [`WorkerError`] if configuration or registry cannot work; nothing has been touched then.
    pub fn new(registry: Registry, ports: WorkerPorts, config: WorkerConfig) -> Result<Self, WorkerError> {
        config.check()?;
        registry.check().map_err(WorkerError::Registry)?;
        let core = Core {
            worker: WorkerId::generate(ports.ids.as_ref()),
            registry: Arc::new(registry),
            queue: ports.queue,
            events: ports.events,
            schedules: ports.schedules,
            administration: ports.administration,
            clock: ports.clock,
            ids: ports.ids,
            config,
            running: Running::default(),
            jobs_wake: Notify::new(),
            facts_wake: Notify::new(),
        };
        Ok(Self { core: Arc::new(core), signal: ports.signal })
    }

    /// The name of this start of a worker.
    #[must_use]
    pub fn id(&self) -> WorkerId {
        self.core.worker
    }

    /// Works until `shutdown` is cancelled, then stops claiming, waits for what runs, hands back what takes too long and
    /// returns. A store that is away is waited for, with a warning each time.
    pub async fn run(&self, shutdown: CancellationToken) {
        tracing::info!(worker = %self.core.worker, slots = self.core.config.slots(), "the worker starts");
        let tracker = TaskTracker::new();
        let core = || Arc::clone(&self.core);
        if let Some(signal) = &self.signal {
            tracker.spawn(listen(core(), Arc::clone(signal), shutdown.clone()));
        }
        tracker.spawn(dispatcher::run(core(), shutdown.clone()));
        tracker.spawn(planner::run(core(), shutdown.clone()));
        tracker.spawn(upkeep::reap(core(), shutdown.clone()));
        tracker.spawn(upkeep::measure(core(), shutdown.clone()));
        // The heart beats until the last lease is settled, not only until the shutdown begins.
        let heart_stop = CancellationToken::new();
        tracker.spawn(heart::run(core(), heart_stop.clone()));
        let runs = TaskTracker::new();
        runner::run(core(), runs, shutdown).await;
        heart_stop.cancel();
        tracker.close();
        tracker.wait().await;
        tracing::info!(worker = %self.core.worker, "the worker has stopped");
    }

    /// Frees, dispatches, fires and runs everything that is due now, until nothing is, without sleeping; at most
    /// `max_runs` runs, so that jobs which make jobs do not keep it for ever. What another worker has leased is left
    /// to it.
    ///
    /// # Errors
    /// [`StoreError`] as soon as the store fails; what was running has ended, unstored outcomes stay leased until their
    /// leases run out.
    pub async fn drain(&self, max_runs: u64) -> Result<DrainReport, StoreError> {
        let heart_stop = CancellationToken::new();
        let beating = heart::run(Arc::clone(&self.core), heart_stop.clone());
        let draining = async {
            let report = self.drain_beside_heart(max_runs).await;
            heart_stop.cancel();
            report
        };
        let (report, ()) = futures_util::join!(draining, beating);
        report
    }

    async fn drain_beside_heart(&self, max_runs: u64) -> Result<DrainReport, StoreError> {
        let core = &self.core;
        let names = planner::names(core);
        planner::declare(core).await?;
        let mut report = DrainReport::default();
        loop {
            let reaped = upkeep::reap_once(core).await?;
            report.rescued += reaped.rescued;
            report.dead += reaped.dead;
            let fired = planner::fire_due(core, &names).await?;
            report.fired += fired;
            let dispatched = dispatcher::round(core, Look::Whole).await?.events;
            report.dispatched += dispatched;
            let left = max_runs.saturating_sub(report.claimed);
            let claimed = self.wave(left, &mut report).await?;
            if claimed == 0 && fired == 0 && dispatched == 0 {
                return Ok(report);
            }
            if report.claimed >= max_runs {
                report.cut_short = true;
                return Ok(report);
            }
        }
    }

    /// Claims once, runs what came, and settles it.
    async fn wave(&self, left: u64, report: &mut DrainReport) -> Result<u64, StoreError> {
        let core = &self.core;
        let mut left = u16::try_from(left).unwrap_or(u16::MAX);
        let mut demand = Vec::new();
        for queue in &core.config.queues {
            let free = queue.concurrency.min(left);
            left -= free;
            demand.push(QueueDemand { queue: queue.name.clone(), free, tenant_cap: queue.tenant_cap });
        }
        let batch = core.queue.claim(core.worker, core.config.lease, &demand, Look::Whole).await?;
        let claimed = batch.jobs.len() as u64;
        let mut runs: FuturesUnordered<_> = batch
            .jobs
            .into_iter()
            .map(|job| {
                let stop = core.running.enter(job.ticket);
                execute(Arc::clone(core), job, stop, CancellationToken::new())
            })
            .collect();
        let mut ledger = runner::Ledger::default();
        while let Some(ended) = runs.next().await {
            ledger.enter(core, ended);
        }
        if !ledger.store(core).await {
            core.running.forget_all();
            return Err(StoreError::Unavailable("outcomes could not be stored".into()));
        }
        report.claimed += claimed;
        report.done += ledger.tally.done;
        report.retried += ledger.tally.retried;
        report.snoozed += ledger.tally.snoozed;
        report.dead += ledger.tally.dead;
        report.cancelled += ledger.tally.cancelled;
        report.refused += ledger.tally.refused;
        Ok(claimed)
    }
}

/// Passes notifications on.
async fn listen(core: Arc<Core>, signal: Arc<dyn JobSignal>, stop: CancellationToken) {
    loop {
        let waited = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            waited = signal.wait() => waited,
        };
        if let Err(error) = waited {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "notifications do not arrive; polling goes on"
            );
            if pause(&stop, core.config.poll).await {
                return;
            }
        }
        core.wake();
    }
}

#[cfg(test)]
mod tests;
