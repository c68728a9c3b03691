//! The store of calls' accounts.

use std::sync::Arc;

use adapter_postgres::PgBillingRepository;
use billing::{BillingRepository, CallRate};
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

/// Who answers companies reads an account without the platform's part of it, and the worker reads all of it.
#[tokio::test]
async fn an_account_shows_its_costs_to_the_worker_alone() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    for sql in [
        "INSERT INTO call_provider_costs VALUES ($1, $2, 1, 1000000, 856000, 'fallback', 1, 'actual', app.now())",
        "INSERT INTO call_charges VALUES ($1, $2, 1, 'charge', 15, 'EUR', 60000, 15, app.now())",
    ] {
        sqlx::query(sql)
            .bind(salon.tenant.as_uuid())
            .bind(salon.call.as_uuid())
            .execute(database.admin_pool())
            .await
            .unwrap();
    }
    for (login, costs) in [(database.gateway(), 0), (database.worker(), 1)] {
        let accounts = PgBillingRepository::new(login.clone());
        let account = accounts.account_of_call(&salon.scope, salon.call).await.unwrap().unwrap();
        assert_eq!((account.costs.len(), account.entries.len()), (costs, 1));
    }
}
