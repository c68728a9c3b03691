//! What this domain needs from outside.

use async_trait::async_trait;
use chrono::NaiveDate;
use kernel::{CallId, ChangeSet, CommitError, PlatformScope, StoreError, TenantScope};

use crate::fx::FxQuote;
use crate::model::{CallAccountSnapshot, ChargeEntry, ProviderCost};

/// One line to append. There is no write that changes or deletes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingWrite {
    /// A version of a call's cost.
    AppendCost(ProviderCost),
    /// An entry of a call's charge.
    AppendCharge(ChargeEntry),
}

/// Port: accounts of a tenant's calls, and the exchange rate.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BillingRepository: Send + Sync {
    /// The account of this call, with empty lists if nothing was recorded. `None`: the tenant has no such call.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn account_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Option<CallAccountSnapshot>, StoreError>;

    /// The exchange rate of the latest day up to `on` that has one; on one day a manual rate goes before a reference
    /// rate. `None`: none was recorded.
    ///
    /// Unscoped: rates of exchange are the same for all.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot answer.
    async fn latest_fx(&self, on: NaiveDate) -> Result<Option<FxQuote>, StoreError>;

    /// Records the rate of a day; the same day and source again replaces the rate.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn record_fx(&self, scope: &PlatformScope, quote: FxQuote) -> Result<(), StoreError>;

    /// Appends the lines with events, jobs and claim, all or none.
    ///
    /// # Errors
    /// [`CommitError::Stale`] if the call already has a line of that number, so that the service reads again;
    /// [`CommitError::Refused`] if the tenant has no such call; [`CommitError::AlreadyClaimed`];
    /// [`CommitError::Store`].
    async fn commit(&self, scope: &TenantScope, change: ChangeSet<BillingWrite>) -> Result<(), CommitError>;
}
