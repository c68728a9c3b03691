use std::time::Duration;

use inbound_http::Limits;
use serde_json::json;

use crate::world::{Rows, World, envelope, small_limits};

const TOOL: &str = "/api/webhooks/retell/function";

#[tokio::test(start_paused = true)]
async fn work_that_outlives_its_request_counts_until_it_ends() {
    let limits = Limits { max_in_flight: 2, ..small_limits() };
    let world = World::with(limits, Rows::default());
    let slow = envelope("book_appointment", &json!({"wish": "slow"}));
    for _ in 0..2 {
        assert_eq!(world.post_json(TOOL, &slow).await.json()["status"], "pending");
    }
    // Both requests are answered, but their work is not done.
    let refused = world.post_json(TOOL, &slow).await;
    assert_eq!(refused.refused(503), "overloaded");
    assert_eq!(refused.headers["retry-after"], "1");
    let event = json!({"event": "call_ended", "call": {"call_id": "call_a1"}});
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.refused(503), "overloaded");
    for path in ["/api/health", "/api/health/live", "/api/health/ready", "/api/metrics"] {
        assert_eq!(world.get(path).await.status, 200, "{path}: monitors still see the process");
    }

    world.desk.go_on.notify_waiters();
    world.tasks.close();
    world.tasks.wait().await;
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_is_given_up() {
    let limits = Limits { request_timeout: Duration::from_secs(2), ..small_limits() };
    let world = World::with(limits, Rows::default());
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request =
        axum::http::Request::post("/api/webhooks/retell").body(axum::body::Body::from_stream(never)).unwrap();
    assert_eq!(world.send(request).await.refused(503), "timed_out");
}

#[tokio::test]
async fn every_answer_carries_an_id_of_its_own() {
    let world = World::new();
    let request = axum::http::Request::get("/api/health/live")
        .header("x-request-id", "theirs-1")
        .body(axum::body::Body::empty())
        .unwrap();
    let first = world.send(request).await;
    let second = world.get("/nowhere").await;
    let id = |answer: &crate::world::Answer| answer.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(id(&first).len(), 32);
    assert_ne!(id(&first), id(&second));
}

#[tokio::test]
async fn until_the_gate_is_open_monitors_alone_are_answered() {
    let world = World::closed();
    let event = json!({"event": "call_ended", "call": {"call_id": "call_a1"}});
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.refused(503), "starting");
    assert_eq!(world.get("/api/v1/calls").await.refused(503), "starting");
    assert_eq!(world.get("/api/health/live").await.status, 200);
    let ready = world.get("/api/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["checks"]["start"]["healthy"], false);
    world.gate.open();
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.status, 200);
}
