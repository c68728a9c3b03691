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

/// What is known of a call, as far as money is concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KnownOfCall {
    /// How long it lasted, in milliseconds; `None` while it is on.
    pub duration_ms: Option<i64>,
    /// What it cost at the provider, as reported or estimated.
    pub cost: Option<ProviderCostFacts>,
}

/// What became of the account of a call.
#[derive(Debug)]
pub struct Settled {
    /// What was charged. [`BillingError::Amount`] for a duration that cannot be, [`BillingError::Contended`].
    pub charge: Result<Settlement, BillingError>,
    /// What was recorded as its cost. [`BillingError::Amount`] for a cost that cannot be, [`BillingError::Contended`], or
    /// the store's failure to tell the exchange rate.
    pub cost: Result<CostDecision, BillingError>,
}

impl Settled {
    /// The same for somebody who may not append any more: what would be left to do is contended.
    fn or_contended(self) -> Self {
        Self {
            charge: match self.charge {
                Ok(Settlement::Charged(_) | Settlement::Corrected(_)) => Err(BillingError::Contended),
                settled => settled,
            },
            cost: match self.cost {
                Ok(CostDecision::Append(_)) => Err(BillingError::Contended),
                settled => settled,
            },
        }
    }
}

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

    /// Appends to the account of a call what follows from what is known of it: its charge or a correction, and a version of
    /// its cost. Both are one commit; what is implausible of the one does not keep the other from being appended.
    ///
    /// Give it what is known of the call *now*, not what the event said that set this off, and one run at a time per call:
    /// then events may arrive in any order, and the last run settles what is true. Who loses a race is not decided again
    /// with what was known before it, but finds [`BillingError::Contended`] where something is still to be appended, so
    /// that the next try reads anew.
    ///
    /// # Errors
    /// [`BillingError::UnknownCall`], [`BillingError::Store`], or [`BillingError::Commit`]: then neither is appended. What is
    /// implausible is in the [`Settled`].
    pub async fn settle(
        &self,
        scope: &TenantScope,
        call: CallId,
        known: &KnownOfCall,
    ) -> Result<Settled, BillingError> {
        if *known == KnownOfCall::default() {
            return Ok(Settled { charge: Ok(Settlement::Unchanged), cost: Ok(CostDecision::Unchanged) });
        }
        let settled = self.decide(scope, call, known).await?;
        let change = self.change(&settled);
        if change.writes().is_empty() {
            return Ok(settled);
        }
        match self.accounts.commit(scope, change).await {
            Ok(()) => Ok(settled),
            Err(CommitError::Stale) => Ok(self.decide(scope, call, known).await?.or_contended()),
            Err(error) => Err(error.into()),
        }
    }

    async fn decide(
        &self,
        scope: &TenantScope,
        call: CallId,
        known: &KnownOfCall,
    ) -> Result<Settled, BillingError> {
        let account = self.account(scope, call).await?;
        let now = self.clock.now();
        let charge = known.duration_ms.map_or(Ok(Settlement::Unchanged), |long| account.settle(long, now));
        let cost = match &known.cost {
            Some(facts) => match self.current_fx().await {
                Ok(latest) => account.record_cost(facts, latest, now).map_err(BillingError::from),
                Err(error) => Err(error),
            },
            None => Ok(CostDecision::Unchanged),
        };
        Ok(Settled { charge: charge.map_err(BillingError::from), cost })
    }

    fn change(&self, settled: &Settled) -> ChangeSet<BillingWrite> {
        let mut change = ChangeSet::new();
        if let Ok(Settlement::Charged(entry) | Settlement::Corrected(entry)) = &settled.charge {
            change = change
                .write(BillingWrite::AppendCharge(entry.clone()))
                .emit(BillingEvent::charge(entry).into_outgoing(&*self.ids, entry.created_at));
        }
        if let Ok(CostDecision::Append(cost)) = &settled.cost {
            change = change
                .write(BillingWrite::AppendCost(cost.clone()))
                .emit(BillingEvent::cost(cost).into_outgoing(&*self.ids, cost.recorded_at));
        }
        change
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
