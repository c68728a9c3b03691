use std::sync::Arc;
use std::time::Duration;

use inbound_jobs::Registry;
use kernel::JobSpec;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::world::{World, brisk, does};

#[tokio::test]
async fn a_shutdown_waits_for_the_short_hands_back_the_long_and_costs_no_attempt() {
    let world = World::new().await;
    let begun = Arc::new(Notify::new());
    let registry = {
        let begun = Arc::clone(&begun);
        Registry::new()
            .handler(
                "long",
                does(move |_| {
                    let begun = Arc::clone(&begun);
                    async move {
                        begun.notify_one();
                        std::future::pending().await
                    }
                }),
            )
            .handler(
                "short",
                // Hears of the shutdown, which is no reason not to finish, and needs a moment for that.
                does(|context| async move {
                    context.shutdown().cancelled().await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Ok(())
                }),
            )
    };
    let worker = world.worker(registry, brisk(8)).await;
    let stop = CancellationToken::new();
    let tracker = TaskTracker::new();
    let running = tracker.spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    let jobs = ["short", "short", "long", "long"].map(|kind| JobSpec::new(kind, json!(null)));
    world.enqueue(None, &jobs).await;
    begun.notified().await;
    world.reaches("SELECT count(*) FROM engine.jobs WHERE state = 'leased'", 4).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), running).await.expect("a shutdown ends").unwrap();

    assert_eq!(
        world
            .count("SELECT count(*) FROM engine.job_history WHERE kind = 'short' AND outcome = 'done'")
            .await,
        2
    );
    let untouched = "SELECT count(*) FROM engine.jobs
        WHERE kind = 'long' AND state = 'ready' AND attempt = 0 AND run = 1 AND last_error IS NULL
          AND run_at <= app.now()";
    assert_eq!(world.count(untouched).await, 2);
    assert_eq!(
        world.count("SELECT count(*) FROM engine.leader").await,
        0,
        "the lead was given up, or never taken"
    );

    // The next worker has them at once, with their first attempt.
    let attempts = Registry::new()
        .handler(
            "long",
            does(|context| async move {
                assert_eq!(context.attempt(), 1);
                Ok(())
            }),
        )
        .retired("short");
    let next = world.worker(attempts, brisk(8)).await;
    let report = next.drain(10).await.unwrap();
    assert_eq!((report.done, report.retried), (2, 0));
}
