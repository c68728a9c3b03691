//! Charges the customer for a call.
//!
//! Set off by `call.ended` and `call.duration_changed`. Idempotent: there is one charge per call, made from the duration
//! that the call has when the job runs; a repetition finds nothing to do, and another duration becomes a correction.

use std::sync::Arc;

use async_trait::async_trait;
use operations::aftermath::{CallAftermath, Done};

use super::{AboutCall, after_call};
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct SettleCall(pub Arc<CallAftermath>);

impl SettleCall {
    /// Stable name of the kind.
    pub const KIND: &'static str = "settle_call";
}

#[async_trait]
impl JobHandler for SettleCall {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutCall { call_id } = context.payload()?;
        let done = self.0.settle(context.tenant()?, call_id).await.map_err(|error| after_call(&error))?;
        if done == Done::Changed {
            metrics::counter!("billing_charge_entries_total").increment(1);
        }
        Ok(())
    }
}
