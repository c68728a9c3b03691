//! Notes on a call what was done in it: booked, moved, cancelled, a callback promised, and for which customer.
//!
//! Set off by the facts of the appointment and the callback. Idempotent: an effect is a member of a set, and a customer
//! known by a better way is not replaced. Facts without a call (an import, the desk) need no note.

use std::sync::Arc;

use async_trait::async_trait;
use call::CallEffect;
use kernel::{CallId, CustomerId, JobSpec};
use operations::CallAftermath;
use operations::engine::StoredEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use servicedesk::CallbackReason;

use super::after_call;
use crate::handler::{JobContext, JobFailure, JobHandler};

/// What to note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectInCall {
    /// The call; absent if nobody was on the telephone.
    pub call_id: Option<CallId>,
    /// What was done, by its stored word.
    pub effect: String,
    /// For whom, where the fact says so.
    pub customer: Option<CustomerId>,
}

/// The handler.
#[derive(Clone)]
pub struct NoteEffect(pub Arc<CallAftermath>);

impl NoteEffect {
    /// Stable name of the kind.
    pub const KIND: &'static str = "note_effect";

    /// The job for a fact whose payload names a call and perhaps a customer.
    pub(crate) fn job_of(effect: CallEffect, event: &StoredEvent) -> JobSpec {
        // Each domain names its references in its own way.
        let field = |names: [&str; 2]| names.iter().find_map(|name| event.payload.get(*name)).cloned();
        // What must be told to a caller after the call is nothing that the call has achieved.
        let is_of_call = event.payload.get("reason").and_then(Value::as_str)
            != Some(CallbackReason::MessageUndeliverable.as_str());
        let call = field(["call", "call_id"]).filter(|_| is_of_call).unwrap_or(Value::Null);
        let customer = field(["customer", "customer_id"]);
        let key = format!("note:{}", call.as_str().unwrap_or("none"));
        let payload = json!({"call_id": call, "effect": effect.as_str(), "customer": customer});
        JobSpec::new(Self::KIND, payload).serial(key)
    }
}

#[async_trait]
impl JobHandler for NoteEffect {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let EffectInCall { call_id, effect, customer } = context.payload()?;
        let Some(call) = call_id else { return Ok(()) };
        let effect: CallEffect =
            effect.parse().map_err(|_| JobFailure::Permanent(format!("no such effect: {effect}")))?;
        let done = self.0.note_effect(context.tenant()?, call, effect, customer).await;
        done.map(drop).map_err(|error| after_call(&error))
    }
}
