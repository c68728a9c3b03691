use std::time::Duration;

use kernel::JobSpec;
use serde_json::json;

use super::world::{PATIENCE, World, signal};

/// Long enough that a busy machine beats in time, short enough that a rescue is soon.
const LEASE: Duration = Duration::from_secs(3);

fn effects(jobs: i64) -> Vec<JobSpec> {
    (1..=jobs).map(|number| JobSpec::new("effect", json!(number))).collect()
}

const RUNS: &str = "SELECT count(*) FROM probe.runs";
const EFFECTS: &str = "SELECT count(*) FROM probe.effects";
const DONE: &str = "SELECT count(*) FROM engine.job_history WHERE outcome = 'done'";
const LIVE: &str = "SELECT count(*) FROM engine.jobs";

#[tokio::test]
async fn two_hundred_running_jobs_survive_the_death_of_their_worker() {
    let world = World::new().await;
    world.enqueue(None, &effects(200)).await;
    let mut first = world.process(LEASE, 200, false);
    world.reaches(RUNS, 200).await;
    first.kill().await.unwrap();
    assert_eq!(world.count(DONE).await, 0, "killed in the middle of all of them");
    assert_eq!(world.count("SELECT count(*) FROM engine.jobs WHERE state = 'leased'").await, 200);

    let _second = world.process(LEASE, 200, false);
    world.reaches(DONE, 200).await;
    assert_eq!(world.count(LIVE).await, 0);
    assert_eq!(world.count(RUNS).await, 400, "every job was begun again");
    assert_eq!(world.count(EFFECTS).await, 200, "and none was done twice in effect");
    assert_eq!(world.count("SELECT count(*) FROM engine.job_history WHERE attempt = 2").await, 200);
}

#[tokio::test]
async fn what_a_frozen_worker_brings_back_is_refused() {
    let world = World::new().await;
    world.enqueue(None, &effects(20)).await;
    let frozen = world.process(LEASE, 20, false);
    world.reaches(RUNS, 20).await;
    signal(&frozen, "STOP").await;

    let _rescuer = world.process(LEASE, 20, false);
    world.reaches(RUNS, 40).await;
    // The rescued runs are still going on when the frozen one wakes up, with its own runs at their end.
    signal(&frozen, "CONT").await;
    world.reaches(DONE, 20).await;
    assert_eq!(world.count(LIVE).await, 0);
    assert_eq!(world.count(EFFECTS).await, 20);
    let rescued = "SELECT count(*) FROM engine.job_history WHERE outcome = 'done' AND attempt = 2";
    assert_eq!(world.count(rescued).await, 20, "every job was completed by the rescuer's run alone");

    // The one that was frozen is a worker like others again.
    let after: Vec<JobSpec> = (101..=140).map(|number| JobSpec::new("effect", json!(number))).collect();
    world.enqueue(None, &after).await;
    world.reaches(DONE, 60).await;
    assert_eq!(world.count("SELECT count(DISTINCT pid) FROM probe.runs WHERE number > 100").await, 2);
}

#[tokio::test]
async fn a_frozen_leader_neither_stops_the_schedules_nor_fires_one_twice() {
    let world = World::new().await;
    let leader = world.process(LEASE, 4, true);
    let fired = "SELECT least(count(*), 1) FROM probe.fired";
    world.reaches(fired, 1).await;
    signal(&leader, "STOP").await;
    let before = world.count("SELECT count(*) FROM probe.fired").await;
    let holder = "SELECT count(DISTINCT holder) FROM engine.leader WHERE lease_until > clock_timestamp()";
    world.reaches(holder, 0).await;

    let _second = world.process(LEASE, 4, true);
    world.reaches(holder, 1).await;
    let going_on = "SELECT (count(*) >= 5)::int::bigint FROM probe.fired";
    world.reaches(going_on, 1).await;
    signal(&leader, "CONT").await;
    let with_both = world.count("SELECT count(*) FROM probe.fired").await;
    assert!(with_both > before, "the second worker fired while the first stood still");
    let further = "SELECT (count(*) >= 9)::int::bigint FROM probe.fired";
    world.reaches(further, 1).await;

    assert_eq!(
        world.count("SELECT count(*) - count(DISTINCT fired_for) FROM probe.fired").await,
        0,
        "an occurrence fired twice"
    );
    let jobs = "SELECT (SELECT count(*) FROM probe.fired)
        - (SELECT count(*) FROM engine.job_history WHERE kind = 'tick')
        - (SELECT count(*) FROM engine.jobs WHERE kind = 'tick')";
    assert_eq!(world.count(jobs).await, 0, "one job for every occurrence");
}

#[tokio::test]
async fn a_job_that_aborts_its_process_ends_dead() {
    let lease = Duration::from_millis(900);
    let world = World::new().await;
    let mut job = JobSpec::new("crash", json!({}));
    job.max_attempts = 3;
    world.enqueue(None, &[job]).await;
    for attempt in 1..=3 {
        let mut process = world.process(lease, 4, false);
        let ended = tokio::time::timeout(PATIENCE, process.wait()).await.unwrap().unwrap();
        assert!(!ended.success());
        assert_eq!(
            world.count("SELECT attempt::bigint FROM engine.jobs WHERE kind = 'crash'").await,
            attempt,
            "the attempt was counted when it began"
        );
    }
    let _survivor = world.process(lease, 4, false);
    world.reaches("SELECT count(*) FROM engine.jobs WHERE state = 'dead'", 1).await;
    let why: String =
        sqlx::query_scalar("SELECT last_error FROM engine.jobs").fetch_one(&world.admin).await.unwrap();
    assert!(why.contains("lease ran out"), "{why}");
    // The survivor works on.
    world.enqueue(None, &effects(1)).await;
    world.reaches(DONE, 1).await;
}
