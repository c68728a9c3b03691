//! The in-memory callbacks keep the rules of the store.

use std::sync::Arc;

use kernel::testing::scope;
use kernel::{BranchId, CallId, CustomerId};
use port_contracts::servicedesk::CallbackFixture;
use servicedesk::testing::InMemoryCallbacks;
use uuid::Uuid;

async fn fixture() -> CallbackFixture {
    CallbackFixture {
        callbacks: Arc::new(InMemoryCallbacks::default()),
        scope: scope(1, None),
        branch: BranchId::from_uuid(Uuid::from_u128(11)),
        customer: CustomerId::from_uuid(Uuid::from_u128(12)),
        call: CallId::from_uuid(Uuid::from_u128(13)),
        stranger: scope(2, None),
        guard: Box::new(()),
    }
}

port_contracts::servicedesk_contract!(fixture);
