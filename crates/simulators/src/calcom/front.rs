//! The door of `/v2`: key, rate limit, ordered faults, and only then the endpoint.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as AnswerBody, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Query as UrlQuery, Request, State as Extract};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::oneshot;

use super::faults::{Effect, Plan};
use super::limiter::Verdict;
use super::line::Line;
use super::operation::{Operation, perform};
use super::post::Treatment;
use super::shared::{LoggedRequest, Shared};
use super::state::Desk;
use super::wire::{Ask, Body, Query, Refusal, Reply};

/// Longest request, in bytes.
const MAX_BODY: usize = 1024 * 1024;
const JSON: &str = "application/json; charset=utf-8";

/// How a request ends.
enum Outcome {
    Answer(Answer),
    Cut,
    Hang,
}

/// What goes back.
struct Answer {
    status: u16,
    kind: &'static str,
    body: Bytes,
    drip: Option<(usize, Duration)>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, kind: JSON, body: body.to_string().into(), drip: None }
    }
}

/// Every request to `/v2`.
pub(crate) async fn api(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let now = shared.clock.now();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        let refusal = Refusal::new(413, "request entity too large");
        return finish(&shared, Answer::json(413, &refusal.to_json(parts.uri.path(), now)), None);
    };
    let ask = read(&parts.headers, parts.method.as_str(), &parts.uri, &bytes);
    let operation = Operation::of(&ask);
    let key = bearer(&parts.headers).unwrap_or_default().to_owned();
    let uri = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);

    let (number, at, verdict, plan) = {
        let mut inner = shared.lock();
        let inner = &mut *inner;
        let at = inner.state.by_key(&key).filter(|_| !key.is_empty());
        let verdict = at.map(|_| inner.limiter.ask(&key, &shared.config));
        let passes = verdict.is_some_and(|verdict| verdict.allowed);
        let account = at.map(|at| inner.state.tenants[at].account.name.clone());
        let mut plan = if passes {
            inner.faults.meet(operation, account.as_deref().unwrap_or_default())
        } else {
            Plan::default()
        };
        plan.twist.next_id = Some(inner.state.ids.next_number());
        let number = inner.log.note(LoggedRequest {
            number: 0,
            at: now,
            account,
            operation,
            method: ask.method.clone(),
            path: uri,
            version: ask.version.clone(),
            body: match &ask.body {
                Body::Json(body) => body.clone(),
                Body::Broken => Value::Null,
            },
            status: None,
            effects: plan.effects.clone(),
        });
        (number, at, verdict, plan)
    };
    let refused = |refusal: Refusal| {
        shared.lock().log.finish(number, Some(refusal.status));
        finish(&shared, Answer::json(refusal.status, &refusal.to_json(&ask.path, now)), verdict)
    };
    let Some(at) = at else {
        return refused(Refusal::new(401, "Invalid API Key or access token"));
    };
    if verdict.is_some_and(|verdict| !verdict.allowed) {
        return refused(Refusal::new(429, "ThrottlerException: Too Many Requests"));
    }

    // A client that gives up does not take back what it has asked for.
    let (done, outcome) = oneshot::channel();
    let work = answer(shared.clone(), ask, at, plan, number);
    shared.run(async move {
        let _ = done.send(work.await);
    });
    match outcome.await {
        Ok(Outcome::Answer(answer)) => finish(&shared, answer, verdict),
        Ok(Outcome::Hang) => {
            let mut stop = shared.stop.subscribe();
            // An error means that the stand-in is gone, which ends the wait as well.
            let _ = stop.wait_for(|stopped| *stopped).await;
            line.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Ok(Outcome::Cut) | Err(_) => {
            line.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn read(headers: &HeaderMap, method: &str, uri: &Uri, bytes: &Bytes) -> Ask {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let pairs = UrlQuery::<Vec<(String, String)>>::try_from_uri(uri).map(|pairs| pairs.0).unwrap_or_default();
    let body = if bytes.is_empty() {
        Body::Json(Value::Null)
    } else {
        serde_json::from_slice(bytes).map_or(Body::Broken, Body::Json)
    };
    Ask {
        method: method.to_owned(),
        path: uri.path().to_owned(),
        query: Query::of(pairs),
        version: text("cal-api-version").map(|version| version.trim().to_owned()),
        body,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Plays the plan: what goes wrong before, the endpoint, what goes wrong after.
async fn answer(shared: Arc<Shared>, ask: Ask, at: usize, plan: Plan, number: u64) -> Outcome {
    for effect in &plan.effects {
        if let Effect::Delay { ms } = effect {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
    }
    let outcome = if plan.has(&Effect::ResetBefore) {
        Outcome::Cut
    } else if let Some(answer) = replacement(&shared, &ask, &plan, false) {
        Outcome::Answer(answer)
    } else {
        let real = run(&shared, &ask, at, &plan).await;
        for effect in &plan.effects {
            if let Effect::SlowAnswer { ms } = effect {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
            }
        }
        after(&shared, &ask, &plan, real)
    };
    let status = if let Outcome::Answer(answer) = &outcome { Some(answer.status) } else { None };
    shared.lock().log.finish(number, status);
    outcome
}

/// The endpoint, and its webhooks.
async fn run(shared: &Shared, ask: &Ask, at: usize, plan: &Plan) -> Answer {
    let now = shared.clock.now();
    let treatment = Treatment {
        lost: plan.has(&Effect::WebhookLost),
        twice: plan.has(&Effect::WebhookTwice),
        later: plan.has(&Effect::WebhookLater),
    };
    let (result, first) = {
        let mut inner = shared.lock();
        let inner = &mut *inner;
        shared.end_meetings(inner, now);
        let mut desk = Desk { state: &mut inner.state, at, now, config: &shared.config, twist: &plan.twist };
        let result = if at < desk.state.tenants.len() {
            perform(&mut desk, ask)
        } else {
            Err(Refusal::new(401, "Invalid API Key or access token"))
        };
        let first = if plan.has(&Effect::WebhookFirst) {
            shared.collect(inner, treatment)
        } else {
            shared.send(inner, treatment);
            Vec::new()
        };
        (result, first)
    };
    if !first.is_empty() {
        shared.post_now(first).await;
    }
    match result {
        Ok(Reply { status, body }) => Answer::json(status, &body),
        Err(refusal) => Answer::json(refusal.status, &refusal.to_json(&ask.path, now)),
    }
}

/// The answer that was ordered instead of the real one.
fn replacement(shared: &Shared, ask: &Ask, plan: &Plan, has_happened: bool) -> Option<Answer> {
    plan.effects.iter().find_map(|effect| match effect {
        Effect::Status { status, body, took_effect } if *took_effect == has_happened => {
            Some(ordered(shared, ask, *status, body.as_deref()))
        }
        Effect::HtmlPage { status, took_effect } if *took_effect == has_happened => Some(Answer {
            status: *status,
            kind: "text/html; charset=UTF-8",
            body: format!(
                "<!DOCTYPE html><html><body><h1>{status}</h1><p>Please try again.</p></body></html>"
            )
            .into(),
            drip: None,
        }),
        _ => None,
    })
}

fn ordered(shared: &Shared, ask: &Ask, status: u16, body: Option<&str>) -> Answer {
    if let Some(body) = body {
        let kind =
            if serde_json::from_str::<Value>(body).is_ok() { JSON } else { "text/plain; charset=UTF-8" };
        return Answer { status, kind, body: body.to_owned().into(), drip: None };
    }
    // What the network in front of the servers says has no shape.
    if status > 511 {
        let body = format!("error code: {status}").into();
        return Answer { status, kind: "text/plain; charset=UTF-8", body, drip: None };
    }
    let message = match status {
        429 => "ThrottlerException: Too Many Requests",
        _ => {
            StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
        }
    };
    Answer::json(status, &Refusal::new(status, message).to_json(&ask.path, shared.clock.now()))
}

fn after(shared: &Shared, ask: &Ask, plan: &Plan, real: Answer) -> Outcome {
    if plan.has(&Effect::ResetAfter) {
        return Outcome::Cut;
    }
    if plan.has(&Effect::Hang) {
        return Outcome::Hang;
    }
    let mut answer = replacement(shared, ask, plan, true).unwrap_or(real);
    for effect in &plan.effects {
        match effect {
            Effect::MalformedJson => answer.body.truncate(answer.body.len() / 2),
            Effect::Drip { bytes, pause_ms } => {
                answer.drip = Some(((*bytes).max(1), Duration::from_millis(*pause_ms)));
            }
            _ => {}
        }
    }
    Outcome::Answer(answer)
}

fn finish(shared: &Shared, answer: Answer, verdict: Option<Verdict>) -> Response {
    let body = match answer.drip {
        None => AnswerBody::from(answer.body),
        Some((size, pause)) => {
            AnswerBody::from_stream(stream::unfold(answer.body, move |mut rest| async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let next = rest.split_to(size.min(rest.len()));
                Some((Ok::<_, Infallible>(next), rest))
            }))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.kind));
    if let Ok(id) = HeaderValue::from_str(&shared.lock().state.ids.uuid()) {
        headers.insert("x-request-id", id);
    }
    if let Some(verdict) = verdict {
        headers.insert("x-ratelimit-limit-default", verdict.limit.into());
        headers.insert("x-ratelimit-remaining-default", verdict.remaining.into());
        headers.insert("x-ratelimit-reset-default", verdict.reset.into());
    }
    response
}
