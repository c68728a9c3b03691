//! Compares what the assistant said it had done with what was committed, once a call is over.
//!
//! Set off by `call.ended` and `call.analyzed`, whichever brings the transcript; a moment later, so that what was under way
//! when the caller hung up is committed. Idempotent: a finding is seen to once.

use async_trait::async_trait;
use chrono::TimeDelta;
use kernel::JobSpec;
use operations::SaidAndDone;
use operations::engine::StoredEvent;
use operations::said_and_done::Mismatch;

use super::AboutCall;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// Time for the last tool of a call to end; longer than its deadline.
const TOOLS_SECONDS: i64 = 20;

/// The handler.
#[derive(Clone)]
pub struct CompareSaidAndDone(SaidAndDone);

impl CompareSaidAndDone {
    /// Stable name of the kind.
    pub const KIND: &'static str = "compare_said_and_done";

    /// The handler. What it counts is there from the beginning, so that the first finding is a growth.
    #[must_use]
    pub fn new(desk: SaidAndDone) -> Self {
        for mismatch in Mismatch::ALL {
            count(*mismatch, 0);
        }
        Self(desk)
    }

    /// The job that follows from the end or the analysis of a call.
    pub(crate) fn job_of(event: &StoredEvent) -> JobSpec {
        let later = event.occurred_at.checked_add_signed(TimeDelta::seconds(TOOLS_SECONDS));
        AboutCall::job_of(Self::KIND, "said", event).at(later.unwrap_or(event.occurred_at))
    }
}

#[async_trait]
impl JobHandler for CompareSaidAndDone {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutCall { call_id } = context.payload()?;
        let found = self.0.look(context.tenant()?, call_id).await.map_err(|error| JobFailure::of(&error))?;
        for finding in found {
            count(finding.mismatch, 1);
        }
        Ok(())
    }
}

fn count(mismatch: Mismatch, by: u64) {
    metrics::counter!("call_mismatches_total", "mismatch" => mismatch.as_str()).increment(by);
}
