//! Looks whether somebody still looks after the exchange rate.
//!
//! It reads and tells, so repeating it is harmless. The gauge is the age in days; without any rate it is
//! infinite, not zero.

use std::sync::Arc;

use async_trait::async_trait;
use operations::Maintenance;

use super::upkeep;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler. Its payload is empty.
#[derive(Clone)]
pub struct CheckFx(pub Arc<Maintenance>);

impl CheckFx {
    /// Stable name of the kind, and of its schedule.
    pub const KIND: &'static str = "check_fx";
}

#[async_trait]
impl JobHandler for CheckFx {
    async fn run(&self, _: JobContext) -> Result<(), JobFailure> {
        let age = self.0.check_fx().await.map_err(|error| upkeep(&error))?;
        let days = age.days.and_then(|days| u32::try_from(days).ok());
        metrics::gauge!("billing_fx_age_days").set(days.map_or(f64::INFINITY, f64::from));
        metrics::gauge!("billing_fx_stale").set(if age.is_stale { 1.0 } else { 0.0 });
        Ok(())
    }
}
