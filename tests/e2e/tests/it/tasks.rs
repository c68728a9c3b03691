//! Background work that an operator asks for.

use askpro::admin::{AskedBy, JobsCommand, Office, Shown, run_task};
use serde_json::json;
use simulators::calcom::{Effect, Fault, Operation};

use crate::house::{House, target, with_shared};

#[test]
fn an_operator_sees_queues_and_runs_tasks() {
    with_shared(async |venue| {
        let office = Office::open(&target(venue), "jobs").await.unwrap();
        assert!(JobsCommand::Stats.run(&office).await.is_ok());
        let done = run_task(&office, "ensure_partitions", AskedBy::Operator).await.unwrap();
        assert_eq!(done[0]["outcome"], json!("done"));
        let unknown = run_task(&office, "no_such_task", AskedBy::Operator).await.unwrap_err().to_string();
        assert!(unknown.contains("no_such_task") && unknown.contains("ensure_partitions"), "{unknown}");
        office.close().await;
    });
}

/// Two ask for a comparison at the same time, and the calendar fails one of them: each hears what became of their own, and
/// what has been told waits for nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operator_hears_of_the_run_that_was_asked_for() {
    const TASK: &str = "sync-calcom-bookings";
    let house = House::unhurried().await;
    let open = async || Office::open(&target(&house.venue), "task").await.unwrap();
    let offices = [open().await, open().await];
    house.calcom().order(Fault::once(Operation::List, Effect::ResetBefore));
    let (first, second) = tokio::join!(
        run_task(&offices[0], TASK, AskedBy::Operator),
        run_task(&offices[1], TASK, AskedBy::Operator)
    );
    let failed: Vec<String> =
        [&first, &second].into_iter().filter_map(|run| Some(run.as_ref().err()?.to_string())).collect();
    assert!(matches!(failed.as_slice(), [one] if one.contains("1 accounts")), "{first:?} {second:?}");
    let dead = JobsCommand::Dead { kind: Some(TASK.to_owned()), shown: Shown::default() }
        .run(&offices[0])
        .await
        .unwrap();
    assert!(dead.is_empty(), "{dead:?}");
    for office in offices {
        office.close().await;
    }
    house.close().await;
}
