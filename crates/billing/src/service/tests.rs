use super::*;
use crate::error::AmountError;
use crate::model::CostMethod;
use crate::ports::MockBillingRepository;
use crate::tariff::CallRate;
use crate::testing::InMemoryBilling;
use chrono::{DateTime, NaiveDate};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{Actor, Classify, CorrelationId, Currency, ErrorClass, Money, UsdMicrocents};
use uuid::Uuid;

fn call() -> CallId {
    CallId::from_uuid(Uuid::from_u128(5))
}

fn platform() -> PlatformScope {
    let correlation = CorrelationId::from_uuid(Uuid::from_u128(1));
    PlatformScope::new(Actor::Operator("fx".to_owned()), correlation)
}

fn rate() -> CallRate {
    CallRate::new(15, Currency::Eur).unwrap()
}

fn service_over(accounts: Arc<dyn BillingRepository>) -> BillingService {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    BillingService::new(accounts, clock, Arc::new(SequentialIds::default()))
}

fn world() -> (BillingService, Arc<InMemoryBilling>, TenantScope) {
    let store = Arc::new(InMemoryBilling::default());
    let scope = scope(1, None);
    store.add_call(scope.tenant(), call(), rate());
    (service_over(store.clone()), store, scope)
}

fn facts(microcents: i64) -> ProviderCostFacts {
    ProviderCostFacts { voice: UsdMicrocents(microcents), telephony: None, method: CostMethod::Actual }
}

fn lasted(duration_ms: i64) -> KnownOfCall {
    KnownOfCall { duration_ms: Some(duration_ms), cost: None }
}

fn costing(microcents: i64) -> KnownOfCall {
    KnownOfCall { duration_ms: None, cost: Some(facts(microcents)) }
}

#[tokio::test]
async fn a_call_is_charged_once_however_often_its_end_is_told() {
    let (service, store, scope) = world();
    for _ in 0..3 {
        service.settle(&scope, call(), &lasted(61_000)).await.unwrap();
    }
    let account = service.account(&scope, call()).await.unwrap();
    assert_eq!(account.charged(), Some(Money::new(15, Currency::Eur)));
    assert_eq!(account.snapshot().entries.len(), 1);
    service.settle(&scope, call(), &lasted(90_000)).await.unwrap();
    let names: Vec<_> = store.events().iter().map(|event| event.name).collect();
    assert_eq!(names, ["billing.call_charged", "billing.charge_corrected"]);
}

#[tokio::test]
async fn a_call_of_another_tenant_is_unknown() {
    let (service, _, _) = world();
    let stranger = scope(2, None);
    let error = service.settle(&stranger, call(), &lasted(1_000)).await.unwrap_err();
    assert!(matches!(error, BillingError::UnknownCall));
    assert_eq!(error.class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn cost_is_converted_at_the_latest_rate_or_at_the_marked_fallback() {
    let (service, store, scope) = world();
    service.settle(&scope, call(), &costing(100_000_000)).await.unwrap();
    let account = service.account(&scope, call()).await.unwrap();
    assert_eq!(account.cost().unwrap().external_minor, 86);
    assert_eq!(account.cost().unwrap().fx, FxRate::FALLBACK);

    let taken = service.quote_fx(&platform(), 900_000, FxSource::Reference, None).await.unwrap();
    assert!(matches!(taken, FxDecision::Accepted(rate) if rate.ppm() == 900_000));
    let second = CallId::from_uuid(Uuid::from_u128(6));
    store.add_call(scope.tenant(), second, rate());
    service.settle(&scope, second, &costing(100_000_000)).await.unwrap();
    let account = service.account(&scope, second).await.unwrap();
    assert_eq!(account.cost().unwrap().external_minor, 90);
}

#[tokio::test]
async fn an_implausible_rate_leaves_the_last_one_in_place() {
    let (service, store, _) = world();
    let good = FxRate::new(900_000, FxSource::Reference).unwrap();
    service.quote_fx(&platform(), 900_000, FxSource::Reference, None).await.unwrap();
    for ppm in [0, -1, 699_999, 1_200_001, i64::MAX] {
        let decision = service.quote_fx(&platform(), ppm, FxSource::Reference, None).await.unwrap();
        assert_eq!(decision, FxDecision::LastOneStays { rejected_ppm: ppm });
    }
    assert_eq!(service.latest_fx().await.unwrap().map(|quote| quote.rate), Some(good));
    // A day earlier does not win over the latest day.
    let old = FxQuote {
        day: NaiveDate::from_ymd_opt(1969, 12, 31).unwrap(),
        rate: FxRate::new(1_000_000, FxSource::Manual).unwrap(),
    };
    store.record_fx(&platform(), old).await.unwrap();
    // Nor does one to come, before its day.
    let tomorrow = NaiveDate::from_ymd_opt(1970, 1, 2);
    service.quote_fx(&platform(), 950_000, FxSource::Manual, tomorrow).await.unwrap();
    assert_eq!(service.latest_fx().await.unwrap().map(|quote| quote.rate), Some(good));
}

#[tokio::test]
async fn a_faster_colleague_is_noticed() {
    let snapshot =
        crate::CallAccountSnapshot { call: call(), rate: rate(), costs: Vec::new(), entries: Vec::new() };
    let charged = {
        let empty = CallAccount::restore(snapshot.clone()).unwrap();
        let Ok(Settlement::Charged(entry)) = empty.settle(61_000, DateTime::UNIX_EPOCH) else {
            panic!("a call without entries is charged");
        };
        empty.with_entry(entry).unwrap().snapshot().clone()
    };
    // Between the first reading and the commit somebody else charges the same call.
    let mut store = MockBillingRepository::new();
    let mut readings = vec![charged, snapshot.clone()];
    store.expect_account_of_call().times(2).returning(move |_, _| Ok(readings.pop()));
    store.expect_commit().times(1).returning(|_, _| Err(CommitError::Stale));
    let settlement = service_over(Arc::new(store)).settle(&scope(1, None), call(), &lasted(61_000)).await;
    assert_eq!(settlement.unwrap().charge.unwrap(), Settlement::Unchanged);

    // Somebody else settles another duration: who lost must look again before deciding.
    let mut store = MockBillingRepository::new();
    store.expect_account_of_call().times(2).returning(move |_, _| Ok(Some(snapshot.clone())));
    store.expect_latest_fx().returning(|_| Ok(None));
    store.expect_commit().times(1).returning(|_, _| Err(CommitError::Stale));
    let known = KnownOfCall { cost: Some(facts(100_000_000)), ..lasted(61_000) };
    let settled = service_over(Arc::new(store)).settle(&scope(1, None), call(), &known).await.unwrap();
    assert!(matches!(settled.cost, Err(BillingError::Contended)));
    let error = settled.charge.unwrap_err();
    assert!(matches!(error, BillingError::Contended));
    assert_eq!(error.class(), ErrorClass::Busy);
}

#[tokio::test]
async fn nonsense_is_refused_and_not_recorded() {
    let (service, store, scope) = world();
    for duration in [-1, i64::MIN, i64::MAX, 86_400_001] {
        let error = service.settle(&scope, call(), &lasted(duration)).await.unwrap().charge.unwrap_err();
        assert_eq!(error.class(), ErrorClass::CallerMistake);
    }
    let error = service.settle(&scope, call(), &costing(-1)).await.unwrap().cost.unwrap_err();
    assert_eq!(error.class(), ErrorClass::CallerMistake);
    assert!(store.events().is_empty());
}

#[tokio::test]
async fn what_is_known_is_appended_at_once_and_nonsense_keeps_nothing_else_back() {
    let (service, store, scope) = world();
    let known = KnownOfCall { cost: Some(facts(-1)), ..lasted(61_000) };
    let settled = service.settle(&scope, call(), &known).await.unwrap();
    assert!(matches!(settled.charge, Ok(Settlement::Charged(_))));
    assert!(matches!(settled.cost, Err(BillingError::Amount(AmountError::ImplausibleCost))));
    let known = KnownOfCall { cost: Some(facts(100_000_000)), ..lasted(-1) };
    let settled = service.settle(&scope, call(), &known).await.unwrap();
    assert!(matches!(settled.charge, Err(BillingError::Amount(AmountError::ImplausibleDuration { .. }))));
    assert!(matches!(settled.cost, Ok(CostDecision::Append(_))));
    let names: Vec<_> = store.events().iter().map(|event| event.name).collect();
    assert_eq!(names, ["billing.call_charged", "billing.provider_cost_recorded"]);

    // One reading, one commit.
    let snapshot =
        crate::CallAccountSnapshot { call: call(), rate: rate(), costs: Vec::new(), entries: Vec::new() };
    let mut store = MockBillingRepository::new();
    store.expect_account_of_call().times(1).returning(move |_, _| Ok(Some(snapshot.clone())));
    store.expect_latest_fx().times(1).returning(|_| Ok(None));
    store
        .expect_commit()
        .times(1)
        .withf(|_, change| change.writes().len() == 2 && change.events().len() == 2)
        .returning(|_, _| Ok(()));
    let known = KnownOfCall { cost: Some(facts(100_000_000)), ..lasted(61_000) };
    let settled = service_over(Arc::new(store)).settle(&scope, call(), &known).await.unwrap();
    assert!(settled.charge.is_ok() && settled.cost.is_ok());
}

#[tokio::test]
async fn a_call_of_which_nothing_is_known_is_not_read() {
    let settled = service_over(Arc::new(MockBillingRepository::new()))
        .settle(&scope(1, None), call(), &KnownOfCall::default())
        .await
        .unwrap();
    assert_eq!(settled.charge.unwrap(), Settlement::Unchanged);
    assert_eq!(settled.cost.unwrap(), CostDecision::Unchanged);
}

#[tokio::test]
async fn who_does_not_know_the_exchange_rate_charges_all_the_same() {
    let snapshot =
        crate::CallAccountSnapshot { call: call(), rate: rate(), costs: Vec::new(), entries: Vec::new() };
    let mut store = MockBillingRepository::new();
    store.expect_account_of_call().returning(move |_, _| Ok(Some(snapshot.clone())));
    store.expect_latest_fx().returning(|_| Err(StoreError::Corrupt("a rate of nothing".into())));
    store.expect_commit().times(1).withf(|_, change| change.writes().len() == 1).returning(|_, _| Ok(()));
    let known = KnownOfCall { cost: Some(facts(100_000_000)), ..lasted(61_000) };
    let settled = service_over(Arc::new(store)).settle(&scope(1, None), call(), &known).await.unwrap();
    assert!(matches!(settled.charge, Ok(Settlement::Charged(_))));
    assert!(matches!(settled.cost, Err(BillingError::Store(_))));
}
