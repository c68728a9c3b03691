//! The outside calendar in memory.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built stops the test")]

use std::sync::Arc;

use appointment::calendar::{ConnectionId, KeptDifference, Review, ReviewId};
use appointment::testing::InMemoryAppointments;
use async_trait::async_trait;
use chrono::DateTime;
use kernel::testing::FixedClock;
use kernel::{ChangeSet, TenantScope};
use port_contracts::appointment::{AppointmentFixture, AppointmentTenant};
use port_contracts::calendar::{Backstage, CalendarFixture, connections, tenant_links};
use tenancy::testing::{InMemoryTenancy, tenant_profile};
use tenancy::{ConnectionKey, TenancyWrite, TenantRepository as _};

use crate::appointment::{InMemoryCatalogues, tenant};

struct InMemory(Arc<InMemoryAppointments>, Arc<InMemoryTenancy>);

#[async_trait]
impl Backstage for InMemory {
    async fn switch(&self, scope: &TenantScope, connection: ConnectionId, active: bool) {
        self.0.set_connection_active(scope, connection, active);
        self.1.set_connection(scope.tenant(), ConnectionKey::from_uuid(connection.as_uuid()), active);
    }

    async fn open_reviews(&self, scope: &TenantScope) -> Vec<Review> {
        self.0.open_reviews(scope)
    }

    async fn differences(&self, scope: &TenantScope) -> Vec<KeptDifference> {
        self.0.differences(scope)
    }

    async fn resolve(&self, scope: &TenantScope, review: ReviewId) {
        self.0.resolve_review(scope, review);
    }
}

async fn known(tenancy: &InMemoryTenancy, tenant: &AppointmentTenant, number: u128) {
    let profile = tenant_profile(number, &format!("tenant-{number}"));
    let write = TenancyWrite::CreateTenant { profile, created_at: DateTime::UNIX_EPOCH };
    tenancy.commit(&tenant.scope, ChangeSet::one(write)).await.unwrap();
}

async fn fixture() -> CalendarFixture {
    let now = "2026-11-23T08:00:00Z".parse().unwrap();
    let catalogues = Arc::new(InMemoryCatalogues::default());
    let clock = Arc::new(FixedClock::at(now));
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock));
    let (mut own, stranger) = (tenant(1, &catalogues), tenant(2, &catalogues));
    let connections = connections();
    own.catalogue.links = tenant_links(&own, &connections);
    catalogues.put(&own.scope, own.catalogue.clone());
    let tenancy = Arc::new(InMemoryTenancy::default());
    known(&tenancy, &own, 1).await;
    known(&tenancy, &stranger, 2).await;
    for (owner, connection) in [&own, &own, &stranger].into_iter().zip(&connections) {
        store.put_connection(&owner.scope, connection.clone());
        let key = ConnectionKey::from_uuid(connection.id.as_uuid());
        tenancy.set_connection(owner.scope.tenant(), key, true);
    }
    CalendarFixture {
        book: Arc::clone(&store) as _,
        routes: Arc::clone(&tenancy) as _,
        backstage: Box::new(InMemory(Arc::clone(&store), tenancy)),
        appointments: AppointmentFixture {
            appointments: store,
            tenant: own,
            stranger,
            catalogues,
            now,
            guard: Box::new(()),
        },
        connections,
    }
}

port_contracts::calendar_contract!(fixture);
