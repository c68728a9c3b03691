//! How outside calendars are doing, from what their breakers know.

use async_trait::async_trait;
use bootstrap::calendar::CalendarBreaker;
use inbound_http::calendar::{CalendarHealth, CalendarState};
use serde_json::json;

/// Tells the states of the breakers.
pub(crate) struct Breakers(pub(crate) Box<dyn Fn() -> Vec<CalendarBreaker> + Send + Sync>);

#[async_trait]
impl CalendarHealth for Breakers {
    async fn state(&self) -> Option<CalendarState> {
        let breakers = (self.0)();
        if breakers.is_empty() {
            return None;
        }
        let status = if breakers.iter().all(|breaker| breaker.is_closed) { "healthy" } else { "degraded" };
        let details: Vec<_> = breakers
            .iter()
            .map(|breaker| {
                json!({
                    "connection": breaker.connection,
                    "operations": breaker.operations,
                    "breaker": breaker.state,
                    "since": breaker.since,
                    "failures": breaker.failures,
                })
            })
            .collect();
        Some(CalendarState { status, details: json!({"breakers": details}) })
    }
}
