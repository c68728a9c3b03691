//! Master data and the directory of numbers, calls and keys.

use std::sync::Arc;

use adapter_postgres::{PgDirectory, PgTenantRepository};
use chrono::SubsecRound as _;
use port_contracts::tenancy::{CallToOpen, OnCall, TenancyFixture};
use sqlx::PgPool;
use testkit::TestDatabase;

use crate::support::{now, platform};

async fn fixture() -> TenancyFixture {
    let database = TestDatabase::fresh().await;
    TenancyFixture {
        calls: Arc::new(PgDirectory::new(database.gateway().clone())),
        keys: Arc::new(PgDirectory::new(database.gateway().clone())),
        tenants: Arc::new(PgTenantRepository::new(database.admin().clone())),
        platform: platform(),
        open_call: on_call(
            &database,
            "INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at)
             VALUES ('retell', $1, $2, $3, $4, $5)",
        ),
        end_call: on_call(
            &database,
            "UPDATE call_keys SET ended_at = $5
              WHERE provider_call_id = $1 AND tenant_id = $2 AND call_id = $3 AND branch_id = $4",
        ),
        now: now(&database).await.trunc_subsecs(0),
        guard: Box::new(database),
    }
}

fn on_call(database: &TestDatabase, sql: &'static str) -> OnCall {
    let admin: PgPool = database.admin_pool().clone();
    Box::new(move |call: CallToOpen| {
        let admin = admin.clone();
        Box::pin(async move {
            sqlx::query(sql)
                .bind(call.provider_call_id.as_str())
                .bind(call.scope.tenant().as_uuid())
                .bind(call.call.as_uuid())
                .bind(call.branch.as_uuid())
                .bind(call.at)
                .execute(&admin)
                .await
                .unwrap();
        })
    })
}

port_contracts::tenancy_contract!(fixture);

/// The directory cannot look into the table of branches; whether a branch is open reaches it all the same.
#[tokio::test]
async fn a_number_of_a_branch_that_closes_leads_nowhere() {
    use kernel::PhoneNumber;
    use tenancy::CallDirectory as _;

    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = testkit::scenario::Salon::company(admin, 1).await;
    let directory = PgDirectory::new(database.gateway().clone());
    let number = PhoneNumber::from_e164(&salon.number()).unwrap();
    assert_eq!(directory.route_number(&number).await.unwrap().unwrap().branch, salon.branch);

    sqlx::query("UPDATE branches SET active = false").execute(admin).await.unwrap();
    assert_eq!(directory.route_number(&number).await.unwrap(), None);

    sqlx::query("UPDATE branches SET active = true").execute(admin).await.unwrap();
    assert!(directory.route_number(&number).await.unwrap().is_some());
}
