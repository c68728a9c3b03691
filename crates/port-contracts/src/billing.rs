//! What every store of calls' accounts does: [`BillingRepository`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::billing_contract!(fixture);` where `fixture`
//! is an `async fn() -> BillingFixture` that starts from a store without entries each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

use std::any::Any;
use std::sync::Arc;

use billing::{
    BillingRepository, BillingService, BillingWrite, CallAccount, CallAccountSnapshot, CallRate,
    CostDecision, CostMethod, FxQuote, FxRate, FxSource, KnownOfCall, ProviderCostFacts, Settlement,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::testing::FixedClock;
use kernel::{
    CallId, ChangeSet, Claim, CommitError, EventId, IdempotencyKey, OutgoingEvent, PlatformScope, RandomIds,
    RequestHash, TenantScope, UsdMicrocents,
};
use serde_json::json;

/// A store without entries, and what its rows may refer to.
pub struct BillingFixture {
    /// The store.
    pub accounts: Arc<dyn BillingRepository>,
    /// A tenant.
    pub scope: TenantScope,
    /// A call of that tenant.
    pub call: CallId,
    /// Another call of that tenant.
    pub second_call: CallId,
    /// The tenant's tariff; more than nothing.
    pub rate: CallRate,
    /// Another tenant.
    pub stranger: TenantScope,
    /// The right to record exchange rates.
    pub platform: PlatformScope,
    /// Whatever must live as long as the fixture (a database).
    pub guard: Box<dyn Any + Send>,
}

/// Runs every rule of the store of calls' accounts as a test of its own.
#[macro_export]
macro_rules! billing_contract {
    ($fixture:path) => {
        $crate::billing_contract!(@each $fixture;
            a_call_has_an_account_before_it_has_lines,
            lines_come_back_in_order,
            a_number_is_given_once,
            lines_that_come_twice_are_written_once,
            a_stranger_sees_no_account,
            a_change_of_accounts_is_all_or_nothing,
            the_latest_day_has_the_rate,
            a_crowd_charges_a_call_once,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::billing::$rule(&$fixture().await).await;
            }
        )+
    };
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

async fn stored(fixture: &BillingFixture, call: CallId) -> CallAccountSnapshot {
    let found = fixture.accounts.account_of_call(&fixture.scope, call).await;
    found.unwrap().unwrap()
}

fn empty(fixture: &BillingFixture, call: CallId) -> CallAccountSnapshot {
    CallAccountSnapshot { call, rate: fixture.rate, costs: Vec::new(), entries: Vec::new() }
}

fn charge(account: &CallAccount, duration_ms: i64) -> (BillingWrite, CallAccount) {
    match account.settle(duration_ms, now()).unwrap() {
        Settlement::Charged(entry) | Settlement::Corrected(entry) => {
            (BillingWrite::AppendCharge(entry.clone()), account.with_entry(entry).unwrap())
        }
        Settlement::Unchanged => unreachable!("durations of the suite differ in price"),
    }
}

fn cost(account: &CallAccount, microcents: i64, fx: FxRate) -> (BillingWrite, CallAccount) {
    let facts =
        ProviderCostFacts { voice: UsdMicrocents(microcents), telephony: None, method: CostMethod::Actual };
    match account.record_cost(&facts, fx, now()).unwrap() {
        CostDecision::Append(cost) => {
            (BillingWrite::AppendCost(cost.clone()), account.with_cost(cost).unwrap())
        }
        CostDecision::Unchanged => unreachable!("costs of the suite differ"),
    }
}

async fn commit(fixture: &BillingFixture, writes: &[BillingWrite]) -> Result<(), CommitError> {
    let change = writes.iter().cloned().fold(ChangeSet::new(), ChangeSet::write);
    fixture.accounts.commit(&fixture.scope, change).await
}

/// A call that exists has a tariff and no lines; one that does not has no account.
pub async fn a_call_has_an_account_before_it_has_lines(fixture: &BillingFixture) {
    assert_eq!(stored(fixture, fixture.call).await, empty(fixture, fixture.call));
    let unknown = CallId::generate(&RandomIds);
    let found = fixture.accounts.account_of_call(&fixture.scope, unknown).await;
    assert_eq!(found.unwrap(), None);
    let other = CallAccount::restore(empty(fixture, unknown)).unwrap();
    let result = commit(fixture, &[charge(&other, 60_000).0]).await;
    assert!(matches!(result, Err(CommitError::Refused { .. })), "{result:?}");
}

/// Every field of every line, in the order of their numbers, apart from other calls' lines.
pub async fn lines_come_back_in_order(fixture: &BillingFixture) {
    let mut account = CallAccount::restore(empty(fixture, fixture.call)).unwrap();
    let mut writes = Vec::new();
    for step in 1..=12_i64 {
        let (write, next) = charge(&account, step * 600_000);
        writes.push(write);
        let (write, next) = cost(&next, step * 12_345_678, FxRate::FALLBACK);
        writes.push(write);
        account = next;
    }
    // A correction downwards is a negative amount.
    let (write, account) = charge(&account, 1_000_000);
    writes.push(write);
    let other = CallAccount::restore(empty(fixture, fixture.second_call)).unwrap();
    let (write, other) = charge(&other, 600_000);
    writes.push(write);
    commit(fixture, &writes).await.unwrap();
    assert_eq!(&stored(fixture, fixture.call).await, account.snapshot());
    assert_eq!(&stored(fixture, fixture.second_call).await, other.snapshot());
}

/// A number that is taken means that somebody else was faster, also if the line is the same.
pub async fn a_number_is_given_once(fixture: &BillingFixture) {
    let account = CallAccount::restore(empty(fixture, fixture.call)).unwrap();
    let (first_charge, next) = charge(&account, 600_000);
    let (first_cost, next) = cost(&next, 5_000_000, FxRate::FALLBACK);
    commit(fixture, &[first_charge.clone(), first_cost.clone()]).await.unwrap();
    let lines = [
        first_charge,
        first_cost,
        charge(&account, 1_200_000).0,
        cost(&account, 9_000_000, FxRate::FALLBACK).0,
    ];
    for line in lines {
        let result = commit(fixture, &[line]).await;
        assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    }
    assert_eq!(&stored(fixture, fixture.call).await, next.snapshot());
}

/// Whoever sends lines again, because the answer was lost, is told to read again, also where a fact goes with them.
pub async fn lines_that_come_twice_are_written_once(fixture: &BillingFixture) {
    let account = CallAccount::restore(empty(fixture, fixture.call)).unwrap();
    let (line, next) = charge(&account, 600_000);
    let change = ChangeSet::one(line).emit(OutgoingEvent {
        id: EventId::generate(&RandomIds),
        name: "billing.call_charged",
        version: 1,
        payload: json!({}),
        occurred_at: now(),
    });
    fixture.accounts.commit(&fixture.scope, change.clone()).await.unwrap();
    let again = fixture.accounts.commit(&fixture.scope, change).await;
    assert!(matches!(again, Err(CommitError::Stale)), "{again:?}");
    assert_eq!(&stored(fixture, fixture.call).await, next.snapshot());
}

/// Another tenant neither reads nor charges.
pub async fn a_stranger_sees_no_account(fixture: &BillingFixture) {
    let account = CallAccount::restore(empty(fixture, fixture.call)).unwrap();
    let (write, account) = charge(&account, 600_000);
    commit(fixture, &[write]).await.unwrap();
    let found = fixture.accounts.account_of_call(&fixture.stranger, fixture.call).await;
    assert_eq!(found.unwrap(), None);
    let change = ChangeSet::one(charge(&account, 1_200_000).0);
    let result = fixture.accounts.commit(&fixture.stranger, change).await;
    assert!(matches!(result, Err(CommitError::Refused { .. })), "{result:?}");
    assert_eq!(&stored(fixture, fixture.call).await, account.snapshot());
}

/// A line that fails takes those before it along, and a repeated claim charges nothing.
pub async fn a_change_of_accounts_is_all_or_nothing(fixture: &BillingFixture) {
    let account = CallAccount::restore(empty(fixture, fixture.call)).unwrap();
    let (write, charged) = charge(&account, 600_000);
    let result = commit(fixture, &[write.clone(), write.clone()]).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    assert_eq!(&stored(fixture, fixture.call).await, account.snapshot());

    let claimed = |write| {
        ChangeSet::one(write).claim(Some(Claim {
            key: IdempotencyKey::new("one and the same"),
            request: RequestHash([3; 32]),
            outcome: json!({"done": true}),
        }))
    };
    let commit = |change| fixture.accounts.commit(&fixture.scope, change);
    commit(claimed(write)).await.unwrap();
    let result = commit(claimed(charge(&charged, 1_200_000).0)).await;
    assert!(matches!(result, Err(CommitError::AlreadyClaimed)), "{result:?}");
    assert_eq!(&stored(fixture, fixture.call).await, charged.snapshot());
}

/// The latest day counts, whenever it was told; a day's rate can be corrected; an operator's word goes before.
pub async fn the_latest_day_has_the_rate(fixture: &BillingFixture) {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let on = |on| async move { fixture.accounts.latest_fx(on).await.unwrap() };
    let latest = || async { on(day(31)).await.map(|quote| quote.rate) };
    assert_eq!(latest().await, None);
    let rate = |ppm, source| FxRate::new(ppm, source).unwrap();
    for (day, told, expected) in [
        (day(2), rate(900_000, FxSource::Reference), rate(900_000, FxSource::Reference)),
        (day(1), rate(910_000, FxSource::Manual), rate(900_000, FxSource::Reference)),
        (day(2), rate(905_000, FxSource::Reference), rate(905_000, FxSource::Reference)),
        (day(2), rate(920_000, FxSource::Manual), rate(920_000, FxSource::Manual)),
        (day(2), rate(906_000, FxSource::Reference), rate(920_000, FxSource::Manual)),
        (day(3), rate(1_200_000, FxSource::Reference), rate(1_200_000, FxSource::Reference)),
    ] {
        let quote = FxQuote { day, rate: told };
        fixture.accounts.record_fx(&fixture.platform, quote).await.unwrap();
        assert_eq!(latest().await, Some(expected), "{quote:?}");
    }
    // What comes later does not count yet.
    assert_eq!(on(NaiveDate::from_ymd_opt(2026, 2, 28).unwrap()).await, None);
    let second = on(day(2)).await.unwrap();
    assert_eq!((second.day, second.rate.ppm()), (day(2), 920_000));
}

/// Many handlers of one event, at once: one charge, and every one of them is content.
pub async fn a_crowd_charges_a_call_once(fixture: &BillingFixture) {
    let clock = Arc::new(FixedClock::at(now()));
    let service = BillingService::new(fixture.accounts.clone(), clock, Arc::new(RandomIds));
    let known = KnownOfCall { duration_ms: Some(600_000), cost: None };
    let settle = || service.settle(&fixture.scope, fixture.call, &known);
    let (a, b, c, d) = tokio::join!(settle(), settle(), settle(), settle());
    let charges = [a, b, c, d]
        .into_iter()
        .filter(|settled| matches!(settled.as_ref().unwrap().charge, Ok(Settlement::Charged(_))))
        .count();
    assert_eq!(charges, 1);
    assert_eq!(stored(fixture, fixture.call).await.entries.len(), 1);
}
