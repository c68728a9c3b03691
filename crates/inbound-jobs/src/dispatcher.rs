use std::sync::Arc;
use std::time::Instant;

use kernel::StoreError;
use operations::engine::{Dispatched, Look};
use tokio_util::sync::CancellationToken;

use crate::core::{Core, pause};
use crate::metrics;
use crate::pace::Pace;
use crate::registry::Registry;

/// Makes jobs of facts until it is told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    let mut pace = Pace::default();
    while !stop.is_cancelled() {
        let look = pace.look(Instant::now());
        let done = round(&core, look).await;
        match done {
            Ok(done) => {
                pace.note(look, done.looked, Instant::now());
                if done.jobs > 0 {
                    core.jobs_wake.notify_one();
                }
                // More may have come meanwhile, and nobody notifies a worker that is awake.
                if done.events > 0 {
                    continue;
                }
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
