use super::*;
use crate::model::{CallAccountSnapshot, CostMethod, ProviderCostFacts};
use crate::{CallRate, CostDecision, FxRate, FxSource, Settlement};
use chrono::DateTime;
use kernel::{CallId, UsdMicrocents};
use proptest::prelude::*;
use uuid::Uuid;

fn account(currency: Currency, duration_ms: Option<i64>, microcents: Option<i64>, ppm: i64) -> CallAccount {
    let now = DateTime::UNIX_EPOCH;
    let mut account = CallAccount::restore(CallAccountSnapshot {
        call: CallId::from_uuid(Uuid::from_u128(1)),
        rate: CallRate::new(15, currency).unwrap(),
        costs: Vec::new(),
        entries: Vec::new(),
    })
    .unwrap();
    if let Some(duration) = duration_ms
        && let Settlement::Charged(entry) = account.settle(duration, now).unwrap()
    {
        account = account.with_entry(entry).unwrap();
    }
    if let Some(voice) = microcents {
        let facts =
            ProviderCostFacts { voice: UsdMicrocents(voice), telephony: None, method: CostMethod::Actual };
        let fx = FxRate::new(ppm, FxSource::Reference).unwrap();
        if let CostDecision::Append(cost) = account.record_cost(&facts, fx, now).unwrap() {
            account = account.with_cost(cost).unwrap();
        }
    }
    account
}

fn eur(minor: i64) -> Option<Money> {
    Some(Money::new(minor, Currency::Eur))
}

#[test]
fn each_level_sees_its_own_numbers() {
    // Ten minutes at 15 cents; 1.00 dollar at 0.90.
    let account = account(Currency::Eur, Some(600_000), Some(100_000_000), 900_000);
    assert_eq!(
        PlatformEconomics::of(&account, Channel::Direct).unwrap(),
        PlatformEconomics {
            external: eur(90),
            reseller_cost: None,
            customer_price: eur(150),
            profit: eur(60),
            total_profit: eur(60),
        }
    );
    assert_eq!(
        PlatformEconomics::of(&account, Channel::Reseller(Markup::STANDARD)).unwrap(),
        PlatformEconomics {
            external: eur(90),
            reseller_cost: eur(108),
            customer_price: eur(150),
            profit: eur(18),
            total_profit: eur(60),
        }
    );
    assert_eq!(
        ResellerEconomics::of(&account, Markup::STANDARD).unwrap(),
        ResellerEconomics { cost: eur(108), customer_price: eur(150), profit: eur(42) }
    );
    assert_eq!(CompanyEconomics::of(&account), CompanyEconomics { price: eur(150) });
}

#[test]
fn what_is_not_priced_is_not_filled_with_another_price() {
    let costed = account(Currency::Eur, None, Some(100_000_000), 900_000);
    assert_eq!(CompanyEconomics::of(&costed).price, None);
    assert_eq!(PlatformEconomics::of(&costed, Channel::Direct).unwrap().profit, None);
    let charged = account(Currency::Eur, Some(60_000), None, 900_000);
    let view = PlatformEconomics::of(&charged, Channel::Reseller(Markup::STANDARD)).unwrap();
    assert_eq!((view.external, view.reseller_cost, view.profit), (None, None, None));
}

#[test]
fn francs_less_euros_are_no_amount() {
    let account = account(Currency::Chf, Some(60_000), Some(1_000_000), 900_000);
    let view = PlatformEconomics::of(&account, Channel::Direct).unwrap();
    assert_eq!(view.customer_price, Some(Money::new(15, Currency::Chf)));
    assert_eq!(view.profit, None);
}

#[test]
fn a_markup_has_bounds() {
    assert_eq!(Markup::new(2_000), Some(Markup::STANDARD));
    assert_eq!(Markup::new(-1), None);
    assert_eq!(Markup::new(Markup::MAX_BASIS_POINTS + 1), None);
}

proptest! {
    #[test]
    fn profits_add_up_and_rounding_is_single(
        duration in 0..7_200_000_i64,
        microcents in 0..=100_000_000_000_i64,
        ppm in FxRate::MIN_PPM..=FxRate::MAX_PPM,
        basis_points in 0..=Markup::MAX_BASIS_POINTS,
    ) {
        let account = account(Currency::Eur, Some(duration), Some(microcents), ppm);
        let markup = Markup::new(basis_points).unwrap();
        let platform = PlatformEconomics::of(&account, Channel::Reseller(markup)).unwrap();
        let reseller = ResellerEconomics::of(&account, markup).unwrap();
        let (kept, passed_on) = (platform.profit.unwrap(), reseller.profit.unwrap());
        prop_assert_eq!(kept.checked_add(passed_on), platform.total_profit);
        prop_assert!(kept.minor() >= 0);
        // Within half a cent of the exact amount, halves up: -1/2 < rounded - exact <= 1/2.
        let exact = i128::from(microcents) * i128::from(ppm) * i128::from(10_000 + basis_points);
        let unit = 10_000_000_000_000_000_i128;
        let error = 2 * (i128::from(reseller.cost.unwrap().minor()) * unit - exact);
        prop_assert!(-unit < error && error <= unit);
    }
}
