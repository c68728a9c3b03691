//! The store of callbacks.

use std::sync::Arc;

use adapter_postgres::PgCallbackRepository;
use port_contracts::servicedesk::CallbackFixture;
use testkit::TestDatabase;
use testkit::scenario::Salon;

async fn fixture() -> CallbackFixture {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    CallbackFixture {
        callbacks: Arc::new(PgCallbackRepository::new(database.gateway().clone())),
        scope: salon.scope,
        branch: salon.branch,
        customer: salon.customer,
        call: salon.call,
        stranger: Salon::insert(database.admin_pool(), 2).await.scope,
        guard: Box::new(database),
    }
}

port_contracts::servicedesk_contract!(fixture);
