use adapter_postgres::engine::PgJobAdministration;
use operations::engine::{
    CancelResult, DeadFilter, JobAdministration as _, JobId, JobQueue as _, Outcome, Verdict,
};

use super::{Engine, job, jobs, platform, tenant, worker};

/// Makes everything that is due dead.
async fn kill_all(engine: &Engine) {
    let me = worker();
    let outcomes: Vec<Outcome> = engine
        .claim(me, 100)
        .await
        .jobs
        .iter()
        .map(|job| Outcome { ticket: job.ticket, verdict: Verdict::Dead { error: "broken".to_owned() } })
        .collect();
    assert!(engine.queue.finish(me, &outcomes).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_dead_can_be_read_run_again_and_discarded_and_it_is_known_by_whom() {
    let engine = Engine::new().await;
    let administration = PgJobAdministration::new(&engine.database);
    let company = tenant();
    engine.add(Some(company), &jobs("charge", 3)).await;
    engine.add(None, &jobs("upkeep", 2)).await;
    kill_all(&engine).await;

    let all = DeadFilter::default();
    let page = administration.list_dead(&platform(), &all, None, 4).await.unwrap();
    assert_eq!(page.len(), 4);
    let rest = administration.list_dead(&platform(), &all, page.last().map(|job| job.id), 4).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert!(rest.iter().all(|job| job.error.as_deref() == Some("broken") && job.attempt == 1));

    let of_company = DeadFilter { tenant: Some(company), ..DeadFilter::default() };
    assert_eq!(administration.requeue_dead(&platform(), &of_company).await.unwrap().len(), 3);
    let one = DeadFilter { job: rest.first().map(|job| job.id), ..DeadFilter::default() };
    assert_eq!(administration.discard_dead(&platform(), &one).await.unwrap().len(), 1);
    let lines: Vec<(String, i64)> = sqlx::query_as(
        "SELECT outcome, count(*) FROM engine.job_history WHERE actor = 'operator:ada' GROUP BY outcome ORDER BY outcome",
    )
    .fetch_all(&engine.admin)
    .await
    .unwrap();
    assert_eq!(lines, [("discarded".to_owned(), 1), ("rerun".to_owned(), 3)]);
    let again = engine.claim(worker(), 10).await.jobs;
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(|job| job.attempt == 1 && job.ticket.run == 2), "fresh attempts");

    let stats = administration.stats(&platform()).await.unwrap();
    assert_eq!(stats.len(), 1);
    assert_eq!((stats[0].leased, stats[0].dead, stats[0].due), (3, 1, 0));
}

#[tokio::test]
async fn a_dead_job_whose_key_lives_on_stays_dead() {
    let engine = Engine::new().await;
    let administration = PgJobAdministration::new(&engine.database);
    for _ in 0..2 {
        engine.add(None, &[job("sync").unique("k")]).await;
        kill_all(&engine).await;
    }
    engine.add(None, &[job("sync").unique("k")]).await;
    let all = DeadFilter::default();
    assert!(administration.requeue_dead(&platform(), &all).await.unwrap().is_empty());
    kill_all(&engine).await;
    // Three dead, one key: the oldest comes back alone.
    let revived = administration.requeue_dead(&platform(), &all).await.unwrap();
    assert_eq!(revived.len(), 1);
    assert_eq!(engine.count("SELECT count(*) FROM engine.jobs WHERE state = 'dead'").await, 2);
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked() {
    let engine = Engine::new().await;
    let administration = PgJobAdministration::new(&engine.database);
    engine.add(None, &jobs("work", 2)).await;
    let me = worker();
    let running = engine.claim(me, 1).await.jobs.remove(0);
    let waiting = JobId::from_raw(engine.count("SELECT id FROM engine.jobs WHERE state = 'ready'").await);
    let cancel = |id| {
        let administration = &administration;
        async move { administration.cancel(&platform(), id).await.unwrap() }
    };
    assert_eq!(cancel(waiting).await, CancelResult::Removed);
    assert_eq!(cancel(waiting).await, CancelResult::NotFound);
    assert_eq!(cancel(running.ticket.job).await, CancelResult::Requested);
    let beat = engine.queue.extend(me, super::LEASE).await.unwrap();
    assert_eq!((beat.held.len(), beat.cancelled), (1, vec![running.ticket]));
    // A handler that failed before it heard of it is not tried again.
    let failed = Outcome {
        ticket: running.ticket,
        verdict: Verdict::Retry { at: chrono::DateTime::UNIX_EPOCH, error: "x".to_owned() },
    };
    assert!(engine.queue.finish(me, &[failed]).await.unwrap().is_empty());
    assert_eq!(engine.count("SELECT count(*) FROM engine.jobs").await, 0);
    assert_eq!(
        engine
            .count("SELECT count(*) FROM engine.job_history WHERE outcome = 'cancelled' AND actor = 'operator:ada'")
            .await,
        2
    );
}

#[tokio::test]
async fn an_old_transaction_is_seen_and_old_months_go() {
    let engine = Engine::new().await;
    let administration = PgJobAdministration::new(&engine.database);
    // Whoever has it open: the worker itself, the gateway, an administrator.
    let open = "SELECT open_count FROM engine.oldest_transaction()";
    for pool in [engine.database.pool(), engine.kit.gateway().pool(), &engine.admin] {
        let before: i64 = sqlx::query_scalar(open).fetch_one(engine.database.pool()).await.unwrap();
        let mut held = pool.begin().await.unwrap();
        let begun = std::time::Instant::now();
        sqlx::query("SELECT 1").execute(&mut *held).await.unwrap();
        let during: i64 = sqlx::query_scalar(open).fetch_one(engine.database.pool()).await.unwrap();
        assert_eq!(during, before + 1);
        let age = administration.oldest_transaction(&platform()).await.unwrap().unwrap();
        assert!(before > 0 || age <= begun.elapsed() + std::time::Duration::from_secs(5), "{age:?}");
        held.rollback().await.unwrap();
    }
    let strangers = sqlx::query(open).execute(engine.kit.gateway().pool()).await;
    assert!(strangers.is_err(), "the worker alone may ask");

    assert_eq!(administration.ensure_history(&platform(), 3).await.unwrap(), 0, "the migration made them");
    assert_eq!(administration.ensure_history(&platform(), 5).await.unwrap(), 2);
    let past = "2000-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(administration.drop_history(&platform(), past).await.unwrap(), 0);
    let future = "2100-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(administration.drop_history(&platform(), future).await.unwrap(), 6);
}
