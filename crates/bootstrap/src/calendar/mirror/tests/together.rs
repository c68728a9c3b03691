//! Two gateways in front of one provider, with a Redis between them.

use adapter_redis::{Redis, RedisConfig, RedisWeeks};
use provision::Signal;
use testkit::{TestRedis, redis_of_ones_own};

use super::*;

/// Far more than the product waits: a busy machine is not what these tests are about.
const PATIENT: Duration = Duration::from_secs(10);

fn connected(world: World, url: &str, prefix: &str) -> World {
    let mut config = RedisConfig::new(url);
    config.prefix = prefix.to_owned();
    (config.timeout, config.retry_after) = (PATIENT, Duration::ZERO);
    let weeks = RedisWeeks::new(Redis::lazily(&config).unwrap(), Duration::from_secs(900));
    World { mirror: world.mirror.together(Arc::new(weeks)), ..world }
}

/// Two gateways on a Redis; the provider answers after `takes_ms`.
fn two(takes_ms: u64, url: &str, prefix: &str) -> [World; 2] {
    let here = World::new(takes_ms);
    let there = World::before(here.provider.clone(), here.clock.clone());
    [here, there].map(|world| connected(world, url, prefix))
}

fn is_fresh(offered: &Offered) -> bool {
    matches!(offered, Offered::Fresh { starts, .. } if starts.len() == 2)
}

fn is_fully_booked(offered: &Offered) -> bool {
    matches!(offered, Offered::Fresh { starts, .. } if starts.is_empty())
}

#[tokio::test]
async fn a_hundred_who_ask_two_gateways_at_once_cost_one_request_each_at_most_and_later_ones_none() {
    let server = TestRedis::fresh();
    let [here, there] = two(50, server.url(), server.prefix());
    let everybody = (0..100).map(|number| if number % 2 == 0 { &here } else { &there });
    let answers = join_all(everybody.map(|world| world.ask("2026-11-24"))).await;
    assert!(answers.iter().all(is_fresh), "{answers:?}");
    assert!((1..=2).contains(&here.asked()), "{}", here.asked());
    let before = here.asked();
    for world in [&here, &there] {
        assert!(is_fresh(&world.ask("2026-11-24").await));
    }
    assert_eq!(here.asked(), before);
}

#[tokio::test]
async fn what_one_gateway_fetched_answers_at_the_other() {
    let server = TestRedis::fresh();
    let [here, there] = two(0, server.url(), server.prefix());
    assert!(is_fresh(&here.ask("2026-11-24").await));
    assert!(is_fresh(&there.ask("2026-11-24").await));
    assert_eq!(here.asked(), 1);
    // The age counts from when it was fetched, not from when it was heard of.
    here.clock.advance(TimeDelta::seconds(61));
    assert!(is_fresh(&there.ask("2026-11-24").await));
    assert_eq!(here.asked(), 2);
}

#[tokio::test]
async fn a_change_that_one_gateway_hears_of_makes_every_answer_old() {
    let server = TestRedis::fresh();
    let [here, there] = two(0, server.url(), server.prefix());
    here.ask("2026-11-24").await;
    there.ask("2026-11-24").await;
    lock(&here.provider.offers).clear();
    there.mirror.changed(&there.scope, link().connection, None).await;
    assert!(is_fully_booked(&here.ask("2026-11-24").await));
    assert!(is_fully_booked(&there.ask("2026-11-24").await));
    assert_eq!(here.asked(), 2);
    there.mirror.changed(&scope(2, None), link().connection, None).await;
    here.ask("2026-11-24").await;
    assert_eq!(here.asked(), 2, "another company's news are none of ours");
}

#[tokio::test]
async fn a_change_of_one_person_leaves_others_fresh_at_both() {
    let server = TestRedis::fresh();
    let [here, there] = two(0, server.url(), server.prefix());
    here.asks_of_all().await;
    there.asks_of_all().await;
    there.mirror.changed(&there.scope, link().connection, Some(&event_type("4712"))).await;
    assert_eq!((here.asks_of_all().await, there.asks_of_all().await), (2, 0), "asked here, and shared");
}

#[tokio::test]
async fn a_round_hears_of_what_changed_elsewhere_and_takes_what_another_fetched() {
    let server = TestRedis::fresh();
    let [here, there] = two(0, server.url(), server.prefix());
    let ours = here.scope.clone();
    for world in [&here, &there] {
        assert!(is_fresh(&world.ask("2026-11-24").await));
    }
    lock(&here.provider.offers).clear();
    there.mirror.changed(&there.scope, link().connection, None).await;
    // Nobody has asked here since: the round asks, so that the next callers need not wait.
    assert_eq!(here.mirror.refresh(&[], |_| ours.clone()).await.answered, 1);
    assert_eq!(there.mirror.refresh(&[], |_| ours.clone()).await.answered, 1);
    assert_eq!(here.asked(), 2, "one request for both");
    for world in [&here, &there] {
        assert!(is_fully_booked(&world.ask("2026-11-24").await));
    }
    assert_eq!(here.asked(), 2);
}

#[tokio::test]
async fn without_redis_every_gateway_goes_on_and_untold_changes_are_told_afterwards() {
    let mut server = redis_of_ones_own().unwrap();
    let [here, there] = two(0, &server.url(), "killed");
    assert!(is_fresh(&here.ask("2026-11-24").await));
    assert!(is_fresh(&there.ask("2026-11-24").await));
    server.kill(Signal::Kill).unwrap();
    assert!(is_fresh(&here.ask("2026-11-24").await));
    assert!(is_fresh(&there.ask("2026-11-24").await));
    assert_eq!(here.asked(), 1, "both know it");
    lock(&here.provider.offers).clear();
    there.mirror.changed(&there.scope, link().connection, None).await;
    assert!(is_fully_booked(&there.ask("2026-11-24").await));
    server.restart().unwrap();
    there.ask("2026-11-24").await;
    assert!(is_fully_booked(&here.ask("2026-11-24").await), "told as soon as it could be");
}

/// What another gateway has fetched is one week: the next one is looked for by itself.
#[tokio::test]
async fn a_round_that_finds_a_week_elsewhere_does_not_lose_the_one_after_it() {
    let server = TestRedis::fresh();
    let [here, there] = two(0, server.url(), server.prefix());
    let warm = vec![Warm { scope: here.scope.clone(), links: vec![link()] }];
    let ours = there.scope.clone();
    assert_eq!(there.mirror.refresh(&warm, |_| ours.clone()).await.silent, 0);
    let refreshed = here.mirror.refresh(&warm, |_| ours.clone()).await;
    assert_eq!((refreshed.answered, refreshed.silent), (3, 0));
}
