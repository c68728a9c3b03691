//! The question before a call: may it come, and what should the assistant know?

use adapter_retell::decode::{self, Identity};
use adapter_retell::encode::{Acceptance, InboundReply, inbound_reply};
use axum::Json;
use axum::response::{IntoResponse, Response};
use operations::Admission;
use serde_json::Value;
use voice::{InboundAnswer, InboundCall};

use super::events::store;
use crate::edge::Edge;
use crate::guard::RequestContext;
use crate::refusal::Refusal;

/// Answers while the caller hears ringing, and keeps the question.
///
/// If no answer is found in time the provider gets 503 and asks again; an invented answer could send a caller to
/// somebody else.
pub(crate) async fn answer(
    edge: &Edge,
    context: &RequestContext,
    identity: &Identity,
    body: &[u8],
) -> Result<Response, Refusal> {
    let question = decode::inbound(body)
        .map_err(|_| Refusal::bad_request("not_decodable", "the question cannot be read"))?;
    let call = InboundCall {
        call_id: question.call_id.map(|id| id.as_str().to_owned()),
        from_number: question.from_number,
        to_number: question.to_number,
        agent_id: question.agent_id,
        correlation: context.correlation,
    };
    let asked = edge.parts().voice.inbound(call);
    let answered = match tokio::time::timeout(edge.limits().inbound_deadline, asked).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(error)) => {
            metrics::counter!("inbound_calls_total", "answer" => "failed").increment(1);
            // Whatever the class: a caller is waiting, and a repetition is the only thing that can help.
            tracing::error!(error = %crate::refusal::chain(&error), "an incoming call could not be answered");
            return Err(Refusal::unavailable("inbound_failed"));
        }
        Err(_) => {
            metrics::counter!("inbound_calls_total", "answer" => "late").increment(1);
            return Err(Refusal::unavailable("inbound_late"));
        }
    };
    let (reply, admission, label) = match answered {
        InboundAnswer::Reject { reason } => {
            metrics::counter!("webhooks_unrouted_total", "reason" => reason).increment(1);
            tracing::warn!(reason, "an incoming call was rejected");
            (InboundReply::Reject, Admission::Unrouted(reason), "rejected")
        }
        InboundAnswer::Accept { dynamic_variables, metadata } => {
            let metadata = metadata.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
            let acceptance = Acceptance { agent_id: None, variables: dynamic_variables, metadata };
            // With an id the question is the first news of its call, which the worker writes down.
            let admission =
                if identity.subject.is_empty() { Admission::Answered } else { Admission::Process };
            (InboundReply::Accept(acceptance), admission, "accepted")
        }
    };
    metrics::counter!("inbound_calls_total", "answer" => label).increment(1);
    store(edge, context, identity, body, admission).await?;
    Ok(Json(inbound_reply(&reply)).into_response())
}
