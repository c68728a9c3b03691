//! The store of customers.

use std::sync::Arc;

use adapter_postgres::PgCustomerRepository;
use port_contracts::customer::CustomerFixture;
use testkit::TestDatabase;
use testkit::scenario::Salon;

async fn fixture() -> CustomerFixture {
    let database = TestDatabase::fresh().await;
    CustomerFixture {
        customers: Arc::new(PgCustomerRepository::new(database.gateway().clone())),
        scope: Salon::company(database.admin_pool(), 1).await.scope,
        stranger: Salon::company(database.admin_pool(), 2).await.scope,
        guard: Box::new(database),
    }
}

port_contracts::customer_contract!(fixture);
