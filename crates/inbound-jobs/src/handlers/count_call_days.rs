//! Counts the calls of days that are over, so that the counters of calls need not.
//!
//! Repeating it is harmless: a day is counted once, and again after one of its calls was changed. The answer does not
//! depend on it, only how long it takes.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct CountCallDays(pub Arc<Maintenance>);

impl CountCallDays {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "count_call_days";
}

#[async_trait]
impl JobHandler for CountCallDays {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let days = self.0.count_call_days(context.platform()).await.map_err(|error| upkeep(&error))?;
        metrics::counter!("call_days_counted_total").increment(days);
        Ok(())
    }
}
