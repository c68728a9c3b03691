//! Makes the partitions of the coming months.
//!
//! Idempotent: what exists stays. It runs daily although it is needed monthly, so that a failure has weeks to be seen.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct EnsurePartitions(pub Arc<Maintenance>);

impl EnsurePartitions {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "ensure_partitions";
}

#[async_trait]
impl JobHandler for EnsurePartitions {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let report = self.0.ensure_partitions(context.platform()).await.map_err(|error| upkeep(&error))?;
        let strays = u32::try_from(report.default_with_rows.len()).unwrap_or(u32::MAX);
        metrics::gauge!("partitions_default_with_rows").set(f64::from(strays));
        Ok(())
    }
}
