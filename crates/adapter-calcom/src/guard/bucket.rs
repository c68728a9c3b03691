//! The bucket: how many requests may still be sent.

use std::collections::VecDeque;
use std::time::Duration;

use appointment::calendar::{Lane, Reserve};
use chrono::{DateTime, TimeDelta, Utc};

use crate::report::{LimitSeen, Resets};

/// How much may be sent, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetPolicy {
    /// Requests per window; less than the provider allows, since others may use the same key.
    pub requests: u32,
    /// The window.
    pub window: TimeDelta,
    /// The part of the budget, in hundredths, that only callers on the line may use.
    pub callers_percent: u32,
    /// The part that only what callers want changed may use, likewise.
    pub changes_percent: u32,
    /// The part, beside that of callers, that is not for upkeep, likewise.
    pub news_percent: u32,
    /// How long nothing is sent after the provider refused a request because of its limit.
    pub block: TimeDelta,
    /// However long the provider asks to stay away, it is tried again after this time.
    pub longest_block: TimeDelta,
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self {
            requests: 100,
            window: TimeDelta::seconds(60),
            callers_percent: 30,
            changes_percent: 10,
            news_percent: 20,
            block: TimeDelta::seconds(60),
            longest_block: TimeDelta::seconds(600),
        }
    }
}

impl BudgetPolicy {
    /// What is kept of so many requests.
    #[must_use]
    pub fn reserve(&self, of: u32) -> Reserve {
        let part = |percent: u32| u32::try_from(u64::from(of) * u64::from(percent) / 100).unwrap_or(u32::MAX);
        Reserve {
            callers: part(self.callers_percent),
            changes: part(self.changes_percent),
            news: part(self.news_percent),
        }
    }
}

/// Tokens, each of which comes back one window after it was spent.
///
/// So no window, wherever it begins, sees more requests than the budget has. A bucket that fills steadily would let
/// nearly twice as many through: a full one, and what drips in while it is emptied.
#[derive(Debug)]
pub struct Bucket {
    policy: BudgetPolicy,
    /// When the tokens that are out were spent, ascending.
    spent: VecDeque<DateTime<Utc>>,
    /// The provider's limit, where it is smaller than ours.
    limit: Option<u32>,
    /// What the provider says is left, and until when that holds.
    told: Option<(u32, DateTime<Utc>)>,
    blocked_until: Option<DateTime<Utc>>,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn new(policy: BudgetPolicy) -> Self {
        Self { policy, spent: VecDeque::new(), limit: None, told: None, blocked_until: None }
    }

    /// Takes a token for a request, if there is one for whoever waits.
    pub fn take(&mut self, lane: Lane, now: DateTime<Utc>) -> bool {
        let reserve = self.policy.reserve(self.capacity());
        if self.left(now) <= reserve.kept_from(lane) {
            return false;
        }
        self.spent.push_back(now);
        if let Some((left, _)) = &mut self.told {
            *left = left.saturating_sub(1);
        }
        true
    }

    /// Tokens left, those of the reserve included.
    pub fn left(&mut self, now: DateTime<Utc>) -> u32 {
        self.forget(now);
        if self.blocked_until.is_some() {
            return 0;
        }
        let out = u32::try_from(self.spent.len()).unwrap_or(u32::MAX);
        let ours = self.capacity().saturating_sub(out);
        self.told.map_or(ours, |(left, _)| ours.min(left))
    }

    /// Until when nothing is sent because the provider refused a request.
    #[must_use]
    pub const fn blocked_until(&self) -> Option<DateTime<Utc>> {
        self.blocked_until
    }

    /// Learns from an answer. Answers may arrive out of order, so within one window only the smallest count counts.
    pub fn learn(&mut self, seen: &LimitSeen, now: DateTime<Utc>) {
        self.forget(now);
        // A limit of nothing would never be heard of again, since nothing would be sent.
        if let Some(limit) = seen.limit {
            self.limit = Some(limit.max(1));
        }
        if let Some(left) = seen.remaining {
            let resets = seen.resets.map_or(self.policy.window, |resets| match resets {
                Resets::After(span) => delta(span),
                Resets::At(instant) => instant - now,
            });
            let until = later(now, resets.clamp(TimeDelta::zero(), self.policy.longest_block));
            self.told = Some(match self.told {
                // The ends of one window differ by the time that answers take.
                Some((before, known)) if until <= later(known, TimeDelta::seconds(5)) => {
                    (before.min(left), known)
                }
                _ => (left, until),
            });
        }
        if seen.refused {
            let asked = seen.retry_after.map_or(TimeDelta::zero(), delta);
            let until = later(now, asked.max(self.policy.block).min(self.policy.longest_block));
            self.blocked_until = Some(self.blocked_until.map_or(until, |known| known.max(until)));
        }
    }

    fn capacity(&self) -> u32 {
        self.limit.map_or(self.policy.requests, |limit| limit.min(self.policy.requests))
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        // A clock that was set back must not keep tokens out, or a block up, for longer.
        if self.spent.back().is_some_and(|last| *last > now) {
            for spent in &mut self.spent {
                *spent = (*spent).min(now);
            }
        }
        while self.spent.front().is_some_and(|first| now - *first >= self.policy.window) {
            self.spent.pop_front();
        }
        let longest = later(now, self.policy.longest_block);
        self.told =
            self.told.map(|(left, until)| (left, until.min(longest))).filter(|(_, until)| now < *until);
        self.blocked_until = self.blocked_until.map(|until| until.min(longest)).filter(|until| now < *until);
    }
}

fn later(instant: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    instant.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn delta(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}
