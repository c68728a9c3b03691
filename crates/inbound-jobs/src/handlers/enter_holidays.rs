//! Enters the public holidays of the coming years as closed days of each branch.
//!
//! Idempotent: a day that is closed already, for whatever reason, stays as it is.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct EnterHolidays(pub Arc<Maintenance>);

impl EnterHolidays {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "enter_holidays";
}

#[async_trait]
impl JobHandler for EnterHolidays {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let added = self.0.enter_holidays(context.platform()).await.map_err(|error| upkeep(&error))?;
        if added > 0 {
            tracing::info!(added, "holidays were entered");
        }
        Ok(())
    }
}
