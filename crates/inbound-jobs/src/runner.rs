use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use kernel::{Classify, ErrorClass, StoreError};
use operations::engine::{ClaimBatch, Leased, Look, Outcome, QueueDemand, Ticket, Verdict};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::core::Core;
use crate::execute::{Ended, execute};
use crate::metrics;
use crate::pace::{Pace, WORTHWHILE};
use crate::settle::{Attempt, Settlement, Stop, settle};

/// How long a shutdown waits for runs that were told to stop; one that does not stop blocks its thread, and its lease
/// is left to run out.
const STOPPING: Duration = Duration::from_secs(2);

/// Runs that have ended and are not stored yet.
#[derive(Default)]
pub(crate) struct Ledger {
    outcomes: Vec<Outcome>,
    /// How many of these are of each queue.
    waiting: HashMap<String, u16>,
    handed_back: Vec<Ticket>,
    pub(crate) tally: Tally,
}

/// What became of runs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) done: u64,
    pub(crate) retried: u64,
    pub(crate) snoozed: u64,
    pub(crate) dead: u64,
    pub(crate) cancelled: u64,
    pub(crate) refused: u64,
}

impl Ledger {
    /// Decides what becomes of a run.
    pub(crate) fn enter(&mut self, core: &Core, ended: Ended) {
        let Ended { job, end, took } = ended;
        let registered = core.registry.kinds().any(|kind| kind == job.kind);
        let attempt = Attempt { number: job.attempt, limit: job.max_attempts };
        let settlement = settle(end, attempt, core.clock.now(), rand::random(), core.config.backoff);
        match settlement {
            Settlement::Forget => core.running.leave(job.ticket),
            Settlement::HandBack => self.handed_back.push(job.ticket),
            Settlement::Report(verdict) => {
                tell(&job, &verdict, took);
                metrics::ended(&job.kind, registered, &verdict, took);
                self.tally.count(&verdict);
                self.outcomes.push(Outcome { ticket: job.ticket, verdict });
                *self.waiting.entry(job.queue).or_default() += 1;
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.handed_back.is_empty()
    }

    /// Whether enough has ended to be worth a request: half of a queue's slots, or as much as one costs little more for.
    fn is_worthwhile(&self, core: &Core) -> bool {
        let half = |queue: &str| {
            let configured = core.config.queues.iter().find(|one| one.name == queue);
            configured.map_or(1, |one| one.concurrency.div_ceil(2))
        };
        self.outcomes.len() >= WORTHWHILE || self.waiting.iter().any(|(queue, many)| *many >= half(queue))
    }

    /// Stores what has ended and claims in the same statement; the demand may count the slots of what has ended.
    async fn exchange(
        &mut self,
        core: &Core,
        demand: &[QueueDemand],
        look: Look,
    ) -> Result<ClaimBatch, StoreError> {
        let exchanged =
            core.queue.finish_and_claim(core.worker, &self.outcomes, core.config.lease, demand, look).await;
        let (refused, batch) = exchanged?;
        self.note_settled(core, &refused);
        Ok(batch)
    }

    fn note_settled(&mut self, core: &Core, refused: &[Ticket]) {
        self.note_refused(refused);
        self.waiting.clear();
        for outcome in self.outcomes.drain(..) {
            core.running.leave(outcome.ticket);
        }
    }

    /// Stores what is waiting. False if the store is not there; then everything waits on, still leased.
    pub(crate) async fn store(&mut self, core: &Core) -> bool {
        if !self.outcomes.is_empty() {
            match core.queue.finish(core.worker, &self.outcomes).await {
                Ok(refused) => self.note_settled(core, &refused),
                Err(error) if error.class() == ErrorClass::Busy => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "outcomes cannot be stored yet");
                    return false;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "outcomes were refused as a batch"
                    );
                    return self.store_one_by_one(core).await;
                }
            }
        }
        if !self.handed_back.is_empty() {
            if let Err(error) = core.queue.hand_back(core.worker, &self.handed_back).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "leases cannot be handed back yet");
                return false;
            }
            for ticket in self.handed_back.drain(..) {
                core.running.leave(ticket);
            }
        }
        true
    }

    /// One outcome that the store cannot take must not hold the others: that job becomes dead with the reason.
    async fn store_one_by_one(&mut self, core: &Core) -> bool {
        self.waiting.clear();
        for outcome in std::mem::take(&mut self.outcomes) {
            let ticket = outcome.ticket;
            let mut stored = core.queue.finish(core.worker, &[outcome]).await;
            if stored.is_err() {
                let dead = Outcome {
                    ticket,
                    verdict: Verdict::Dead { error: "its outcome could not be stored".to_owned() },
                };
                stored = core.queue.finish(core.worker, &[dead]).await;
            }
            match stored {
                Ok(refused) => self.note_refused(&refused),
                // No longer answered for, so the heartbeat finds it and hands it back.
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, job.id = %ticket.job,
                    "an outcome is lost"),
            }
            core.running.leave(ticket);
        }
        true
    }

    fn note_refused(&mut self, refused: &[Ticket]) {
        self.tally.refused += refused.len() as u64;
        metrics::refused(refused.len());
        for ticket in refused {
            tracing::warn!(job.id = %ticket.job, job.run = ticket.run,
                "the completion of a run was refused: it was no longer this worker's");
        }
    }
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Done => &mut self.done,
            Verdict::Retry { .. } => &mut self.retried,
            Verdict::Snooze { .. } => &mut self.snoozed,
            Verdict::Dead { .. } => &mut self.dead,
            Verdict::Cancelled => &mut self.cancelled,
        } += 1;
    }
}

fn tell(job: &Leased, verdict: &Verdict, took: Duration) {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match verdict {
        Verdict::Dead { error } => tracing::error!(job.id = %job.ticket.job, job.kind = %job.kind,
            job.attempt = job.attempt, duration_ms = millis, error, "a job is dead"),
        Verdict::Retry { at, error } => tracing::warn!(job.id = %job.ticket.job, job.kind = %job.kind,
            job.attempt = job.attempt, duration_ms = millis, next = %at, error, "a job failed"),
        other => tracing::debug!(job.id = %job.ticket.job, job.kind = %job.kind, job.attempt = job.attempt,
            duration_ms = millis, verdict = ?other, "a job ended"),
    }
}

/// The slots of a worker.
struct Slots<'a> {
    core: &'a Core,
    taken: HashMap<String, u16>,
}

impl<'a> Slots<'a> {
    fn new(core: &'a Core) -> Self {
        Self { core, taken: HashMap::new() }
    }

    /// Of every queue, those without room too: what is due in them says where the next claim begins.
    fn demand(&self) -> Vec<QueueDemand> {
        let queues = self.core.config.queues.iter().map(|queue| QueueDemand {
            queue: queue.name.clone(),
            free: queue.concurrency.saturating_sub(self.taken.get(&queue.name).copied().unwrap_or(0)),
            tenant_cap: queue.tenant_cap,
        });
        queues.collect()
    }

    fn take(&mut self, queue: &str) {
        *self.taken.entry(queue.to_owned()).or_default() += 1;
    }

    /// A run has ended: its slot is free, and what becomes of it is decided.
    fn give_back(&mut self, one: Ended, ledger: &mut Ledger) {
        if let Some(taken) = self.taken.get_mut(&one.job.queue) {
            *taken = taken.saturating_sub(1);
        }
        ledger.enter(self.core, one);
    }

    fn all_free(&self) -> bool {
        self.taken.values().all(|taken| *taken == 0)
    }
}

/// Claims, runs and settles until it is told to stop; then waits, and hands back what is left.
pub(crate) async fn run(core: Arc<Core>, tracker: TaskTracker, stop: CancellationToken) {
    // As many places as slots: a run that has ended never waits for room.
    let (sender, mut ended) = mpsc::channel::<Ended>(core.config.slots().max(1));
    let shutdown = CancellationToken::new();
    let mut slots = Slots::new(&core);
    let mut ledger = Ledger::default();
    let mut look = true;
    let mut pace = Pace::default();
    while !stop.is_cancelled() {
        // Everything that has ended meanwhile is settled in one statement.
        while let Ok(one) = ended.try_recv() {
            slots.give_back(one, &mut ledger);
            look = true;
        }
        // While nothing runs, nothing could join what is asked for now.
        let rests = !slots.all_free() && !ledger.is_worthwhile(&core);
        let rest = if rests { pace.rest(Instant::now()) } else { Duration::ZERO };
        if !rest.is_zero() {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                Some(one) = ended.recv() => {
                    slots.give_back(one, &mut ledger);
                    look = true;
                }
                () = tokio::time::sleep(rest) => {}
            }
            continue;
        }
        let mut wait = core.config.poll;
        let demand = slots.demand();
        let claims = look && demand.iter().any(|one| one.free > 0);
        // What ends while something can be claimed is stored with the claim; what goes back is stored alone.
        let stored = ledger.handed_back.is_empty() && (claims || ledger.is_empty());
        if (stored || ledger.store(&core).await) && claims {
            let begun = Instant::now();
            let reach = pace.look(begun);
            // This claim sees all that was announced before it; only what comes from here on is worth another.
            let _ = core.jobs_wake.notified().now_or_never();
            let exchanged = ledger.exchange(&core, &demand, reach).await;
            pace.note_asked(begun, Instant::now());
            match exchanged {
                Ok(batch) => {
                    pace.note(reach, batch.looked, Instant::now());
                    look = may_have_left(&batch, &demand, reach);
                    wait = pace.wait(Instant::now(), wait.min(batch.next_due_in.unwrap_or(wait)));
                    for job in batch.jobs {
                        // The server has crashed and forgot the claim: it is the run that goes on here.
                        if core.running.is_on(job.ticket) {
                            continue;
                        }
                        slots.take(&job.queue);
                        metrics::claimed(&job.queue, 1);
                        let stop_run = core.running.enter(job.ticket);
                        let run = execute(Arc::clone(&core), job, stop_run, shutdown.clone());
                        let sender = sender.clone();
                        tracker.spawn(async move {
                            // The receiver is gone only when the worker is; then the lease runs out.
                            let _ = sender.send(run.await).await;
                        });
                    }
                    if look {
                        continue;
                    }
                }
                Err(error) => {
                    look = false;
                    tracing::warn!(error = &error as &dyn std::error::Error, "jobs cannot be claimed");
                    pace.note_failed(reach, Instant::now());
                    // What was announced before is found by the poll. Neither a claim that waits too long nor an outcome
                    // that is to blame may keep the others.
                    ledger.store(&core).await;
                }
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            Some(one) = ended.recv() => {
                gather(&core, one, (&mut slots, &mut ledger), &mut ended, &stop).await;
                look = true;
            }
            () = core.jobs_wake.notified() => look = true,
            () = tokio::time::sleep(wait) => look = true,
        }
    }
    shutdown.cancel();
    wind_down(&core, &mut slots, &mut ledger, &mut ended).await;
}

/// Whether a claim that brought something may have left something that could run now. A queue that it filled has no room
/// for more, and one that brought nothing had nothing; in between, jobs of one series may have hidden others. A look that
/// is not for everything may have seen one queue's jobs alone.
fn may_have_left(batch: &ClaimBatch, demand: &[QueueDemand], look: Look) -> bool {
    let brought = |queue: &str| batch.jobs.iter().filter(|job| job.queue == queue).count();
    let has_room = demand.iter().any(|one| (1..usize::from(one.free)).contains(&brought(&one.queue)));
    has_room || look == Look::Recent && !batch.jobs.is_empty()
}

/// A run has ended. Others that end within a moment are settled with it, in one statement. The moment is over as soon as no
/// run is left that could end, enough have ended, or something new is due; what follows may rest longer then.
async fn gather(
    core: &Core,
    first: Ended,
    (slots, ledger): (&mut Slots<'_>, &mut Ledger),
    ended: &mut mpsc::Receiver<Ended>,
    stop: &CancellationToken,
) {
    let moment = tokio::time::sleep(core.config.linger);
    tokio::pin!(moment);
    // Runs that need no more than their turn end now.
    tokio::task::yield_now().await;
    let mut next = Some(first);
    while let Some(one) = next {
        slots.give_back(one, ledger);
        next = ended.try_recv().ok();
        if next.is_some() {
            continue;
        }
        if ledger.is_worthwhile(core) || slots.all_free() {
            return;
        }
        next = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            one = ended.recv() => one,
            () = core.jobs_wake.notified() => None,
            () = &mut moment => None,
        };
    }
}

/// Waits for the runs; those that take longer than the grace are stopped and handed back.
async fn wind_down(
    core: &Core,
    slots: &mut Slots<'_>,
    ledger: &mut Ledger,
    ended: &mut mpsc::Receiver<Ended>,
) {
    let begin = Instant::now();
    // What was gathered waits for no further end.
    ledger.store(core).await;
    for (until, last) in [(core.config.grace, false), (core.config.grace + STOPPING, true)] {
        if last {
            core.running.stop_all(Stop::HandBack);
        }
        while !slots.all_free() || !ledger.is_empty() {
            let left = until.saturating_sub(begin.elapsed());
            if left.is_zero() {
                break;
            }
            match tokio::time::timeout(left.min(core.config.poll), ended.recv()).await {
                Ok(Some(one)) => {
                    slots.give_back(one, ledger);
                    while let Ok(one) = ended.try_recv() {
                        slots.give_back(one, ledger);
                    }
                }
                Ok(None) => return,
                Err(_) => {}
            }
            ledger.store(core).await;
        }
    }
    let left = core.running.tickets().len();
    if left > 0 {
        tracing::warn!(jobs = left, "jobs could not be stopped or stored; their leases will run out");
    }
}
