//! Whether the process lives, and whether it should be sent requests.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use operations::ports::ComponentHealth;
use serde_json::{Value, json};

use crate::edge::Edge;

/// How long an answer of the probe is used again: monitors may ask as often as they like without asking the database
/// as often.
const FRESH: Duration = Duration::from_millis(500);

/// The type of Prometheus's text format.
pub(crate) const METRICS_TYPE: &str = "text/plain; version=0.0.4";

/// An answer of the probe, and when it was given.
pub(crate) struct Known {
    at: Instant,
    components: Vec<ComponentHealth>,
}

/// The process runs. It says nothing about anything else, so that a database that is gone restarts no process.
pub(crate) async fn live(State(edge): State<Edge>) -> Json<Value> {
    alive(edge.parts().build)
}

pub(crate) fn alive(build: &str) -> Json<Value> {
    Json(json!({"status": "live", "version": env!("CARGO_PKG_VERSION"), "build": build}))
}

/// 200 if requests can be served, else 503.
pub(crate) async fn ready(State(edge): State<Edge>) -> Response {
    let components = ask(&edge).await;
    let ready = components.iter().all(|component| component.healthy);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if ready { "ready" } else { "not_ready" };
    (status, Json(report(&edge, word, &components))).into_response()
}

/// Always 200 with the state of everything, for people and dashboards.
pub(crate) async fn overview(State(edge): State<Edge>) -> Json<Value> {
    let components = ask(&edge).await;
    let word = if components.iter().all(|component| component.healthy) { "healthy" } else { "degraded" };
    Json(report(&edge, word, &components))
}

/// The metrics of the process in Prometheus's text format.
pub(crate) async fn metrics(State(edge): State<Edge>) -> Response {
    let text = (edge.parts().metrics)();
    ([(CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}

async fn ask(edge: &Edge) -> Vec<ComponentHealth> {
    let mut components = probed(edge).await;
    // Known here without asking anybody: kept with the rest, it would hold up the start for as long as the rest is kept.
    if !edge.parts().gate.is_open() {
        components.push(ComponentHealth::unhealthy("start", "has not ended yet"));
    }
    components
}

async fn probed(edge: &Edge) -> Vec<ComponentHealth> {
    // Whoever asks while somebody else is asking waits for that answer.
    let mut known = edge.ready().lock().await;
    if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < FRESH) {
        return known.components.clone();
    }
    let components = edge.parts().probe.check().await;
    log_change(known.as_ref().map(|known| known.components.as_slice()), &components);
    *known = Some(Known { at: Instant::now(), components: components.clone() });
    components
}

/// One line when something becomes unhealthy or healthy again, none while it stays so.
fn log_change(before: Option<&[ComponentHealth]>, now: &[ComponentHealth]) {
    let was_healthy = |name: &str| {
        let known = before.into_iter().flatten().find(|component| component.name == name);
        known.is_none_or(|component| component.healthy)
    };
    for component in now {
        match (was_healthy(component.name), component.healthy) {
            (true, false) => {
                tracing::warn!(component = component.name, problem = ?component.problem, "unhealthy");
            }
            (false, true) => tracing::info!(component = component.name, "healthy again"),
            _ => {}
        }
    }
}

fn report(edge: &Edge, word: &str, components: &[ComponentHealth]) -> Value {
    let checks: serde_json::Map<String, Value> = components
        .iter()
        .map(|component| {
            let mut shown = json!({"healthy": component.healthy, "problem": component.problem});
            if let Some(note) = component.note {
                shown["note"] = json!(note);
            }
            (component.name.to_owned(), shown)
        })
        .collect();
    json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "build": edge.parts().build,
        "checks": checks,
    })
}
