//! What this domain needs from outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{
    ChangeSet, CommitError, PhoneNumber, PlatformScope, ProviderCallId, StoreError, TenantId, TenantScope,
};

use crate::connection::{ConnectionKey, ConnectionRoute};
use crate::key::{ApiKeyRecord, KeyPrefix, NewApiKey};
use crate::model::{
    BranchProfile, CallRoute, NumberAssignment, NumberRoute, Slug, TenantProfile, TenantState,
};
use crate::network::Network;

/// Port: where numbers and calls lead. Read on every call, so one look-up by key each.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallDirectory: Send + Sync {
    /// Where this number leads. `None`: nobody's, switched off, or its branch is closed down.
    /// A company that is not active is found, with its state.
    ///
    /// Unscoped: the answer is what proves the tenant.
    ///
    /// # Errors
    /// [`StoreError`] if the directory cannot answer.
    async fn route_number(&self, number: &PhoneNumber) -> Result<Option<NumberRoute>, StoreError>;

    /// Where the call of this provider id belongs. `None`: no event or tool of it has been accepted yet.
    ///
    /// Unscoped: the answer is what proves the tenant.
    ///
    /// # Errors
    /// [`StoreError`] if the directory cannot answer.
    async fn route_call(&self, call: &ProviderCallId) -> Result<Option<CallRoute>, StoreError>;

    /// The same for requests that show the signed call itself: where it belongs never changes, and whether it is still on
    /// and its company still served may be a few seconds old.
    ///
    /// Unscoped: the answer is what proves the tenant.
    ///
    /// # Errors
    /// [`StoreError`] if the directory cannot answer.
    async fn route_signed_call(&self, call: &ProviderCallId) -> Result<Option<CallRoute>, StoreError> {
        self.route_call(call).await
    }
}

/// Port: API keys by their public part.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ApiKeyDirectory: Send + Sync {
    /// The key with this prefix, also if it is revoked or expired. `None`: there is none.
    ///
    /// Unscoped: the answer is what proves the tenant.
    ///
    /// # Errors
    /// [`StoreError`] if the directory cannot answer.
    async fn find_key(&self, prefix: &KeyPrefix) -> Result<Option<ApiKeyRecord>, StoreError>;

    /// Notes that the tenant's key was used at `at` (real time); an earlier instant than the one noted changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn note_key_use(
        &self,
        scope: &TenantScope,
        prefix: &KeyPrefix,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

/// Port: where connections to outside calendars lead. Read for every webhook of such a calendar.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionDirectory: Send + Sync {
    /// Whose connection this is, also if it is switched off. `None`: nobody's.
    ///
    /// Unscoped: the answer is what names the tenant.
    ///
    /// # Errors
    /// [`StoreError`] if the directory cannot answer.
    async fn route_connection(
        &self,
        connection: ConnectionKey,
    ) -> Result<Option<ConnectionRoute>, StoreError>;

    /// The only connection of the whole deployment that is switched on. `None`: there is none, or there are several.
    ///
    /// Unscoped: the answer is what names the tenant.
    ///
    /// # Errors
    /// [`StoreError`] if the directory cannot answer.
    async fn sole_connection(&self) -> Result<Option<ConnectionRoute>, StoreError>;
}

/// One change of a company's master data. It concerns the tenant of the scope it is committed with.
#[derive(Debug, Clone, PartialEq)]
pub enum TenancyWrite {
    /// A new company. Its id must be the scope's. Idempotent: if a company with this id and slug exists, nothing
    /// changes; if the slug is another company's, or the id has another slug, it is refused.
    CreateTenant {
        /// The company.
        profile: TenantProfile,
        /// Product time of its creation.
        created_at: DateTime<Utc>,
    },
    /// The company is served, or no longer.
    SetTenantState(TenantState),
    /// A new branch. Idempotent by id; a slug that another branch of the company has is refused.
    CreateBranch(BranchProfile),
    /// The number belongs to the branch from now on. Repeatable; a number of another company is refused.
    AssignNumber(NumberAssignment),
    /// A new key. A prefix that exists is refused.
    IssueKey(NewApiKey),
    /// The key may be used from these networks alone, at most
    /// [`ApiKeyRecord::MAX_NETWORKS`](crate::ApiKeyRecord::MAX_NETWORKS); from anywhere, if there are none. A key that the
    /// company does not have is refused.
    BindKey {
        /// The key.
        prefix: KeyPrefix,
        /// From where it may be used.
        networks: Vec<Network>,
    },
    /// The key is refused from `at` (real time). Repeatable: the first revocation stays. A key that the company does
    /// not have is refused.
    RevokeKey {
        /// The key.
        prefix: KeyPrefix,
        /// When it was withdrawn.
        at: DateTime<Utc>,
    },
}

/// Port: the master data of companies.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TenantRepository: Send + Sync {
    /// The company of the scope. `None`: it does not exist.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn profile(&self, scope: &TenantScope) -> Result<Option<TenantProfile>, StoreError>;

    /// Its branches, also closed ones, by slug.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn branches(&self, scope: &TenantScope) -> Result<Vec<BranchProfile>, StoreError>;

    /// Its numbers, also those switched off, in ascending order.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn numbers(&self, scope: &TenantScope) -> Result<Vec<NumberAssignment>, StoreError>;

    /// All companies, by slug.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn list_tenants(&self, scope: &PlatformScope) -> Result<Vec<TenantProfile>, StoreError>;

    /// The company with this slug. `None`: there is none.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn find_by_slug(
        &self,
        scope: &PlatformScope,
        slug: &Slug,
    ) -> Result<Option<TenantProfile>, StoreError>;

    /// Applies the writes in their order, all or none. Needs the rights of an administrator in the store; a process
    /// that serves calls has none of them.
    ///
    /// # Errors
    /// [`CommitError::Refused`] as told at each [`TenancyWrite`], and if a branch or tenant named by a write does not
    /// exist; [`CommitError::AlreadyClaimed`]; [`CommitError::Store`].
    async fn commit(&self, scope: &TenantScope, change: ChangeSet<TenancyWrite>) -> Result<(), CommitError>;
}

/// Port: how much of one thing a company may use. It keeps a flood at one company away from all others.
pub trait Allowance: Send + Sync {
    /// Takes one of what the company may use now. `false`: nothing is left, and more comes with time.
    fn take(&self, tenant: TenantId) -> bool;
}
