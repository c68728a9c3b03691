use std::time::Duration;

use chrono::{DateTime, Utc};
use operations::engine::{JobQueue as _, Leased, Outcome, Reaped, Ticket, Verdict};
use serde_json::json;

use super::{Engine, LEASE, job, jobs, tenant, worker};

fn outcome(job: &Leased, verdict: Verdict) -> Outcome {
    Outcome { ticket: job.ticket, verdict }
}

async fn row(engine: &Engine) -> (String, i16, i32, Option<String>) {
    sqlx::query_as("SELECT state, attempt, run, last_error FROM engine.jobs")
        .fetch_one(&engine.admin)
        .await
        .unwrap()
}

#[tokio::test]
async fn only_the_run_that_holds_the_lease_may_end_it() {
    let engine = Engine::new().await;
    engine.add(None, &[job("work")]).await;
    let (frozen, rescuer) = (worker(), worker());
    let first = engine.claim(frozen, 1).await.jobs.remove(0);
    engine.leases_run_out().await;
    let reaped = engine.queue.reap().await.unwrap();
    assert_eq!(reaped, Reaped { rescued: 1, dead: 0 });

    // Nobody runs it now; still it is not the frozen one's any more.
    let done = [outcome(&first, Verdict::Done)];
    assert_eq!(engine.queue.finish(frozen, &done).await.unwrap(), [first.ticket]);

    let second = engine.claim(rescuer, 1).await.jobs.remove(0);
    assert_eq!((second.attempt, second.ticket.run), (2, 2));
    for verdict in [
        Verdict::Done,
        Verdict::Retry { at: DateTime::UNIX_EPOCH, error: "x".to_owned() },
        Verdict::Snooze { at: DateTime::UNIX_EPOCH },
        Verdict::Dead { error: "x".to_owned() },
        Verdict::Cancelled,
    ] {
        // With its own ticket, with the rescuer's ticket, and the rescuer's old one: each is somebody else's.
        for (who, ticket) in [(frozen, first.ticket), (frozen, second.ticket), (rescuer, first.ticket)] {
            let outcome = Outcome { ticket, verdict: verdict.clone() };
            assert_eq!(engine.queue.finish(who, &[outcome]).await.unwrap(), [ticket]);
        }
    }
    assert_eq!(engine.queue.hand_back(frozen, &[first.ticket, second.ticket]).await.unwrap(), 0);
    assert!(!engine.queue.note_progress(frozen, first.ticket, json!(1)).await.unwrap());
    assert!(engine.queue.extend(frozen, LEASE).await.unwrap().held.is_empty());
    let (state, attempt, run, _) = row(&engine).await;
    assert_eq!((state.as_str(), attempt, run), ("leased", 2, 2));
    assert_eq!(engine.count("SELECT count(*) FROM engine.job_history").await, 0);

    assert!(engine.queue.note_progress(rescuer, second.ticket, json!(1)).await.unwrap());
    assert!(engine.queue.finish(rescuer, &[outcome(&second, Verdict::Done)]).await.unwrap().is_empty());
    assert_eq!(engine.count("SELECT count(*) FROM engine.jobs").await, 0);
    assert_eq!(
        engine
            .count("SELECT count(*) FROM engine.job_history WHERE outcome = 'done' AND attempt = 2 AND actor IS NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn a_batch_is_settled_in_one_statement() {
    let engine = Engine::new().await;
    let company = tenant();
    let kinds = ["done", "retry", "snooze", "dead", "stranger"];
    engine.add(Some(company), &kinds.map(job)).await;
    let me = worker();
    let claimed = engine.claim(me, 10).await.jobs;
    let later: DateTime<Utc> = "2100-01-01T00:00:00Z".parse().unwrap();
    let outcomes: Vec<Outcome> = claimed
        .iter()
        .map(|job| match job.kind.as_str() {
            "done" => outcome(job, Verdict::Done),
            "retry" => outcome(job, Verdict::Retry { at: later, error: "busy".to_owned() }),
            "snooze" => outcome(job, Verdict::Snooze { at: later }),
            "dead" => outcome(job, Verdict::Dead { error: "wrong".to_owned() }),
            _ => Outcome { ticket: Ticket { run: 9, ..job.ticket }, verdict: Verdict::Done },
        })
        .collect();
    let refused = engine.queue.finish(me, &outcomes).await.unwrap();
    assert_eq!(refused.len(), 1);
    let rows: Vec<(String, String, i16, i32, Option<String>)> =
        sqlx::query_as("SELECT kind, state, attempt, run, last_error FROM engine.jobs ORDER BY kind")
            .fetch_all(&engine.admin)
            .await
            .unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|(kind, state, attempt, run, error)| {
            (kind.as_str(), state.as_str(), *attempt, *run, error.as_deref())
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("dead", "dead", 1, 1, Some("wrong")),
            ("retry", "ready", 1, 1, Some("busy")),
            ("snooze", "ready", 0, 1, None),
            ("stranger", "leased", 1, 1, None),
        ]
    );
    let line: (Option<uuid::Uuid>, String, i16, bool) =
        sqlx::query_as("SELECT tenant_id, kind, attempt, took_ms >= 0 FROM engine.job_history")
            .fetch_one(&engine.admin)
            .await
            .unwrap();
    assert_eq!(line, (Some(company.as_uuid()), "done".to_owned(), 1, true));
}

#[tokio::test]
async fn what_is_handed_back_costs_no_attempt_and_is_due_at_once() {
    let engine = Engine::new().await;
    engine.add(None, &[job("work")]).await;
    let (leaving, staying) = (worker(), worker());
    let first = engine.claim(leaving, 1).await.jobs.remove(0);
    assert_eq!(engine.queue.hand_back(leaving, &[first.ticket]).await.unwrap(), 1);
    let second = engine.claim(staying, 1).await.jobs.remove(0);
    assert_eq!((second.attempt, second.ticket.run), (1, 2), "the first attempt, the second run");
    // Although the attempt is the same one, the run is not.
    assert_eq!(
        engine.queue.finish(leaving, &[outcome(&first, Verdict::Done)]).await.unwrap(),
        [first.ticket]
    );
}

#[tokio::test]
async fn a_job_that_kills_its_workers_reaches_its_limit() {
    let engine = Engine::new().await;
    let mut deadly = job("work");
    deadly.max_attempts = 3;
    engine.add(None, &[deadly]).await;
    for attempt in 1..=3_i16 {
        let claimed = engine.claim(worker(), 1).await.jobs;
        assert_eq!(claimed[0].attempt, attempt);
        engine.leases_run_out().await;
        let reaped = engine.queue.reap().await.unwrap();
        assert_eq!((reaped.rescued, reaped.dead), if attempt < 3 { (1, 0) } else { (0, 1) });
    }
    let (state, attempt, _, error) = row(&engine).await;
    assert_eq!((state.as_str(), attempt), ("dead", 3));
    assert!(error.unwrap().contains("lease ran out"));
    assert!(engine.claim(worker(), 1).await.jobs.is_empty());
}

#[tokio::test]
async fn leases_are_real_time_and_heartbeats_extend_only_ones_own() {
    let engine = Engine::new().await;
    engine.add(None, &jobs("work", 4)).await;
    let (alive, silent) = (worker(), worker());
    let mine = engine.claim(alive, 2).await.jobs;
    engine.claim(silent, 2).await;
    // A jump of product time is nothing to a lease.
    engine.product_time("2040-01-01T00:00:00Z".parse().unwrap()).await;
    assert_eq!(engine.queue.reap().await.unwrap(), Reaped::default());
    engine.leases_run_out().await;
    let beat = engine.queue.extend(alive, Duration::from_secs(60)).await.unwrap();
    let mut held = beat.held;
    held.sort();
    let mut expected: Vec<Ticket> = mine.iter().map(|job| job.ticket).collect();
    expected.sort();
    assert_eq!(held, expected);
    assert_eq!(engine.queue.reap().await.unwrap(), Reaped { rescued: 2, dead: 0 });
    assert_eq!(
        engine
            .count("SELECT count(*) FROM engine.jobs WHERE state = 'leased' AND lease_until > clock_timestamp() + interval '50 s'")
            .await,
        2
    );
}
