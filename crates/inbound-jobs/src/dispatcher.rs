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
    // Whether the last round found few facts: only what follows such a round is put off, a fact that comes alone is not.
    let mut after_few = false;
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
                    let are_few = done.events < WORTHWHILE as u64;
                    if are_few && after_few {
                        pause(&stop, pace.rest(Instant::now())).await;
                    }
                    after_few = are_few;
                    continue;
                }
                after_few = false;
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
