//! Does what follows from a call: holds are given back, the company is charged, the provider's cost is recorded, and the
//! call belongs to the customer whose number called.
//!
//! Set off by `call.ended`, `call.failed`, `call.duration_changed` and `call.cost_known`. Idempotent: each step reads what is
//! there and adds what is missing. Without it holds would expire two minutes later; with it the next caller gets their time
//! at once.

use std::sync::Arc;

use async_trait::async_trait;
use billing::{CostDecision, Settlement};
use operations::CallAftermath;

use super::{AboutCall, after_call};
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct FollowUpCall(pub Arc<CallAftermath>);

impl FollowUpCall {
    /// Stable name of the kind.
    pub const KIND: &'static str = "follow_up_call";
    /// Kinds of which this is the whole: a worker of an older release may have left some.
    pub const PARTS: [&'static str; 4] = ["settle_call", "record_call_cost", "release_holds", "link_caller"];
}

#[async_trait]
impl JobHandler for FollowUpCall {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutCall { call_id } = context.payload()?;
        let followed =
            self.0.follow_up(context.tenant()?, call_id).await.map_err(|error| after_call(&error))?;
        if let Ok(settled) = &followed.account {
            if matches!(settled.charge, Ok(Settlement::Charged(_) | Settlement::Corrected(_))) {
                metrics::counter!("billing_charge_entries_total").increment(1);
            }
            if matches!(settled.cost, Ok(CostDecision::Append(_))) {
                metrics::counter!("billing_cost_versions_total").increment(1);
            }
        }
        followed.failure().map_or(Ok(()), |error| Err(after_call(&error)))
    }
}
