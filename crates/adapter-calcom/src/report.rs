//! What the provider says about its limits, on its way from the client to whoever keeps the budget.

use std::time::Duration;

use appointment::calendar::{ConnectionId, Lane};
use chrono::{DateTime, Utc};

/// When a window of the provider's limit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resets {
    /// So long after the answer.
    After(Duration),
    /// At that time.
    At(DateTime<Utc>),
}

/// What one answer said about the provider's limit. Every part may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitSeen {
    /// Requests per window.
    pub limit: Option<u32>,
    /// Requests left in this window.
    pub remaining: Option<u32>,
    /// When the window ends.
    pub resets: Option<Resets>,
    /// The request was refused because of the limit (429).
    pub refused: bool,
    /// How long to stay away, if it said so.
    pub retry_after: Option<Duration>,
}

impl LimitSeen {
    /// True if nothing was said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// Hook of the client into a budget of requests.
pub trait LimitReport: Send + Sync {
    /// Asks for one more request within an operation that was let through as one request. Never waits.
    fn further(&self, connection: ConnectionId, lane: Lane) -> bool;

    /// Tells what an answer said.
    fn seen(&self, connection: ConnectionId, seen: &LimitSeen);

    /// Tells the status of an answer: whether the account takes our key. A "forbidden" about one booking is not told.
    fn answered(&self, connection: ConnectionId, status: u16);
}

/// No budget: everything may be sent, nothing is remembered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

impl LimitReport for Unlimited {
    fn further(&self, _: ConnectionId, _: Lane) -> bool {
        true
    }

    fn seen(&self, _: ConnectionId, _: &LimitSeen) {}

    fn answered(&self, _: ConnectionId, _: u16) {}
}
