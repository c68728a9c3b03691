//! Catches up on calls whose events did not arrive.
//!
//! Comes again by itself, and by hand after an outage. Idempotent: what is known is left alone, and what is stored twice is
//! stored once. An archive that does not answer is asked again by the next round.

use async_trait::async_trait;
use operations::CallCatchUp;
use operations::catch_up::CaughtUp;

use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct SyncRetellCalls(pub CallCatchUp);

impl SyncRetellCalls {
    /// Stable name of the kind.
    pub const KIND: &'static str = "sync-retell-calls";
}

#[async_trait]
impl JobHandler for SyncRetellCalls {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let done = self.0.run(context.platform()).await.map_err(|error| JobFailure::of(&error))?;
        metrics::counter!("calls_caught_up_total").increment(done.stored.into());
        let failures = done.failed + done.unreadable + done.open;
        metrics::counter!("calls_catch_up_failures_total").increment(failures.into());
        if (CaughtUp { seen: 0, ..done }) != CaughtUp::default() {
            tracing::info!(?done, "caught up on calls");
        }
        if done.failed > 0 && context.is_by_hand() {
            let many = done.failed;
            return Err(JobFailure::permanent(format!(
                "the archive could not be read to its end with {many} of the keys, the worker's log says why"
            )));
        }
        Ok(())
    }
}
