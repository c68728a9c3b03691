use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{BranchId, IdGenerator, TenantId};
use crate::scope::{Actor, CorrelationId, TenantScope};
use crate::time::Clock;

/// A clock that stands still until it is moved. Product time and real time are the same.
#[derive(Debug)]
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    /// Stands at `now`.
    #[must_use]
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves on (or back) by `delta`.
    pub fn advance(&self, delta: TimeDelta) {
        let mut now = self.lock();
        *now += delta;
    }

    /// Moves to `now`.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.lock() = now;
    }

    fn lock(&self) -> MutexGuard<'_, DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }

    fn real_now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}

/// Ids 1, 2, 3, … so that snapshots repeat.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdGenerator for SequentialIds {
    fn next_uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// A scope for tests of ports and services; `number` tells tenants apart.
#[must_use]
pub fn scope(number: u128, branch: Option<BranchId>) -> TenantScope {
    scope_by(number, branch, Actor::Operator("test".to_owned()))
}

/// The same, by whom it matters.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests act for tenants of their own making")]
pub fn scope_by(number: u128, branch: Option<BranchId>, actor: Actor) -> TenantScope {
    TenantScope::issue(
        TenantId::from_uuid(Uuid::from_u128(number)),
        branch,
        actor,
        CorrelationId::from_uuid(Uuid::from_u128(number)),
    )
}
