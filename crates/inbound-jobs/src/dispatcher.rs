use std::sync::Arc;

use kernel::StoreError;
use operations::engine::{Dispatched, Look};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::core::{Core, pause};
use crate::metrics;
use crate::pace::{Pace, WORTHWHILE};
use crate::registry::Registry;

/// Makes jobs of facts until it is told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    let mut pace = Pace::default();
    // Rounds with few facts that followed one another: a fact that comes alone waits for no others.
    let mut in_a_row = 0_u32;
    while !stop.is_cancelled() {
        let begun = Instant::now();
        let look = pace.look(begun);
        let done = round(&core, look).await;
        pace.note_asked(begun, Instant::now());
        match done {
            Ok(done) => {
                pace.note(look, done.looked, Instant::now());
                if done.jobs > 0 {
                    core.jobs_wake.notify_one();
                }
                // More may have come meanwhile, and nobody notifies a worker that is awake.
                if done.events > 0 {
                    in_a_row = if done.events < WORTHWHILE as u64 { in_a_row + 1 } else { 0 };
                    if in_a_row > 1 {
                        pause(&stop, pace.rest(Instant::now())).await;
                    }
                    continue;
                }
                in_a_row = 0;
            }
            Err(error) => {
                pace.note_failed(look, Instant::now());
                tracing::warn!(error = &error as &dyn std::error::Error, "facts cannot be dispatched");
                pause(&stop, core.config.poll).await;
                continue;
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = core.facts_wake.notified() => {}
            () = tokio::time::sleep(pace.wait(Instant::now(), core.config.poll)) => {}
        }
    }
}

/// One transaction's worth.
pub(crate) async fn round(core: &Core, look: Look) -> Result<Dispatched, StoreError> {
    let router = Arc::<Registry>::clone(&core.registry);
    let done = core.events.dispatch(router, core.config.dispatch_batch, look).await?;
    if done.events > 0 {
        metrics::dispatched(done.events);
        tracing::debug!(events = done.events, jobs = done.jobs, "facts were dispatched");
    }
    Ok(done)
}
