use std::collections::{HashMap, HashSet};
use std::time::Duration;

use adapter_postgres::engine::PgJobQueue;
use chrono::TimeDelta;
use kernel::{JobSpec, TenantId};
use operations::engine::{JobQueue as _, Leased, Look, Outcome, Verdict};
use serde_json::json;
use tokio::task::JoinSet;

use super::{Engine, LEASE, demand, job, jobs, tenant, worker};

fn by_tenant(jobs: &[Leased]) -> HashMap<Option<TenantId>, usize> {
    let mut counts = HashMap::new();
    for job in jobs {
        *counts.entry(job.tenant).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn a_claim_goes_round_the_tenants_before_it_comes_back() {
    let engine = Engine::new().await;
    let (huge, small) = (tenant(), [tenant(), tenant(), tenant()]);
    engine.add(Some(huge), &jobs("work", 500)).await;
    for company in small {
        engine.add(Some(company), &jobs("work", 2)).await;
    }
    engine.add(None, &jobs("work", 2)).await;
    let claimed = engine.claim(worker(), 10).await.jobs;
    let counts = by_tenant(&claimed);
    assert_eq!(claimed.len(), 10);
    assert_eq!(counts.len(), 5);
    assert!(counts.values().all(|count| *count == 2), "{counts:?}");
}

#[tokio::test]
async fn one_slot_at_a_time_still_goes_round() {
    let engine = Engine::new().await;
    let companies: Vec<TenantId> = (0..5).map(|_| tenant()).collect();
    for company in &companies {
        engine.add(Some(*company), &jobs("work", 20)).await;
    }
    let me = worker();
    let mut order = Vec::new();
    for _ in 0..20 {
        let claimed = engine.claim(me, 1).await.jobs;
        order.push(claimed[0].tenant);
        let done = Outcome { ticket: claimed[0].ticket, verdict: Verdict::Done };
        assert!(engine.queue.finish(me, &[done]).await.unwrap().is_empty());
    }
    for round in order.chunks(5) {
        let served: HashSet<_> = round.iter().collect();
        assert_eq!(served.len(), 5, "{order:?}");
    }
}

#[tokio::test]
async fn the_cap_of_a_tenant_holds_over_all_workers_at_once() {
    let engine = Engine::new().await;
    let (huge, small) = (tenant(), tenant());
    engine.add(Some(huge), &jobs("work", 300)).await;
    engine.add(Some(small), &jobs("work", 3)).await;
    engine.add(None, &jobs("work", 40)).await;
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let queue = PgJobQueue::new(&engine.database);
        workers.spawn(async move {
            let me = worker();
            let mut mine = Vec::new();
            for _ in 0..6 {
                mine.extend(queue.claim(me, LEASE, &[demand(4, 7)], Look::Whole).await.unwrap().jobs);
            }
            mine
        });
    }
    let claimed: Vec<Leased> = workers.join_all().await.into_iter().flatten().collect();
    let tickets: HashSet<_> = claimed.iter().map(|job| job.ticket).collect();
    assert_eq!(tickets.len(), claimed.len(), "no job twice");
    let counts = by_tenant(&claimed);
    assert_eq!(counts[&Some(huge)], 7);
    assert_eq!(counts[&Some(small)], 3);
    assert_eq!(counts[&None], 40, "the cap is for tenants");

    // A worker with a lower cap, as during a change of configuration, takes nothing and does not stumble.
    let lower = engine.queue.claim(worker(), LEASE, &[demand(4, 2)], Look::Whole).await.unwrap();
    assert!(lower.jobs.is_empty());
}

#[tokio::test]
async fn a_claim_waits_for_the_one_before_it_and_counts_what_that_took() {
    let engine = Engine::new().await;
    engine.add(Some(tenant()), &jobs("work", 10)).await;
    let mut first = engine.database.pool().begin().await.unwrap();
    let taken = sqlx::query("SELECT * FROM engine.claim($1, '30 s', '{default}', '{5}', '{2}', '{NULL}', '-infinity', '-infinity')")
        .bind(worker().as_uuid())
        .fetch_all(&mut *first)
        .await
        .unwrap();
    assert_eq!(taken.len(), 3, "how it looked, and two jobs");
    let demand = [demand(5, 2)];
    let mut second = std::pin::pin!(engine.queue.claim(worker(), LEASE, &demand, Look::Whole));
    let early = tokio::time::timeout(Duration::from_millis(200), second.as_mut()).await;
    assert!(early.is_err(), "claimed beside an open claim: {early:?}");
    first.commit().await.unwrap();
    assert!(second.await.unwrap().jobs.is_empty(), "the cap is reached");
}

#[tokio::test]
async fn within_a_tenant_priority_comes_first_and_then_age() {
    let engine = Engine::new().await;
    let company = Some(tenant());
    let numbered = |number: i32, priority: i16| {
        let mut job = JobSpec::new("work", json!(number));
        job.priority = priority;
        job
    };
    for (number, priority) in [(1, 100), (2, 100), (3, 10), (4, 200), (5, 10)] {
        engine.add(company, &[numbered(number, priority)]).await;
    }
    let me = worker();
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(engine.claim(me, 1).await.jobs[0].payload.clone());
    }
    assert_eq!(order, [json!(3), json!(5), json!(1), json!(2), json!(4)]);
}

#[tokio::test]
async fn jobs_of_one_series_run_one_after_another_and_do_not_block_the_rest() {
    let engine = Engine::new().await;
    let (company, other) = (Some(tenant()), Some(tenant()));
    let series = |number: i32| JobSpec::new("work", json!(number)).serial("calendar");
    engine.add(company, &(1..=600).map(series).collect::<Vec<_>>()).await;
    engine.add(company, &jobs("free", 1)).await;
    engine.add(other, &[series(1_000)]).await;
    let me = worker();
    let first = engine.claim(me, 10).await.jobs;
    let mut serial: Vec<_> = first.iter().filter(|job| job.kind == "work").collect();
    serial.sort_by_key(|job| job.ticket);
    assert_eq!(serial.len(), 2, "one of each tenant's series: {first:?}");
    assert_eq!(serial[0].payload, json!(1), "the oldest");
    // While it runs, a claim looks behind the series only so far; the other's job is found once the series has shrunk.
    assert!(engine.claim(worker(), 10).await.jobs.iter().all(|job| job.kind == "free"));
    let mut running = serial[0].ticket;
    for number in 2..=130 {
        let done = Outcome { ticket: running, verdict: Verdict::Done };
        assert!(engine.queue.finish(me, &[done]).await.unwrap().is_empty());
        let next = engine.claim(me, 10).await.jobs;
        assert_eq!(next.len(), 1);
        assert_eq!(next[0].payload, json!(number), "in their order");
        running = next[0].ticket;
    }
    let behind = engine.claim(me, 10).await.jobs;
    assert_eq!(behind.len(), 1);
    assert_eq!(behind[0].kind, "free", "what lies behind the series gets its turn while the series runs");
}

#[tokio::test]
async fn a_job_waits_for_product_time_and_says_how_long() {
    let engine = Engine::new().await;
    let begin = "2031-05-01T12:00:00Z".parse().unwrap();
    engine.product_time(begin).await;
    engine.add(None, &[job("work").at(begin + TimeDelta::minutes(10))]).await;
    engine.add(None, &[job("now")]).await;
    let batch = engine.claim(worker(), 5).await;
    assert_eq!(batch.jobs.len(), 1);
    assert_eq!(batch.jobs[0].kind, "now");
    let wait = batch.next_due_in.unwrap();
    assert!(wait > Duration::from_secs(570) && wait <= Duration::from_secs(600), "{wait:?}");
    engine.product_time(begin + TimeDelta::minutes(11)).await;
    let batch = engine.claim(worker(), 5).await;
    assert_eq!((batch.jobs.len(), batch.next_due_in), (1, None));
}

#[tokio::test]
async fn a_worker_gets_only_from_its_queues_and_only_as_much_as_it_can_take() {
    let engine = Engine::new().await;
    engine.add(None, &[job("a"), job("a"), job("a").in_queue("sync")]).await;
    assert!(engine.claim(worker(), 0).await.jobs.is_empty());
    assert_eq!(engine.claim(worker(), 1).await.jobs.len(), 1);
    assert_eq!(engine.claim(worker(), 9).await.jobs.len(), 1);
    let mut sync = demand(9, 9);
    sync.queue = "sync".to_owned();
    let claimed = engine.queue.claim(worker(), LEASE, &[demand(9, 9), sync], Look::Whole).await.unwrap();
    assert_eq!(claimed.jobs.len(), 1);
    assert_eq!(claimed.jobs[0].queue, "sync");
}

#[tokio::test]
async fn a_recent_claim_leaves_what_lies_before_it_to_the_next_whole_one() {
    let engine = Engine::new().await;
    let me = worker();
    let claim = async |look| engine.queue.claim(me, LEASE, &[demand(9, 9)], look).await.unwrap().jobs;
    engine.add(None, &[job("first")]).await;
    assert_eq!(claim(Look::Recent).await.len(), 1, "with nothing known, everything is looked at");
    let mut late = job("late");
    late.run_at = Some(engine.product_now().await - TimeDelta::minutes(1));
    engine.add(None, &[late, job("new")]).await;
    let recent = claim(Look::Recent).await;
    assert_eq!(recent.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["new"]);
    let whole = claim(Look::Whole).await;
    assert_eq!(whole.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["late"]);
}

#[tokio::test]
async fn recent_claims_are_as_strict_about_caps_and_series_and_fair_among_what_they_see() {
    let engine = Engine::new().await;
    let (huge, small) = (tenant(), tenant());
    engine.add(Some(huge), &jobs("work", 2_000)).await;
    engine.add(Some(small), &[job("one").serial("s"), job("two").serial("s")]).await;
    let me = worker();
    let mut claimed = engine.queue.claim(me, LEASE, &[demand(2, 7)], Look::Whole).await.unwrap().jobs;
    assert_eq!(by_tenant(&claimed).len(), 2);
    for _ in 0..20 {
        claimed.extend(engine.queue.claim(me, LEASE, &[demand(2, 7)], Look::Recent).await.unwrap().jobs);
    }
    let counts = by_tenant(&claimed);
    assert_eq!((counts[&Some(huge)], counts[&Some(small)]), (7, 1));
    // Newest of two thousand, and seen: among much, a recent claim looks at both ends.
    let other = tenant();
    engine.add(Some(other), &jobs("work", 1)).await;
    let next = engine.queue.claim(me, LEASE, &[demand(2, 7)], Look::Recent).await.unwrap().jobs;
    assert_eq!(by_tenant(&next), HashMap::from([(Some(other), 1)]));
}
