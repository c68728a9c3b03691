use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::StoreError;
use operations::engine::Reaped;
use tokio_util::sync::CancellationToken;

use crate::core::{Core, pause};
use crate::metrics;

/// Months of history that exist in advance: one may be missed for a quarter before anything lands in the wrong place.
const MONTHS_AHEAD: u16 = 3;

/// How often the months are looked after; a month is long.
const MONTHS_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// From this age on an open transaction is worth an alert: dead rows behind it cannot be removed.
const OLD_TRANSACTION: Duration = Duration::from_secs(60);

/// Rescues the jobs of dead workers until it is told to stop. Every worker does; it needs no leader.
pub(crate) async fn reap(core: Arc<Core>, stop: CancellationToken) {
    while !pause(&stop, core.config.reap_every).await {
        if let Err(error) = reap_once(&core).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "expired leases cannot be freed");
        }
    }
}

pub(crate) async fn reap_once(core: &Core) -> Result<Reaped, StoreError> {
    let reaped = core.queue.reap().await?;
    if reaped != Reaped::default() {
        metrics::rescued(reaped.rescued + reaped.dead);
        tracing::warn!(
            rescued = reaped.rescued,
            dead = reaped.dead,
            "jobs of workers that went silent were freed"
        );
    }
    Ok(reaped)
}

/// Reads the gauges, and keeps months of history ready, until it is told to stop.
pub(crate) async fn measure(core: Arc<Core>, stop: CancellationToken) {
    let scope = core.platform("measure");
    let mut months_looked_after: Option<Instant> = None;
    while !pause(&stop, core.config.measure_every).await {
        let numbers = async {
            let queues = core.administration.stats(&scope).await?;
            let outbox = core.events.stats().await?;
            let oldest = core.administration.oldest_transaction(&scope).await?;
            metrics::measured(&queues, &outbox, oldest);
            if months_looked_after.is_none_or(|last| last.elapsed() >= MONTHS_EVERY) {
                core.administration.ensure_history(&scope, MONTHS_AHEAD).await?;
                months_looked_after = Some(Instant::now());
            }
            Ok::<_, StoreError>(oldest)
        };
        match numbers.await {
            Ok(Some(age)) if age >= OLD_TRANSACTION => {
                tracing::error!(seconds = age.as_secs(), "a transaction is open for too long");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the queue cannot be measured");
            }
        }
    }
}
