use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use inbound_jobs::{JobFailure, JobScope, Registry};
use kernel::{Actor, Clock as _, JobSpec, SystemClock};
use operations::engine::{CancelResult, JobAdministration as _, JobId};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::world::{World, brisk, does, platform, tenant, uuid};

async fn state(world: &World, kind: &'static str) -> (String, i16, Option<String>) {
    sqlx::query_as("SELECT state, attempt, last_error FROM engine.jobs WHERE kind = $1")
        .bind(kind)
        .fetch_one(&world.admin)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_end_of_a_run_leads_where_it_should() {
    let world = World::new().await;
    let registry = Registry::new()
        .handler("fine", does(|_| async { Ok(()) }))
        .handler("panics", does(|_| async { panic!("no such element") }))
        .handler("fails", does(|_| async { Err(JobFailure::retry("busy")) }))
        .handler("hopeless", does(|_| async { Err(JobFailure::permanent("wrong")) }))
        .handler(
            "early",
            does(|context| async move {
                Err(JobFailure::Snooze { at: context.clock().now() + TimeDelta::hours(1) })
            }),
        )
        .retired("gone");
    let kinds = ["fine", "panics", "fails", "hopeless", "early", "gone", "unheard_of"];
    world.enqueue(None, &kinds.map(|kind| JobSpec::new(kind, json!(null)))).await;
    let report = world.worker(registry, brisk(8)).await.drain(100).await.unwrap();
    assert_eq!((report.claimed, report.done), (7, 2));
    assert_eq!((report.retried, report.snoozed, report.dead), (2, 1, 2));
    assert_eq!((report.refused, report.cut_short), (0, false));

    let (panicked, attempt, error) = state(&world, "panics").await;
    assert_eq!((panicked.as_str(), attempt), ("ready", 1));
    assert!(error.unwrap().contains("no such element"));
    assert_eq!(state(&world, "fails").await, ("ready".to_owned(), 1, Some("busy".to_owned())));
    assert_eq!(state(&world, "hopeless").await, ("dead".to_owned(), 1, Some("wrong".to_owned())));
    assert_eq!(state(&world, "early").await, ("ready".to_owned(), 0, None));
    let (unknown, _, why) = state(&world, "unheard_of").await;
    assert_eq!(unknown, "dead");
    assert!(why.unwrap().contains("no handler"));
    let later =
        "SELECT count(*) FROM engine.jobs WHERE kind IN ('panics', 'fails', 'early') AND run_at > app.now()";
    assert_eq!(world.count(later).await, 3);
}

#[tokio::test]
async fn a_fact_becomes_one_job_per_subscription_in_the_scope_of_its_tenant() {
    let world = World::new().await;
    let company = tenant();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = |name: &'static str| {
        let seen = Arc::clone(&seen);
        does(move |context| {
            seen.lock().unwrap().push((
                name,
                context.scope().clone(),
                context.payload::<serde_json::Value>(),
            ));
            async { Ok(()) }
        })
    };
    let registry = Registry::new()
        .handler("charge", watch("charge"))
        .handler("link", watch("link"))
        .subscribe("call.ended", "charge", |event| JobSpec::new("charge", event.payload.clone()))
        .subscribe("call.ended", "link", |event| JobSpec::new("link", json!({ "event": event.id })));
    for (number, name) in [(1, "call.ended"), (2, "call.started")] {
        sqlx::query(
            "INSERT INTO engine.outbox_events (id, tenant_id, name, version, payload, correlation, occurred_at)
             VALUES ($1, $2, $3, 1, '{\"call\": 7}', $4, $5)",
        )
        .bind(uuid(number))
        .bind(company.as_uuid())
        .bind(name)
        .bind(uuid(99))
        .bind(SystemClock::default().now())
        .execute(world.database.pool())
        .await
        .unwrap();
    }
    let worker = world.worker(registry, brisk(8)).await;
    let report = worker.drain(100).await.unwrap();
    assert_eq!((report.dispatched, report.done), (2, 2));
    assert_eq!(worker.drain(100).await.unwrap().dispatched, 0, "each fact once");

    let mut seen = seen.lock().unwrap();
    seen.sort_by_key(|(name, ..)| *name);
    assert_eq!(seen.len(), 2);
    for (name, scope, _) in seen.iter() {
        let JobScope::Tenant(scope) = scope else {
            panic!("{name} ran without its tenant");
        };
        assert_eq!(scope.tenant(), company);
        assert_eq!(scope.correlation().as_uuid(), uuid(99), "the chain goes on");
        assert_eq!(scope.actor(), &Actor::Job((*name).to_owned()));
    }
    assert_eq!(seen[0].2, Ok(json!({ "call": 7 })));
}

#[tokio::test]
async fn a_running_job_can_be_cancelled_and_what_it_noted_is_kept() {
    let world = World::new().await;
    let registry = Registry::new().handler(
        "long",
        does(|context| async move {
            context.note_progress(json!({ "page": 3 })).await?;
            std::future::pending().await
        }),
    );
    let mut config = brisk(2);
    config.lease = std::time::Duration::from_millis(900);
    let worker = world.worker(registry, config).await;
    let stop = CancellationToken::new();
    let tracker = TaskTracker::new();
    let running = tracker.spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    world.enqueue(None, &[JobSpec::new("long", json!(null))]).await;
    world.reaches("SELECT count(*) FROM engine.jobs WHERE progress = '{\"page\": 3}'", 1).await;
    let id: i64 = world.count("SELECT id FROM engine.jobs").await;
    let administration = adapter_postgres::engine::PgJobAdministration::new(&world.database);
    let asked = administration.cancel(&platform(), JobId::from_raw(id)).await.unwrap();
    assert_eq!(asked, CancelResult::Requested);
    world
        .reaches(
            "SELECT count(*) FROM engine.job_history WHERE outcome = 'cancelled' AND actor = 'operator:test'",
            1,
        )
        .await;
    assert_eq!(world.count("SELECT count(*) FROM engine.jobs").await, 0);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_lease_whose_claim_was_lost_on_the_way_comes_back() {
    let world = World::new().await;
    let mut config = brisk(2);
    config.lease = std::time::Duration::from_millis(900);
    let registry = Registry::new().handler("work", does(|_| async { Ok(()) }));
    let worker = world.worker(registry, config).await;
    // As if the answer to this worker's claim had never arrived: the row is leased to it, and it knows nothing of that.
    sqlx::query(
        "INSERT INTO engine.jobs (kind, payload, state, attempt, run, leased_by, leased_at, lease_until)
         VALUES ('work', 'null', 'leased', 1, 1, $1, clock_timestamp(), clock_timestamp() + interval '1 hour')",
    )
    .bind(worker.id().as_uuid())
    .execute(world.database.pool())
    .await
    .unwrap();
    let stop = CancellationToken::new();
    let tracker = TaskTracker::new();
    let running = tracker.spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    world.reaches("SELECT count(*) FROM engine.job_history WHERE outcome = 'done' AND attempt = 1", 1).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn draining_ends_even_if_jobs_make_jobs() {
    let world = World::new().await;
    let database = world.database.clone();
    let registry = Registry::new().handler(
        "again",
        does(move |_| {
            let database = database.clone();
            async move {
                sqlx::query("INSERT INTO engine.jobs (kind, payload) VALUES ('again', 'null')")
                    .execute(database.pool())
                    .await
                    .map_err(JobFailure::retry)?;
                Ok(())
            }
        }),
    );
    world.enqueue(None, &[JobSpec::new("again", json!(null))]).await;
    let report = world.worker(registry, brisk(4)).await.drain(25).await.unwrap();
    assert_eq!((report.claimed, report.cut_short), (25, true));
}
