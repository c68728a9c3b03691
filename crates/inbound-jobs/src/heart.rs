use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use operations::engine::{Heartbeat, Ticket};
use tokio_util::sync::CancellationToken;

use crate::core::{Core, pause};
use crate::metrics;
use crate::settle::Stop;

/// Extends the leases every third of their length, in one statement, until it is told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    let mut last_beat = Instant::now();
    let mut suspects = HashSet::new();
    while !pause(&stop, core.config.lease / 3).await {
        // Only runs that were there before the beat can be missing from its answer.
        let before = core.running.tickets();
        match core.queue.extend(core.worker, core.config.lease).await {
            Ok(beat) => {
                last_beat = Instant::now();
                lose(&core, &before, &beat);
                suspects = hand_back_strays(&core, &suspects, &beat).await;
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "leases cannot be extended");
                if last_beat.elapsed() >= core.config.lease && !before.is_empty() {
                    // Other workers may have taken the jobs over: what still runs here must not go on beside them.
                    metrics::leases_lost(before.len());
                    core.running.stop_all(Stop::Lost);
                }
            }
        }
    }
}

fn lose(core: &Core, before: &HashSet<Ticket>, beat: &Heartbeat) {
    let held: HashSet<Ticket> = beat.held.iter().copied().collect();
    let lost: Vec<Ticket> = before.difference(&held).copied().collect();
    for ticket in &lost {
        // A run whose outcome was stored during the beat has left by now, and stopping it does nothing.
        core.running.stop(*ticket, Stop::Lost);
    }
    let lost = lost.iter().filter(|ticket| core.running.tickets().contains(ticket)).count();
    if lost > 0 {
        metrics::leases_lost(lost);
        tracing::warn!(jobs = lost, "leases are lost; the runs were stopped");
    }
    for ticket in &beat.cancelled {
        core.running.stop(*ticket, Stop::Cancelled);
    }
}

/// Leases that the store counts as ours and nobody here knows: the answer to a claim was lost on its way. They are handed
/// back when two beats in a row find them, since a claim may be under way during one.
async fn hand_back_strays(core: &Core, suspects: &HashSet<Ticket>, beat: &Heartbeat) -> HashSet<Ticket> {
    let known = core.running.tickets();
    let strays: HashSet<Ticket> =
        beat.held.iter().copied().filter(|ticket| !known.contains(ticket)).collect();
    let proven: Vec<Ticket> = strays.intersection(suspects).copied().collect();
    if !proven.is_empty() {
        match core.queue.hand_back(core.worker, &proven).await {
            Ok(jobs) => tracing::warn!(jobs, "leases that nobody answers for were handed back"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "stray leases remain"),
        }
    }
    strays
}
