//! Erases what has been kept long enough: webhooks, outcomes, dispatched facts, the history of jobs.
//!
//! Idempotent: what is erased is gone. It erases in batches and leaves the rest to its next run.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct EraseOld(pub Arc<Maintenance>);

impl EraseOld {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "erase_old";
}

#[async_trait]
impl JobHandler for EraseOld {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let erased = self.0.erase_old(context.platform()).await.map_err(|error| upkeep(&error))?;
        tracing::info!(
            webhooks = erased.webhooks,
            unreviewed = erased.unreviewed,
            outcomes = erased.outcomes,
            facts = erased.facts,
            history_partitions = erased.history_partitions,
            "old rows were erased"
        );
        Ok(())
    }
}
