//! Whether an account answers and how much it may still be asked, where several processes use the same account.

use async_trait::async_trait;
use chrono::TimeDelta;
use kernel::TenantScope;

use super::remote::{ConnectionId, Lane};

/// The two kinds of requests; each has a breaker, so that slow listings do not keep bookings from being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Errand {
    /// A question.
    Read,
    /// A change.
    Write,
}

impl Errand {
    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Of the requests of a window, the last ones, which are kept for what matters more than the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// Only for callers on the line.
    pub callers: u32,
    /// Of these, only for what callers want changed: a question may be answered by our own plan, a booking not.
    pub changes: u32,
    /// Beside these, not for what nobody waits for: a change that was just made must not wait for hundreds of old ones.
    pub news: u32,
}

impl Reserve {
    /// How many must be left for others when a request is sent for whoever waits there.
    #[must_use]
    pub const fn kept_from(self, lane: Lane) -> u32 {
        let live = if self.callers < self.changes { self.changes } else { self.callers };
        match lane {
            Lane::Upkeep => live.saturating_add(self.news),
            Lane::Background => live,
            Lane::Question => self.changes,
            Lane::Change => 0,
        }
    }
}

/// How a request that was let through ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The other side answered; a refusal is an answer.
    Answered,
    /// It did not, or only with its own failure.
    Failed,
    /// It said that it has had enough of us. That is a failure, and nobody asks for a while.
    Enough,
    /// Nothing was learned about it.
    Nothing,
}

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may. The number goes back with what came of it, also if nothing was sent.
    Granted(u64),
    /// It may not: the account did not answer lately.
    Open,
    /// It may not: the account has been asked enough.
    Limited,
    /// Nothing is known, so whoever asks goes by their own knowledge.
    Unknown,
}

/// The rules, in real time. All processes should have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacingPolicy {
    /// Failures in a row that open a breaker; at least one.
    pub failures: u32,
    /// They count only if no longer than this lies between the first and the last of them.
    pub within: TimeDelta,
    /// How long a breaker stays open before it lets a probe through.
    pub open_for: TimeDelta,
    /// Successful probes in a row that close it.
    pub successes: u32,
    /// Requests per window.
    pub requests: u32,
    /// What is kept of these.
    pub reserve: Reserve,
    /// The window.
    pub window: TimeDelta,
    /// How long nothing is sent after the provider has had enough.
    pub block: TimeDelta,
}

/// Port: asks for leave before every request to an account, and is told what came of it. It never waits for leave and
/// cannot fail: an implementation without its memory answers [`Leave::Unknown`].
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccountPacing: Send + Sync {
    /// Asks for leave to send one request.
    async fn admit(&self, scope: &TenantScope, connection: ConnectionId, errand: Errand, lane: Lane)
    -> Leave;

    /// Says what came of a request that had leave. What began before the breaker last changed its state changes nothing.
    async fn settle(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        errand: Errand,
        leave: u64,
        heard: Heard,
    );
}
