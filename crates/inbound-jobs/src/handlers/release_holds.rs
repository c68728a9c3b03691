//! Gives back the times that were held for a call that is over.
//!
//! Set off by `call.ended` and `call.failed`. Idempotent: holds that are gone are no error. Without it they would expire
//! two minutes later; with it the next caller gets them at once.

use std::sync::Arc;

use async_trait::async_trait;
use operations::CallAftermath;

use super::{AboutCall, after_call};
use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct ReleaseHolds(pub Arc<CallAftermath>);

impl ReleaseHolds {
    /// Stable name of the kind.
    pub const KIND: &'static str = "release_holds";
}

#[async_trait]
impl JobHandler for ReleaseHolds {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutCall { call_id } = context.payload()?;
        self.0.release_holds(context.tenant()?, call_id).await.map(drop).map_err(|error| after_call(&error))
    }
}
