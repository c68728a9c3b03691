//! Free starts.

use appointment::calendar::{CalendarGateway, ReadFailure};
use appointment::model::Span;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::fixtures::{at, client, connection, effort, error, link, scope, span, success, uid};
use crate::server::{Reply, Server};

async fn starts(server: &Server, window: Span) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
    client().free_starts(&scope(), &connection(&server.base_url), &link(), window, None, effort()).await
}

#[tokio::test]
async fn starts_are_instants_clipped_sorted_and_named_once() {
    let days = json!({
        "2026-12-03": [
            { "start": "2026-12-03T11:00:00.000+01:00" },
            { "start": "2026-12-03T10:00:00.000+01:00", "seatsRemaining": 1 },
            { "start": "2026-12-03T09:00:00.000Z" },
        ],
        "2026-12-04": [],
        "2026-12-05": null,
        "2026-12-02": [{ "start": "2026-12-02T08:59:59Z" }, { "start": "2026-12-03T12:00:00Z" }],
        "2027-01-01": [{ "start": "2027-01-01T08:00:00Z" }],
    });
    let server = Server::json(200, success(days)).await;
    let window = span("2026-12-03T09:00:00Z", "2026-12-03T12:00:00Z");
    let found = starts(&server, window).await.unwrap();
    assert_eq!(found, [at("2026-12-03T09:00:00Z"), at("2026-12-03T10:00:00Z")]);
    let asked = server.only();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v2/slots"));
    assert_eq!(asked.headers["cal-api-version"], "2024-09-04");
    assert_eq!(asked.headers["authorization"], "Bearer cal_live_0c4d");
    assert_eq!(asked.query["eventTypeId"], "5120");
    assert_eq!(asked.query["start"], "2026-12-03T09:00:00Z");
    assert_eq!(asked.query["end"], "2026-12-03T12:00:00Z");
    assert!(!asked.query.contains_key("bookingUidToReschedule"));
}

#[tokio::test]
async fn no_days_are_an_answer_and_no_window_is_no_question() {
    let server = Server::json(200, success(json!({}))).await;
    let window = span("2026-12-03T09:00:00Z", "2026-12-03T12:00:00Z");
    assert_eq!(starts(&server, window).await, Ok(Vec::new()));
    assert_eq!(starts(&server, Span::new(window.end, window.start)).await, Ok(Vec::new()));
    server.only();
}

#[tokio::test]
async fn a_moved_booking_is_named() {
    let server = Server::json(200, success(json!({}))).await;
    let moving = uid("kT4wJq8ZxN2");
    let window = span("2026-12-03T09:00:00Z", "2026-12-03T12:00:00Z");
    let (client, scope, link) = (client(), scope(), link());
    let connection = connection(&server.base_url);
    let found = client.free_starts(&scope, &connection, &link, window, Some(&moving), effort()).await;
    assert_eq!(found, Ok(Vec::new()));
    assert_eq!(server.only().query["bookingUidToReschedule"], "kT4wJq8ZxN2");
}

#[tokio::test]
async fn an_event_type_that_is_not_there_is_told_from_one_that_is_not_shown() {
    let window = span("2026-12-03T09:00:00Z", "2026-12-03T12:00:00Z");
    for (status, is_unknown) in
        [(404, true), (400, false), (401, false), (403, false), (500, false), (429, false)]
    {
        let server = Server::json(status, error("SomeException", "Event Type with ID=5120 not found")).await;
        let found = starts(&server, window).await.unwrap_err();
        assert_eq!(found.is_about_nothing(), is_unknown, "{found}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_never_an_empty_calendar() {
    let older = json!({ "slots": { "2026-12-03": [{ "time": "2026-12-03T09:00:00Z" }] } });
    let odd: [Value; 11] = [
        json!({}),
        json!({ "status": "success" }),
        json!({ "status": 1, "data": {} }),
        json!({ "status": "success", "data": null }),
        success(json!([])),
        json!({ "status": "error", "data": {} }),
        success(older),
        success(json!({ "2026-12-03": [{ "time": "2026-12-03T09:00:00Z" }] })),
        success(json!({ "2026-12-03": [{ "start": "morgen" }] })),
        success(json!({ "2026-12-03": ["2026-12-03T09:00:00Z"] })),
        json!("ok"),
    ];
    for body in odd {
        let server = Server::json(200, body.clone()).await;
        let found = starts(&server, span("2026-12-03T09:00:00Z", "2026-12-03T12:00:00Z")).await;
        assert!(matches!(found, Err(ReadFailure::Malformed { .. })), "{body}: {found:?}");
    }
    for body in [Vec::new(), b"<html>".to_vec()] {
        let server = Server::start([Reply::Raw(200, Vec::new(), body)]).await;
        let found = starts(&server, span("2026-12-03T09:00:00Z", "2026-12-03T12:00:00Z")).await;
        assert!(matches!(found, Err(ReadFailure::Malformed { .. })), "{found:?}");
    }
}
