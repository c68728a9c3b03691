//! The in-memory customers keep the rules of the store.

use std::sync::Arc;

use customer::testing::InMemoryCustomers;
use kernel::testing::scope;
use port_contracts::customer::CustomerFixture;

async fn fixture() -> CustomerFixture {
    CustomerFixture {
        customers: Arc::new(InMemoryCustomers::default()),
        scope: scope(1, None),
        stranger: scope(2, None),
        guard: Box::new(()),
    }
}

port_contracts::customer_contract!(fixture);
