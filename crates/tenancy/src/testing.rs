//! In-memory implementation of the ports and builders, for tests of any crate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Europe::Berlin;
use kernel::{
    BranchId, CallId, ChangeSet, CommitError, Currency, JobSpec, OutgoingEvent, PhoneNumber, PlatformScope,
    ProviderCallId, StoreError, TenantId, TenantScope,
};
use uuid::Uuid;

use crate::connection::{ConnectionKey, ConnectionRoute};
use crate::key::{ApiKeyRecord, KeyPrefix, NewApiKey, READ};
use crate::model::{
    BranchProfile, CallRoute, NumberAssignment, NumberRoute, Slug, TenantProfile, TenantState,
};
use crate::ports::{ApiKeyDirectory, CallDirectory, ConnectionDirectory, TenancyWrite, TenantRepository};

/// An active German company. `number` is its id, as in `kernel::testing::scope`.
///
/// # Panics
/// If the slug is none.
#[must_use]
#[expect(clippy::expect_used, reason = "a builder for tests, whose slugs are literals")]
pub fn tenant_profile(number: u128, slug: &str) -> TenantProfile {
    TenantProfile {
        id: TenantId::from_uuid(Uuid::from_u128(number)),
        slug: Slug::parse(slug).expect("a slug"),
        name: format!("Company {number}"),
        state: TenantState::Active,
        locale: "de-DE".to_owned(),
        timezone: Berlin,
        currency: Currency::Eur,
        call_rate_minor_per_minute: 15,
        default_country: "DE".to_owned(),
    }
}

/// An open branch in Hamburg.
///
/// # Panics
/// If the slug is none.
#[must_use]
#[expect(clippy::expect_used, reason = "a builder for tests, whose slugs are literals")]
pub fn branch_profile(number: u128, slug: &str) -> BranchProfile {
    BranchProfile {
        id: BranchId::from_uuid(Uuid::from_u128(number)),
        slug: Slug::parse(slug).expect("a slug"),
        name: format!("Branch {number}"),
        timezone: Berlin,
        federal_state: Some("HH".to_owned()),
        active: true,
    }
}

/// Companies, numbers, keys and routes of calls in memory.
#[derive(Debug, Default)]
pub struct InMemoryTenancy {
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    tenants: BTreeMap<TenantId, TenantProfile>,
    branches: BTreeMap<(TenantId, BranchId), BranchProfile>,
    numbers: BTreeMap<PhoneNumber, (TenantId, NumberAssignment)>,
    keys: BTreeMap<KeyPrefix, (TenantId, NewApiKey, Option<DateTime<Utc>>)>,
    /// Of keys whose scopes are others than the ones that every key begins with.
    key_scopes: BTreeMap<KeyPrefix, Vec<String>>,
    key_uses: BTreeMap<KeyPrefix, Vec<DateTime<Utc>>>,
    calls: BTreeMap<ProviderCallId, (TenantId, KnownCall)>,
    connections: BTreeMap<ConnectionKey, (TenantId, bool)>,
    events: Vec<OutgoingEvent>,
    jobs: Vec<JobSpec>,
    claims: BTreeSet<(TenantId, String)>,
}

#[derive(Debug, Clone)]
struct KnownCall {
    branch: BranchId,
    call: CallId,
    created_at: DateTime<Utc>,
    ongoing: bool,
}

impl InMemoryTenancy {
    /// Makes a running call known, as the call domain's store does.
    pub fn add_call(
        &self,
        tenant: TenantId,
        branch: BranchId,
        provider_call: ProviderCallId,
        call: CallId,
        created_at: DateTime<Utc>,
    ) {
        let known = KnownCall { branch, call, created_at, ongoing: true };
        self.lock().calls.insert(provider_call, (tenant, known));
    }

    /// Ends a call, as the call domain's store does.
    pub fn end_call(&self, provider_call: &ProviderCallId) {
        if let Some((_, call)) = self.lock().calls.get_mut(provider_call) {
            call.ongoing = false;
        }
    }

    /// Makes a connection known, or switches it on or off, as the store of outside calendars does.
    pub fn set_connection(&self, tenant: TenantId, connection: ConnectionKey, active: bool) {
        self.lock().connections.insert(connection, (tenant, active));
    }

    /// Gives a key other scopes, as an administrator of the database does.
    pub fn set_key_scopes(&self, prefix: KeyPrefix, scopes: Vec<String>) {
        self.lock().key_scopes.insert(prefix, scopes);
    }

    /// When the use of a key was noted, in order.
    #[must_use]
    pub fn key_uses(&self, prefix: &KeyPrefix) -> Vec<DateTime<Utc>> {
        self.lock().key_uses.get(prefix).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn connection_route(&self, connection: ConnectionKey) -> Option<ConnectionRoute> {
        self.connections.get(&connection).map(|(tenant, active)| ConnectionRoute {
            connection,
            tenant: *tenant,
            active: *active,
            tenant_state: self.state_of(*tenant),
        })
    }

    fn state_of(&self, tenant: TenantId) -> TenantState {
        self.tenants.get(&tenant).map_or(TenantState::Inactive, |profile| profile.state)
    }

    fn apply(&mut self, tenant: TenantId, write: &TenancyWrite) -> Result<(), CommitError> {
        let must_exist = |exists: bool| {
            if exists { Ok(()) } else { Err(refused("unknown_tenant")) }
        };
        match write {
            TenancyWrite::CreateTenant { profile, .. } => {
                let same_slug = self.tenants.values().find(|t| t.slug == profile.slug);
                let same_id = self.tenants.get(&profile.id);
                match (same_slug, same_id) {
                    (None, None) if profile.id == tenant => {
                        self.tenants.insert(tenant, profile.clone());
                        Ok(())
                    }
                    (Some(by_slug), Some(_)) if by_slug.id == profile.id && profile.id == tenant => Ok(()),
                    _ => Err(refused("tenants_slug")),
                }
            }
            TenancyWrite::SetTenantState(state) => {
                let profile = self.tenants.get_mut(&tenant);
                must_exist(profile.is_some())?;
                if let Some(profile) = profile {
                    profile.state = *state;
                }
                Ok(())
            }
            TenancyWrite::CreateBranch(branch) => {
                must_exist(self.tenants.contains_key(&tenant))?;
                let clash = self
                    .branches
                    .iter()
                    .any(|((owner, id), b)| *owner == tenant && b.slug == branch.slug && *id != branch.id);
                if clash {
                    return Err(refused("branches_slug"));
                }
                self.branches.entry((tenant, branch.id)).or_insert_with(|| branch.clone());
                Ok(())
            }
            TenancyWrite::AssignNumber(assignment) => {
                if !self.branches.contains_key(&(tenant, assignment.branch)) {
                    return Err(refused("phone_numbers_branch"));
                }
                match self.numbers.get(&assignment.number) {
                    Some((owner, _)) if *owner != tenant => Err(refused("phone_numbers_pkey")),
                    _ => {
                        self.numbers.insert(assignment.number.clone(), (tenant, assignment.clone()));
                        Ok(())
                    }
                }
            }
            TenancyWrite::IssueKey(key) => {
                must_exist(self.tenants.contains_key(&tenant))?;
                if self.keys.contains_key(&key.prefix) {
                    return Err(refused("api_keys_pkey"));
                }
                self.keys.insert(key.prefix.clone(), (tenant, key.clone(), None));
                Ok(())
            }
            TenancyWrite::BindKey { prefix, networks } => match self.keys.get_mut(prefix) {
                Some((owner, key, _)) if *owner == tenant => {
                    key.allowed_networks.clone_from(networks);
                    Ok(())
                }
                _ => Err(refused("unknown_key")),
            },
            TenancyWrite::RevokeKey { prefix, at } => match self.keys.get_mut(prefix) {
                Some((owner, _, revoked_at)) if *owner == tenant => {
                    revoked_at.get_or_insert(*at);
                    Ok(())
                }
                _ => Err(refused("unknown_key")),
            },
        }
    }
}

fn refused(rule: &str) -> CommitError {
    CommitError::Refused { rule: rule.to_owned() }
}

#[async_trait]
impl CallDirectory for InMemoryTenancy {
    async fn route_number(&self, number: &PhoneNumber) -> Result<Option<NumberRoute>, StoreError> {
        let state = self.lock();
        Ok(state
            .numbers
            .get(number)
            .filter(|(_, assignment)| assignment.active)
            .filter(|(tenant, assignment)| {
                state.branches.get(&(*tenant, assignment.branch)).is_some_and(|branch| branch.active)
            })
            .map(|(tenant, assignment)| NumberRoute {
                tenant: *tenant,
                branch: assignment.branch,
                number: number.clone(),
                tenant_state: state.state_of(*tenant),
            }))
    }

    async fn route_call(&self, call: &ProviderCallId) -> Result<Option<CallRoute>, StoreError> {
        let state = self.lock();
        Ok(state.calls.get(call).map(|(tenant, known)| CallRoute {
            tenant: *tenant,
            branch: known.branch,
            call: known.call,
            created_at: known.created_at,
            ongoing: known.ongoing,
            tenant_state: state.state_of(*tenant),
        }))
    }
}

#[async_trait]
impl ConnectionDirectory for InMemoryTenancy {
    async fn route_connection(
        &self,
        connection: ConnectionKey,
    ) -> Result<Option<ConnectionRoute>, StoreError> {
        Ok(self.lock().connection_route(connection))
    }

    async fn sole_connection(&self) -> Result<Option<ConnectionRoute>, StoreError> {
        let state = self.lock();
        let mut active = state.connections.iter().filter(|(_, (_, active))| *active);
        let first = active.next().map(|(connection, _)| *connection);
        Ok(first.filter(|_| active.next().is_none()).and_then(|only| state.connection_route(only)))
    }
}

#[async_trait]
impl ApiKeyDirectory for InMemoryTenancy {
    async fn find_key(&self, prefix: &KeyPrefix) -> Result<Option<ApiKeyRecord>, StoreError> {
        let state = self.lock();
        Ok(state.keys.get(prefix).map(|(tenant, key, revoked_at)| ApiKeyRecord {
            tenant: *tenant,
            prefix: key.prefix.clone(),
            secret_hash: key.secret_hash,
            name: key.name.clone(),
            scopes: state.key_scopes.get(prefix).cloned().unwrap_or_else(|| vec![READ.to_owned()]),
            revoked_at: *revoked_at,
            expires_at: key.expires_at,
            allowed_networks: key.allowed_networks.clone(),
            tenant_state: state.state_of(*tenant),
        }))
    }

    async fn note_key_use(
        &self,
        scope: &TenantScope,
        prefix: &KeyPrefix,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.keys.get(prefix).is_some_and(|(tenant, _, _)| *tenant == scope.tenant()) {
            state.key_uses.entry(prefix.clone()).or_default().push(at);
        }
        Ok(())
    }
}

#[async_trait]
impl TenantRepository for InMemoryTenancy {
    async fn profile(&self, scope: &TenantScope) -> Result<Option<TenantProfile>, StoreError> {
        Ok(self.lock().tenants.get(&scope.tenant()).cloned())
    }

    async fn branches(&self, scope: &TenantScope) -> Result<Vec<BranchProfile>, StoreError> {
        let mut found: Vec<BranchProfile> = self
            .lock()
            .branches
            .iter()
            .filter(|((tenant, _), _)| *tenant == scope.tenant())
            .map(|(_, branch)| branch.clone())
            .collect();
        found.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(found)
    }

    async fn numbers(&self, scope: &TenantScope) -> Result<Vec<NumberAssignment>, StoreError> {
        Ok(self
            .lock()
            .numbers
            .values()
            .filter(|(tenant, _)| *tenant == scope.tenant())
            .map(|(_, assignment)| assignment.clone())
            .collect())
    }

    async fn list_tenants(&self, _scope: &PlatformScope) -> Result<Vec<TenantProfile>, StoreError> {
        let mut found: Vec<TenantProfile> = self.lock().tenants.values().cloned().collect();
        found.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(found)
    }

    async fn find_by_slug(
        &self,
        _scope: &PlatformScope,
        slug: &Slug,
    ) -> Result<Option<TenantProfile>, StoreError> {
        Ok(self.lock().tenants.values().find(|t| t.slug == *slug).cloned())
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<TenancyWrite>) -> Result<(), CommitError> {
        let mut guard = self.lock();
        let mut next = guard.clone();
        let tenant = scope.tenant();
        if let Some(claim) = change.claimed()
            && !next.claims.insert((tenant, claim.key.as_str().to_owned()))
        {
            return Err(CommitError::AlreadyClaimed);
        }
        for write in change.writes() {
            next.apply(tenant, write)?;
        }
        next.events.extend_from_slice(change.events());
        next.jobs.extend_from_slice(change.jobs());
        *guard = next;
        Ok(())
    }
}
