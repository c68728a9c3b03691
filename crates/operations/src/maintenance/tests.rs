use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use billing::testing::InMemoryBilling;
use billing::{FxQuote, FxRate, FxSource};
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallSignal, Report};
use chrono::{DateTime, Utc};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{Actor, BranchId, ChangeSet, CorrelationId, ProviderCallId, TenantId};
use servicedesk::testing::{InMemoryCallbacks, callback};
use servicedesk::{CallbackId, CallbackRepository, CallbackSnapshot, CallbackWrite, Overdue, Priority};
use tenancy::TenancyWrite;
use tenancy::testing::{InMemoryTenancy, branch_profile, tenant_profile};
use uuid::Uuid;

use super::*;
use crate::engine::{MockEventLog, MockJobAdministration};
use crate::intake::{Admission, Delivery, WebhookIntake};
use crate::ports::Provider;
use crate::testing::InMemoryInbox;

/// Rows that can be erased, by tenant; one tenant can be out of order.
#[derive(Default)]
struct Rows {
    holds: Mutex<BTreeMap<TenantId, u64>>,
    outcomes_before: Mutex<Vec<DateTime<Utc>>>,
    calls_before: Mutex<Vec<(TenantId, DateTime<Utc>)>>,
    days: Mutex<BTreeMap<TenantId, u64>>,
    months_before: Mutex<Vec<DateTime<Utc>>>,
    holidays: Mutex<Vec<(TenantId, BranchId, Vec<ClosedDay>)>>,
    broken: Option<TenantId>,
}

#[async_trait]
impl Upkeep for Rows {
    async fn erase_expired_holds(
        &self,
        scope: &TenantScope,
        _: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        if self.broken == Some(scope.tenant()) {
            return Err(StoreError::Unavailable("told to fail".into()));
        }
        let mut holds = self.holds.lock().unwrap();
        let left = holds.entry(scope.tenant()).or_default();
        let erased = (*left).min(u64::from(limit));
        *left -= erased;
        Ok(erased)
    }

    async fn erase_outcomes(
        &self,
        _: &TenantScope,
        before: DateTime<Utc>,
        _: u32,
    ) -> Result<u64, StoreError> {
        self.outcomes_before.lock().unwrap().push(before);
        Ok(1)
    }

    async fn erase_calls(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        _: u32,
    ) -> Result<u64, StoreError> {
        if self.broken == Some(scope.tenant()) {
            return Err(StoreError::Unavailable("told to fail".into()));
        }
        self.calls_before.lock().unwrap().push((scope.tenant(), before));
        Ok(2)
    }

    async fn count_call_days(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        if self.broken == Some(scope.tenant()) {
            return Err(StoreError::Unavailable("told to fail".into()));
        }
        assert_eq!(before, at());
        let mut days = self.days.lock().unwrap();
        let left = days.entry(scope.tenant()).or_default();
        let counted = (*left).min(u64::from(limit));
        *left -= counted;
        Ok(counted)
    }

    async fn drop_forgotten_months(
        &self,
        _: &PlatformScope,
        before: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        self.months_before.lock().unwrap().push(before);
        Ok(3)
    }

    async fn add_holidays(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        days: &[ClosedDay],
    ) -> Result<u64, StoreError> {
        let mut holidays = self.holidays.lock().unwrap();
        holidays.push((scope.tenant(), branch, days.to_vec()));
        Ok(u64::try_from(days.len()).unwrap())
    }

    async fn ensure_partitions(&self, _: &PlatformScope, months: u32) -> Result<PartitionReport, StoreError> {
        Ok(PartitionReport { created: months, default_with_rows: vec!["calls_default".to_owned()] })
    }
}

fn at() -> DateTime<Utc> {
    // 21 December 2026, late enough that it is the 22nd in no zone of ours.
    DateTime::from_timestamp(1_797_854_400, 0).unwrap()
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Job("upkeep".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)))
}

const POLICY: UpkeepPolicy = UpkeepPolicy {
    stuck_call: TimeDelta::hours(2),
    inbox: TimeDelta::days(30),
    inbox_review: TimeDelta::days(90),
    outcomes: TimeDelta::days(7),
    calls: TimeDelta::days(90),
    tool_trace: TimeDelta::days(100),
    facts: TimeDelta::days(14),
    job_history: TimeDelta::days(90),
    partition_months_ahead: 3,
    holiday_years_ahead: 2,
    fx_stale_days: 7,
};

/// Callbacks in memory, of which one row cannot be read and one tenant cannot be asked.
#[derive(Default)]
struct Promises {
    rows: InMemoryCallbacks,
    unreadable: Option<CallbackId>,
    silent: Option<TenantId>,
}

#[async_trait]
impl CallbackRepository for Promises {
    async fn find(
        &self,
        scope: &TenantScope,
        id: CallbackId,
    ) -> Result<Option<CallbackSnapshot>, StoreError> {
        if self.unreadable == Some(id) {
            return Err(StoreError::Corrupt("told to be".into()));
        }
        self.rows.find(scope, id).await
    }

    async fn overdue(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        after: Option<CallbackId>,
        _: u32,
    ) -> Result<Overdue, StoreError> {
        if self.silent == Some(scope.tenant()) {
            return Err(StoreError::Unavailable("told to be".into()));
        }
        // One at a time, so that the next piece is asked for.
        self.rows.overdue(scope, now, after, 1).await
    }

    async fn commit(
        &self,
        scope: &TenantScope,
        change: ChangeSet<CallbackWrite>,
    ) -> Result<(), kernel::CommitError> {
        self.rows.commit(scope, change).await
    }
}

async fn tenancy() -> Arc<InMemoryTenancy> {
    let tenancy = Arc::new(InMemoryTenancy::default());
    for (number, slug, state) in [(1, "one", Some("HH")), (2, "two", Some("BY")), (3, "three", None)] {
        let mut branch = branch_profile(number * 10, "main");
        branch.federal_state = state.map(str::to_owned);
        let change = ChangeSet::one(TenancyWrite::CreateTenant {
            profile: tenant_profile(number, slug),
            created_at: at(),
        })
        .write(TenancyWrite::CreateBranch(branch));
        tenancy.commit(&scope(number, None), change).await.unwrap();
    }
    tenancy
}

struct World {
    rows: Arc<Rows>,
    clock: Arc<FixedClock>,
    calls: CallService,
    store: Arc<InMemoryCalls>,
    rates: Arc<InMemoryBilling>,
    inbox: Arc<InMemoryInbox>,
    callbacks: Arc<Promises>,
    maintenance: Maintenance,
}

async fn world(rows: Rows, facts: MockEventLog, jobs: MockJobAdministration) -> World {
    world_with(rows, Promises::default(), facts, jobs).await
}

async fn world_with(
    rows: Rows,
    callbacks: Promises,
    facts: MockEventLog,
    jobs: MockJobAdministration,
) -> World {
    let callbacks = Arc::new(callbacks);
    let rows = Arc::new(rows);
    let clock = Arc::new(FixedClock::at(at()));
    let rates = Arc::new(InMemoryBilling::default());
    let inbox = Arc::new(InMemoryInbox::default());
    let store = Arc::new(InMemoryCalls::default());
    let calls = CallService::new(
        store.clone(),
        Arc::new(InMemoryTrace::default()),
        clock.clone(),
        Arc::new(SequentialIds::default()),
    );
    let ports = MaintenancePorts {
        upkeep: rows.clone(),
        tenants: tenancy().await,
        inbox: inbox.clone(),
        facts: Arc::new(facts),
        jobs: Arc::new(jobs),
        rates: rates.clone(),
    };
    World {
        maintenance: Maintenance::new(
            ports,
            calls.clone(),
            CallbackService::new(callbacks.clone(), clock.clone(), Arc::new(SequentialIds::default())),
            clock.clone(),
            POLICY,
        ),
        callbacks,
        inbox,
        rows,
        clock,
        calls,
        store,
        rates,
    }
}

async fn plain(rows: Rows) -> World {
    world(rows, MockEventLog::new(), MockJobAdministration::new()).await
}

fn tenant(number: u128) -> TenantId {
    scope(number, None).tenant()
}

#[tokio::test]
async fn holds_of_all_tenants_are_erased_in_batches() {
    let rows = Rows {
        holds: Mutex::new(BTreeMap::from([(tenant(1), 2500), (tenant(2), 1000), (tenant(3), 0)])),
        ..Rows::default()
    };
    let world = plain(rows).await;
    assert_eq!(world.maintenance.erase_expired_holds(&platform()).await.unwrap(), 3500);
    assert_eq!(world.maintenance.erase_expired_holds(&platform()).await.unwrap(), 0);
}

#[tokio::test]
async fn one_tenant_out_of_order_does_not_keep_the_others_waiting() {
    let rows = Rows {
        holds: Mutex::new(BTreeMap::from([(tenant(1), 5), (tenant(2), 5), (tenant(3), 5)])),
        broken: Some(tenant(2)),
        ..Rows::default()
    };
    let world = plain(rows).await;
    let error = world.maintenance.erase_expired_holds(&platform()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Busy);
    let left = world.rows.holds.lock().unwrap().clone();
    assert_eq!(left.values().copied().collect::<Vec<_>>(), [0, 5, 0]);
}

#[tokio::test]
async fn calls_that_nobody_ended_are_failed_after_their_time() {
    let world = plain(Rows::default()).await;
    let tenant = scope(1, Some(BranchId::from_uuid(Uuid::from_u128(10))));
    let id = ProviderCallId::parse("call_a1").unwrap();
    let started = CallSignal::Started(Report::default());
    world.calls.apply(&tenant, &id, started).await.unwrap();
    world.clock.advance(TimeDelta::minutes(119));
    assert_eq!(world.maintenance.fail_stuck_calls(&platform()).await.unwrap().given_up, 0);
    world.clock.advance(TimeDelta::minutes(2));
    assert_eq!(world.maintenance.fail_stuck_calls(&platform()).await.unwrap().given_up, 1);
    assert_eq!(world.maintenance.fail_stuck_calls(&platform()).await.unwrap().given_up, 0);
    assert_eq!(world.store.event_names().last(), Some(&"call.failed"));
}

#[tokio::test]
async fn a_promise_that_nobody_kept_is_made_urgent_once_whatever_the_others_do() {
    let id = |number| CallbackId::from_uuid(Uuid::from_u128(number));
    let promises = Promises { unreadable: Some(id(5)), silent: Some(tenant(2)), ..Promises::default() };
    let world =
        world_with(Rows::default(), promises, MockEventLog::new(), MockJobAdministration::new()).await;
    for (tenant, number) in [(1, 4), (1, 5), (1, 6), (2, 7), (3, 8)] {
        let row = CallbackSnapshot { due_at: at(), ..callback(number) };
        world
            .callbacks
            .commit(&scope(tenant, None), ChangeSet::one(CallbackWrite::Insert(row)))
            .await
            .unwrap();
    }
    let in_time = world.maintenance.escalate_callbacks(&platform()).await.unwrap();
    assert_eq!((in_time.overdue, in_time.marked), (0, 0));

    world.clock.advance(TimeDelta::seconds(1));
    let late = world.maintenance.escalate_callbacks(&platform()).await.unwrap();
    assert_eq!((late.overdue, late.marked), (4, 3));
    assert!(late.failure.is_some(), "it is reported in the end");
    for row in world.callbacks.rows.all() {
        let marked = ![id(5), id(7)].contains(&row.id);
        assert_eq!(row.escalated_at.is_some(), marked, "{row:?}");
        assert_eq!(row.priority == Priority::Urgent, marked);
    }
    let told = world.callbacks.rows.events();
    assert_eq!(told.iter().filter(|event| event.name == "callback.overdue").count(), 3);

    let again = world.maintenance.escalate_callbacks(&platform()).await.unwrap();
    assert_eq!((again.overdue, again.marked), (4, 0));
}

#[tokio::test]
async fn everything_is_kept_for_its_own_time() {
    let mut facts = MockEventLog::new();
    facts
        .expect_forget_dispatched()
        .withf(|before, _| *before == at() - TimeDelta::days(14))
        .once()
        .returning(|_, _| Ok(7));
    let mut jobs = MockJobAdministration::new();
    jobs.expect_drop_history()
        .withf(|_, before| *before == at() - TimeDelta::days(90))
        .once()
        .returning(|_, _| Ok(1));
    let world = world(Rows::default(), facts, jobs).await;
    let erased = world.maintenance.erase_old(&platform()).await.unwrap();
    let expected = Erased { webhooks: 0, unreviewed: 0, outcomes: 3, facts: 7, history_partitions: 1 };
    assert_eq!(erased, expected);
    let before = world.rows.outcomes_before.lock().unwrap().clone();
    assert_eq!(before, [at() - TimeDelta::days(7); 3]);
}

#[tokio::test]
async fn calls_of_all_tenants_are_forgotten_after_their_time() {
    let world = plain(Rows::default()).await;
    let erased = world.maintenance.erase_calls(&platform()).await.unwrap();
    assert_eq!(erased, ErasedCalls { calls: 6, months: 3 });
    let before = at() - TimeDelta::days(90);
    let mut asked = world.rows.calls_before.lock().unwrap().clone();
    asked.sort();
    assert_eq!(asked, [(tenant(1), before), (tenant(2), before), (tenant(3), before)]);
    assert_eq!(*world.rows.months_before.lock().unwrap(), [at() - TimeDelta::days(100)]);
}

#[tokio::test]
async fn days_of_calls_are_counted_a_few_at_a_time_and_so_many_in_a_run() {
    let rows = Rows { broken: Some(tenant(3)), ..Rows::default() };
    rows.days.lock().unwrap().extend([(tenant(1), 20), (tenant(2), 1_000)]);
    let world = plain(rows).await;
    world.maintenance.count_call_days(&platform()).await.unwrap_err();
    let left = world.rows.days.lock().unwrap().clone();
    assert_eq!(
        (left[&tenant(1)], left[&tenant(2)]),
        (0, 300),
        "the others had their turn, a hundred steps each"
    );
    world.maintenance.count_call_days(&platform()).await.unwrap_err();
    assert_eq!(world.rows.days.lock().unwrap()[&tenant(2)], 0, "the next run goes on");
}

#[tokio::test]
async fn no_month_is_dropped_while_a_tenant_could_not_be_asked() {
    let world = plain(Rows { broken: Some(tenant(2)), ..Rows::default() }).await;
    world.maintenance.erase_calls(&platform()).await.unwrap_err();
    assert_eq!(world.rows.calls_before.lock().unwrap().len(), 2, "the others had their turn");
    assert!(world.rows.months_before.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_nobody_could_read_or_route_is_kept_longer_and_not_for_ever() {
    let mut facts = MockEventLog::new();
    facts.expect_forget_dispatched().returning(|_, _| Ok(0));
    let mut jobs = MockJobAdministration::new();
    jobs.expect_drop_history().returning(|_, _| Ok(0));
    let world = world(Rows::default(), facts, jobs).await;
    let intake = WebhookIntake::new(world.inbox.clone(), world.clock.clone());
    for (body, admission) in [
        (b"1", Admission::Answered),
        (b"2", Admission::Unrouted("unknown_number")),
        (b"3", Admission::Quarantine("not JSON".to_owned())),
        (b"4", Admission::Process),
    ] {
        let delivery = Delivery {
            provider: Provider::Retell,
            event: "call_ended",
            subject: "call_a1",
            body,
            correlation: CorrelationId::from_uuid(Uuid::from_u128(9)),
        };
        intake.receive(delivery, admission).await.unwrap();
    }
    // Days since then, and what is left: all but the first, then only what still waits for its job.
    for (days, left) in [(30, 4), (31, 3), (90, 3), (91, 1), (4000, 1)] {
        world.clock.set(at() + TimeDelta::days(days));
        world.maintenance.erase_old(&platform()).await.unwrap();
        assert_eq!(world.inbox.all().len(), left, "after {days} days");
    }
}

#[tokio::test]
async fn holidays_are_those_of_the_branch_from_today_on() {
    let world = plain(Rows::default()).await;
    let added = world.maintenance.enter_holidays(&platform()).await.unwrap();
    let entered = world.rows.holidays.lock().unwrap().clone();
    assert_eq!(entered.len(), 2, "nobody knows the holidays of a branch without a state");
    let days = |index: usize| &entered[index].2;
    assert_eq!(added, u64::try_from(days(0).len() + days(1).len()).unwrap());
    let has = |index: usize, year, month, day| {
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        days(index).iter().any(|closed| closed.day == date)
    };
    assert!(has(0, 2026, 12, 25), "still to come this year");
    assert!(!has(0, 2026, 10, 31), "over already");
    assert!(has(0, 2028, 10, 31) && !has(0, 2029, 1, 1), "two years ahead");
    assert!(has(1, 2027, 1, 6) && !has(0, 2027, 1, 6), "Epiphany is Bavaria's alone");
    assert!(days(0).iter().all(|closed| !closed.reason.is_empty()));
}

#[tokio::test]
async fn partitions_are_made_as_far_ahead_as_the_policy_says() {
    let world = plain(Rows::default()).await;
    let report = world.maintenance.ensure_partitions(&platform()).await.unwrap();
    assert_eq!(report.created, 3);
}

#[tokio::test]
async fn a_rate_that_nobody_looks_after_is_told() {
    let world = plain(Rows::default()).await;
    assert_eq!(world.maintenance.check_fx().await.unwrap(), FxAge { days: None, is_stale: true });
    let day = at().date_naive();
    let quote = FxQuote { day, rate: FxRate::new(857_100, FxSource::Manual).unwrap() };
    world.rates.record_fx(&platform(), quote).await.unwrap();
    for (later, is_stale) in [(0, false), (7, false), (8, true)] {
        world.clock.set(at() + TimeDelta::days(later));
        let age = world.maintenance.check_fx().await.unwrap();
        assert_eq!(age, FxAge { days: Some(later), is_stale });
    }
}
