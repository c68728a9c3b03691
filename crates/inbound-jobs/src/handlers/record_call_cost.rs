//! Records what the provider charges for a call.
//!
//! Set off by `call.cost_known` and, for an estimate until then, by `call.ended`. Idempotent: a version is added only if
//! the cost differs from the last one, and an estimate never follows a report.

use std::sync::Arc;

use async_trait::async_trait;
use operations::aftermath::{CallAftermath, Done};

use super::{AboutCall, after_call};
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct RecordCallCost(pub Arc<CallAftermath>);

impl RecordCallCost {
    /// Stable name of the kind.
    pub const KIND: &'static str = "record_call_cost";
}

#[async_trait]
impl JobHandler for RecordCallCost {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutCall { call_id } = context.payload()?;
        let done =
            self.0.record_cost(context.tenant()?, call_id).await.map_err(|error| after_call(&error))?;
        if done == Done::Changed {
            metrics::counter!("billing_cost_versions_total").increment(1);
        }
        Ok(())
    }
}
