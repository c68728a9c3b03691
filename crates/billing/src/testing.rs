//! In-memory implementation of the port, for tests of any crate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;
use kernel::{
    CallId, ChangeSet, CommitError, JobSpec, OutgoingEvent, PlatformScope, StoreError, TenantId, TenantScope,
};

use crate::fx::{FxQuote, FxRate, FxSource};
use crate::model::CallAccountSnapshot;
use crate::ports::{BillingRepository, BillingWrite};
use crate::tariff::CallRate;

/// Accounts in memory. Calls must be announced with [`InMemoryBilling::add_call`], as the real store knows them.
#[derive(Debug, Default)]
pub struct InMemoryBilling {
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    accounts: BTreeMap<(TenantId, CallId), CallAccountSnapshot>,
    rates: BTreeMap<(NaiveDate, FxSource), FxRate>,
    events: Vec<OutgoingEvent>,
    jobs: Vec<JobSpec>,
    claims: BTreeSet<(TenantId, String)>,
}

impl InMemoryBilling {
    /// Makes a call known, at the tenant's tariff.
    pub fn add_call(&self, tenant: TenantId, call: CallId, rate: CallRate) {
        self.lock().accounts.entry((tenant, call)).or_insert_with(|| CallAccountSnapshot {
            call,
            rate,
            costs: Vec::new(),
            entries: Vec::new(),
        });
    }

    /// Changes the tariff of a tenant, as seen by every later reading.
    pub fn set_rate(&self, tenant: TenantId, rate: CallRate) {
        for ((owner, _), account) in &mut self.lock().accounts {
            if *owner == tenant {
                account.rate = rate;
            }
        }
    }

    /// Events committed so far.
    #[must_use]
    pub fn events(&self) -> Vec<OutgoingEvent> {
        self.lock().events.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl BillingRepository for InMemoryBilling {
    async fn account_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Option<CallAccountSnapshot>, StoreError> {
        Ok(self.lock().accounts.get(&(scope.tenant(), call)).cloned())
    }

    async fn latest_fx(&self, on: NaiveDate) -> Result<Option<FxQuote>, StoreError> {
        let guard = self.lock();
        let latest = guard.rates.range(..=(on, FxSource::Manual)).next_back();
        Ok(latest.map(|((day, _), rate)| FxQuote { day: *day, rate: *rate }))
    }

    async fn record_fx(&self, _scope: &PlatformScope, quote: FxQuote) -> Result<(), StoreError> {
        self.lock().rates.insert((quote.day, quote.rate.source()), quote.rate);
        Ok(())
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<BillingWrite>) -> Result<(), CommitError> {
        let mut guard = self.lock();
        let mut next = guard.clone();
        let tenant = scope.tenant();
        if let Some(claim) = change.claimed()
            && !next.claims.insert((tenant, claim.key.as_str().to_owned()))
        {
            return Err(CommitError::AlreadyClaimed);
        }
        for write in change.writes() {
            let call = match write {
                BillingWrite::AppendCost(cost) => cost.call,
                BillingWrite::AppendCharge(entry) => entry.call,
            };
            let account = next
                .accounts
                .get_mut(&(tenant, call))
                .ok_or_else(|| CommitError::Refused { rule: "unknown_call".to_owned() })?;
            let taken = match write {
                BillingWrite::AppendCost(cost) => account.costs.iter().any(|c| c.version == cost.version),
                BillingWrite::AppendCharge(entry) => {
                    account.entries.iter().any(|e| e.entry_no == entry.entry_no)
                }
            };
            if taken {
                return Err(CommitError::Stale);
            }
            match write {
                BillingWrite::AppendCost(cost) => account.costs.push(cost.clone()),
                BillingWrite::AppendCharge(entry) => account.entries.push(entry.clone()),
            }
        }
        next.events.extend_from_slice(change.events());
        next.jobs.extend_from_slice(change.jobs());
        *guard = next;
        Ok(())
    }
}
