//! Retell's REST API about the played calls, and `/sim/…` for looking into the simulator.
//!
//! | Path | |
//! | --- | --- |
//! | `GET /v2/get-call/{id}` | the whole call; 422 for an unknown one, as Retell does |
//! | `POST /v3/list-calls` | a page of calls, without transcripts |
//! | `GET /sim/health` | that it is there |
//! | `GET /sim/calls`, `GET /sim/calls/{id}` | the calls as the simulator keeps them |
//! | `POST /sim/calls` | places a call: a script in YAML or JSON; answers when the call is over, with its report |
//! | `GET /sim/deliveries` | every attempt to reach the gateway; `?call_id=` narrows it down |
//! | `POST /sim/trouble` | `{"status": 429, "times": 2, "retry_after": 1}`: the next REST calls fail so |
//!
//! The REST API wants `Authorization: Bearer <key>`; `/sim` is for the loopback interface alone and wants nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::list::list_calls;
use super::player::{CallPlayer, play};
use crate::script::CallScript;

/// Longest script or request, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// Most failures that can be ordered at once.
const MAX_TROUBLE: usize = 1_000;

/// What the routes share.
struct Shared {
    player: CallPlayer,
    trouble: Mutex<VecDeque<Trouble>>,
}

/// How REST calls shall fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trouble {
    /// The status.
    status: u16,
    /// How many calls.
    #[serde(default = "one")]
    times: usize,
    /// Seconds for `Retry-After`.
    #[serde(default)]
    retry_after: Option<u32>,
}

const fn one() -> usize {
    1
}

/// The routes of a simulator around a player. Serve them on the loopback interface.
pub fn router(player: CallPlayer) -> Router {
    let shared = Arc::new(Shared { player, trouble: Mutex::new(VecDeque::new()) });
    let rest = Router::new()
        .route("/v2/get-call/{id}", get(get_call))
        .route("/v3/list-calls", post(list))
        .layer(from_fn_with_state(shared.clone(), guard));
    Router::new()
        .route("/sim/health", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/sim/calls", get(sim_calls).post(place_call))
        .route("/sim/calls/{id}", get(sim_call))
        .route("/sim/deliveries", get(deliveries))
        .route("/sim/trouble", post(order_trouble))
        .merge(rest)
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Cannot find the requested path") })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// Retell's body for every error.
fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"status": "error", "message": message}))).into_response()
}

/// Ordered failures come first, then the key.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let trouble = shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    if let Some(trouble) = trouble {
        let status = StatusCode::from_u16(trouble.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = error(status, "This failure was ordered");
        if let Some(seconds) = trouble.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    let wanted = format!("Bearer {}", shared.player.client().key());
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_none_or(|given| given.as_bytes() != wanted.as_bytes()) {
        return error(StatusCode::UNAUTHORIZED, "API key is missing or invalid");
    }
    next.run(request).await
}

async fn get_call(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match shared.player.world().call(&id) {
        Some(call) => Json(call.to_json()).into_response(),
        // Where others would say 404.
        None => error(StatusCode::UNPROCESSABLE_ENTITY, "Cannot find the requested call under this API key"),
    }
}

async fn list(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let request: Result<Value, _> =
        if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(&body) };
    let Ok(request) = request else {
        return error(StatusCode::BAD_REQUEST, "The body is not valid JSON");
    };
    match list_calls(&shared.player.world().calls(), &request) {
        Ok(page) => Json(page).into_response(),
        Err(message) => error(StatusCode::BAD_REQUEST, &message),
    }
}

async fn sim_calls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let calls = shared.player.world().calls();
    Json(calls.iter().map(super::SimulatedCall::to_list_item).collect())
}

async fn sim_call(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match shared.player.world().call(&id) {
        Some(call) => Json(call.to_json()).into_response(),
        None => error(StatusCode::NOT_FOUND, "no such call"),
    }
}

#[derive(Deserialize)]
struct OfCall {
    call_id: Option<String>,
}

async fn deliveries(State(shared): State<Arc<Shared>>, Query(of): Query<OfCall>) -> Json<Value> {
    let mut all = shared.player.world().deliveries();
    if let Some(call_id) = of.call_id {
        all.retain(|delivery| delivery.call_id == call_id);
    }
    Json(json!(all))
}

async fn place_call(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let text = String::from_utf8_lossy(&body);
    let script = if is_json {
        serde_json::from_str(&text)
            .map_err(|error| error.to_string())
            .and_then(|value| CallScript::from_value(value).map_err(|error| error.to_string()))
    } else {
        CallScript::from_yaml(&text).map_err(|error| error.to_string())
    };
    match script {
        Err(message) => error(StatusCode::BAD_REQUEST, &message),
        Ok(script) => {
            let report = play(&script, &shared.player).await;
            Json(json!({"passed": report.passed(), "problems": report.problems(), "report": report}))
                .into_response()
        }
    }
}

async fn order_trouble(State(shared): State<Arc<Shared>>, Json(trouble): Json<Trouble>) -> Response {
    let mut ordered = shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
    if !(400..600).contains(&trouble.status) || ordered.len().saturating_add(trouble.times) > MAX_TROUBLE {
        return error(StatusCode::BAD_REQUEST, "a status from 400 to 599, and not too many");
    }
    ordered.extend(std::iter::repeat_n(trouble.clone(), trouble.times));
    Json(json!({"ordered": ordered.len()})).into_response()
}
