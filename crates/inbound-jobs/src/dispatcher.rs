use std::sync::Arc;

use kernel::StoreError;
use operations::engine::Dispatched;
use tokio_util::sync::CancellationToken;

use crate::core::{Core, pause};
use crate::metrics;
use crate::registry::Registry;

/// Makes jobs of facts until it is told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match round(&core).await {
            Ok(done) if done.events >= u64::from(core.config.dispatch_batch) => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "facts cannot be dispatched");
                pause(&stop, core.config.poll).await;
                continue;
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = core.facts_wake.notified() => {}
            () = tokio::time::sleep(core.config.poll) => {}
        }
    }
}

/// One transaction's worth.
pub(crate) async fn round(core: &Core) -> Result<Dispatched, StoreError> {
    let done =
        core.events.dispatch(Arc::<Registry>::clone(&core.registry), core.config.dispatch_batch).await?;
    if done.events > 0 {
        metrics::dispatched(done.events);
        tracing::debug!(events = done.events, jobs = done.jobs, "facts were dispatched");
    }
    Ok(done)
}
