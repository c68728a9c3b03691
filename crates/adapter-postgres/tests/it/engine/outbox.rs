use std::sync::Arc;

use adapter_postgres::engine::PgEventLog;
use kernel::{IdGenerator as _, JobSpec, RandomIds};
use operations::engine::{Dispatched, EventLog as _, EventRouter, Look, StoredEvent};
use serde_json::json;
use sqlx::PgConnection;

use super::{Engine, tenant, worker};

/// Two jobs of every `call.ended`.
struct Twice;

impl EventRouter for Twice {
    fn jobs_for(&self, event: &StoredEvent) -> Vec<JobSpec> {
        if event.name != "call.ended" {
            return Vec::new();
        }
        ["charge", "link"]
            .map(|kind| {
                JobSpec::new(kind, json!({ "event": event.id })).unique(format!("{kind}:{}", event.id))
            })
            .to_vec()
    }
}

async fn emit(connection: &mut PgConnection, tenant: uuid::Uuid, name: &str) {
    sqlx::query(
        "INSERT INTO engine.outbox_events (id, tenant_id, name, version, payload, correlation, occurred_at)
         VALUES ($1, $2, $3, 1, '{}', $2, app.now())",
    )
    .bind(RandomIds.next_uuid())
    .bind(tenant)
    .bind(name)
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn two_dispatchers_take_every_fact_once() {
    let engine = Engine::new().await;
    let company = tenant().as_uuid();
    let mut connection = engine.database.pool().acquire().await.unwrap();
    for number in 0..200 {
        emit(&mut connection, company, if number % 4 == 0 { "call.started" } else { "call.ended" }).await;
    }
    let dispatcher = || {
        let log = PgEventLog::new(&engine.database);
        async move {
            let mut sum = Dispatched::default();
            loop {
                let round = log.dispatch(Arc::new(Twice), 7, Look::Whole).await.unwrap();
                sum.events += round.events;
                sum.jobs += round.jobs;
                if round.events == 0 {
                    return sum;
                }
            }
        }
    };
    let (one, other) = tokio::join!(dispatcher(), dispatcher());
    assert_eq!(one.events + other.events, 200);
    assert_eq!(one.jobs + other.jobs, 300);
    let claimed = engine.claim(worker(), 400).await.jobs;
    assert_eq!(claimed.len(), 300);
    assert!(claimed.iter().all(|job| {
        job.tenant.map(|tenant| tenant.as_uuid()) == Some(company)
            && job.correlation.map(|chain| chain.as_uuid()) == Some(company)
    }));
}

#[tokio::test]
async fn a_fact_that_becomes_visible_late_is_not_passed_over() {
    let engine = Engine::new().await;
    let log = PgEventLog::new(&engine.database);
    let company = tenant().as_uuid();
    let mut slow = engine.database.pool().begin().await.unwrap();
    emit(&mut slow, company, "call.ended").await;
    let mut quick = engine.database.pool().acquire().await.unwrap();
    emit(&mut quick, company, "call.ended").await;
    assert_eq!(log.dispatch(Arc::new(Twice), 10, Look::Whole).await.unwrap().events, 1);
    slow.commit().await.unwrap();
    assert_eq!(log.stats().await.unwrap().waiting, 1);
    emit(&mut quick, company, "call.ended").await;
    let recent = log.dispatch(Arc::new(Twice), 10, Look::Recent).await.unwrap().events;
    assert_eq!(recent, 2, "also a look at what is new reaches back a moment");
    assert_eq!(log.dispatch(Arc::new(Twice), 10, Look::Whole).await.unwrap().events, 0);
}

#[tokio::test]
async fn dispatched_facts_are_forgotten_and_others_are_not() {
    let engine = Engine::new().await;
    let log = PgEventLog::new(&engine.database);
    let mut connection = engine.database.pool().acquire().await.unwrap();
    for _ in 0..3 {
        emit(&mut connection, tenant().as_uuid(), "call.started").await;
    }
    log.dispatch(Arc::new(Twice), 2, Look::Whole).await.unwrap();
    let future = "2100-01-01T00:00:00Z".parse().unwrap();
    let past = "2000-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(log.forget_dispatched(past, 10).await.unwrap(), 0);
    assert_eq!(log.forget_dispatched(future, 1).await.unwrap(), 1);
    assert_eq!(log.forget_dispatched(future, 10).await.unwrap(), 1);
    assert_eq!(log.stats().await.unwrap().waiting, 1);
}
