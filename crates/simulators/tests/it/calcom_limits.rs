//! Rate limits.

use std::time::Duration;

use serde_json::json;
use simulators::calcom::Config;

use crate::calcom::{Cal, PRACTICE};

#[tokio::test]
async fn every_answer_says_what_is_left() {
    let cal = Cal::start().await;
    let one = cal.get("/v2/me", "").await;
    let header = |name: &str| one.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-ratelimit-limit-default"), "120");
    assert_eq!(header("x-ratelimit-remaining-default"), "119");
    assert!((1..=60).contains(&header("x-ratelimit-reset-default").parse::<u64>().unwrap()));
    assert_eq!(cal.get("/v2/nothing", "").await.headers["x-ratelimit-remaining-default"], "118");
}

#[tokio::test]
async fn the_121st_request_blocks_the_key_and_no_other() {
    let cal = Cal::with(Config { block: Duration::from_millis(40), ..Config::default() }).await;
    for _ in 0..120 {
        assert_eq!(cal.get("/v2/me", "").await.status, 200);
    }
    let refused = cal.get("/v2/me", "").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["error"]["code"], "ThrottlerException");
    assert_eq!(refused.headers["x-ratelimit-remaining-default"], "0");
    assert_eq!(refused.headers["x-ratelimit-reset-default"], "1");
    assert!(!refused.headers.contains_key("retry-after"));
    assert_eq!(cal.send(cal.request(PRACTICE, "GET", "/v2/me", "")).await.unwrap().status, 200);
    // Nobody waits a real minute here; the limiter's own test does, with a clock that it moves.
    tokio::time::sleep(Duration::from_millis(45)).await;
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
}

#[tokio::test]
async fn product_time_does_not_lift_a_block() {
    let cal = Cal::with(Config { requests_per_window: 1, ..Config::default() }).await;
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
    assert_eq!(cal.get("/v2/me", "").await.status, 429);
    cal.clock.advance(chrono::TimeDelta::hours(1));
    let refused = cal.get("/v2/me", "").await;
    assert_eq!(
        (refused.status, &refused.headers["x-ratelimit-reset-default"]),
        (429, &"60".parse().unwrap())
    );
    assert_eq!(refused.body["timestamp"], json!("2026-11-23T08:00:00.000Z"));
}

#[tokio::test]
async fn a_key_can_be_blocked_on_demand() {
    let cal = Cal::start().await;
    cal.sim.block_key(crate::calcom::SALON);
    let refused = cal.get("/v2/me", "").await;
    assert_eq!(
        (refused.status, &refused.headers["x-ratelimit-reset-default"]),
        (429, &"60".parse().unwrap())
    );
    crate::calcom::skip(60).await;
    assert_eq!(cal.get("/v2/me", "").await.headers["x-ratelimit-remaining-default"], "119");
    let url = format!("{}/_sim/limits", cal.sim.url());
    let block = cal.http.post(format!("{url}/block")).json(&json!({"key": PRACTICE}));
    assert_eq!(crate::send(block).await.unwrap().status().as_u16(), 204);
    let practice = async || cal.send(cal.request(PRACTICE, "GET", "/v2/me", "")).await.unwrap().status;
    assert_eq!(practice().await, 429);
    assert_eq!(crate::send(cal.http.delete(url)).await.unwrap().status().as_u16(), 204);
    assert_eq!(practice().await, 200);
}
