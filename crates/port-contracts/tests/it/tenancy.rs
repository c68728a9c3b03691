//! The in-memory tenants keep the rules of the store.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use kernel::{Actor, CorrelationId, PlatformScope};
use port_contracts::tenancy::{OnCall, TenancyFixture};
use tenancy::testing::InMemoryTenancy;
use uuid::Uuid;

async fn fixture() -> TenancyFixture {
    let store = Arc::new(InMemoryTenancy::default());
    let (opening, ending) = (store.clone(), store.clone());
    let open_call: OnCall = Box::new(move |call| {
        opening.add_call(call.scope.tenant(), call.branch, call.provider_call_id, call.call, call.at);
        Box::pin(std::future::ready(()))
    });
    let end_call: OnCall = Box::new(move |call| {
        ending.end_call(&call.provider_call_id);
        Box::pin(std::future::ready(()))
    });
    TenancyFixture {
        calls: store.clone(),
        keys: store.clone(),
        tenants: store,
        platform: PlatformScope::new(
            Actor::Operator("test".to_owned()),
            CorrelationId::from_uuid(Uuid::from_u128(1)),
        ),
        open_call,
        end_call,
        now: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        guard: Box::new(()),
    }
}

port_contracts::tenancy_contract!(fixture);
