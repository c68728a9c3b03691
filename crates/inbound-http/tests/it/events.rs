use axum::body::Body;
use axum::http::Request;
use operations::ports::InboxState;
use serde_json::json;

use crate::world::{KEY, World, now, signature};

const PATH: &str = "/api/webhooks/retell";

#[tokio::test]
async fn an_event_is_stored_with_its_job_and_a_repetition_is_known() {
    let world = World::new();
    let body = json!({"event": "call_ended", "call": {"call_id": "call_a1", "duration_ms": 1}}).to_string();
    let first = world.post(PATH, &body).await;
    assert_eq!((first.status.as_u16(), first.json()), (200, json!({"status": "stored"})));
    let again = world.post("/api/webhook", &body).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, json!({"status": "duplicate"})));
    let stored = world.inbox.all();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].body, body.as_bytes(), "byte for byte");
    assert_eq!((stored[0].event.as_str(), stored[0].subject.as_str()), ("call_ended", "call_a1"));
    assert_eq!(stored[0].received_at, now());
    assert_eq!(world.inbox.jobs().len(), 1);
}

#[tokio::test]
async fn a_call_that_has_begun_is_known_before_the_answer_and_once() {
    let world = World::new();
    let call = json!({"call_id": "call_a1", "from_number": "anonymous", "to_number": "+4940555100"});
    for event in ["call_started", "call_started", "call_ended"] {
        let body = json!({"event": event, "call": call}).to_string();
        assert_eq!(world.post(PATH, &body).await.status, 200);
    }
    assert_eq!(*world.desk.begun.lock().unwrap(), ["call_a1"]);
}

#[tokio::test]
async fn json_that_nobody_understands_is_acknowledged_and_kept() {
    let world = World::new();
    for body in [
        "{}",
        "null",
        "[]",
        "7",
        r#"{"event":"call_exploded","call":{"call_id":"call_a1"}}"#,
        r#"{"event":["call_ended"]}"#,
        r#"{"event":"call_ended"}"#,
        r#"{"event":"chat_started","chat":{"chat_id":"chat_1"}}"#,
        r#"{"event":"call_ended","call":{"call_id":"\u0000"}}"#,
    ] {
        let answer = world.post(PATH, body).await;
        assert_eq!(answer.status, 200, "{body}");
    }
    let stored = world.inbox.all();
    assert_eq!(stored.len(), 9);
    assert!(stored.iter().all(|row| row.state == InboxState::Received && row.job.is_some()));
}

#[tokio::test]
async fn what_is_not_json_is_refused_and_kept_for_review() {
    let world = World::new();
    for body in [&b""[..], b"event=call_ended", b"{\"event\":", b"\xff\xfe\x00", b"{} {}"] {
        let answer = world.post(PATH, body).await;
        assert_eq!(answer.refused(400), "not_json", "{body:?}");
    }
    let stored = world.inbox.all();
    assert_eq!(stored.len(), 5);
    assert!(stored.iter().all(|row| row.state == InboxState::Quarantined && row.job.is_none()));
    assert!(stored.iter().any(|row| row.body == b"\xff\xfe\x00"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_it_is_read() {
    let world = World::new();
    let body = vec![b' '; 16_385];
    let at = now().timestamp_millis();
    let announced = Request::post(PATH)
        .header("x-retell-signature", signature(&body, KEY, at))
        .header("content-length", body.len())
        // Whoever read this body would fail.
        .body(Body::from_stream(futures_util::stream::once(async {
            Err::<Vec<u8>, _>(std::io::Error::other("nobody should read this"))
        })))
        .unwrap();
    assert_eq!(world.send(announced).await.refused(413), "body_too_large");

    // One that does not say how long it is, or lies, is refused when it is too long.
    for length in [None, Some(10)] {
        let mut request = Request::post(PATH).header("x-retell-signature", signature(&body, KEY, at));
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        let frames = (0..3).map(|_| Ok::<_, std::io::Error>(vec![b' '; 10_000]));
        let request = request.body(Body::from_stream(futures_util::stream::iter(frames))).unwrap();
        assert_eq!(world.send(request).await.refused(413), "body_too_large");
    }
    assert!(world.inbox.all().is_empty());

    let fits = vec![b' '; 16_384];
    assert_eq!(world.post(PATH, &fits).await.refused(400), "not_json", "the limit itself passes");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_event() {
    let world = World::new();
    let frames = vec![Ok(b"{".to_vec()), Err(std::io::Error::other("gone"))];
    let request = Request::post(PATH)
        .header("x-retell-signature", "v=1,d=0")
        .body(Body::from_stream(futures_util::stream::iter(frames)))
        .unwrap();
    assert_eq!(world.send(request).await.refused(400), "body_incomplete");
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let world = World::new();
    world.inbox.set_broken(true);
    for body in [r#"{"event":"call_ended","call":{"call_id":"call_a1"}}"#, "not json"] {
        let answer = world.post(PATH, body).await;
        assert_eq!(answer.refused(503), "not_stored");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    world.inbox.set_broken(false);
    let answer = world.post(PATH, r#"{"event":"call_ended","call":{"call_id":"call_a1"}}"#).await;
    assert_eq!(answer.json(), json!({"status": "stored"}));
}

#[tokio::test]
async fn other_methods_and_paths_are_told_so_in_the_same_form() {
    let world = World::new();
    let answer = world.get(PATH).await;
    assert_eq!(answer.refused(405), "method_not_allowed");
    assert_eq!(answer.headers["allow"], "POST");
    for path in
        ["/", "/api", "/api/webhooks", "/api/webhooks/retell/", "/api/v1", "/api/v1/calls/cal_1", "/%00"]
    {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            assert_eq!(world.send(request).await.refused(404), "not_found", "{method} {path}");
        }
    }
    // A name that is no text is nobody's either.
    for path in ["/api/retell/%ff", "/api/webhooks/retell/%ff", "/api/calcom/webhook/%ff"] {
        assert_eq!(world.post(path, "{}").await.refused(404), "not_found", "{path}");
    }
}
