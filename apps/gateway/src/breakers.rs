//! How outside calendars are doing, from what the guards of this process know, and what it heard of those that all
//! processes share.

use async_trait::async_trait;
use bootstrap::calendar::{AccountBudget, CalendarBreaker, OutsideCalendars, RefusedAccount, SharedBreaker};
use inbound_http::calendar::{CalendarHealth, CalendarState};
use serde_json::json;

/// Tells the states of the breakers, what may still be asked, and which accounts do not take our key.
pub(crate) struct Breakers {
    breakers: Box<dyn Fn() -> Vec<CalendarBreaker> + Send + Sync>,
    budgets: Box<dyn Fn() -> Vec<AccountBudget> + Send + Sync>,
    shared: Box<dyn Fn() -> Vec<SharedBreaker> + Send + Sync>,
    refusals: Box<dyn Fn() -> Vec<RefusedAccount> + Send + Sync>,
}

impl Breakers {
    pub(crate) fn of(calendars: &OutsideCalendars) -> Self {
        Self {
            breakers: Box::new(calendars.breakers()),
            budgets: Box::new(calendars.budgets()),
            shared: Box::new(calendars.shared_breakers()),
            refusals: Box::new(calendars.refusals()),
        }
    }
}

#[async_trait]
impl CalendarHealth for Breakers {
    async fn state(&self) -> Option<CalendarState> {
        let (breakers, shared, refusals) = ((self.breakers)(), (self.shared)(), (self.refusals)());
        if breakers.is_empty() && shared.is_empty() {
            return None;
        }
        let budgets = (self.budgets)();
        let is_healthy = refusals.is_empty()
            && budgets.iter().all(|budget| budget.blocked_until.is_none())
            && breakers.iter().all(|breaker| breaker.is_closed)
            && shared.iter().all(|breaker| breaker.state == "closed");
        let status = if is_healthy { "healthy" } else { "degraded" };
        let breakers: Vec<_> = breakers
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
        let refused: Vec<_> = refusals
            .iter()
            .map(|account| {
                json!({"connection": account.connection, "status": account.status, "since": account.since})
            })
            .collect();
        let budgets: Vec<_> = budgets
            .iter()
            .map(|budget| {
                json!({
                    "connection": budget.connection,
                    "left": budget.left,
                    "blocked_until": budget.blocked_until,
                })
            })
            .collect();
        let mut details = json!({"breakers": breakers, "budgets": budgets, "accounts_refused": refused});
        if !shared.is_empty() {
            let show = |breaker: &SharedBreaker| {
                json!({
                    "connection": breaker.connection.to_string(),
                    "operations": breaker.operations,
                    "breaker": breaker.state,
                })
            };
            details["shared_breakers"] = shared.iter().map(show).collect();
        }
        Some(CalendarState { status, details })
    }
}
