use std::time::Duration;

use axum::body::Body;
use inbound_http::Limits;
use serde_json::{Value, json};

use crate::world::{Rows, World, envelope, small_limits};

const TOOL: &str = "/api/webhooks/retell/function";

/// A tool call of caller `n`.
fn slow(n: u32) -> Value {
    let mut body = envelope("book_appointment", &json!({"wish": "slow"}));
    body["call"]["call_id"] = json!(format!("call_of_caller_{n}"));
    body
}

#[tokio::test(start_paused = true)]
async fn work_that_outlives_its_request_counts_until_it_ends() {
    let limits = Limits { max_in_flight: 2, ..small_limits() };
    let world = World::with(limits, Rows::default());
    // The first two go on in late places; the next two find those taken and keep their slots.
    for n in 0..4 {
        assert_eq!(world.post_json(TOOL, &slow(n)).await.json()["status"], "pending");
    }
    // All requests are answered, but their work is not done.
    let event = json!({"event": "call_ended", "call": {"call_id": "call_a1"}});
    let refused = world.post_json("/api/webhooks/retell", &event).await;
    assert_eq!(refused.refused(503), "overloaded");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(world.get("/api/v1/calls").await.refused(503), "overloaded");
    for path in ["/api/health", "/api/health/live", "/api/health/ready", "/api/metrics"] {
        assert_eq!(world.get(path).await.status, 200, "{path}: monitors still see the process");
    }

    world.desk.go_on.notify_waiters();
    world.tasks.close();
    world.tasks.wait().await;
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_tool_for_which_there_is_no_room_is_answered_with_a_sentence_if_it_is_signed() {
    let world = World::with(Limits { max_in_flight: 1, ..small_limits() }, Rows::default());
    for n in 0..2 {
        assert_eq!(world.post_json(TOOL, &slow(n)).await.json()["status"], "pending");
    }
    let asked = world.desk.asked.lock().unwrap().len();
    // Of what may have been booked already, nothing is claimed.
    for (path, status) in [
        (TOOL, "pending"),
        ("/api/retell/check-availability", "degraded"),
        ("/api/retell/v17/book-appointment", "pending"),
    ] {
        let answer = world.post_json(path, &slow(7)).await;
        assert_eq!(answer.status, 200, "{path}");
        let reply = answer.json();
        assert_eq!((&reply["success"], &reply["status"]), (&json!(false), &json!(status)), "{path}");
        assert_eq!(reply["call_id"], "call_of_caller_7", "{path}");
        assert!(reply["message"].as_str().unwrap().ends_with('?'), "{path}");
        for field in ["data", "alternatives", "next_action"] {
            assert!(!reply[field].is_null(), "{path}: {field}");
        }
        let unsigned = axum::http::Request::post(path).body(Body::from(slow(7).to_string())).unwrap();
        assert_eq!(world.send(unsigned).await.refused(401), "signature_invalid", "{path}");
        assert_eq!(world.post(path, vec![b' '; 4097]).await.refused(413), "body_too_large", "{path}");
        // Arguments alone, and bytes that are nothing: there is still an answer.
        for body in ["{\"datum\":\"morgen\"}", "", "}"] {
            assert_eq!(world.post(path, body).await.json()["status"], status, "{path}");
        }
    }
    assert_eq!(world.desk.asked.lock().unwrap().len(), asked, "nothing was begun");
    assert!(world.inbox.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn somebody_who_asks_again_and_again_takes_no_room_from_others() {
    let world = World::with(Limits { max_in_flight: 8, ..small_limits() }, Rows::default());
    // Six callers whose booking is late ask again, twenty times each.
    for again in 0..20 {
        for n in 0..6 {
            let reply = world.post_json(TOOL, &slow(n)).await.json();
            assert_eq!(reply["status"], "pending", "{again}: it is not known what came of the booking");
        }
    }
    assert_eq!(world.tasks.len(), 6, "each booking is at work once");
    let other = envelope("list_services", &json!({}));
    assert_eq!(world.post_json(TOOL, &other).await.json()["status"], "ok", "others are served");
    let event = json!({"event": "call_ended", "call": {"call_id": "call_a1"}});
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.status, 200);

    world.desk.go_on.notify_waiters();
    world.tasks.close();
    world.tasks.wait().await;
    let quick = envelope("book_appointment", &json!({}));
    for n in 0..6 {
        let mut body = quick.clone();
        body["call"]["call_id"] = json!(format!("call_of_caller_{n}"));
        assert_eq!(world.post_json(TOOL, &body).await.json()["status"], "ok", "its outcome can be asked for");
    }
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
    let tool = envelope("book_appointment", &json!({}));
    let reply = world.post_json(TOOL, &tool).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["status"]), (200, &json!("pending")));
    assert!(world.desk.asked.lock().unwrap().is_empty());
    assert_eq!(world.get("/api/health/live").await.status, 200);
    let ready = world.get("/api/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["checks"]["start"]["healthy"], false);
    world.gate.open();
    assert_eq!(
        world.get("/api/health/ready").await.status,
        200,
        "the start is not remembered any longer than it takes"
    );
    assert_eq!(world.post_json("/api/webhooks/retell", &event).await.status, 200);
}
