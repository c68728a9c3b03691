//! Voice tools: always an answer, always in time, never a claim that nobody can vouch for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use adapter_retell::decode::{self, DecodeError, Identity, ToolEnvelope};
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use kernel::ProviderCallId;
use operations::Admission;
use serde_json::{Map, Value};
use tracing::{Instrument, Span};
use voice::tool::Effectful;
use voice::{Answered, EnvelopeCall, Mode, NextAction, Status, Tool, ToolReply, ToolRequest, VoiceDesk};

use super::events::store;
use crate::body;
use crate::crowd::Work;
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

/// The routes that name the tool, asked with GET: the arguments stand in the query.
///
/// Such a request signs only its instant, so its arguments prove nothing. It reaches only tools that look, and a call
/// counts only if it is ongoing.
pub(crate) async fn one_tool_by_query(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    Path(tool): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    serve_query(edge, context, request, &tool).await
}

/// The old name of the question what time it is.
pub(crate) async fn time(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    serve(edge, context, request, Some(Tool::CurrentTimeBerlin.name()), Mode::LookOnly).await
}

/// The same by GET.
pub(crate) async fn time_by_query(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    serve_query(edge, context, request, Tool::CurrentTimeBerlin.name()).await
}

async fn serve(
    edge: Edge,
    context: RequestContext,
    request: Request,
    path_tool: Option<&str>,
    mode: Mode,
) -> Result<Response, Refusal> {
    let (_, body) = proven(&edge, request).await?;
    let read = decode::tool_request(&body, path_tool);
    if read == Err(DecodeError::NotJson) {
        keep(&edge, &context, body);
    }
    Ok(answer(&edge, &context, read, mode).await)
}

async fn serve_query(
    edge: Edge,
    context: RequestContext,
    request: Request,
    tool: &str,
) -> Result<Response, Refusal> {
    let (head, _) = proven(&edge, request).await?;
    let Ok(Query(arguments)) = Query::<Vec<(String, String)>>::try_from_uri(&head.uri) else {
        return Ok(spoken(&unreadable()));
    };
    let read = decode::tool_query(tool, arguments);
    let looks = |envelope: &ToolEnvelope| {
        Tool::from_name(&envelope.tool).is_none_or(|tool| tool.entry().effect == Effectful::Never)
    };
    if read.as_ref().is_ok_and(|envelope| !looks(envelope)) {
        tracing::warn!(
            "a tool that changes something was asked for by GET; set the function's method to POST"
        );
        return Ok(spoken(&unreadable()));
    }
    Ok(answer(&edge, &context, read, Mode::LookOnly).await)
}

/// The request, its body read and its signature verified.
async fn proven(edge: &Edge, request: Request) -> Result<(Parts, Vec<u8>), Refusal> {
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, edge.limits().max_body).await?;
    super::prove(edge, &head.headers, &body)?;
    Ok((head, body))
}

/// What is said when there is no room to begin, once the signature holds: what looks was not looked up, and of what has an
/// effect nothing is claimed, since the same may have been asked for before.
///
/// # Errors
/// A refusal, if the request is not proven, or if even to read it there is no room.
pub(crate) async fn turn_away(edge: &Edge, request: Request, why: &'static str) -> Result<Response, Refusal> {
    let Some(_place) = edge.crowd().doorway() else {
        return Err(Refusal::unavailable(why));
    };
    let read = tokio::time::timeout(edge.limits().tool_deadline, proven(edge, request));
    let (head, body) = read.await.map_err(|_| Refusal::unavailable(why))??;
    metrics::counter!("voice_tool_turned_away_total", "reason" => why).increment(1);
    let in_path = head.uri.path().rsplit('/').next().filter(|name| Tool::from_name(name).is_some());
    let (tool, call) = match decode::tool_request(&body, in_path) {
        Ok(envelope) => (envelope.tool, envelope.call.and_then(|call| call.call_id)),
        Err(_) => (in_path.unwrap_or_default().to_owned(), None),
    };
    Ok(spoken(&VoiceDesk::overdue(&tool, call.as_ref().map(ProviderCallId::as_str))))
}

async fn answer(
    edge: &Edge,
    context: &RequestContext,
    read: Result<ToolEnvelope, DecodeError>,
    mode: Mode,
) -> Response {
    let arrival =
        Arrival { at: context.arrived, read_us: micros(Instant::now().duration_since(context.arrived)) };
    match read {
        Ok(envelope) => {
            let request = tool_request(envelope, mode, context);
            spoken(&answer_in_time(edge, context, request, arrival).await)
        }
        Err(error) => {
            metrics::counter!("voice_tool_unreadable_total").increment(1);
            tracing::warn!(%error, "a tool call could not be read");
            spoken(&unreadable())
        }
    }
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
    let call_id = call_of(&request);
    let label = tool_label(&tool);
    let reply = match edge.crowd().begin(call_id.as_deref(), label, context.slot.clone()) {
        Some(work) => work_in_time(edge, request, arrival, work).await,
        // The same is at work already, or enough else is: what will come of it is not known yet.
        None => {
            metrics::counter!("voice_tool_repeated_early_total", "tool" => label).increment(1);
            VoiceDesk::overdue(&tool, call_id.as_deref())
        }
    };
    metrics::counter!("voice_tool_calls_total", "tool" => label, "status" => reply.status.code())
        .increment(1);
    metrics::histogram!("voice_tool_duration_seconds", "tool" => label)
        .record(arrival.at.elapsed().as_secs_f64());
    reply
}

async fn work_in_time(edge: &Edge, request: ToolRequest, arrival: Arrival, work: Work) -> ToolReply {
    let tool = request.tool.clone();
    let call_id = call_of(&request);
    let label = tool_label(&tool);
    let overdue = Arc::new(AtomicBool::new(false));
    let late = Arc::clone(&overdue);
    let voice = Arc::clone(&edge.parts().voice);
    let build = edge.parts().build;
    let work = Arc::new(work);
    let at_work = Arc::clone(&work);
    let span = Span::current();
    let until = tokio::time::Instant::from_std(arrival.at) + edge.limits().tool_deadline;
    let task = async move {
        let answered = voice::patience::answering_until(until, voice.answer(request)).await;
        trace(&answered, arrival, late.load(Ordering::Relaxed), build);
        // Held until here: work that has outlived its request counts as work.
        drop(at_work);
        answered.reply
    };
    let task = edge.parts().tasks.spawn(task.instrument(span));
    let left = edge.limits().tool_deadline.saturating_sub(arrival.at.elapsed());
    match tokio::time::timeout(left, task).await {
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
            work.is_late();
            metrics::counter!("voice_tool_overdue_total", "tool" => label).increment(1);
            VoiceDesk::overdue(&tool, call_id.as_deref())
        }
    }
}

/// The provider's id of the call that a request is about, as far as it names one.
fn call_of(request: &ToolRequest) -> Option<String> {
    match &request.call {
        Some(call) => call.call_id.clone(),
        None => request.args.get("call_id").and_then(Value::as_str).map(str::to_owned),
    }
}

/// The one line of a tool call: who, what, and where the time went. No names, no numbers, no words of the caller.
fn trace(answered: &Answered, arrival: Arrival, overdue: bool, build: &str) {
    let line = &answered.trace;
    let span = Span::current();
    if let Some(tenant) = line.tenant {
        span.record("tenant.id", tracing::field::display(tenant));
    }
    if let Some(call) = line.call {
        span.record("call.id", tracing::field::display(call));
    }
    let mut hops = format!("read={}", arrival.read_us);
    for (name, us) in &line.hops {
        hops.push_str(&format!(" {name}={us}"));
    }
    tracing::info!(
        tool = line.tool,
        status = answered.reply.status.code(),
        duration_us = micros(arrival.at.elapsed()),
        hops,
        transactions = line.transactions,
        overdue,
        build,
        "voice.tool"
    );
}

/// The call of a body, in the desk's words.
pub(crate) fn envelope_call(call: decode::EnvelopeCall) -> EnvelopeCall {
    EnvelopeCall {
        call_id: call.call_id.map(|id| id.as_str().to_owned()),
        from_number: call.from_number,
        to_number: call.to_number,
        direction: call.direction.map(|direction| direction.as_str().to_owned()),
        agent_id: call.agent_id,
        agent_version: call.agent_version.map(i64::from),
        started_at: call.start_timestamp,
    }
}

fn tool_request(envelope: ToolEnvelope, mode: Mode, context: &RequestContext) -> ToolRequest {
    ToolRequest {
        tool: envelope.tool,
        args: envelope.args,
        call: envelope.call.map(envelope_call),
        tool_call_id: envelope.tool_call_id,
        mode,
        correlation: context.correlation,
    }
}

/// Signed and yet not JSON: kept for whoever has to find out why. The caller's answer does not wait for it.
fn keep(edge: &Edge, context: &RequestContext, body: Vec<u8>) {
    let (kept, context) = (edge.clone(), context.clone());
    let work = async move {
        let identity = Identity { event: "tool_call".to_owned(), subject: String::new() };
        let admission = Admission::Quarantine("not JSON".to_owned());
        // A failure is logged by the intake. The slot goes with the context.
        let _ = store(&kept, &context, &identity, &body, admission).await;
    };
    edge.parts().tasks.spawn(work.instrument(Span::current()));
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
