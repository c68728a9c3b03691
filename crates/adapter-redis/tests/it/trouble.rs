//! A Redis that is killed, frozen, emptied.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adapter_redis::{Redis, RedisNotes};
use kernel::testing::scope;
use kernel::{CallId, ServiceId};
use provision::Signal;
use testkit::redis_of_ones_own;
use uuid::Uuid;
use voice::{CallMemory, CallNotes};

use crate::support::{config, local_notes};

fn notes(number: u128) -> CallNotes {
    CallNotes { service: Some(ServiceId::from_uuid(Uuid::from_u128(number))), ..CallNotes::default() }
}

fn call(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

/// A gateway's connections, with little patience between attempts.
fn gateway(url: &str, timeout: Duration) -> (Redis, Arc<dyn CallMemory>) {
    let mut config = config(url, "trouble");
    (config.timeout, config.retry_after) = (timeout, Duration::ZERO);
    let redis = Redis::lazily(&config).unwrap();
    let memory = Arc::new(RedisNotes::new(redis.clone(), local_notes()));
    (redis, memory)
}

#[tokio::test]
async fn a_killed_one_costs_no_notes_and_what_was_said_meanwhile_is_shared_afterwards() {
    let mut server = redis_of_ones_own().unwrap();
    let ours = scope(1, None);
    let (link, here) = gateway(&server.url(), Duration::from_secs(10));
    let (_, there) = gateway(&server.url(), Duration::from_secs(10));
    here.remember(&ours, call(1), notes(1)).await;
    here.remember(&ours, call(2), notes(2)).await;
    server.kill(Signal::Kill).unwrap();
    assert_eq!(here.recall(&ours, call(1)).await, notes(1));
    assert!(!link.status().is_there);
    here.remember(&ours, call(1), notes(3)).await;
    assert_eq!(here.recall(&ours, call(1)).await, notes(3));
    server.restart().unwrap();
    // It is empty now. What this process knows goes back as it is used.
    assert_eq!(here.recall(&ours, call(1)).await, notes(3));
    assert!(link.status().is_there);
    assert_eq!(there.recall(&ours, call(1)).await, notes(3));
    assert_eq!(here.recall(&ours, call(2)).await, notes(2), "an emptied one is not believed");
    assert_eq!(there.recall(&ours, call(2)).await, CallNotes::default());
}

#[tokio::test]
async fn what_was_said_while_it_was_cut_off_wins_over_what_it_still_holds() {
    let mut server = redis_of_ones_own().unwrap();
    let ours = scope(1, None);
    let (link, here) = gateway(&server.url(), Duration::from_millis(200));
    // A busy machine may take longer than that for the first connection.
    while !link.status().is_there || link.status().answered == 0 {
        here.remember(&ours, call(1), notes(1)).await;
    }
    server.kill(Signal::Stop).unwrap();
    here.remember(&ours, call(1), notes(2)).await;
    assert!(!link.status().is_there);
    server.kill(Signal::Continue).unwrap();
    while !link.status().is_there {
        assert_eq!(here.recall(&ours, call(1)).await, notes(2));
    }
    assert_eq!(here.recall(&ours, call(1)).await, notes(2));
}

#[tokio::test]
async fn a_frozen_one_costs_one_timeout_and_then_nothing() {
    let mut server = redis_of_ones_own().unwrap();
    let ours = scope(1, None);
    let mut config = config(&server.url(), "trouble");
    (config.timeout, config.retry_after) = (Duration::from_millis(50), Duration::from_secs(3600));
    server.kill(Signal::Stop).unwrap();
    let redis = Redis::lazily(&config).unwrap();
    let memory = RedisNotes::new(redis.clone(), local_notes());
    let begun = Instant::now();
    for number in 0..1000 {
        memory.remember(&ours, call(number), notes(number)).await;
    }
    for number in 0..1000 {
        assert_eq!(memory.recall(&ours, call(number)).await, notes(number));
    }
    let status = redis.status();
    assert_eq!((status.failed, status.skipped), (1, 1999), "two thousand requests, one of them sent");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    server.kill(Signal::Continue).unwrap();
}
