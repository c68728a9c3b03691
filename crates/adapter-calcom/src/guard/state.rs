//! What the guards remember: per connection two breakers, one bucket, and a count of requests on their way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appointment::calendar::{ConnectionId, Errand, Lane};
use chrono::{DateTime, Utc};
use kernel::Clock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breaker, BreakerPolicy, BreakerState, Outcome, Ticket, Transition};
use super::bucket::{Bucket, BudgetPolicy};
use crate::report::{LimitReport, LimitSeen};
use crate::why;

/// The rules of all guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardPolicy {
    /// When breakers open and close.
    pub breaker: BreakerPolicy,
    /// How much may be sent.
    pub budget: BudgetPolicy,
    /// Questions of callers on the line that may be on their way at once, per connection.
    pub questions: usize,
    /// What callers want changed, with all that is asked for it, likewise: slow questions must not keep bookings from being
    /// made.
    pub changes: usize,
    /// Requests after something has happened, and of the staff, likewise.
    pub background: usize,
    /// Requests that nobody waits for, likewise.
    pub upkeep: usize,
    /// Who gave the provider less time than this learned nothing about it from its silence.
    pub fair_wait: std::time::Duration,
}

impl Default for GuardPolicy {
    fn default() -> Self {
        Self {
            breaker: BreakerPolicy::default(),
            budget: BudgetPolicy::default(),
            questions: 16,
            changes: 8,
            background: 8,
            upkeep: 4,
            fair_wait: std::time::Duration::from_millis(200),
        }
    }
}

/// One breaker, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerView {
    /// The account that it guards.
    pub connection: ConnectionId,
    /// The kind of operations that it guards.
    pub operations: Errand,
    /// Its state. An open one whose time is over stays open until somebody wants to pass.
    pub state: BreakerState,
    /// Since when, in real time.
    pub since: DateTime<Utc>,
    /// Failures in a row that it remembers while it is closed.
    pub failures: u32,
}

/// One budget, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetView {
    /// The account.
    pub connection: ConnectionId,
    /// Requests that may be sent now.
    pub left: u32,
    /// Until when nothing is sent because the provider refused a request, in real time.
    pub blocked_until: Option<DateTime<Utc>>,
}

/// An account whose provider does not take our key, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalView {
    /// The account.
    pub connection: ConnectionId,
    /// The status of its last answer: 401, 403 or 498.
    pub status: u16,
    /// Since when, in real time.
    pub since: DateTime<Utc>,
}

/// The memory of the guards of one process. It is also the client's [`LimitReport`].
pub struct GuardState {
    policy: GuardPolicy,
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<ConnectionId, Arc<Account>>>,
}

struct Account {
    connection: ConnectionId,
    gates: Mutex<Gates>,
    refused: Mutex<Option<(u16, DateTime<Utc>)>>,
    questions: Arc<Semaphore>,
    changes: Arc<Semaphore>,
    background: Arc<Semaphore>,
    upkeep: Arc<Semaphore>,
}

struct Gates {
    read: Breaker,
    write: Breaker,
    bucket: Bucket,
}

impl Gates {
    const fn breaker(&mut self, operations: Errand) -> &mut Breaker {
        match operations {
            Errand::Read => &mut self.read,
            Errand::Write => &mut self.write,
        }
    }
}

impl GuardState {
    /// Knows nothing yet: all breakers closed, all buckets full.
    #[must_use]
    pub fn new(policy: GuardPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, accounts: Mutex::default() }
    }

    pub(super) const fn policy(&self) -> &GuardPolicy {
        &self.policy
    }

    /// Every breaker of every connection that was used, by connection.
    #[must_use]
    pub fn breakers(&self) -> Vec<BreakerView> {
        let view = |account: &Account| {
            let gates = lock(&account.gates);
            [(Errand::Read, &gates.read), (Errand::Write, &gates.write)].map(|(operations, breaker)| {
                BreakerView {
                    connection: account.connection,
                    operations,
                    state: breaker.state(),
                    since: breaker.since(),
                    failures: breaker.failures(),
                }
            })
        };
        self.known().iter().flat_map(|account| view(account)).collect()
    }

    /// Every budget of every connection that was used, by connection.
    #[must_use]
    pub fn budgets(&self) -> Vec<BudgetView> {
        let now = self.clock.real_now();
        let view = |account: &Account| {
            let bucket = &mut lock(&account.gates).bucket;
            let left = bucket.left(now);
            BudgetView { connection: account.connection, left, blocked_until: bucket.blocked_until() }
        };
        self.known().iter().map(|account| view(account)).collect()
    }

    /// The accounts whose last answer was that they do not take our key, by connection.
    #[must_use]
    pub fn refusals(&self) -> Vec<RefusalView> {
        let view = |account: &Account| {
            let (status, since) = (*lock(&account.refused))?;
            Some(RefusalView { connection: account.connection, status, since })
        };
        self.known().iter().filter_map(|account| view(account)).collect()
    }

    fn known(&self) -> Vec<Arc<Account>> {
        let mut known: Vec<_> = lock(&self.accounts).values().cloned().collect();
        known.sort_by_key(|account| account.connection);
        known
    }

    /// Asks all guards for leave to send a request; never waits. The error is the word of the guard that said no.
    pub(super) fn enter(
        &self,
        connection: ConnectionId,
        operations: Errand,
        lane: Lane,
    ) -> Result<Permit<'_>, &'static str> {
        self.let_in(connection, operations, lane).inspect_err(|why| {
            metrics::counter!("calendar_refusals_total", "why" => *why, "lane" => lane.as_str()).increment(1);
        })
    }

    fn let_in(
        &self,
        connection: ConnectionId,
        operations: Errand,
        lane: Lane,
    ) -> Result<Permit<'_>, &'static str> {
        let account = self.account(connection);
        let now = self.clock.real_now();
        let (ticket, transition) = lock(&account.gates).breaker(operations).admit(now);
        tell(connection, operations, transition);
        // From here on the ticket comes back by itself, whatever says no.
        let mut permit = Permit { state: self, account, operations, ticket, _place: None };
        if permit.ticket.is_none() {
            return Err(why::OPEN);
        }
        let places = match lane {
            Lane::Question => &permit.account.questions,
            Lane::Change => &permit.account.changes,
            Lane::Background => &permit.account.background,
            Lane::Upkeep => &permit.account.upkeep,
        };
        permit._place = Some(Arc::clone(places).try_acquire_owned().map_err(|_| why::BUSY)?);
        if lock(&permit.account.gates).bucket.take(lane, now) { Ok(permit) } else { Err(why::LIMITED) }
    }

    /// Takes a ticket back that went around by itself.
    pub(super) fn take_back(
        &self,
        connection: ConnectionId,
        operations: Errand,
        ticket: Ticket,
        outcome: Outcome,
    ) {
        let account = self.account(connection);
        let transition =
            lock(&account.gates).breaker(operations).settle(ticket, outcome, self.clock.real_now());
        tell(connection, operations, transition);
    }

    fn account(&self, connection: ConnectionId) -> Arc<Account> {
        let mut accounts = lock(&self.accounts);
        let account = accounts.entry(connection).or_insert_with(|| {
            let breaker = || Breaker::new(self.policy.breaker, self.clock.real_now());
            let gates = Gates { read: breaker(), write: breaker(), bucket: Bucket::new(self.policy.budget) };
            for operations in [Errand::Read, Errand::Write] {
                gauge(connection, operations, BreakerState::Closed);
            }
            Arc::new(Account {
                connection,
                gates: Mutex::new(gates),
                refused: Mutex::default(),
                questions: Arc::new(Semaphore::new(self.policy.questions)),
                changes: Arc::new(Semaphore::new(self.policy.changes)),
                background: Arc::new(Semaphore::new(self.policy.background)),
                upkeep: Arc::new(Semaphore::new(self.policy.upkeep)),
            })
        });
        Arc::clone(account)
    }
}

impl LimitReport for GuardState {
    fn further(&self, connection: ConnectionId, lane: Lane) -> bool {
        lock(&self.account(connection).gates).bucket.take(lane, self.clock.real_now())
    }

    fn seen(&self, connection: ConnectionId, seen: &LimitSeen) {
        let account = self.account(connection);
        let mut gates = lock(&account.gates);
        let blocked = gates.bucket.blocked_until().is_some();
        gates.bucket.learn(seen, self.clock.real_now());
        drop(gates);
        if seen.refused && !blocked {
            tracing::warn!(connection = %connection, "the calendar's limit is reached");
        }
    }

    fn answered(&self, connection: ConnectionId, status: u16) {
        let account = self.account(connection);
        let mut refused = lock(&account.refused);
        match status {
            401 | 403 | 498 if refused.is_none() => {
                tracing::error!(connection = %connection, status, "the calendar does not take the account's key");
                *refused = Some((status, self.clock.real_now()));
            }
            200..=299 => *refused = None,
            // Too many requests, a server in trouble: that says nothing about the key.
            _ => {}
        }
    }
}

/// Leave to send one request: a ticket of the breaker and a place among those on their way. Both go back when it is
/// dropped; a request that was given up says nothing about the provider.
pub(super) struct Permit<'a> {
    state: &'a GuardState,
    account: Arc<Account>,
    operations: Errand,
    ticket: Option<Ticket>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Permit<'_> {
    /// The ticket alone: it has to be taken back by hand. The place among those on their way is free again.
    pub(super) fn into_ticket(mut self) -> Option<Ticket> {
        self.ticket.take()
    }

    pub(super) fn settle(mut self, outcome: Outcome) {
        self.give_back(outcome);
    }

    fn give_back(&mut self, outcome: Outcome) {
        let Some(ticket) = self.ticket.take() else { return };
        let now = self.state.clock.real_now();
        let transition = lock(&self.account.gates).breaker(self.operations).settle(ticket, outcome, now);
        tell(self.account.connection, self.operations, transition);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.give_back(Outcome::Nothing);
    }
}

/// The state of a breaker for who watches many processes.
fn gauge(connection: ConnectionId, operations: Errand, state: BreakerState) {
    metrics::gauge!(
        "calendar_breaker_state",
        "connection" => connection.to_string(),
        "operations" => operations.as_str()
    )
    .set(state.level());
}

fn tell(connection: ConnectionId, operations: Errand, transition: Option<Transition>) {
    let Some(Transition { from, to }) = transition else { return };
    gauge(connection, operations, to);
    let (from, operations) = (from.word(), operations.as_str());
    match to {
        BreakerState::Open => {
            tracing::warn!(connection = %connection, operations, from, to = to.word(), "calendar breaker");
        }
        BreakerState::Closed | BreakerState::HalfOpen => {
            tracing::info!(connection = %connection, operations, from, to = to.word(), "calendar breaker");
        }
    }
}

/// What is behind these locks is never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
