//! Recurring upkeep. Each method is one schedule's work; all of them may run twice, late, or in several processes.

use std::sync::Arc;

use billing::BillingRepository;
use call::{CallError, CallService, GivenUp};
use chrono::{Datelike, NaiveDate, TimeDelta, Utc};
use german_datetime::holidays::{FederalState, public_holidays};
use kernel::{ActReason, Classify, Clock, ErrorClass, PlatformScope, StoreError, TenantScope};
use servicedesk::{AdvanceError, CallbackService};
use tenancy::{BranchProfile, TenantRepository};

use crate::engine::{EventLog, JobAdministration};
use crate::ports::{ClosedDay, Inbox, InboxState, PartitionReport, Upkeep};

/// Rows in one statement: few enough that it ends within the statement timeout and holds its locks briefly.
const BATCH: u32 = 1000;
/// Batches in one run; what is left waits for the next run.
const MAX_BATCHES: u32 = 100;

/// Days whose calls are counted in one transaction: whoever changes a call of one of them meanwhile waits for its end.
const DAYS_AT_ONCE: u32 = 7;

/// How long things are kept and how far ahead is prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpkeepPolicy {
    /// Age at which a call that nobody ended is failed.
    pub stuck_call: TimeDelta,
    /// Age at which a processed webhook is erased.
    pub inbox: TimeDelta,
    /// Age at which a webhook is erased that nobody could route or read, whether somebody has looked at it or not.
    pub inbox_review: TimeDelta,
    /// Age at which a stored outcome is erased.
    pub outcomes: TimeDelta,
    /// Age at which what is personal of a call is erased.
    pub calls: TimeDelta,
    /// Age at which whole months of the trace of tools are dropped.
    pub tool_trace: TimeDelta,
    /// Age at which dispatched facts are erased.
    pub facts: TimeDelta,
    /// Age at which the history of jobs is dropped.
    pub job_history: TimeDelta,
    /// Months whose partitions exist in advance.
    pub partition_months_ahead: u32,
    /// Years beyond this one whose holidays are entered.
    pub holiday_years_ahead: u32,
    /// Age in days from which the exchange rate is worth an alert.
    pub fx_stale_days: u32,
}

/// How old the exchange rate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FxAge {
    /// Days since the day it is of; `None` if none was recorded and the fallback is used.
    pub days: Option<i64>,
    /// Whether somebody should look after it.
    pub is_stale: bool,
}

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Processed webhooks.
    pub webhooks: u64,
    /// Webhooks that could not be routed or read, and that nobody replayed or discarded in time.
    pub unreviewed: u64,
    /// Stored outcomes.
    pub outcomes: u64,
    /// Dispatched facts.
    pub facts: u64,
    /// Partitions of the jobs' history.
    pub history_partitions: u32,
}

/// What was erased of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedCalls {
    /// Calls of which nothing personal is left.
    pub calls: u64,
    /// Months that were dropped, of whichever table.
    pub months: u32,
}

/// Why upkeep is not complete.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// A call could not be failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A callback could not be marked; those of all tenants had their turn.
    #[error(transparent)]
    Callback(#[from] AdvanceError),
    /// The store failed; for one tenant or more, if tenants were gone through. The others are done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for UpkeepError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Call(error) => error.class(),
            Self::Callback(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// How many callbacks are late.
#[derive(Debug, Default)]
pub struct LateCallbacks {
    /// Open callbacks of all tenants whose time is over; of those tenants that could be asked.
    pub overdue: u64,
    /// Those that were made urgent now.
    pub marked: u64,
    /// The first trouble; everything else is done.
    pub failure: Option<UpkeepError>,
}

/// The ports of [`Maintenance`].
#[derive(Clone)]
pub struct MaintenancePorts {
    /// Erasing and preparing.
    pub upkeep: Arc<dyn Upkeep>,
    /// All tenants and their branches.
    pub tenants: Arc<dyn TenantRepository>,
    /// Stored webhooks.
    pub inbox: Arc<dyn Inbox>,
    /// Dispatched facts.
    pub facts: Arc<dyn EventLog>,
    /// The jobs' history.
    pub jobs: Arc<dyn JobAdministration>,
    /// Exchange rates.
    pub rates: Arc<dyn BillingRepository>,
}

/// Use cases of upkeep.
#[derive(Clone)]
pub struct Maintenance {
    ports: MaintenancePorts,
    calls: CallService,
    callbacks: CallbackService,
    clock: Arc<dyn Clock>,
    policy: UpkeepPolicy,
}

impl Maintenance {
    /// Upkeep by this policy.
    #[must_use]
    pub fn new(
        ports: MaintenancePorts,
        calls: CallService,
        callbacks: CallbackService,
        clock: Arc<dyn Clock>,
        policy: UpkeepPolicy,
    ) -> Self {
        Self { ports, calls, callbacks, clock, policy }
    }

    /// Erases expired holds of all tenants; how many.
    ///
    /// # Errors
    /// [`UpkeepError`]; see [`UpkeepError::Store`] for what is done then.
    pub async fn erase_expired_holds(&self, scope: &PlatformScope) -> Result<u64, UpkeepError> {
        let now = self.clock.now();
        let upkeep = &self.ports.upkeep;
        self.for_each_tenant(scope, |tenant| async move {
            in_batches(BATCH, || upkeep.erase_expired_holds(&tenant, now, BATCH)).await
        })
        .await
    }

    /// Fails calls that nobody ended. One that cannot be failed keeps no other waiting; [`GivenUp::failure`] says why.
    ///
    /// # Errors
    /// [`UpkeepError`] if they cannot be listed.
    pub async fn fail_stuck_calls(&self, scope: &PlatformScope) -> Result<GivenUp, UpkeepError> {
        let mut total = GivenUp::default();
        for _ in 0..MAX_BATCHES {
            let done = self.calls.fail_stuck(scope, self.policy.stuck_call, BATCH).await?;
            // The next batch begins with the calls that could not be given up; what they leave room for goes on.
            let is_last = done.given_up + done.failed < BATCH || done.given_up == 0;
            let given_up = total.given_up + done.given_up;
            total = GivenUp { given_up, ..done };
            if is_last {
                break;
            }
        }
        Ok(total)
    }

    /// Marks callbacks that nobody made in time, of all tenants.
    ///
    /// # Errors
    /// [`StoreError`] if the tenants cannot be listed. What fails for one tenant or one callback is in
    /// [`LateCallbacks::failure`]: the number of the others counts nevertheless.
    pub async fn escalate_callbacks(&self, scope: &PlatformScope) -> Result<LateCallbacks, UpkeepError> {
        let mut late = LateCallbacks::default();
        for tenant in self.ports.tenants.list_tenants(scope).await? {
            match self.callbacks.escalate_overdue(&scope.act_for(tenant.id, ActReason::Round), BATCH).await {
                Ok(done) => {
                    late.overdue += done.overdue;
                    late.marked += done.marked;
                    if let Some(error) = done.failure {
                        late.failure.get_or_insert(error.into());
                    }
                }
                Err(error) => {
                    tracing::warn!(tenant.id = %tenant.id, %error, "overdue callbacks cannot be listed");
                    late.failure.get_or_insert(error.into());
                }
            }
        }
        Ok(late)
    }

    /// Makes the partitions of the coming months.
    ///
    /// # Errors
    /// [`UpkeepError`].
    pub async fn ensure_partitions(&self, scope: &PlatformScope) -> Result<PartitionReport, UpkeepError> {
        let report = self.ports.upkeep.ensure_partitions(scope, self.policy.partition_months_ahead).await?;
        for partition in &report.default_with_rows {
            tracing::error!(partition, "rows were written to a default partition");
        }
        Ok(report)
    }

    /// Says how old the exchange rate is, and warns if nobody has looked after it for too long: costs are converted at
    /// whatever is the latest, silently.
    ///
    /// # Errors
    /// [`UpkeepError`].
    pub async fn check_fx(&self) -> Result<FxAge, UpkeepError> {
        let today = self.clock.now().date_naive();
        let latest = self.ports.rates.latest_fx(today).await?;
        let days = latest.map(|quote| (today - quote.day).num_days());
        let is_stale = days.is_none_or(|days| days > i64::from(self.policy.fx_stale_days));
        if is_stale {
            tracing::warn!(age_days = days, "the exchange rate is old or missing: askpro fx set");
        }
        Ok(FxAge { days, is_stale })
    }

    /// Erases what has been kept long enough.
    ///
    /// # Errors
    /// [`UpkeepError`].
    pub async fn erase_old(&self, scope: &PlatformScope) -> Result<Erased, UpkeepError> {
        let now = self.clock.now();
        let before = |age: TimeDelta| now.checked_sub_signed(age).unwrap_or(chrono::DateTime::<Utc>::MIN_UTC);
        let MaintenancePorts { upkeep, inbox, facts, jobs, .. } = &self.ports;
        let (webhooks_before, outcomes_before) = (before(self.policy.inbox), before(self.policy.outcomes));
        let facts_before = before(self.policy.facts);
        let review_before = before(self.policy.inbox_review);
        let webhooks =
            in_batches(BATCH, || inbox.erase(scope, InboxState::FINISHED, webhooks_before, BATCH)).await?;
        let unreviewed =
            in_batches(BATCH, || inbox.erase(scope, InboxState::FOR_REVIEW, review_before, BATCH)).await?;
        if unreviewed > 0 {
            tracing::warn!(unreviewed, "webhooks that nobody looked at in time were erased");
        }
        let forgotten = in_batches(BATCH, || facts.forget_dispatched(facts_before, BATCH)).await?;
        let history_partitions = jobs.drop_history(scope, before(self.policy.job_history)).await?;
        let outcomes = self
            .for_each_tenant(scope, |tenant| async move {
                in_batches(BATCH, || upkeep.erase_outcomes(&tenant, outcomes_before, BATCH)).await
            })
            .await?;
        Ok(Erased { webhooks, unreviewed, outcomes, facts: forgotten, history_partitions })
    }

    /// Erases what is personal of calls that are old enough, for all tenants, then the months in which nothing is left.
    ///
    /// # Errors
    /// [`UpkeepError`]; see [`UpkeepError::Store`] for what is done then. Months wait for a run in which every tenant
    /// had its turn.
    pub async fn erase_calls(&self, scope: &PlatformScope) -> Result<ErasedCalls, UpkeepError> {
        let now = self.clock.now();
        let before = |age: TimeDelta| now.checked_sub_signed(age).unwrap_or(chrono::DateTime::<Utc>::MIN_UTC);
        let upkeep = &self.ports.upkeep;
        let calls_before = before(self.policy.calls);
        let calls = self
            .for_each_tenant(scope, |tenant| async move {
                in_batches(BATCH, || upkeep.erase_calls(&tenant, calls_before, BATCH)).await
            })
            .await?;
        let months = upkeep.drop_forgotten_months(scope, before(self.policy.tool_trace)).await?;
        Ok(ErasedCalls { calls, months })
    }

    /// Counts the calls of days that are over, for all tenants; how many days.
    ///
    /// # Errors
    /// [`UpkeepError`]; see [`UpkeepError::Store`] for what is done then.
    pub async fn count_call_days(&self, scope: &PlatformScope) -> Result<u64, UpkeepError> {
        let now = self.clock.now();
        let upkeep = &self.ports.upkeep;
        self.for_each_tenant(scope, |tenant| async move {
            in_batches(DAYS_AT_ONCE, || upkeep.count_call_days(&tenant, now, DAYS_AT_ONCE)).await
        })
        .await
    }

    /// Enters the public holidays of each branch's federal state as closed days; how many were new.
    ///
    /// A branch without a federal state is left alone: nobody knows its holidays.
    ///
    /// # Errors
    /// [`UpkeepError`]; see [`UpkeepError::Store`] for what is done then.
    pub async fn enter_holidays(&self, scope: &PlatformScope) -> Result<u64, UpkeepError> {
        let now = self.clock.now();
        let ahead = self.policy.holiday_years_ahead;
        let MaintenancePorts { upkeep, tenants, .. } = &self.ports;
        self.for_each_tenant(scope, |tenant| async move {
            let mut added = 0;
            for branch in tenants.branches(&tenant).await? {
                let today = now.with_timezone(&branch.timezone).date_naive();
                let days = holidays_of(&branch, today, ahead);
                if !days.is_empty() {
                    added += upkeep.add_holidays(&tenant, branch.id, &days).await?;
                }
            }
            Ok(added)
        })
        .await
    }

    /// One tenant's trouble does not keep the others waiting; it is reported when all had their turn.
    async fn for_each_tenant<F>(
        &self,
        scope: &PlatformScope,
        work: impl Fn(TenantScope) -> F,
    ) -> Result<u64, UpkeepError>
    where
        F: Future<Output = Result<u64, StoreError>>,
    {
        let mut done = 0;
        let mut failure = None;
        for tenant in self.ports.tenants.list_tenants(scope).await? {
            match work(scope.act_for(tenant.id, ActReason::Round)).await {
                Ok(count) => done += count,
                Err(error) => {
                    tracing::warn!(tenant.id = %tenant.id, %error, "upkeep failed for a tenant");
                    failure.get_or_insert(error);
                }
            }
        }
        match failure {
            None => Ok(done),
            Some(error) => Err(error.into()),
        }
    }
}

/// Repeats a bounded step until it finds less than a full batch.
async fn in_batches<F>(batch: u32, step: impl Fn() -> F) -> Result<u64, StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    let mut total = 0;
    for _ in 0..MAX_BATCHES {
        let done = step().await?;
        total += done;
        if done < u64::from(batch) {
            break;
        }
    }
    Ok(total)
}

fn holidays_of(branch: &BranchProfile, today: NaiveDate, years_ahead: u32) -> Vec<ClosedDay> {
    branch.federal_state.as_deref().map_or_else(Vec::new, |state| holidays_from(state, today, years_ahead))
}

/// Public holidays of a federal state from `today` to the end of the year `years_ahead` years on. Empty if the code
/// is no federal state's.
#[must_use]
pub fn holidays_from(state: &str, today: NaiveDate, years_ahead: u32) -> Vec<ClosedDay> {
    let Some(state) = FederalState::from_code(state) else {
        return Vec::new();
    };
    let last = today.year().saturating_add(i32::try_from(years_ahead).unwrap_or(i32::MAX));
    (today.year()..=last)
        .flat_map(|year| public_holidays(state, year))
        .filter(|holiday| holiday.date >= today)
        .map(|holiday| ClosedDay { day: holiday.date, reason: holiday.name.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests;
