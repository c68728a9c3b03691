//! `/_sim`.

use serde_json::{Value, json};
use simulators::calcom::{Account, EventType, Host, Operation};

use crate::calcom::{CONSULTATION, Cal, TRIAL};

const START: &str = "2026-11-26T08:00:00Z";

async fn sim(cal: &Cal, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let request = cal.http.request(method.parse().unwrap(), format!("{}/_sim{path}", cal.sim.url()));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let got = cal.send(request).await.unwrap();
    (got.status, got.body)
}

#[tokio::test]
async fn it_can_be_looked_into() {
    let cal = Cal::start().await;
    assert_eq!(sim(&cal, "GET", "/health", None).await, (200, json!({"status": "ok"})));
    let made = cal.book(CONSULTATION, START).await;
    cal.get("/v2/me", "").await;
    let (_, bookings) = sim(&cal, "GET", "/bookings", None).await;
    assert_eq!(bookings[0]["uid"], made.data()["uid"]);
    assert_eq!((&bookings[0]["account"], &bookings[0]["status"]), (&json!("salon"), &json!("accepted")));
    let (_, counters) = sim(&cal, "GET", "/counters", None).await;
    assert_eq!(counters, json!({"create": 1, "me": 1}));
    let (_, requests) = sim(&cal, "GET", "/requests", None).await;
    assert_eq!(requests[0]["operation"], "create");
    assert_eq!((&requests[0]["status"], &requests[0]["at"]), (&json!(201), &json!("2026-11-23T07:00:00Z")));
    assert_eq!((cal.sim.calls(Operation::Create), cal.sim.calls(Operation::Any)), (1, 2));
    assert_eq!(sim(&cal, "DELETE", "/requests", None).await.0, 204);
    assert!(cal.sim.requests().is_empty());
    assert_eq!(sim(&cal, "GET", "/reservations", None).await.1, json!([]));
    assert_eq!(sim(&cal, "POST", "/reset", None).await.0, 204);
    assert!(cal.sim.bookings().is_empty() && cal.sim.queue().is_empty());
}

#[tokio::test]
async fn faults_can_be_ordered() {
    let cal = Cal::start().await;
    let fault = json!({"on": "create", "when": {"next": 2}, "effect": {"status": {"status": 503}}});
    let (status, ordered) = sim(&cal, "POST", "/faults", Some(fault)).await;
    assert_eq!((status, &ordered), (200, &json!({"id": 1})));
    assert_eq!(cal.book(CONSULTATION, START).await.status, 503);
    let (_, waiting) = sim(&cal, "GET", "/faults", None).await;
    assert_eq!((&waiting[0]["seen"], &waiting[0]["when"]), (&json!(1), &json!({"next": 2})));
    assert_eq!(sim(&cal, "DELETE", "/faults/1", None).await.0, 204);
    assert_eq!(sim(&cal, "DELETE", "/faults/1", None).await.0, 404);
    assert_eq!(cal.book(CONSULTATION, START).await.status, 201);
    sim(&cal, "POST", "/faults", Some(json!({"on": "any", "when": "always", "effect": "hang"}))).await;
    assert_eq!(sim(&cal, "DELETE", "/faults", None).await.0, 204);
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
    assert_eq!(sim(&cal, "POST", "/faults", Some(json!({"on": "moon", "effect": "hang"}))).await.0, 422);
}

#[tokio::test]
async fn the_queue_can_be_bent() {
    let cal = Cal::start().await;
    cal.book(CONSULTATION, START).await;
    cal.book(CONSULTATION, "2026-11-26T09:00:00Z").await;
    for bend in ["duplicate", "reverse"] {
        assert_eq!(sim(&cal, "POST", &format!("/webhooks/{bend}"), None).await.0, 204);
    }
    let (_, all) = sim(&cal, "GET", "/webhooks", None).await;
    assert_eq!((&all["mode"], &all["queue"].as_array().unwrap().len()), (&json!("queued"), &4));
    let (_, some) = sim(&cal, "POST", "/webhooks/flush", Some(json!({"count": 1}))).await;
    assert_eq!((&some[0]["number"], &some[0]["status"]), (&json!(2), &json!(200)));
    assert_eq!(sim(&cal, "POST", "/webhooks/drop", None).await.0, 204);
    assert_eq!(sim(&cal, "POST", "/webhooks/flush", None).await.1, json!([]));
    sim(&cal, "POST", "/webhooks/mode", Some(json!({"mode": "immediate"}))).await;
    assert_eq!(sim(&cal, "POST", "/webhooks/ping/salon", None).await.0, 200);
    assert_eq!(sim(&cal, "POST", "/webhooks/ping/x", None).await.0, 404);
    cal.sim.settle().await;
    assert_eq!(cal.triggers(), ["BOOKING_CREATED", "PING"]);
}

#[tokio::test]
async fn people_can_be_played() {
    let cal = Cal::start().await;
    let wish = json!({"event_type_id": TRIAL, "start": START, "name": "Max", "email": "max@example.org"});
    let (status, booked) = sim(&cal, "POST", "/actions/book", Some(wish.clone())).await;
    assert_eq!((status, &booked["status"]), (200, &json!("pending")));
    let (status, refused) = sim(&cal, "POST", "/actions/book", Some(wish)).await;
    assert!(status == 400 && refused["message"].as_str().unwrap().contains("already has booking"));
    let uid = booked["uid"].clone();
    let (_, yes) = sim(&cal, "POST", "/actions/decide", Some(json!({"uid": uid, "confirm": true}))).await;
    assert_eq!(yes["status"], "accepted");
    let to = json!({"uid": uid, "start": "2026-11-26T09:00:00Z"});
    let (_, moved) = sim(&cal, "POST", "/actions/reschedule", Some(to)).await;
    assert_eq!(moved["rescheduled_from"], uid);
    let (_, off) = sim(&cal, "POST", "/actions/cancel", Some(json!({"uid": moved["uid"]}))).await;
    assert_eq!(off["status"], "cancelled");
    let busy = json!({"host": 7, "start": START, "end": "2026-11-26T16:00:00Z"});
    assert_eq!(sim(&cal, "POST", "/actions/busy", Some(busy)).await.0, 200);
    assert!(cal.starts(CONSULTATION, "2026-11-26").await.is_empty());
    assert_eq!(sim(&cal, "POST", "/actions/end-meetings", None).await.1, json!({"ended": 0}));
}

#[tokio::test]
async fn a_closure_is_a_clock() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = || crate::calcom::at("2030-01-01T00:00:00Z");
    let sim = simulators::calcom::serve(listener, simulators::calcom::World::new(), clock).unwrap();
    let refused = crate::send(crate::calcom::client().get(format!("{}/v2/me", sim.url()))).await.unwrap();
    let error: Value = refused.json().await.unwrap();
    assert_eq!(error["timestamp"], "2030-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn there_can_be_more_of_everything() {
    let cal = Cal::start().await;
    let third = Account::new("dritte", "cal_third", Host::new(20, "Dora", "dora@example.org"));
    assert_eq!(sim(&cal, "POST", "/accounts", Some(json!(third))).await.0, 201);
    let short = json!({"id": 6001, "slug": "kurz", "title": "Kurz", "length_minutes": 10, "hosts": [20]});
    assert_eq!(sim(&cal, "PUT", "/accounts/dritte/event-types", Some(short)).await.0, 200);
    let same = EventType { title: "Kurz".to_owned(), ..EventType::new(6001, "kurz", 10, 20) };
    assert_eq!(sim(&cal, "PUT", "/accounts/keine/event-types", Some(json!(same))).await.0, 404);
    let path = "/v2/slots?eventTypeId=6001&start=2026-11-26&end=2026-11-26";
    let got = cal.send(cal.request("cal_third", "GET", path, "2024-09-04")).await.unwrap();
    assert_eq!(got.data()["2026-11-26"].as_array().unwrap().len(), 48);
    assert_eq!(sim(&cal, "DELETE", "/event-types/6001", None).await.0, 200);
    assert_eq!(sim(&cal, "DELETE", "/event-types/6001", None).await.0, 404);
}
