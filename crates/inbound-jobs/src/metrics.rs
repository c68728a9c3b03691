//! Names of the engine's metrics, each in one place.

use std::time::Duration;

use operations::engine::{OutboxStats, QueueStats, Verdict};

const UNKNOWN: &str = "unknown";

/// The kind as a label: names that are not registered would make endless series.
fn kind_label(kind: &str, registered: bool) -> String {
    if registered { kind } else { UNKNOWN }.to_owned()
}

pub(crate) fn claimed(queue: &str, jobs: usize) {
    metrics::counter!("engine_jobs_claimed_total", "queue" => queue.to_owned()).increment(jobs as u64);
}

pub(crate) fn ended(kind: &str, registered: bool, verdict: &Verdict, took: Duration) {
    let name = match verdict {
        Verdict::Done => "engine_jobs_done_total",
        Verdict::Retry { .. } => "engine_jobs_retried_total",
        Verdict::Snooze { .. } => "engine_jobs_snoozed_total",
        Verdict::Dead { .. } => "engine_jobs_dead_total",
        Verdict::Cancelled => "engine_jobs_cancelled_total",
    };
    metrics::counter!(name, "kind" => kind_label(kind, registered)).increment(1);
    metrics::histogram!("engine_job_seconds", "kind" => kind_label(kind, registered))
        .record(took.as_secs_f64());
}

pub(crate) fn refused(completions: usize) {
    metrics::counter!("engine_refused_completions_total").increment(completions as u64);
}

pub(crate) fn leases_lost(runs: usize) {
    metrics::counter!("engine_leases_lost_total").increment(runs as u64);
}

pub(crate) fn rescued(jobs: u64) {
    metrics::counter!("engine_jobs_rescued_total").increment(jobs);
}

pub(crate) fn fired(schedule: &'static str) {
    metrics::counter!("engine_schedules_fired_total", "schedule" => schedule).increment(1);
}

pub(crate) fn dispatched(events: u64) {
    metrics::counter!("engine_events_dispatched_total").increment(events);
}

pub(crate) fn measured(queues: &[QueueStats], outbox: &OutboxStats, oldest_transaction: Option<Duration>) {
    for queue in queues {
        let set = |name: &'static str, value: f64| {
            metrics::gauge!(name, "queue" => queue.queue.clone()).set(value);
        };
        set("engine_queue_depth", as_number(queue.due));
        set("engine_queue_scheduled", as_number(queue.scheduled));
        set("engine_queue_leased", as_number(queue.leased));
        set("engine_queue_dead", as_number(queue.dead));
        set("engine_queue_oldest_due_seconds", queue.oldest_due.as_secs_f64());
    }
    metrics::gauge!("engine_outbox_waiting").set(as_number(outbox.waiting));
    metrics::gauge!("engine_outbox_oldest_seconds").set(outbox.oldest.as_secs_f64());
    metrics::gauge!("engine_oldest_transaction_seconds")
        .set(oldest_transaction.map_or(0.0, |age| age.as_secs_f64()));
}

/// A count for a gauge, which knows only floats; exact up to four thousand million, at which nobody counts any more.
fn as_number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
