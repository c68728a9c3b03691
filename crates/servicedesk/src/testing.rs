//! In-memory implementation of the port and a builder, for tests of any crate.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    ChangeSet, Claim, CommitError, IdempotencyKey, JobSpec, OutgoingEvent, StoreError, TenantId, TenantScope,
};
use uuid::Uuid;

use crate::CallbackId;
use crate::model::{CallbackReason, CallbackSnapshot, CallbackStatus, Priority};
use crate::ports::{CallbackRepository, CallbackWrite, Overdue};

/// A pending callback without a number, promised on Monday, 2 March 2026, 09:00 UTC. `number` tells them apart.
#[must_use]
pub fn callback(number: u128) -> CallbackSnapshot {
    let created_at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_772_442_000);
    CallbackSnapshot {
        id: CallbackId::from_uuid(Uuid::from_u128(number)),
        branch: None,
        customer: None,
        call: None,
        phone: None,
        name: None,
        reason: CallbackReason::Requested,
        note: None,
        priority: Priority::Normal,
        preferred_window: None,
        status: CallbackStatus::Pending,
        due_at: created_at + Priority::Normal.due_in(),
        created_at,
        escalated_at: None,
        version: 1,
    }
}

/// Callbacks in memory. It knows no branches, customers or calls, so it takes any reference to one.
#[derive(Debug, Default)]
pub struct InMemoryCallbacks {
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    rows: BTreeMap<(TenantId, CallbackId), CallbackSnapshot>,
    events: Vec<OutgoingEvent>,
    jobs: Vec<JobSpec>,
    claims: BTreeMap<(TenantId, String), Claim>,
}

impl InMemoryCallbacks {
    /// All callbacks of all tenants, by tenant and id.
    #[must_use]
    pub fn all(&self) -> Vec<CallbackSnapshot> {
        self.lock().rows.values().cloned().collect()
    }

    /// Events committed so far.
    #[must_use]
    pub fn events(&self) -> Vec<OutgoingEvent> {
        self.lock().events.clone()
    }

    /// The claim under a key, as it was committed.
    #[must_use]
    pub fn claim(&self, tenant: TenantId, key: &IdempotencyKey) -> Option<Claim> {
        self.lock().claims.get(&(tenant, key.as_str().to_owned())).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CallbackRepository for InMemoryCallbacks {
    async fn find(
        &self,
        scope: &TenantScope,
        id: CallbackId,
    ) -> Result<Option<CallbackSnapshot>, StoreError> {
        Ok(self.lock().rows.get(&(scope.tenant(), id)).cloned())
    }

    async fn overdue(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        after: Option<CallbackId>,
        limit: u32,
    ) -> Result<Overdue, StoreError> {
        let guard = self.lock();
        let late: Vec<_> = guard
            .rows
            .iter()
            .filter(|((tenant, _), row)| {
                *tenant == scope.tenant() && row.status.is_open() && row.due_at < now
            })
            .map(|(_, row)| row)
            .collect();
        Ok(Overdue {
            total: u64::try_from(late.len()).unwrap_or(u64::MAX),
            unmarked: late
                .iter()
                .filter(|row| row.escalated_at.is_none() && after.is_none_or(|after| row.id > after))
                .map(|row| row.id)
                .take(usize::try_from(limit).unwrap_or(usize::MAX))
                .collect(),
        })
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallbackWrite>) -> Result<(), CommitError> {
        let mut guard = self.lock();
        let mut next = guard.clone();
        let tenant = scope.tenant();
        if let Some(claim) = change.claimed()
            && next.claims.insert((tenant, claim.key.as_str().to_owned()), claim.clone()).is_some()
        {
            return Err(CommitError::AlreadyClaimed);
        }
        for write in change.writes() {
            match write {
                CallbackWrite::Insert(row) => {
                    if next.rows.insert((tenant, row.id), row.clone()).is_some() {
                        return Err(CommitError::Refused { rule: "callbacks_pkey".to_owned() });
                    }
                }
                CallbackWrite::Update { next: row, expected } => match next.rows.get_mut(&(tenant, row.id)) {
                    Some(stored) if stored.version == *expected => *stored = row.clone(),
                    _ => return Err(CommitError::Stale),
                },
            }
        }
        next.events.extend_from_slice(change.events());
        next.jobs.extend_from_slice(change.jobs());
        *guard = next;
        Ok(())
    }
}
