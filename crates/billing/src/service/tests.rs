use super::*;
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

#[tokio::test]
async fn a_call_is_charged_once_however_often_its_end_is_told() {
    let (service, store, scope) = world();
    for _ in 0..3 {
        service.settle_call(&scope, call(), 61_000).await.unwrap();
    }
    let account = service.account(&scope, call()).await.unwrap();
    assert_eq!(account.charged(), Some(Money::new(15, Currency::Eur)));
    assert_eq!(account.snapshot().entries.len(), 1);
    service.settle_call(&scope, call(), 90_000).await.unwrap();
    let names: Vec<_> = store.events().iter().map(|event| event.name).collect();
    assert_eq!(names, ["billing.call_charged", "billing.charge_corrected"]);
}

#[tokio::test]
async fn a_call_of_another_tenant_is_unknown() {
    let (service, _, _) = world();
    let stranger = scope(2, None);
    let error = service.settle_call(&stranger, call(), 1_000).await.unwrap_err();
    assert!(matches!(error, BillingError::UnknownCall));
    assert_eq!(error.class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn cost_is_converted_at_the_latest_rate_or_at_the_marked_fallback() {
    let (service, store, scope) = world();
    service.record_provider_cost(&scope, call(), &facts(100_000_000)).await.unwrap();
    let account = service.account(&scope, call()).await.unwrap();
    assert_eq!(account.cost().unwrap().external_minor, 86);
    assert_eq!(account.cost().unwrap().fx, FxRate::FALLBACK);

    let taken = service.quote_fx(&platform(), 900_000, FxSource::Reference, None).await.unwrap();
    assert!(matches!(taken, FxDecision::Accepted(rate) if rate.ppm() == 900_000));
    let second = CallId::from_uuid(Uuid::from_u128(6));
    store.add_call(scope.tenant(), second, rate());
    service.record_provider_cost(&scope, second, &facts(100_000_000)).await.unwrap();
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
    let settlement = service_over(Arc::new(store)).settle_call(&scope(1, None), call(), 61_000).await;
    assert_eq!(settlement.unwrap(), Settlement::Unchanged);

    // Somebody else settles another duration: who lost must look again before deciding.
    let mut store = MockBillingRepository::new();
    store.expect_account_of_call().times(2).returning(move |_, _| Ok(Some(snapshot.clone())));
    store.expect_commit().times(1).returning(|_, _| Err(CommitError::Stale));
    let error = service_over(Arc::new(store)).settle_call(&scope(1, None), call(), 61_000).await.unwrap_err();
    assert!(matches!(error, BillingError::Contended));
    assert_eq!(error.class(), ErrorClass::Busy);
}

#[tokio::test]
async fn nonsense_is_refused_and_not_recorded() {
    let (service, store, scope) = world();
    for duration in [-1, i64::MIN, i64::MAX, 86_400_001] {
        let error = service.settle_call(&scope, call(), duration).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::CallerMistake);
    }
    let error = service.record_provider_cost(&scope, call(), &facts(-1)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::CallerMistake);
    assert!(store.events().is_empty());
}
