//! Erases what is personal of old calls, and drops the months in which nothing is left.
//!
//! What is erased is not found again, so repeating it is harmless.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct EraseCalls(pub Arc<Maintenance>);

impl EraseCalls {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "erase_calls";
}

#[async_trait]
impl JobHandler for EraseCalls {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let erased = self.0.erase_calls(context.platform()).await.map_err(|error| upkeep(&error))?;
        tracing::info!(calls = erased.calls, months = erased.months, "old calls were erased");
        metrics::counter!("calls_erased_total").increment(erased.calls);
        Ok(())
    }
}
