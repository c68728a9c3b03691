use std::time::Duration;

use adapter_postgres::engine::PgSchedules;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{CorrelationId, RandomIds};
use operations::engine::{ScheduleDeclaration, Schedules as _};

use super::{Engine, job, worker};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn nightly(zone: &str, next_at: DateTime<Utc>) -> ScheduleDeclaration {
    ScheduleDeclaration {
        name: "nightly".to_owned(),
        cron: "30 2 * * *".to_owned(),
        zone: zone.to_owned(),
        next_at,
    }
}

async fn next_at(engine: &Engine) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT next_at FROM engine.schedules").fetch_one(&engine.admin).await.unwrap()
}

#[tokio::test]
async fn an_unchanged_schedule_keeps_its_time_and_a_changed_one_starts_anew() {
    let engine = Engine::new().await;
    let schedules = PgSchedules::new(&engine.database);
    let (first, later) = (at("2030-01-01T01:30:00Z"), at("2030-02-01T01:30:00Z"));
    schedules.declare(&[nightly("Europe/Berlin", first)]).await.unwrap();
    schedules.declare(&[nightly("Europe/Berlin", later)]).await.unwrap();
    assert_eq!(next_at(&engine).await, first);
    schedules.declare(&[nightly("Europe/Zurich", later)]).await.unwrap();
    assert_eq!(next_at(&engine).await, later);
    schedules.declare(&[]).await.unwrap();
    assert_eq!(next_at(&engine).await, later);
}

#[tokio::test]
async fn an_occurrence_fires_once_whoever_fires_it() {
    let engine = Engine::new().await;
    let schedules = PgSchedules::new(&engine.database);
    let names = ["nightly".to_owned()];
    let time = at("2030-01-01T01:30:00Z");
    engine.product_time(time - TimeDelta::hours(1)).await;
    schedules.declare(&[nightly("Europe/Berlin", time)]).await.unwrap();
    assert!(schedules.due(&names).await.unwrap().is_empty());
    let wait = schedules.next_due_in(&names).await.unwrap().unwrap();
    assert!(wait <= Duration::from_secs(3_600) && wait > Duration::from_secs(3_500));

    engine.product_time(time + TimeDelta::minutes(1)).await;
    let due = schedules.due(&names).await.unwrap().remove(0);
    assert_eq!(due.due_at, time);
    assert!(schedules.due(&["other".to_owned()]).await.unwrap().is_empty());
    let next = time + TimeDelta::days(1);
    let mut fired = 0;
    let spec = job("upkeep");
    let attempts = (0..8).map(|_| {
        let chain = CorrelationId::generate(&RandomIds);
        schedules.fire(&due, next, &spec, chain)
    });
    for result in futures_util::future::join_all(attempts).await {
        fired += u32::from(result.unwrap());
    }
    assert_eq!(fired, 1);
    assert_eq!(engine.count("SELECT count(*) FROM engine.jobs").await, 1);
    assert_eq!(next_at(&engine).await, next);
    // The one that was frozen between looking and firing.
    let late = schedules.fire(&due, next, &spec, CorrelationId::generate(&RandomIds)).await;
    assert!(!late.unwrap());

    // A job that is still waiting under its unique key stands for this occurrence as well; the schedule moves on.
    engine.product_time(next + TimeDelta::minutes(1)).await;
    let again = schedules.due(&names).await.unwrap().remove(0);
    let alone = job("upkeep").unique("upkeep");
    engine.add(None, std::slice::from_ref(&alone)).await;
    let chain = CorrelationId::generate(&RandomIds);
    assert!(schedules.fire(&again, next + TimeDelta::days(1), &alone, chain).await.unwrap());
    assert_eq!(engine.count("SELECT count(*) FROM engine.jobs").await, 2);
}

#[tokio::test]
async fn one_leads_until_it_goes_or_falls_silent() {
    let engine = Engine::new().await;
    let schedules = PgSchedules::new(&engine.database);
    let (one, other) = (worker(), worker());
    let term = Duration::from_secs(60);
    assert!(schedules.lead(one, term).await.unwrap());
    assert!(schedules.lead(one, term).await.unwrap(), "again, by the same one");
    assert!(!schedules.lead(other, term).await.unwrap());
    schedules.resign(other).await.unwrap();
    assert!(!schedules.lead(other, term).await.unwrap(), "nobody resigns for another");
    schedules.resign(one).await.unwrap();
    assert!(schedules.lead(other, term).await.unwrap());
    // Product time has nothing to do with it; silence has.
    engine.product_time(at("2050-01-01T00:00:00Z")).await;
    assert!(!schedules.lead(one, term).await.unwrap());
    sqlx::query("UPDATE engine.leader SET lease_until = clock_timestamp() - interval '1 ms'")
        .execute(engine.database.pool())
        .await
        .unwrap();
    assert!(schedules.lead(one, term).await.unwrap());
    assert!(!schedules.lead(other, term).await.unwrap());
}
