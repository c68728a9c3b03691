use super::*;
use kernel::{Currency, UsdMicrocents};
use proptest::prelude::*;
use uuid::Uuid;

fn call() -> CallId {
    CallId::from_uuid(Uuid::from_u128(1))
}

fn rate(minor: i64) -> CallRate {
    CallRate::new(minor, Currency::Eur).unwrap()
}

fn account(minor: i64) -> CallAccount {
    CallAccount::restore(CallAccountSnapshot {
        call: call(),
        rate: rate(minor),
        costs: Vec::new(),
        entries: Vec::new(),
    })
    .unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

/// The account after settling this duration.
fn settled(account: &CallAccount, duration_ms: i64) -> CallAccount {
    match account.settle(duration_ms, now()).unwrap() {
        Settlement::Charged(entry) | Settlement::Corrected(entry) => account.with_entry(entry).unwrap(),
        Settlement::Unchanged => account.clone(),
    }
}

fn costed(account: &CallAccount, facts: &ProviderCostFacts, fx: FxRate) -> CallAccount {
    match account.record_cost(facts, fx, now()).unwrap() {
        CostDecision::Append(cost) => account.with_cost(cost).unwrap(),
        CostDecision::Unchanged => account.clone(),
    }
}

fn actual(microcents: i64) -> ProviderCostFacts {
    ProviderCostFacts { voice: UsdMicrocents(microcents), telephony: None, method: CostMethod::Actual }
}

fn reference(ppm: i64) -> FxRate {
    FxRate::new(ppm, FxSource::Reference).unwrap()
}

fn cents(minor: i64) -> Option<Money> {
    Some(Money::new(minor, Currency::Eur))
}

#[test]
fn a_call_is_charged_once_and_corrected_by_the_difference() {
    let charged = settled(&account(15), 60_000);
    assert_eq!(charged.charged(), cents(15));
    assert_eq!(charged.settle(60_000, now()).unwrap(), Settlement::Unchanged);

    let corrected = settled(&charged, 50_000);
    assert_eq!(corrected.charged(), cents(13));
    let last = corrected.snapshot().entries.last().unwrap();
    assert_eq!(last.kind, ChargeKind::Correction);
    assert_eq!(last.entry_no, 2);
    assert_eq!(last.amount.minor(), -2);
    assert_eq!(last.basis.duration_ms, 50_000);
}

#[test]
fn a_later_tariff_changes_no_past_call() {
    let mut state = settled(&account(15), 60_000).snapshot().clone();
    state.rate = CallRate::new(99, Currency::Chf).unwrap();
    let later = CallAccount::restore(state).unwrap();
    assert_eq!(later.settle(60_000, now()).unwrap(), Settlement::Unchanged);
    assert_eq!(settled(&later, 120_000).charged(), cents(30));
}

#[test]
fn a_free_call_is_priced_at_nothing_and_not_left_open() {
    assert_eq!(account(15).charged(), None);
    assert_eq!(settled(&account(15), 0).charged(), cents(0));
    assert_eq!(settled(&account(0), 60_000).charged(), cents(0));
}

#[test]
fn a_version_of_cost_is_kept_only_if_it_says_something_new() {
    let first = costed(&account(15), &actual(12_340_000), reference(900_000));
    assert_eq!(first.cost().unwrap().external_minor, 11);
    // The same again, and an estimate after the provider's word: nothing.
    let same = costed(&first, &actual(12_340_000), reference(1_000_000));
    assert_eq!(same, first);
    let estimate = ProviderCostFacts::estimated(60_000).unwrap();
    assert_eq!(costed(&first, &estimate, reference(900_000)), first);
    // Another amount is version 2, at the first version's rate.
    let second = costed(&first, &actual(20_000_000), reference(1_000_000));
    assert_eq!(second.cost().unwrap().version, 2);
    assert_eq!(second.cost().unwrap().fx, reference(900_000));
    assert_eq!(second.cost().unwrap().external_minor, 18);
}

#[test]
fn an_estimate_gives_way_to_the_provider_and_the_fallback_to_a_real_rate() {
    let estimate = ProviderCostFacts::estimated(60_000).unwrap();
    let first = costed(&account(15), &estimate, FxRate::FALLBACK);
    assert_eq!(first.cost().unwrap().usd_microcents, UsdMicrocents(10_000_000));
    assert_eq!(first.cost().unwrap().external_minor, 9);
    let second = costed(&first, &actual(10_000_000), reference(1_000_000));
    assert_eq!(second.cost().unwrap().method, CostMethod::Actual);
    assert_eq!(second.cost().unwrap().external_minor, 10);
    assert_eq!(second.cost().unwrap().fx.source(), FxSource::Reference);
}

#[test]
fn telephony_comes_on_top() {
    let facts = ProviderCostFacts { telephony: Some(UsdMicrocents(850_000)), ..actual(10_000_000) };
    let account = costed(&account(15), &facts, reference(1_000_000));
    assert_eq!(account.cost().unwrap().usd_microcents, UsdMicrocents(10_850_000));
    for (voice, telephony) in [(-1, 0), (0, -1), (i64::MAX, 1), (100_001_000_000, 0)] {
        let facts = ProviderCostFacts { telephony: Some(UsdMicrocents(telephony)), ..actual(voice) };
        assert_eq!(facts.total(), Err(AmountError::ImplausibleCost));
    }
}

#[test]
fn lines_that_do_not_add_up_are_not_restored() {
    let good =
        costed(&settled(&settled(&account(15), 60_000), 90_000), &actual(10_000_000), reference(900_000));
    let broken = |change: fn(&mut CallAccountSnapshot)| {
        let mut state = good.snapshot().clone();
        change(&mut state);
        CallAccount::restore(state).err()
    };
    let other = CallId::from_uuid(Uuid::from_u128(2));
    assert_eq!(broken(|_| {}), None);
    assert_eq!(broken(|s| s.entries[1].amount = Money::new(9, Currency::Eur)), Some(CorruptAccount::Sum));
    assert_eq!(
        broken(|s| s.entries[1].amount = Money::new(8, Currency::Chf)),
        Some(CorruptAccount::Currencies)
    );
    assert_eq!(broken(|s| s.entries[1].kind = ChargeKind::Charge), Some(CorruptAccount::Kinds));
    assert_eq!(broken(|s| s.entries[1].entry_no = 3), Some(CorruptAccount::Numbering));
    assert_eq!(broken(|s| s.entries.swap(0, 1)), Some(CorruptAccount::Numbering));
    assert_eq!(broken(|s| s.costs[0].external_minor += 1), Some(CorruptAccount::Sum));
    assert_eq!(broken(|s| s.costs[0].version = 2), Some(CorruptAccount::Numbering));
    let mut state = good.snapshot().clone();
    state.costs[0].call = other;
    assert_eq!(CallAccount::restore(state).err(), Some(CorruptAccount::ForeignLine));
    let mut state = good.snapshot().clone();
    state.call = other;
    assert_eq!(CallAccount::restore(state).err(), Some(CorruptAccount::ForeignLine));
}

fn any_duration() -> impl Strategy<Value = i64> {
    prop_oneof![0..600_000_i64, 0..=crate::tariff::MAX_DURATION_MS]
}

proptest! {
    /// Whatever was settled on the way, in whatever order and how often: the sum is the price of what is true now.
    #[test]
    fn the_sum_forgets_its_history(
        minor in 0..=crate::tariff::MAX_RATE,
        history in prop::collection::vec(any_duration(), 0..6),
        repeats in prop::collection::vec(0..6_usize, 0..6),
        last in any_duration(),
        turn in 0..6_usize,
    ) {
        let mut facts = history.clone();
        for at in repeats {
            if let Some(again) = history.get(at) {
                facts.push(*again);
            }
        }
        let mut turned = facts.clone();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        turned.reverse();
        let price = price_of_call(last, rate(minor)).unwrap();
        for order in [facts, turned] {
            let mut account = account(minor);
            for duration in order.into_iter().chain([last]) {
                account = settled(&account, duration);
                // A replay right away, and later, appends nothing.
                prop_assert_eq!(&settled(&account, duration), &account);
            }
            prop_assert_eq!(account.charged(), Some(price));
            let sum: i64 = account.snapshot().entries.iter().map(|e| e.amount.minor()).sum();
            prop_assert_eq!(sum, price.minor());
            prop_assert!(account.snapshot().entries.iter().skip(1).all(|e| e.amount.minor() != 0));
            prop_assert!(CallAccount::restore(account.snapshot().clone()).is_ok());
        }
    }

    /// The version that counts is the provider's last word at the first real rate, by whatever way.
    #[test]
    fn the_last_word_counts(
        words in prop::collection::vec((0..=100_000_000_000_i64, any::<bool>()), 1..6),
        ppm in FxRate::MIN_PPM..=FxRate::MAX_PPM,
    ) {
        let mut account = account(15);
        for (microcents, is_actual) in &words {
            let method = if *is_actual { CostMethod::Actual } else { CostMethod::Estimated };
            let facts = ProviderCostFacts { method, ..actual(*microcents) };
            account = costed(&account, &facts, reference(ppm));
            prop_assert_eq!(&costed(&account, &facts, reference(ppm)), &account);
        }
        let last_actual = words.iter().rev().find(|(_, is_actual)| *is_actual);
        let expected = last_actual.or(words.last()).map(|(microcents, _)| *microcents).unwrap();
        let cost = account.cost().unwrap();
        prop_assert_eq!(cost.usd_microcents.0, expected);
        prop_assert_eq!(cost.external_minor, reference(ppm).euro_cents(UsdMicrocents(expected)).unwrap());
    }
}
