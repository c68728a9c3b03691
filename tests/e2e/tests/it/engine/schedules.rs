use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use inbound_jobs::Registry;
use kernel::JobSpec;
use kernel::testing::FixedClock;
use serde_json::json;

use super::world::{World, brisk, does};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn registry() -> Registry {
    Registry::new()
        .handler("upkeep", does(|_| async { Ok(()) }))
        .schedule("nightly", "30 2 * * *", "Europe/Berlin", JobSpec::new("upkeep", json!("nightly")))
        .schedule("hourly", "0 * * * *", "Europe/Berlin", JobSpec::new("upkeep", json!("hourly")))
}

/// Lets product time go from `from` to `until` in steps of twenty minutes, with two workers that look at every step at
/// the same moment; returns what fired for which instants.
async fn live_through(from: &str, until: &str) -> (Vec<String>, usize) {
    let world = World::new().await;
    let clock = Arc::new(FixedClock::at(at(from)));
    let first = world.worker_with_clock(registry(), brisk(4), clock.clone()).await;
    let second = world.worker_with_clock(registry(), brisk(4), clock.clone()).await;
    let mut now = at(from);
    let mut fired = 0;
    let mut done = 0;
    while now <= at(until) {
        world.product_time(now).await;
        clock.set(now);
        let (one, other) = tokio::join!(first.drain(100), second.drain(100));
        let (one, other) = (one.unwrap(), other.unwrap());
        fired += one.fired + other.fired;
        done += one.done + other.done;
        now += TimeDelta::minutes(20);
    }
    let nightly: Vec<DateTime<Utc>> =
        sqlx::query_scalar("SELECT fired_for FROM probe.fired WHERE name = 'nightly' ORDER BY fired_for")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    let hourly: Vec<DateTime<Utc>> =
        sqlx::query_scalar("SELECT DISTINCT fired_for FROM probe.fired WHERE name = 'hourly'")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    assert_eq!(fired, (nightly.len() + hourly.len()) as u64, "every occurrence once");
    assert_eq!(done, fired, "and one job done for each");
    let nightly = nightly.iter().map(|instant| instant.format("%dT%H:%MZ").to_string()).collect();
    (nightly, hourly.len())
}

#[tokio::test]
async fn a_nightly_schedule_fires_once_when_the_clock_goes_forward() {
    let (nightly, hourly) = live_through("2026-03-28T12:00:30Z", "2026-03-30T12:00:30Z").await;
    assert_eq!(nightly, ["29T01:00Z", "30T00:30Z"]);
    assert_eq!(hourly, 48, "an hour of real time is an hour, whatever the wall clock shows");
}

#[tokio::test]
async fn a_nightly_schedule_fires_once_when_the_clock_goes_back() {
    let (nightly, hourly) = live_through("2026-10-24T12:00:30Z", "2026-10-26T12:00:30Z").await;
    assert_eq!(nightly, ["25T00:30Z", "26T01:30Z"]);
    assert_eq!(hourly, 48);
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_once() {
    let world = World::new().await;
    let begin = at("2026-06-01T12:00:30Z");
    let clock = Arc::new(FixedClock::at(begin));
    let worker = world.worker_with_clock(registry(), brisk(4), clock.clone()).await;
    world.product_time(begin).await;
    assert_eq!(worker.drain(100).await.unwrap().fired, 0);
    world.product_time(begin + TimeDelta::days(3)).await;
    assert_eq!(worker.drain(100).await.unwrap().fired, 2, "each schedule once");
    assert_eq!(worker.drain(100).await.unwrap().fired, 0);
    let next: DateTime<Utc> =
        sqlx::query_scalar("SELECT next_at FROM engine.schedules WHERE name = 'hourly'")
            .fetch_one(&world.admin)
            .await
            .unwrap();
    assert_eq!(next, at("2026-06-04T13:00:00Z"));
}
