//! The breaker: a state machine that is told the time and the outcomes, and says who may go.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// When a breaker opens and closes, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row that open it; at least one.
    pub failures: u32,
    /// They count only if no longer than this lies between the first and the last of them.
    pub within: TimeDelta,
    /// How long it stays open before it lets a probe through.
    pub open_for: TimeDelta,
    /// Successful probes in a row that close it.
    pub successes: u32,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 5, within: TimeDelta::seconds(300), open_for: TimeDelta::seconds(60), successes: 2 }
    }
}

/// How a request that was let through ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The other side answered; a refusal is an answer.
    Answered,
    /// It did not, or only with its own failure.
    Failed,
    /// Nothing was learned about it.
    Nothing,
}

/// State of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Everything passes.
    Closed,
    /// Nothing passes.
    Open,
    /// One probe passes at a time.
    HalfOpen,
}

impl BreakerState {
    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }

    /// As a gauge: the higher, the less passes.
    #[must_use]
    pub const fn level(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }
}

/// A change of state, to be told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: BreakerState,
    /// The state now.
    pub to: BreakerState,
}

/// Leave to send one request. It must come back through [`Breaker::settle`], also if nothing was sent.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a probe that does not come back keeps the breaker from closing"]
pub struct Ticket {
    epoch: u64,
}

impl Ticket {
    /// As a number, for whoever takes it back by another way.
    pub(super) const fn number(&self) -> u64 {
        self.epoch
    }

    /// From its number.
    pub(super) const fn of(epoch: u64) -> Self {
        Self { epoch }
    }
}

/// One breaker.
#[derive(Debug)]
pub struct Breaker {
    policy: BreakerPolicy,
    state: BreakerState,
    since: DateTime<Utc>,
    /// Counts the states, so that outcomes of an earlier one are recognised.
    epoch: u64,
    /// When the latest failures in a row were told.
    failures: VecDeque<DateTime<Utc>>,
    probing: bool,
    probes: u32,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(policy: BreakerPolicy, now: DateTime<Utc>) -> Self {
        Self {
            policy,
            state: BreakerState::Closed,
            since: now,
            epoch: 0,
            failures: VecDeque::new(),
            probing: false,
            probes: 0,
        }
    }

    /// The state as of the last call; an open one whose time is over becomes half open when somebody asks to pass.
    #[must_use]
    pub const fn state(&self) -> BreakerState {
        self.state
    }

    /// Since when it is in this state.
    #[must_use]
    pub const fn since(&self) -> DateTime<Utc> {
        self.since
    }

    /// Failures in a row that it remembers.
    #[must_use]
    pub fn failures(&self) -> u32 {
        u32::try_from(self.failures.len()).unwrap_or(u32::MAX)
    }

    /// Asks for leave to send one request; `None` is a no.
    pub fn admit(&mut self, now: DateTime<Utc>) -> (Option<Ticket>, Option<Transition>) {
        let mut transition = None;
        if self.state == BreakerState::Open {
            // A clock that was set back must not keep it open for longer.
            self.since = self.since.min(now);
            if now - self.since < self.policy.open_for {
                return (None, None);
            }
            transition = Some(self.turn(BreakerState::HalfOpen, now));
        }
        if self.state == BreakerState::HalfOpen {
            if self.probing {
                return (None, transition);
            }
            self.probing = true;
        }
        (Some(Ticket { epoch: self.epoch }), transition)
    }

    /// Takes a ticket back; it is good once. What began in an earlier state changes nothing.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome, now: DateTime<Utc>) -> Option<Transition> {
        let Ticket { epoch } = ticket;
        if epoch != self.epoch {
            return None;
        }
        match self.state {
            BreakerState::Closed => self.settle_closed(outcome, now),
            BreakerState::HalfOpen => self.settle_probe(outcome, now),
            // No ticket is given out in this state.
            BreakerState::Open => None,
        }
    }

    fn settle_closed(&mut self, outcome: Outcome, now: DateTime<Utc>) -> Option<Transition> {
        match outcome {
            Outcome::Nothing => return None,
            Outcome::Answered => {
                self.failures.clear();
                return None;
            }
            Outcome::Failed => self.failures.push_back(now),
        }
        self.failures.retain(|failure| now - *failure <= self.policy.within);
        let enough = self.failures() >= self.policy.failures.max(1);
        enough.then(|| self.turn(BreakerState::Open, now))
    }

    fn settle_probe(&mut self, outcome: Outcome, now: DateTime<Utc>) -> Option<Transition> {
        self.probing = false;
        match outcome {
            Outcome::Nothing => None,
            Outcome::Failed => Some(self.turn(BreakerState::Open, now)),
            Outcome::Answered => {
                self.probes += 1;
                (self.probes >= self.policy.successes).then(|| self.turn(BreakerState::Closed, now))
            }
        }
    }

    fn turn(&mut self, to: BreakerState, now: DateTime<Utc>) -> Transition {
        let from = std::mem::replace(&mut self.state, to);
        self.since = now;
        self.epoch += 1;
        self.failures.clear();
        self.probing = false;
        self.probes = 0;
        Transition { from, to }
    }
}
