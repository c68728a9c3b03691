//! Master data that every tool call needs, kept for a few seconds.
//!
//! Only what is found is kept: a number that was just assigned works at once. What is switched off is served until the
//! kept copy is no longer fresh (`cache.fresh_ms`). Keys hold the tenant, so one company's data never answers another's
//! question.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{
    ChangeSet, CommitError, PhoneNumber, PlatformScope, ProviderCallId, StoreError, TenantId, TenantScope,
};
use moka::future::Cache;
use tenancy::{
    BranchProfile, CallDirectory, CallRoute, NumberAssignment, NumberRoute, Slug, TenancyWrite,
    TenantProfile, TenantRepository,
};

fn cache<K, V>(entries: u64, fresh: Duration) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(entries).time_to_live(fresh).build()
}

/// A directory that keeps where numbers and signed calls lead. Whoever only names a call is always looked up: whether it
/// is still on may change from one moment to the next.
#[derive(Clone)]
pub struct CachedDirectory {
    source: Arc<dyn CallDirectory>,
    numbers: Cache<PhoneNumber, NumberRoute>,
    calls: Cache<ProviderCallId, CallRoute>,
}

impl CachedDirectory {
    /// In front of `source`.
    #[must_use]
    pub fn new(source: Arc<dyn CallDirectory>, entries: u64, fresh: Duration) -> Self {
        Self { source, numbers: cache(entries, fresh), calls: cache(entries, fresh) }
    }
}

#[async_trait]
impl CallDirectory for CachedDirectory {
    async fn route_number(&self, number: &PhoneNumber) -> Result<Option<NumberRoute>, StoreError> {
        if let Some(route) = self.numbers.get(number).await {
            return Ok(Some(route));
        }
        let found = self.source.route_number(number).await?;
        if let Some(route) = &found {
            self.numbers.insert(number.clone(), route.clone()).await;
        }
        Ok(found)
    }

    async fn route_call(&self, call: &ProviderCallId) -> Result<Option<CallRoute>, StoreError> {
        self.source.route_call(call).await
    }

    async fn route_signed_call(&self, call: &ProviderCallId) -> Result<Option<CallRoute>, StoreError> {
        if let Some(route) = self.calls.get(call).await {
            return Ok(Some(route));
        }
        let found = self.source.route_call(call).await?;
        if let Some(route) = &found {
            self.calls.insert(call.clone(), route.clone()).await;
        }
        Ok(found)
    }
}

/// A repository that keeps profiles of companies and their branches.
#[derive(Clone)]
pub struct CachedTenants {
    source: Arc<dyn TenantRepository>,
    profiles: Cache<TenantId, TenantProfile>,
    branches: Cache<TenantId, Vec<BranchProfile>>,
}

impl CachedTenants {
    /// In front of `source`.
    #[must_use]
    pub fn new(source: Arc<dyn TenantRepository>, entries: u64, fresh: Duration) -> Self {
        Self { source, profiles: cache(entries, fresh), branches: cache(entries, fresh) }
    }
}

#[async_trait]
impl TenantRepository for CachedTenants {
    async fn profile(&self, scope: &TenantScope) -> Result<Option<TenantProfile>, StoreError> {
        if let Some(profile) = self.profiles.get(&scope.tenant()).await {
            return Ok(Some(profile));
        }
        let found = self.source.profile(scope).await?;
        if let Some(profile) = &found {
            self.profiles.insert(scope.tenant(), profile.clone()).await;
        }
        Ok(found)
    }

    async fn branches(&self, scope: &TenantScope) -> Result<Vec<BranchProfile>, StoreError> {
        if let Some(branches) = self.branches.get(&scope.tenant()).await {
            return Ok(branches);
        }
        let found = self.source.branches(scope).await?;
        if !found.is_empty() {
            self.branches.insert(scope.tenant(), found.clone()).await;
        }
        Ok(found)
    }

    async fn numbers(&self, scope: &TenantScope) -> Result<Vec<NumberAssignment>, StoreError> {
        self.source.numbers(scope).await
    }

    async fn list_tenants(&self, scope: &PlatformScope) -> Result<Vec<TenantProfile>, StoreError> {
        self.source.list_tenants(scope).await
    }

    async fn find_by_slug(
        &self,
        scope: &PlatformScope,
        slug: &Slug,
    ) -> Result<Option<TenantProfile>, StoreError> {
        self.source.find_by_slug(scope, slug).await
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<TenancyWrite>) -> Result<(), CommitError> {
        let done = self.source.commit(scope, change).await;
        self.profiles.invalidate(&scope.tenant()).await;
        self.branches.invalidate(&scope.tenant()).await;
        done
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::scope;
    use tenancy::ports::{MockCallDirectory, MockTenantRepository};
    use tenancy::testing::{branch_profile, tenant_profile};

    use super::*;

    const FRESH: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_company_is_asked_for_once_and_never_for_another() {
        let mut source = MockTenantRepository::new();
        source.expect_profile().times(2).returning(|scope| {
            let number = scope.tenant().as_uuid().as_u128();
            Ok(Some(tenant_profile(number, "x")))
        });
        source.expect_branches().times(1).returning(|_| Ok(vec![branch_profile(10, "main")]));
        let cached = CachedTenants::new(Arc::new(source), 10, FRESH);
        for _ in 0..3 {
            for number in [1, 2] {
                let scope = scope(number, None);
                let profile = cached.profile(&scope).await.unwrap().unwrap();
                assert_eq!(profile.id, scope.tenant());
            }
            assert_eq!(cached.branches(&scope(1, None)).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn what_was_not_found_is_asked_for_again() {
        let mut source = MockCallDirectory::new();
        source.expect_route_number().times(2).returning(|_| Ok(None));
        source.expect_route_call().times(2).returning(|_| Ok(None));
        let cached = CachedDirectory::new(Arc::new(source), 10, FRESH);
        let number = PhoneNumber::from_e164("+4940555100").unwrap();
        let call = ProviderCallId::parse("call_0a1b2c").unwrap();
        for _ in 0..2 {
            assert_eq!(cached.route_number(&number).await.unwrap(), None);
            assert_eq!(cached.route_call(&call).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_signed_call_is_looked_up_once_and_a_named_one_each_time() {
        let route = CallRoute {
            tenant: scope(1, None).tenant(),
            branch: branch_profile(10, "main").id,
            call: kernel::CallId::from_uuid(uuid::Uuid::from_u128(3)),
            created_at: chrono::DateTime::UNIX_EPOCH,
            ongoing: true,
            tenant_state: tenancy::TenantState::Active,
        };
        let mut source = MockCallDirectory::new();
        let kept = route.clone();
        source.expect_route_call().times(3).returning(move |_| Ok(Some(kept.clone())));
        let cached = CachedDirectory::new(Arc::new(source), 10, FRESH);
        let call = ProviderCallId::parse("call_0a1b2c").unwrap();
        for _ in 0..2 {
            assert_eq!(cached.route_signed_call(&call).await.unwrap(), Some(route.clone()));
            assert_eq!(cached.route_call(&call).await.unwrap(), Some(route.clone()));
        }
    }

    #[tokio::test]
    async fn a_change_is_seen_at_once_by_whoever_made_it() {
        let mut source = MockTenantRepository::new();
        source.expect_profile().times(2).returning(|_| Ok(Some(tenant_profile(1, "x"))));
        source.expect_commit().times(1).returning(|_, _| Ok(()));
        let cached = CachedTenants::new(Arc::new(source), 10, FRESH);
        let scope = scope(1, None);
        cached.profile(&scope).await.unwrap();
        cached.commit(&scope, ChangeSet::new()).await.unwrap();
        cached.profile(&scope).await.unwrap();
    }
}
