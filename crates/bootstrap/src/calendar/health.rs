//! How outside calendars are doing, from what the guards of this process know, and what it heard of those that all
//! processes share.

use std::sync::Arc;

use adapter_calcom::guard::{BreakerState, BreakerView, BudgetView, GuardState, RefusalView};
use adapter_redis::{RedisPacing, SharedBreaker, SharedBudget};
use async_trait::async_trait;
use operations::ports::{CalendarHealth, CalendarState};
use serde_json::{Value, json};

/// Tells the states of the breakers, what may still be asked, and which accounts do not take our key.
pub(super) struct GuardHealth {
    pub(super) state: Arc<GuardState>,
    pub(super) pacing: Option<RedisPacing>,
}

#[async_trait]
impl CalendarHealth for GuardHealth {
    async fn state(&self) -> Option<CalendarState> {
        let breakers = self.state.breakers();
        let shared = self.pacing.as_ref().map(RedisPacing::breakers).unwrap_or_default();
        if breakers.is_empty() && shared.is_empty() {
            return None;
        }
        let (budgets, refusals) = (self.state.budgets(), self.state.refusals());
        let is_healthy = refusals.is_empty()
            && budgets.iter().all(|budget| budget.blocked_until.is_none())
            && breakers.iter().all(|breaker| breaker.state == BreakerState::Closed)
            && shared.iter().all(|breaker| breaker.state == "closed");
        let mut details = json!({
            "breakers": breakers.iter().map(of_breaker).collect::<Value>(),
            "budgets": budgets.iter().map(of_budget).collect::<Value>(),
            "accounts_refused": refusals.iter().map(of_refusal).collect::<Value>(),
        });
        if !shared.is_empty() {
            details["shared_breakers"] = shared.iter().map(of_shared).collect();
        }
        if let Some(pacing) = &self.pacing {
            details["shared_budgets"] = pacing.budgets().iter().map(of_shared_budget).collect();
        }
        let status = if is_healthy { "healthy" } else { "degraded" };
        Some(CalendarState { status, details })
    }
}

fn of_breaker(breaker: &BreakerView) -> Value {
    json!({
        "connection": breaker.connection.to_string(),
        "operations": breaker.operations.as_str(),
        "breaker": breaker.state.word(),
        "since": breaker.since.to_rfc3339(),
        "failures": breaker.failures,
    })
}

fn of_budget(budget: &BudgetView) -> Value {
    json!({
        "connection": budget.connection.to_string(),
        "left": budget.left,
        "blocked_until": budget.blocked_until.map(|until| until.to_rfc3339()),
    })
}

fn of_shared_budget(budget: &SharedBudget) -> Value {
    json!({
        "connection": budget.connection.to_string(),
        "left": budget.left,
        "as_of": budget.as_of.to_rfc3339(),
    })
}

fn of_refusal(refusal: &RefusalView) -> Value {
    json!({
        "connection": refusal.connection.to_string(),
        "status": refusal.status,
        "since": refusal.since.to_rfc3339(),
    })
}

fn of_shared(breaker: &SharedBreaker) -> Value {
    json!({
        "connection": breaker.connection.to_string(),
        "operations": breaker.operations,
        "breaker": breaker.state,
    })
}
