//! The in-memory accounts keep the rules of the store.

use std::sync::Arc;

use billing::CallRate;
use billing::testing::InMemoryBilling;
use kernel::testing::scope;
use kernel::{Actor, CallId, CorrelationId, Currency, PlatformScope};
use port_contracts::billing::BillingFixture;
use uuid::Uuid;

async fn fixture() -> BillingFixture {
    let store = Arc::new(InMemoryBilling::default());
    let call = |n| CallId::from_uuid(Uuid::from_u128(n));
    let scope_of = |n| scope(n, None);
    let rate = CallRate::new(15, Currency::Eur).ok();
    // A test that cannot have its tariff has no subject.
    let Some(rate) = rate else { panic!("fifteen cents a minute is a tariff") };
    for number in [13, 14] {
        store.add_call(scope_of(1).tenant(), call(number), rate);
    }
    BillingFixture {
        accounts: store,
        scope: scope_of(1),
        call: call(13),
        second_call: call(14),
        rate,
        stranger: scope_of(2),
        platform: PlatformScope::new(
            Actor::Operator("test".to_owned()),
            CorrelationId::from_uuid(Uuid::from_u128(1)),
        ),
        guard: Box::new(()),
    }
}

port_contracts::billing_contract!(fixture);
