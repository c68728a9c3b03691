//! The store of calls' accounts.

use std::sync::Arc;

use adapter_postgres::PgBillingRepository;
use billing::CallRate;
use kernel::Currency;
use port_contracts::billing::BillingFixture;
use testkit::TestDatabase;
use testkit::scenario::Salon;

use crate::support::platform;

async fn fixture() -> BillingFixture {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    BillingFixture {
        accounts: Arc::new(PgBillingRepository::new(database.worker().clone())),
        scope: salon.scope,
        call: salon.call,
        second_call: salon.other_call,
        rate: CallRate::new(15, Currency::Eur).unwrap(),
        stranger: Salon::insert(database.admin_pool(), 2).await.scope,
        platform: platform(),
        guard: Box::new(database),
    }
}

port_contracts::billing_contract!(fixture);
