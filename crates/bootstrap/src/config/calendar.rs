//! Settings of outside calendars.

use adapter_calcom::guard::{BudgetPolicy, GuardPolicy};
use appointment::calendar::CopyRetries;
use chrono::TimeDelta;
use serde::Deserialize;

use super::{ConfigError, Program};

/// Outside calendars.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// How long a caller waits for one, in milliseconds.
    pub patience_ms: u64,
    /// Longest time for a question, in milliseconds.
    pub read_timeout_ms: u64,
    /// Longest time for a change, in milliseconds.
    pub write_timeout_ms: u64,
    /// How long an answer is good for a promise, in milliseconds.
    pub fresh_ms: u64,
    /// The same for an answer without free times, in milliseconds.
    pub fresh_empty_ms: u64,
    /// How long an answer is good for a wish, in milliseconds.
    pub stale_ms: u64,
    /// Classes that accounts are spread over; each has connections of its own.
    pub connection_classes: u16,
    /// Weeks of event types that are remembered at most.
    pub entries: u64,
    /// Time between two rounds that keep what is remembered fresh, in milliseconds; 0 switches the rounds off.
    pub refresh_ms: u64,
    /// Requests for one account that one round sends at most.
    pub refresh_requests: usize,
    /// Days ahead that are kept warm for everything that is linked.
    pub warm_days: u32,
    /// Wait after the first try that brought an open copy no further, in seconds of product time; it doubles.
    pub retry_first_seconds: u32,
    /// The longest wait, likewise.
    pub retry_most_seconds: u32,
    /// Requests a minute for one account, of all processes together; kept where there is a Redis.
    pub account_requests: u32,
    /// The gateway's part of them, which it keeps by itself.
    pub gateway_requests: u32,
    /// The worker's part.
    pub worker_requests: u32,
    /// The part of a command of an operator.
    pub operator_requests: u32,
    /// Of these parts, hundredths that are kept for callers on the line.
    pub callers_percent: u32,
    /// Hundredths that are kept for what callers want changed.
    pub changes_percent: u32,
    /// Hundredths, beside those of callers, that are not for what nobody waits for.
    pub news_percent: u32,
    /// Domain of addresses for customers who have none.
    pub placeholder_domain: String,
}

impl Calendar {
    pub(super) fn bounds(&self) -> [(&'static str, u64, u64, u64); 20] {
        [
            ("calendar.patience_ms", self.patience_ms, 10, 10_000),
            ("calendar.read_timeout_ms", self.read_timeout_ms, 100, 60_000),
            ("calendar.write_timeout_ms", self.write_timeout_ms, 100, 15_000),
            ("calendar.fresh_ms", self.fresh_ms, 0, 600_000),
            ("calendar.fresh_empty_ms", self.fresh_empty_ms, 0, 600_000),
            ("calendar.stale_ms", self.stale_ms, 0, 86_400_000),
            ("calendar.connection_classes", self.connection_classes.into(), 1, 64),
            ("calendar.entries", self.entries, 1, 10_000_000),
            ("calendar.refresh_ms", self.refresh_ms, 0, 3_600_000),
            ("calendar.refresh_requests", u64::try_from(self.refresh_requests).unwrap_or(u64::MAX), 0, 100),
            ("calendar.warm_days", self.warm_days.into(), 0, 100),
            ("calendar.retry_first_seconds", self.retry_first_seconds.into(), 1, 3600),
            ("calendar.retry_most_seconds", self.retry_most_seconds.into(), 60, 86_400),
            ("calendar.account_requests", self.account_requests.into(), 10, 100_000),
            ("calendar.gateway_requests", self.gateway_requests.into(), 10, 100_000),
            ("calendar.worker_requests", self.worker_requests.into(), 10, 100_000),
            ("calendar.operator_requests", self.operator_requests.into(), 10, 100_000),
            ("calendar.callers_percent", self.callers_percent.into(), 0, 90),
            ("calendar.changes_percent", self.changes_percent.into(), 0, 90),
            ("calendar.news_percent", self.news_percent.into(), 0, 90),
        ]
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let news = self.news_percent;
        if self.callers_percent.max(self.changes_percent) + news <= 90 {
            return Ok(());
        }
        let text = format!(
            "is {news}; with callers_percent, or changes_percent if that is more, over 90 would be kept, and upkeep would never go on"
        );
        Err(ConfigError::new("calendar.news_percent", text))
    }

    /// The rules by which one program asks. Only a gateway has callers for whom a part must be kept.
    #[must_use]
    pub fn guards(&self, program: Program) -> GuardPolicy {
        let all = self.guards_together();
        let (requests, is_called) = match program {
            Program::Gateway => (self.gateway_requests, true),
            Program::Worker => (self.worker_requests, false),
            Program::Operator => (self.operator_requests, false),
        };
        let budget = BudgetPolicy { requests, ..all.budget };
        let unreserved = BudgetPolicy { callers_percent: 0, changes_percent: 0, ..budget };
        GuardPolicy { budget: if is_called { budget } else { unreserved }, ..all }
    }

    /// The rules by which all of them ask together.
    #[must_use]
    pub fn guards_together(&self) -> GuardPolicy {
        let defaults = GuardPolicy::default();
        let budget = BudgetPolicy {
            requests: self.account_requests,
            callers_percent: self.callers_percent,
            changes_percent: self.changes_percent,
            news_percent: self.news_percent,
            ..defaults.budget
        };
        GuardPolicy { budget, ..defaults }
    }

    /// When copies that stay open are tried again.
    #[must_use]
    pub fn retries(&self) -> CopyRetries {
        CopyRetries {
            first: TimeDelta::seconds(self.retry_first_seconds.into()),
            most: TimeDelta::seconds(self.retry_most_seconds.into()),
        }
    }
}
