//! Outside calendars: their webhooks, and `/api/health/calcom`, whether they answer.

pub(crate) mod webhook;

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use crate::edge::Edge;

/// What is known about one provider of calendars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarState {
    /// `healthy`, `degraded` or another stable word.
    pub status: &'static str,
    /// What there is to say about it, in words that may be shown to anybody: no addresses, no names of companies.
    pub details: Value,
}

/// Port of the surface: says how a provider of calendars is doing. It answers from what is known already (the breaker's
/// state, the last synchronisation) and asks nobody, so that monitors do not use up the provider's limits.
#[async_trait]
pub trait CalendarHealth: Send + Sync {
    /// What is known now; `None` while no company uses the provider.
    async fn state(&self) -> Option<CalendarState>;
}

/// Always 200: a provider that is down makes no gateway unfit to answer.
pub(crate) async fn health(State(edge): State<Edge>) -> Json<Value> {
    let state = match &edge.parts().calendar {
        Some(calendar) => calendar.state().await,
        None => None,
    };
    Json(match state {
        Some(state) => json!(state),
        None => json!({"status": "not_configured"}),
    })
}
