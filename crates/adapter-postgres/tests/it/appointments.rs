//! The stores of appointments and catalogues.

use std::sync::Arc;

use adapter_postgres::{PgAppointmentRepository, PgCatalogueRepository};
use appointment::calendar::ConnectionId;
use appointment::testing::salon_with_basins;
use kernel::testing::scope;
use kernel::{BranchId, CallId, CustomerId, RandomIds, TenantScope};
use port_contracts::appointment::{AppointmentFixture, AppointmentTenant};
use port_contracts::waiting::WaitingFixture;
use sqlx::PgPool;
use testkit::TestDatabase;

use crate::support::{insert_catalogue, now};

async fn fixture() -> AppointmentFixture {
    store().await.0
}

async fn waiting() -> WaitingFixture {
    let (base, wishes, admin) = store().await;
    let connection = connection(&admin, &base.tenant.scope).await;
    WaitingFixture { base, wishes, connection }
}

async fn store() -> (AppointmentFixture, Arc<PgAppointmentRepository>, PgPool) {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool().clone();
    let appointments = Arc::new(PgAppointmentRepository::new(database.gateway().clone()));
    let base = AppointmentFixture {
        appointments: appointments.clone(),
        catalogues: Arc::new(PgCatalogueRepository::new(database.gateway().clone())),
        tenant: tenant(&admin, 1).await,
        stranger: tenant(&admin, 2).await,
        now: now(&database).await,
        guard: Box::new(database),
    };
    (base, appointments, admin)
}

async fn connection(admin: &PgPool, scope: &TenantScope) -> ConnectionId {
    let id = ConnectionId::generate(&RandomIds);
    sqlx::query(
        "INSERT INTO calendar_connections
            (tenant_id, id, provider, base_url, api_key_sealed, webhook_secret_sealed, key_id, created_at)
         VALUES ($1, $2, 'calcom', 'https://api.cal.com', sha256('key'), sha256('secret'), 'one', app.now())",
    )
    .bind(scope.tenant().as_uuid())
    .bind(id.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    id
}

pub(crate) async fn tenant(admin: &PgPool, number: u128) -> AppointmentTenant {
    let branch = BranchId::generate(&RandomIds);
    let scope = scope(number, Some(branch));
    let catalogue = insert_catalogue(admin, &scope, salon_with_basins(branch).unwrap().snapshot()).await;
    let customers = [(); 2].map(|()| CustomerId::generate(&RandomIds));
    let calls = [(); 2].map(|()| CallId::generate(&RandomIds));
    for customer in customers {
        sqlx::query(
            "INSERT INTO customers (tenant_id, id, source, created_at) VALUES ($1, $2, 'import', app.now())",
        )
        .bind(scope.tenant().as_uuid())
        .bind(customer.as_uuid())
        .execute(admin)
        .await
        .unwrap();
    }
    for call in calls {
        sqlx::query(
            "INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at)
             VALUES ('retell', $1, $2, $3, $4, app.now())",
        )
        .bind(call.to_string())
        .bind(scope.tenant().as_uuid())
        .bind(call.as_uuid())
        .bind(branch.as_uuid())
        .execute(admin)
        .await
        .unwrap();
    }
    AppointmentTenant { scope, catalogue, customers, calls }
}

port_contracts::appointment_contract!(fixture);
port_contracts::waiting_contract!(waiting);
