use std::time::Duration;

use adapter_postgres::engine::PgJobSignal;
use operations::engine::JobSignal as _;
use serde_json::json;
use sqlx::postgres::PgListener;
use sqlx::{PgConnection, PgPool};

use super::enqueue::{add, as_tenant};
use super::{Engine, job, tenant};

/// Longest wait for what comes at once.
const SOON: Duration = Duration::from_secs(20);

async fn fall_asleep(worker: &mut PgConnection) -> String {
    sqlx::query_scalar("SELECT engine.fall_asleep()").fetch_one(worker).await.unwrap()
}

/// What was heard until now; a notification of our own marks the end.
async fn heard(listener: &mut PgListener, pool: &PgPool) -> Vec<String> {
    sqlx::query("SELECT pg_notify('engine_jobs', 'end')").execute(pool).await.unwrap();
    let mut heard = Vec::new();
    loop {
        let next = tokio::time::timeout(SOON, listener.recv()).await.unwrap().unwrap();
        if next.payload() == "end" {
            return heard;
        }
        heard.push(next.payload().to_owned());
    }
}

#[tokio::test]
async fn a_transaction_notifies_once_and_only_if_a_worker_sleeps() {
    let engine = Engine::new().await;
    let pool = engine.database.pool();
    let mut listener = PgListener::connect_with(pool).await.unwrap();
    listener.listen("engine_jobs").await.unwrap();
    let mut worker = pool.acquire().await.unwrap();
    let company = tenant();
    for (asleep, commit, expected) in [(false, true, 0), (true, false, 0), (true, true, 1)] {
        if asleep {
            assert!(["asleep", "beside"].contains(&fall_asleep(&mut worker).await.as_str()));
        }
        let mut transaction = as_tenant(&engine, company).await;
        for _ in 0..3 {
            add(&mut transaction, Some(company), None).await.unwrap();
        }
        sqlx::query(
            "INSERT INTO engine.outbox_events (id, tenant_id, name, version, payload, occurred_at)
             VALUES (gen_random_uuid(), $1, 'x.y', 1, $2, app.now())",
        )
        .bind(company.as_uuid())
        .bind(json!({}))
        .execute(&mut *transaction)
        .await
        .unwrap();
        if commit {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        let heard = heard(&mut listener, pool).await;
        assert_eq!(heard.len(), expected, "asleep: {asleep}, committed: {commit}");
    }
}

#[tokio::test]
async fn nobody_falls_asleep_while_something_is_being_added_that_would_not_wake_him() {
    let engine = Engine::new().await;
    let pool = engine.database.pool();
    let (mut one, mut other) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    let company = tenant();
    let mut transaction = as_tenant(&engine, company).await;
    add(&mut transaction, Some(company), None).await.unwrap();
    assert_eq!(fall_asleep(&mut one).await, "awake");
    transaction.commit().await.unwrap();
    assert_eq!(fall_asleep(&mut one).await, "asleep");
    assert_eq!(fall_asleep(&mut other).await, "beside");
    let woken: bool = sqlx::query_scalar("SELECT engine.wake_up()").fetch_one(&mut *one).await.unwrap();
    assert!(woken);
    assert_eq!(fall_asleep(&mut other).await, "asleep", "the lock was his who woke up");
}

#[tokio::test]
async fn every_sleeping_worker_is_woken_and_one_that_dies_leaves_its_place() {
    let engine = Engine::new().await;
    let (one, other) = (PgJobSignal::new(&engine.database), PgJobSignal::new(&engine.database));
    let woken =
        async |signal: &PgJobSignal| tokio::time::timeout(SOON, signal.wait()).await.unwrap().unwrap();
    // It listens, then it falls asleep: both times there may be something to see.
    woken(&one).await;
    woken(&one).await;
    // So does the other, beside it.
    woken(&other).await;
    woken(&other).await;
    let (mut sleeper, mut beside) = (Box::pin(one.wait()), Box::pin(other.wait()));
    let nothing = Duration::from_millis(100);
    assert!(tokio::time::timeout(nothing, &mut sleeper).await.is_err(), "there is nothing");
    assert!(tokio::time::timeout(nothing, &mut beside).await.is_err(), "there is nothing");
    engine.add(None, &[job("work")]).await;
    let both = async { tokio::join!(sleeper, beside) };
    let (first, second) = tokio::time::timeout(SOON, both).await.unwrap();
    first.unwrap();
    second.unwrap();

    // One is asleep, the other beside it; then the connection of the first is ended, and with it its lock.
    woken(&one).await;
    woken(&other).await;
    let mut beside = Box::pin(other.wait());
    assert!(tokio::time::timeout(nothing, &mut beside).await.is_err());
    sqlx::query(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l
          WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .execute(&engine.admin)
    .await
    .unwrap();
    tokio::time::timeout(SOON, beside).await.unwrap().unwrap();
    woken(&one).await;
}
