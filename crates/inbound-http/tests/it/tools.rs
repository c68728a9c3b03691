use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::world::{KEY, World, envelope, now, signature};

const ANY: [&str; 3] =
    ["/api/webhooks/retell/function", "/api/webhooks/retell/function-call", "/api/retell/function-call"];

#[tokio::test]
async fn an_envelope_reaches_the_desk_by_every_route() {
    for path in ANY {
        let world = World::new();
        let mut body = envelope("check_availability_v17", &json!({"datum": "morgen"}));
        body["call"]["transcript_with_tool_calls"] = json!([
            {"role": "tool_call_invocation", "tool_call_id": "tc_1", "name": "check_availability_v17", "arguments": "{}"},
        ]);
        let answer = world.post_json(path, &body).await;
        assert_eq!(answer.status, 200);
        let reply = answer.json();
        assert_eq!(reply["data"]["tool"], "check_availability", "{path}");
        assert_eq!(reply["data"]["args"], json!({"datum": "morgen"}));
        assert_eq!(reply["data"]["mode"], "free");
        assert_eq!(reply["data"]["tool_call_id"], "tc_1");
        assert_eq!(reply["call_id"], "call_0a1b2c3d4e5f60718293a4b5c6d");
        let asked = world.desk.asked.lock().unwrap();
        let call = asked[0].call.as_ref().unwrap();
        assert_eq!(call.from_number.as_deref(), Some("+491701112233"));
        assert_eq!(call.to_number.as_deref(), Some("+4940555100"));
        assert_eq!((call.direction.as_deref(), call.agent_version), (Some("inbound"), Some(12)));
        assert!(call.started_at.is_some());
    }
}

#[tokio::test]
async fn a_route_names_its_tool_and_takes_arguments_alone() {
    for (path, tool, mode) in [
        ("/api/retell/check-availability", "check_availability", "free"),
        ("/api/retell/get-available-services", "get_available_services", "free"),
        ("/api/retell/cancel-appointment-v4", "cancel_appointment", "free"),
        ("/api/retell/initialize-call", "initialize_call", "free"),
        ("/api/retell/current-time-berlin", "current_time_berlin", "free"),
        ("/api/webhooks/retell/collect-appointment", "collect_appointment", "free"),
        ("/api/webhooks/retell/current-context", "current_context", "free"),
        ("/api/webhooks/retell/check-customer", "check_customer", "free"),
        ("/api/retell/v17/check-availability", "collect_appointment_info", "look_only"),
        ("/api/retell/v17/book-appointment", "collect_appointment_info", "book"),
        ("/api/zeitinfo", "current_time_berlin", "look_only"),
    ] {
        let world = World::new();
        let args = json!({"name": "Erika Muster", "datum": "morgen", "bestaetigung": true});
        let reply = world.post_json(path, &args).await.json();
        assert_eq!(reply["data"]["tool"], tool, "{path}");
        assert_eq!(reply["data"]["args"], args, "{path}");
        assert_eq!(reply["data"]["mode"], mode, "{path}");
        assert!(world.desk.asked.lock().unwrap()[0].call.is_none(), "{path}");

        // The same route with an envelope.
        let reply = world.post_json(path, &envelope(tool, &json!({"datum": "heute"}))).await.json();
        assert_eq!(reply["data"]["args"], json!({"datum": "heute"}), "{path}");
        assert!(world.desk.asked.lock().unwrap()[1].call.is_some(), "{path}");
    }
}

#[tokio::test]
async fn whatever_cannot_be_read_is_answered_with_a_question() {
    let world = World::new();
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"not json".to_vec(),
        b"\xff\xfe".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        br#"{"name":7,"args":{}}"#.to_vec(),
        br#"{"name":"check_availability","args":7}"#.to_vec(),
        br#"{"name":"check_availability","args":[1]}"#.to_vec(),
        deep.into_bytes(),
    ];
    for body in bodies {
        let answer = world.post(ANY[0], &body).await;
        assert_eq!(answer.status, 200);
        let reply = answer.json();
        assert_eq!(reply["success"], false, "{}", String::from_utf8_lossy(&body));
        assert_eq!(reply["status"], "invalid_arguments");
        assert!(reply["message"].as_str().unwrap().ends_with('?'), "one can answer it");
        assert!(!reply["message"].as_str().unwrap().contains('\n'));
    }
    assert!(world.desk.asked.lock().unwrap().is_empty());
    world.tasks.close();
    world.tasks.wait().await;
    assert!(!world.inbox.all().is_empty(), "what is not JSON is kept");
}

#[tokio::test]
async fn a_body_beyond_the_limit_of_tools_is_refused() {
    let world = World::new();
    let body = envelope("check_availability", &json!({"datum": "x".repeat(4096)}));
    assert_eq!(world.post_json(ANY[0], &body).await.refused(413), "body_too_large");
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_something_true_is_said_and_the_work_goes_on() {
    let world = World::new();
    let reply = world.post_json(ANY[0], &envelope("book_appointment", &json!({"wish": "slow"}))).await.json();
    assert_eq!(reply["status"], "pending", "a booking may yet succeed: {reply}");
    assert_eq!(reply["success"], false);
    assert_eq!(reply["call_id"], "call_0a1b2c3d4e5f60718293a4b5c6d");
    let looked =
        world.post_json(ANY[0], &envelope("check_availability", &json!({"wish": "slow"}))).await.json();
    assert_eq!(looked["status"], "degraded");

    assert_eq!(world.tasks.len(), 2, "neither was cancelled");
    assert_eq!(*world.desk.finished.lock().unwrap(), 0);
    world.desk.go_on.notify_waiters();
    world.tasks.close();
    world.tasks.wait().await;
    assert_eq!(*world.desk.finished.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_desk_that_panics_still_answers() {
    let world = World::new();
    for (tool, status) in [("book_appointment", "pending"), ("list_services", "degraded")] {
        let answer = world.post_json(ANY[0], &envelope(tool, &json!({"wish": "panic"}))).await;
        assert_eq!(answer.status, 200);
        let reply: Value = answer.json();
        assert_eq!((&reply["status"], &reply["success"]), (&json!(status), &json!(false)));
        assert!(!reply.to_string().contains("told to"), "nothing technical is said");
    }
    let answer = world.post_json(ANY[0], &envelope("list_services", &json!({}))).await;
    assert_eq!(answer.json()["success"], true, "the next one is not affected");
}

/// A request by GET signs an empty body: the vector that the provider's own library makes.
const EMPTY_BODY: &str = "v=1790000200001,d=245587aba386bcffd725a528b60c526d19251bf1f37812328baef2a7286aac84";

fn query(path: &str, signature: Option<&str>) -> Request<Body> {
    let mut request = Request::get(path);
    if let Some(signature) = signature {
        request = request.header("x-retell-signature", signature);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn by_get_the_arguments_stand_in_the_query_and_the_empty_body_is_signed() {
    let world = World::new();
    for (path, tool, args) in [
        ("/api/retell/current-time-berlin?locale=de", "current_time_berlin", json!({"locale": "de"})),
        (
            "/api/retell/check-availability-v17?datum=n%C3%A4chsten+Montag&uhrzeit=10%3A00&call_id=call_a1",
            "check_availability",
            json!({"datum": "nächsten Montag", "uhrzeit": "10:00", "call_id": "call_a1"}),
        ),
        (
            "/api/retell/list-services?name=x&args=%7B%7D&call=%7B%7D",
            "list_services",
            json!({"name": "x", "args": "{}", "call": "{}"}),
        ),
        ("/api/zeitinfo", "current_time_berlin", json!({})),
    ] {
        let answer = world.send(query(path, Some(EMPTY_BODY))).await;
        assert_eq!(answer.status, 200, "{path}");
        let reply = answer.json();
        assert_eq!((&reply["data"]["tool"], &reply["data"]["args"]), (&json!(tool), &args), "{path}");
        assert_eq!(reply["data"]["mode"], "look_only", "{path}");
        let asked = world.desk.asked.lock().unwrap().pop().unwrap();
        assert!(asked.call.is_none(), "a query proves no call: {path}");

        let stale = signature(b"", KEY, now().timestamp_millis() - 300_001);
        let other = signature(b"{}", KEY, now().timestamp_millis());
        for wrong in [None, Some(stale.as_str()), Some(other.as_str())] {
            assert_eq!(world.send(query(path, wrong)).await.refused(401), "signature_invalid", "{path}");
        }
    }
    assert!(world.desk.asked.lock().unwrap().is_empty(), "nothing unsigned is asked");
}

#[tokio::test]
async fn by_get_nothing_is_changed_and_what_is_unclear_is_asked_back() {
    let world = World::new();
    for path in [
        "/api/retell/book-appointment?datum=morgen&call_id=call_a1",
        "/api/retell/cancel-appointment?call_id=call_a1",
        "/api/retell/reschedule-appointment?bestaetigung=true",
        "/api/retell/request-callback",
        "/api/retell/list-services?call_id=call_a1&call_id=call_a2",
    ] {
        let answer = world.send(query(path, Some(EMPTY_BODY))).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["status"]),
            (200, &json!("invalid_arguments")),
            "{path}"
        );
    }
    assert!(world.desk.asked.lock().unwrap().is_empty());
}
