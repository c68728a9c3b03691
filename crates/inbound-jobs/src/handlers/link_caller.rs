//! Links a call to the customer whose number called.
//!
//! Set off by `call.ended`, so that the call of somebody who only asked has a customer, too. Idempotent: the same link
//! changes nothing, and a customer known by what was done in the call is not replaced.

use std::sync::Arc;

use async_trait::async_trait;
use operations::CallAftermath;

use super::{AboutCall, after_call};
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct LinkCaller(pub Arc<CallAftermath>);

impl LinkCaller {
    /// Stable name of the kind.
    pub const KIND: &'static str = "link_caller";
}

#[async_trait]
impl JobHandler for LinkCaller {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutCall { call_id } = context.payload()?;
        let done = self.0.link_caller(context.tenant()?, call_id).await;
        done.map(drop).map_err(|error| after_call(&error))
    }
}
