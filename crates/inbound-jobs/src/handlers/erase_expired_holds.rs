//! Erases holds that have expired.
//!
//! Idempotent: what is erased is gone. Nothing waits for it, since a claim removes the expired holds in its way; it keeps
//! the table small.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct EraseExpiredHolds(pub Arc<Maintenance>);

impl EraseExpiredHolds {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "erase_expired_holds";
}

#[async_trait]
impl JobHandler for EraseExpiredHolds {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let erased = self.0.erase_expired_holds(context.platform()).await.map_err(|error| upkeep(&error))?;
        metrics::counter!("holds_expired_total").increment(erased);
        Ok(())
    }
}
