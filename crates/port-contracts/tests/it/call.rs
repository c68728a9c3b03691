//! The in-memory calls keep the rules of the store.

use std::sync::Arc;

use call::testing::{InMemoryCalls, InMemoryTrace};
use chrono::{DateTime, TimeDelta};
use kernel::testing::scope;
use kernel::{BranchId, CustomerId};
use port_contracts::call::CallFixture;
use uuid::Uuid;

async fn fixture() -> CallFixture {
    let branch = |n| BranchId::from_uuid(Uuid::from_u128(n));
    CallFixture {
        calls: Arc::new(InMemoryCalls::default()),
        trace: Arc::new(InMemoryTrace::default()),
        scope: scope(1, Some(branch(11))),
        branch: branch(11),
        customer: CustomerId::from_uuid(Uuid::from_u128(12)),
        stranger: scope(2, Some(branch(21))),
        strange_branch: branch(21),
        now: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        guard: Box::new(()),
    }
}

port_contracts::call_contract!(fixture);
