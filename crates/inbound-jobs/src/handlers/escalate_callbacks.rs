//! Finds promised callbacks that nobody made in time, and makes them urgent.
//!
//! A callback is marked once, so repeating it is harmless. The gauge is how many are late in all; one that could not be
//! marked is counted too, and makes the run fail when everything else is done.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct EscalateCallbacks(pub Arc<Maintenance>);

impl EscalateCallbacks {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "escalate_callbacks";
}

#[async_trait]
impl JobHandler for EscalateCallbacks {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let late = self.0.escalate_callbacks(context.platform()).await.map_err(|error| upkeep(&error))?;
        // A gauge is a floating point number; more than 2^32 late callbacks are as bad as 2^32.
        metrics::gauge!("callbacks_overdue")
            .set(u32::try_from(late.overdue).map_or(f64::from(u32::MAX), f64::from));
        metrics::counter!("callbacks_escalated_total").increment(late.marked);
        late.failure.map_or(Ok(()), |error| Err(upkeep(&error)))
    }
}
