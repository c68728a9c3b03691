//! Fails calls that nobody ended.
//!
//! Idempotent: a call that has ended or failed is left alone. A late report of its end still counts.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct FailStuckCalls(pub Arc<Maintenance>);

impl FailStuckCalls {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "fail_stuck_calls";
}

#[async_trait]
impl JobHandler for FailStuckCalls {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let done = self.0.fail_stuck_calls(context.platform()).await.map_err(|error| upkeep(&error))?;
        let failed = done.given_up;
        if failed > 0 {
            tracing::warn!(failed, "calls were given up, nobody reported their end");
        }
        metrics::counter!("calls_stuck_total").increment(failed.into());
        done.failure.map_or(Ok(()), |error| Err(upkeep(&error.into())))
    }
}
