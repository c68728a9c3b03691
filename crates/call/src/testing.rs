use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{
    CallId, ChangeSet, CommitError, IdempotencyKey, OutgoingEvent, PlatformScope, ProviderCallId, StoreError,
    TenantId, TenantScope,
};

use crate::model::{CallSnapshot, CallStatus, ToolUse};
use crate::ports::{CallRepository, CallWrite, StuckCall, ToolTrace};

/// Calls in memory, with the rules of a database: one owner per provider's id, versions, claims, all or nothing.
#[derive(Debug, Default)]
pub struct InMemoryCalls(Mutex<Rows>);

#[derive(Debug, Default, Clone)]
struct Rows {
    calls: HashMap<ProviderCallId, (TenantId, CallSnapshot)>,
    claims: HashSet<(TenantId, IdempotencyKey)>,
    events: Vec<OutgoingEvent>,
}

impl InMemoryCalls {
    /// Everything that was emitted, in order.
    #[must_use]
    pub fn events(&self) -> Vec<OutgoingEvent> {
        self.lock().events.clone()
    }

    /// The names of everything that was emitted, in order.
    #[must_use]
    pub fn event_names(&self) -> Vec<&'static str> {
        self.lock().events.iter().map(|event| event.name).collect()
    }

    /// How many calls there are, of all tenants.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().calls.len()
    }

    /// True if there is no call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn write(&mut self, tenant: TenantId, write: &CallWrite) -> Result<(), CommitError> {
        match write {
            CallWrite::Insert(new) => {
                let id_taken = self.calls.values().any(|(_, held)| held.id == new.id);
                if id_taken || self.calls.contains_key(&new.provider_call_id) {
                    return Err(CommitError::Stale);
                }
                self.calls.insert(new.provider_call_id.clone(), (tenant, (**new).clone()));
            }
            CallWrite::Update { next, expected, touched } => {
                let held = self.calls.values_mut().find(|(owner, held)| {
                    *owner == tenant && held.id == next.id && held.version == *expected
                });
                let Some((_, held)) = held else {
                    return Err(CommitError::Stale);
                };
                // Like a database that keeps the parts in tables of their own and leaves untouched ones alone.
                let old = std::mem::replace(held, (**next).clone());
                if !touched.contents {
                    held.summary = old.summary;
                    held.recording_url = old.recording_url;
                    held.analysis = old.analysis;
                    held.latency = old.latency;
                    held.tokens = old.tokens;
                }
                if !touched.transcript {
                    held.transcript = old.transcript;
                }
                if !touched.cost {
                    held.cost = old.cost;
                }
                held.created_at = old.created_at;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl CallRepository for InMemoryCalls {
    async fn find(&self, scope: &TenantScope, id: CallId) -> Result<Option<CallSnapshot>, StoreError> {
        let rows = self.lock();
        let found = rows.calls.values().find(|(owner, call)| *owner == scope.tenant() && call.id == id);
        Ok(found.map(|(_, call)| call.clone()))
    }

    async fn find_by_provider_id(
        &self,
        scope: &TenantScope,
        id: &ProviderCallId,
    ) -> Result<Option<CallSnapshot>, StoreError> {
        let rows = self.lock();
        let found = rows.calls.get(id).filter(|(owner, _)| *owner == scope.tenant());
        Ok(found.map(|(_, call)| call.clone()))
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallWrite>) -> Result<(), CommitError> {
        let mut rows = self.lock();
        let mut next = rows.clone();
        if let Some(claim) = change.claimed()
            && !next.claims.insert((scope.tenant(), claim.key.clone()))
        {
            return Err(CommitError::AlreadyClaimed);
        }
        for write in change.writes() {
            next.write(scope.tenant(), write)?;
        }
        next.events.extend(change.events().iter().cloned());
        *rows = next;
        Ok(())
    }

    async fn list_stuck(
        &self,
        _scope: &PlatformScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<StuckCall>, StoreError> {
        let rows = self.lock();
        let mut stuck: Vec<StuckCall> = rows
            .calls
            .values()
            .filter(|(_, call)| call.status == CallStatus::Ongoing && call.created_at < before)
            .map(|(tenant, call)| StuckCall {
                tenant: *tenant,
                branch: call.branch,
                call: call.id,
                created_at: call.created_at,
            })
            .collect();
        stuck.sort_by_key(|stuck| (stuck.created_at, stuck.call));
        stuck.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(stuck)
    }
}

/// A trace in memory.
#[derive(Debug, Default)]
pub struct InMemoryTrace(Mutex<Vec<(TenantId, ToolUse)>>);

impl InMemoryTrace {
    /// What one tenant's calls recorded, in order.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> Vec<ToolUse> {
        let uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = uses.iter().filter(|(owner, _)| *owner == tenant);
        own.map(|(_, line)| line.clone()).collect()
    }
}

#[async_trait]
impl ToolTrace for InMemoryTrace {
    async fn record(&self, scope: &TenantScope, uses: Vec<ToolUse>) -> Result<(), StoreError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in uses {
            if !held.iter().any(|(_, known)| known.id == line.id) {
                held.push((scope.tenant(), line));
            }
        }
        Ok(())
    }
}
