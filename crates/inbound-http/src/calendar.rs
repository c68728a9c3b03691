//! Outside calendars: their webhooks, and `/api/health/calcom`, whether they answer.

pub(crate) mod webhook;

use axum::Json;
use axum::extract::State;
use operations::ports::CalendarHealth;
use serde_json::{Value, json};

use crate::edge::Edge;

pub(crate) async fn health(State(edge): State<Edge>) -> Json<Value> {
    told(edge.parts().calendar.as_deref()).await
}

/// Always 200: a provider that is down makes no process unfit for its work.
pub(crate) async fn told(calendar: Option<&dyn CalendarHealth>) -> Json<Value> {
    let state = match calendar {
        Some(calendar) => calendar.state().await,
        None => None,
    };
    Json(match state {
        Some(state) => json!(state),
        None => json!({"status": "not_configured"}),
    })
}
