//! The payload of every job that follows from a call.

use kernel::{CallId, JobSpec};
use operations::engine::StoredEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which call. Nothing else: the handler reads the call as it is when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutCall {
    /// The call.
    pub call_id: CallId,
}

impl AboutCall {
    /// A job of `kind` about the call of an event, one after another with other jobs of the same `topic` and call.
    ///
    /// It has no unique key on purpose: a job that is running counts as live, may have read the call already, and must
    /// not keep a newer one from being added. Of the facts of one commit, one job is enough.
    pub(crate) fn job_of(kind: &'static str, topic: &str, event: &StoredEvent) -> JobSpec {
        let call = event.payload.get("call_id").cloned().unwrap_or(Value::Null);
        let key = format!("{topic}:{}", call.as_str().unwrap_or("unknown"));
        JobSpec::new(kind, json!({ "call_id": call })).serial(key).reading_anew()
    }
}
