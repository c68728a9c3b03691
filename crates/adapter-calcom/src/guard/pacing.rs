//! The guards' memory as the port by which several processes would share one.

use appointment::calendar::{
    AccountPacing, ConnectionId, Effort, Errand, Heard, Lane, Leave, PacingPolicy, ReadFailure, WriteFailure,
};
use async_trait::async_trait;
use kernel::TenantScope;

use super::breaker::{Outcome, Ticket};
use super::state::{GuardPolicy, GuardState};
use crate::report::{LimitReport, LimitSeen};
use crate::why;

impl GuardPolicy {
    /// The same rules for a memory that several processes share.
    #[must_use]
    pub fn pacing(&self) -> PacingPolicy {
        let (breaker, budget) = (&self.breaker, &self.budget);
        PacingPolicy {
            failures: breaker.failures,
            within: breaker.within,
            open_for: breaker.open_for,
            successes: breaker.successes,
            requests: budget.requests,
            reserve: budget.reserve(budget.requests),
            window: budget.window,
            block: budget.block,
        }
    }

    /// What the answer to a question says about the provider.
    #[must_use]
    pub fn heard_of_question<T>(&self, answer: &Result<T, ReadFailure>, effort: Effort) -> Heard {
        match answer {
            Ok(_) | Err(ReadFailure::Refused { .. } | ReadFailure::Withheld { .. }) => Heard::Answered,
            Err(ReadFailure::Unavailable { why }) => self.heard(why, effort),
            Err(ReadFailure::Malformed { .. }) => Heard::Nothing,
        }
    }

    /// What the answer to a change says about the provider.
    #[must_use]
    pub fn heard_of_change<T>(&self, answer: &Result<T, WriteFailure>, effort: Effort) -> Heard {
        match answer {
            Ok(_) | Err(WriteFailure::Refused { .. }) => Heard::Answered,
            Err(WriteFailure::NotSent { why } | WriteFailure::Unknown { why }) => self.heard(why, effort),
        }
    }

    fn heard(&self, why: &str, effort: Effort) -> Heard {
        let hasty = why == why::TIMEOUT && effort.within < self.fair_wait;
        if hasty || !why::is_about_the_provider(why) {
            Heard::Nothing
        } else if why == why::ENOUGH {
            Heard::Enough
        } else {
            Heard::Failed
        }
    }
}

impl From<Heard> for Outcome {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::Answered => Self::Answered,
            Heard::Failed | Heard::Enough => Self::Failed,
            Heard::Nothing => Self::Nothing,
        }
    }
}

/// One process's memory. Scopes are not looked at: the id of an account is nobody else's.
#[async_trait]
impl AccountPacing for GuardState {
    async fn admit(&self, _: &TenantScope, connection: ConnectionId, errand: Errand, lane: Lane) -> Leave {
        match self.enter(connection, errand, lane) {
            Ok(permit) => permit.into_ticket().map_or(Leave::Open, |ticket| Leave::Granted(ticket.number())),
            Err(why::OPEN) => Leave::Open,
            Err(_) => Leave::Limited,
        }
    }

    async fn settle(
        &self,
        _: &TenantScope,
        connection: ConnectionId,
        errand: Errand,
        leave: u64,
        heard: Heard,
    ) {
        if heard == Heard::Enough {
            self.seen(connection, &LimitSeen { refused: true, ..LimitSeen::default() });
        }
        self.take_back(connection, errand, Ticket::of(leave), heard.into());
    }
}
