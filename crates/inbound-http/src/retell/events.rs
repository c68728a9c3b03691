//! Call events: stored, then answered. Understanding them is the worker's business.

use adapter_retell::decode::{self, Identity};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use operations::ports::{Provider, Stored};
use operations::{Admission, Delivery};
use serde_json::json;

use super::inbound;
use crate::edge::Edge;
use crate::guard::RequestContext;
use crate::refusal::Refusal;
use crate::{arrival, body};

/// `POST /api/webhooks/retell` and its old name.
pub(crate) async fn receive(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, edge.limits().max_event_body).await?;
    super::prove(&edge, &head.headers, &body)?;
    let Ok(identity) = decode::identify(&body) else {
        // Signed and yet not JSON: kept for whoever has to find out why, and refused.
        let admission = Admission::Quarantine("not JSON".to_owned());
        store(&edge, &context, &Identity::default(), &body, admission).await?;
        return Err(Refusal::bad_request("not_json", "the body is not JSON"));
    };
    if identity.event == "call_inbound" {
        return inbound::answer(&edge, &context, &identity, &body).await;
    }
    let stored = store(&edge, &context, &identity, &body, Admission::Process).await?;
    if stored == Stored::New && identity.event == "call_started" {
        make_known(&edge, &context, &body).await;
    }
    let news = arrival::news(event_label(&identity.event), stored, &body);
    Ok((StatusCode::OK, Extension(news), Json(json!({"status": arrival::word(stored)}))).into_response())
}

/// A call that has begun is known before the provider hears that its news arrived: a tool with arguments alone may name
/// it a moment later. It is tried for as long as a tool may take; the worker records the call in any case.
async fn make_known(edge: &Edge, context: &RequestContext, body: &[u8]) {
    let Some(call) = decode::tool_request(body, Some("call_started")).ok().and_then(|read| read.call) else {
        return;
    };
    let known = edge.parts().voice.begun(super::tools::envelope_call(call), context.correlation);
    if tokio::time::timeout(edge.limits().tool_deadline, known).await.is_err() {
        tracing::warn!("a call that has begun was not made known in time");
    }
}

/// Stores a delivery.
pub(crate) async fn store(
    edge: &Edge,
    context: &RequestContext,
    identity: &Identity,
    body: &[u8],
    admission: Admission,
) -> Result<Stored, Refusal> {
    let delivery = Delivery {
        provider: Provider::Retell,
        event: &identity.event,
        subject: &identity.subject,
        body,
        correlation: context.correlation,
    };
    arrival::store(edge, (delivery, event_label(&identity.event)), admission).await
}

/// Names that the provider documents; whatever else it sends is one label, so that nobody fills the metrics.
fn event_label(event: &str) -> &'static str {
    const KNOWN: [&str; 17] = [
        "call_inbound",
        "call_started",
        "call_ended",
        "call_analyzed",
        "transcript_updated",
        "transfer_started",
        "transfer_bridged",
        "transfer_cancelled",
        "transfer_ended",
        "chat_inbound",
        "chat_started",
        "chat_ended",
        "chat_analyzed",
        "alert_triggered",
        "alert_resolved",
        "tool_call",
        "",
    ];
    KNOWN
        .into_iter()
        .find(|known| *known == event)
        .map_or("other", |known| if known.is_empty() { "none" } else { known })
}
