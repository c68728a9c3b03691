//! The store of calls.

use std::sync::Arc;

use adapter_postgres::{PgCallRepository, PgToolTrace};
use port_contracts::call::CallFixture;
use testkit::TestDatabase;
use testkit::scenario::Salon;

use crate::support::now;

async fn fixture() -> CallFixture {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await.with_customer(database.admin_pool()).await;
    let other = Salon::company(database.admin_pool(), 2).await;
    CallFixture {
        calls: Arc::new(PgCallRepository::new(database.worker().clone())),
        trace: Arc::new(PgToolTrace::new(database.gateway().clone())),
        scope: salon.scope,
        branch: salon.branch,
        customer: salon.customer,
        stranger: other.scope,
        strange_branch: other.branch,
        now: now(&database).await,
        guard: Box::new(database),
    }
}

port_contracts::call_contract!(fixture);
