//! Use cases about money: read the account, decide, append.

use std::sync::Arc;

use chrono::NaiveDate;
use kernel::{CallId, ChangeSet, Clock, CommitError, IdGenerator, PlatformScope, StoreError, TenantScope};

use crate::account::{CallAccount, CostDecision, Settlement};
use crate::error::BillingError;
use crate::events::BillingEvent;
use crate::fx::{FxDecision, FxQuote, FxRate, FxSource};
use crate::model::ProviderCostFacts;
use crate::ports::{BillingRepository, BillingWrite};

/// Charges calls and records their cost. Every method may be repeated at any time.
#[derive(Clone)]
pub struct BillingService {
    accounts: Arc<dyn BillingRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl BillingService {
    /// A service over this repository.
    #[must_use]
    pub fn new(
        accounts: Arc<dyn BillingRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { accounts, clock, ids }
    }

    /// The account of a call.
    ///
    /// # Errors
    /// [`BillingError::UnknownCall`], [`BillingError::Store`].
    pub async fn account(&self, scope: &TenantScope, call: CallId) -> Result<CallAccount, BillingError> {
        let snapshot = self.accounts.account_of_call(scope, call).await?.ok_or(BillingError::UnknownCall)?;
        CallAccount::restore(snapshot).map_err(|error| StoreError::Corrupt(Box::new(error)).into())
    }

    /// Charges a call that lasted `duration_ms` milliseconds, or corrects its charge, or finds nothing to do.
    ///
    /// Give it the duration that the call has *now*, not the one of the event that set this off, and one run at a time
    /// per call: then events may arrive in any order, and the last run settles what is true. Who loses a race is not
    /// decided again with what was known before it, but answered [`BillingError::Contended`], so that the next try
    /// reads the duration anew.
    ///
    /// # Errors
    /// [`BillingError::UnknownCall`], [`AmountError::ImplausibleDuration`](crate::AmountError),
    /// [`BillingError::Contended`], or the store's failure.
    pub async fn settle_call(
        &self,
        scope: &TenantScope,
        call: CallId,
        duration_ms: i64,
    ) -> Result<Settlement, BillingError> {
        let now = self.clock.now();
        let settlement = self.account(scope, call).await?.settle(duration_ms, now)?;
        let (Settlement::Charged(entry) | Settlement::Corrected(entry)) = &settlement else {
            return Ok(settlement);
        };
        let change = ChangeSet::one(BillingWrite::AppendCharge(entry.clone()))
            .emit(BillingEvent::charge(entry).into_outgoing(&*self.ids, now));
        match self.accounts.commit(scope, change).await {
            Ok(()) => Ok(settlement),
            Err(CommitError::Stale) => match self.account(scope, call).await?.settle(duration_ms, now)? {
                Settlement::Unchanged => Ok(Settlement::Unchanged),
                Settlement::Charged(_) | Settlement::Corrected(_) => Err(BillingError::Contended),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Records what a call cost at the provider, or finds nothing new. As with [`Self::settle_call`], give it the facts
    /// that the call has now.
    ///
    /// # Errors
    /// [`BillingError::UnknownCall`], [`AmountError::ImplausibleCost`](crate::AmountError),
    /// [`BillingError::Contended`], or the store's failure.
    pub async fn record_provider_cost(
        &self,
        scope: &TenantScope,
        call: CallId,
        facts: &ProviderCostFacts,
    ) -> Result<CostDecision, BillingError> {
        let latest = self.current_fx().await?;
        let now = self.clock.now();
        let decision = self.account(scope, call).await?.record_cost(facts, latest, now)?;
        let CostDecision::Append(cost) = &decision else {
            return Ok(decision);
        };
        let change = ChangeSet::one(BillingWrite::AppendCost(cost.clone()))
            .emit(BillingEvent::cost(cost).into_outgoing(&*self.ids, now));
        match self.accounts.commit(scope, change).await {
            Ok(()) => Ok(decision),
            Err(CommitError::Stale) => {
                match self.account(scope, call).await?.record_cost(facts, latest, now)? {
                    CostDecision::Unchanged => Ok(CostDecision::Unchanged),
                    CostDecision::Append(_) => Err(BillingError::Contended),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes over an exchange rate for a day (today, if none is named), unless it is implausible: then the last one
    /// stays, and the answer and the log say so. A day to come counts from that day on.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn quote_fx(
        &self,
        platform: &PlatformScope,
        ppm: i64,
        source: FxSource,
        day: Option<NaiveDate>,
    ) -> Result<FxDecision, BillingError> {
        let decision = FxRate::judge(ppm, source);
        match decision {
            FxDecision::Accepted(rate) => {
                let day = day.unwrap_or_else(|| self.clock.now().date_naive());
                self.accounts.record_fx(platform, FxQuote { day, rate }).await?;
            }
            FxDecision::LastOneStays { rejected_ppm } => {
                tracing::warn!(
                    rejected_ppm,
                    source = source.as_str(),
                    "implausible exchange rate refused, the last one stays"
                );
            }
        }
        Ok(decision)
    }

    /// The exchange rate of today, with the day it is from. `None`: none was recorded, the fallback is used.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn latest_fx(&self) -> Result<Option<FxQuote>, BillingError> {
        Ok(self.accounts.latest_fx(self.clock.now().date_naive()).await?)
    }

    /// The latest exchange rate, or the marked fallback if none was recorded.
    async fn current_fx(&self) -> Result<FxRate, BillingError> {
        let latest = self.latest_fx().await?.map(|quote| quote.rate);
        Ok(latest.unwrap_or_else(|| {
            tracing::warn!("no exchange rate was ever recorded, the fallback is used");
            FxRate::FALLBACK
        }))
    }
}

#[cfg(test)]
mod tests;
