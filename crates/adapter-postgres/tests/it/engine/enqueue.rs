use kernel::TenantId;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{Engine, job, tenant, worker};

const ADD: &str = "INSERT INTO engine.jobs (tenant_id, kind, payload, unique_key)
    VALUES ($1, 'work', '{}', $2) ON CONFLICT DO NOTHING";

/// A transaction as a change set has it: the role `tenant`, bound to one tenant.
pub(super) async fn as_tenant(engine: &Engine, tenant: TenantId) -> Transaction<'static, Postgres> {
    let mut transaction = engine.kit.gateway().pool().begin().await.unwrap();
    sqlx::query("SET LOCAL ROLE tenant").execute(&mut *transaction).await.unwrap();
    sqlx::query("SELECT set_config('app.tenant_id', $1, true)")
        .bind(tenant.as_uuid().to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

pub(super) async fn add(
    connection: &mut PgConnection,
    tenant: Option<TenantId>,
    key: Option<&str>,
) -> Result<u64, sqlx::Error> {
    sqlx::query(ADD)
        .bind(tenant.map(|tenant| tenant.as_uuid()))
        .bind(key)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

fn is_refused(result: Result<u64, sqlx::Error>) -> bool {
    matches!(result, Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501"))
}

const ALL: &str = "SELECT count(*) FROM engine.jobs";

#[tokio::test]
async fn a_rollback_leaves_no_job() {
    let engine = Engine::new().await;
    let company = tenant();
    let mut transaction = as_tenant(&engine, company).await;
    assert_eq!(add(&mut transaction, Some(company), None).await.unwrap(), 1);
    transaction.rollback().await.unwrap();
    assert_eq!(engine.count(ALL).await, 0);
    assert!(engine.claim(worker(), 10).await.jobs.is_empty());

    let mut transaction = as_tenant(&engine, company).await;
    add(&mut transaction, Some(company), None).await.unwrap();
    assert!(engine.claim(worker(), 10).await.jobs.is_empty(), "not before the commit");
    transaction.commit().await.unwrap();
    let claimed = engine.claim(worker(), 10).await.jobs;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].tenant, Some(company));
}

#[tokio::test]
async fn a_tenant_adds_its_own_work_and_sees_none() {
    let engine = Engine::new().await;
    let (company, other) = (tenant(), tenant());
    for (whose, fine) in [(Some(company), true), (Some(other), false), (None, false)] {
        let mut transaction = as_tenant(&engine, company).await;
        let added = add(&mut transaction, whose, None).await;
        if fine {
            added.unwrap();
            transaction.commit().await.unwrap();
        } else {
            assert!(is_refused(added), "{whose:?}");
        }
    }
    for statement in [
        "SELECT count(*) FROM engine.jobs",
        "UPDATE engine.jobs SET priority = 1",
        "DELETE FROM engine.jobs",
        "SELECT count(*) FROM engine.outbox_events",
        "SELECT count(*) FROM engine.job_history",
        "SELECT engine.ensure_history(1)",
        "SELECT * FROM engine.claim(gen_random_uuid(), '1 s', '{default}', '{1}', '{1}', '{NULL}', '-infinity', '-infinity')",
    ] {
        let mut transaction = as_tenant(&engine, company).await;
        let refused = sqlx::query(statement).execute(&mut *transaction).await;
        assert!(is_refused(refused.map(|done| done.rows_affected())), "{statement}");
        transaction.rollback().await.unwrap();
        let refused = sqlx::query(statement).execute(engine.kit.gateway().pool()).await;
        assert!(is_refused(refused.map(|done| done.rows_affected())), "{statement} as the gateway");
    }
    assert_eq!(engine.count(ALL).await, 1);
}

#[tokio::test]
async fn the_gateway_itself_adds_only_what_is_nobodys_yet() {
    let engine = Engine::new().await;
    let mut gateway = engine.kit.gateway().pool().acquire().await.unwrap();
    assert_eq!(add(&mut gateway, None, None).await.unwrap(), 1);
    assert!(is_refused(add(&mut gateway, Some(tenant()), None).await));
}

#[tokio::test]
async fn a_key_that_is_taken_does_not_break_the_transaction_around_it() {
    let engine = Engine::new().await;
    let (company, other) = (tenant(), tenant());
    let mut transaction = as_tenant(&engine, company).await;
    assert_eq!(add(&mut transaction, Some(company), Some("k")).await.unwrap(), 1);
    assert_eq!(add(&mut transaction, Some(company), Some("k")).await.unwrap(), 0);
    assert_eq!(add(&mut transaction, Some(company), Some("l")).await.unwrap(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(engine.count(ALL).await, 2);

    // A key is a tenant's: nobody keeps another's work away by guessing.
    assert_eq!(engine.add(Some(other), &[job("work").unique("k")]).await, 1);
    assert_eq!(engine.add(None, &[job("work").unique("k"), job("work").unique("k")]).await, 1);

    // A dead job does not live; its key is free again.
    sqlx::query("UPDATE engine.jobs SET state = 'dead' WHERE tenant_id = $1")
        .bind(other.as_uuid())
        .execute(engine.database.pool())
        .await
        .unwrap();
    assert_eq!(engine.add(Some(other), &[job("work").unique("k")]).await, 1);
}
