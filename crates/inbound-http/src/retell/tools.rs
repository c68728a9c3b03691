//! Voice tools: always an answer, always in time, never a claim that nobody can vouch for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use adapter_retell::decode::{self, DecodeError, Identity, ToolEnvelope};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use operations::Admission;
use serde_json::Map;
use tracing::{Instrument, Span};
use voice::{Answered, EnvelopeCall, Mode, NextAction, Status, ToolReply, ToolRequest, VoiceDesk};

use super::events::store;
use crate::body;
use crate::edge::Edge;
use crate::guard::RequestContext;
use crate::refusal::Refusal;

/// The routes that take any tool; the body names it.
pub(crate) async fn any_tool(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    serve(edge, context, request, None, Mode::Free).await
}

/// The routes whose last part names the tool.
pub(crate) async fn one_tool(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    Path(tool): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    serve(edge, context, request, Some(&tool), Mode::Free).await
}

/// The old route that only looks, whatever the arguments say.
pub(crate) async fn look_only(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    serve(edge, context, request, Some("collect_appointment_info"), Mode::LookOnly).await
}

/// The old route that books, since the caller has confirmed.
pub(crate) async fn book(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    serve(edge, context, request, Some("collect_appointment_info"), Mode::Book).await
}

async fn serve(
    edge: Edge,
    context: RequestContext,
    request: Request,
    path_tool: Option<&str>,
    mode: Mode,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, edge.limits().max_body).await?;
    super::prove(&edge, &head.headers, &body)?;
    let verified = Instant::now();
    let envelope = match decode::tool_request(&body, path_tool) {
        Ok(envelope) => envelope,
        Err(error) => {
            metrics::counter!("voice_tool_unreadable_total").increment(1);
            tracing::warn!(%error, "a tool call could not be read");
            if error == DecodeError::NotJson {
                keep(&edge, &context, &body).await;
            }
            return Ok(spoken(&unreadable()));
        }
    };
    let request = tool_request(envelope, mode, &context);
    let arrival = Arrival { at: context.arrived, read_us: micros(verified.duration_since(context.arrived)) };
    let reply = answer_in_time(&edge, &context, request, arrival).await;
    Ok(spoken(&reply))
}

/// When a tool call arrived, and how long it took to read and prove it.
#[derive(Clone, Copy)]
struct Arrival {
    at: Instant,
    read_us: u32,
}

/// The desk works on a task of its own, which a deadline does not cancel: a commit on its way is carried through, and
/// the next call of the tool reads its outcome.
async fn answer_in_time(
    edge: &Edge,
    context: &RequestContext,
    request: ToolRequest,
    arrival: Arrival,
) -> ToolReply {
    let tool = request.tool.clone();
    let call_id = request.call.as_ref().and_then(|call| call.call_id.clone());
    let label = tool_label(&tool);
    let overdue = Arc::new(AtomicBool::new(false));
    let late = Arc::clone(&overdue);
    let voice = Arc::clone(&edge.parts().voice);
    let slot = context.slot.clone();
    let span = Span::current();
    let work = async move {
        let answered = voice.answer(request).await;
        trace(&answered, arrival, late.load(Ordering::Relaxed));
        // Held until here: work that has outlived its request counts as work.
        drop(slot);
        answered.reply
    };
    let task = edge.parts().tasks.spawn(work.instrument(span));
    let left = edge.limits().tool_deadline.saturating_sub(arrival.at.elapsed());
    let reply = match tokio::time::timeout(left, task).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => {
            metrics::counter!("voice_tool_panics_total", "tool" => label).increment(1);
            match error.try_into_panic() {
                Ok(panic) => {
                    let panic = crate::guard::panic_text(&*panic);
                    tracing::error!(tool = label, panic, "a tool panicked");
                }
                Err(error) => tracing::error!(tool = label, %error, "a tool was stopped"),
            }
            broken(&tool, call_id.as_deref())
        }
        Err(_) => {
            overdue.store(true, Ordering::Relaxed);
            metrics::counter!("voice_tool_overdue_total", "tool" => label).increment(1);
            VoiceDesk::overdue(&tool, call_id.as_deref())
        }
    };
    metrics::counter!("voice_tool_calls_total", "tool" => label, "status" => reply.status.code())
        .increment(1);
    metrics::histogram!("voice_tool_duration_seconds", "tool" => label)
        .record(arrival.at.elapsed().as_secs_f64());
    reply
}

/// The one line of a tool call: who, what, and where the time went. No names, no numbers, no words of the caller.
fn trace(answered: &Answered, arrival: Arrival, overdue: bool) {
    let line = &answered.trace;
    let span = Span::current();
    if let Some(tenant) = line.tenant {
        span.record("tenant", tracing::field::display(tenant));
    }
    if let Some(call) = line.call {
        span.record("call", tracing::field::display(call));
    }
    let mut hops = format!("read={}", arrival.read_us);
    for (name, us) in &line.hops {
        hops.push_str(&format!(" {name}={us}"));
    }
    tracing::info!(
        tool = line.tool,
        tool_status = answered.reply.status.code(),
        total_us = micros(arrival.at.elapsed()),
        hops,
        overdue,
        "voice.tool"
    );
}

fn tool_request(envelope: ToolEnvelope, mode: Mode, context: &RequestContext) -> ToolRequest {
    ToolRequest {
        tool: envelope.tool,
        args: envelope.args,
        call: envelope.call.map(|call| EnvelopeCall {
            call_id: call.call_id.map(|id| id.as_str().to_owned()),
            from_number: call.from_number,
            to_number: call.to_number,
            direction: call.direction.map(|direction| direction.as_str().to_owned()),
            agent_id: call.agent_id,
            agent_version: call.agent_version.map(i64::from),
            started_at: call.start_timestamp,
        }),
        tool_call_id: envelope.tool_call_id,
        mode,
        correlation: context.correlation,
    }
}

/// Signed and yet not JSON: kept for whoever has to find out why. The caller's answer does not depend on it.
async fn keep(edge: &Edge, context: &RequestContext, body: &[u8]) {
    let identity = Identity { event: "tool_call".to_owned(), subject: String::new() };
    let admission = Admission::Quarantine("not JSON".to_owned());
    // A failure is logged by the intake.
    let _ = store(edge, context, &identity, body, admission).await;
}

/// A reply as the agent gets it: 200, whatever it says.
pub(crate) fn spoken(reply: &ToolReply) -> Response {
    (StatusCode::OK, Json(reply)).into_response()
}

/// What is said when the desk broke in the middle: the same as when it is late, since nobody knows how far it got.
pub(crate) fn broken(tool: &str, call_id: Option<&str>) -> ToolReply {
    VoiceDesk::overdue(tool, call_id)
}

fn unreadable() -> ToolReply {
    ToolReply {
        success: false,
        status: Status::InvalidArguments,
        message: "Das habe ich leider nicht verstanden, können Sie es bitte noch einmal sagen?".to_owned(),
        data: Map::new(),
        alternatives: Vec::new(),
        next_action: Some(NextAction::AskCaller),
        call_id: None,
    }
}

/// Names of tools that exist; agents may send anything.
fn tool_label(tool: &str) -> &'static str {
    voice::Tool::from_name(tool).map_or("unknown", voice::Tool::name)
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
