//! How failures are told apart.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adapter_calcom::client::Client;
use adapter_calcom::config::{Config, Limits};
use adapter_calcom::report::{LimitReport, LimitSeen, Resets};
use appointment::calendar::{
    CalendarDirectory, CalendarGateway, ConnectionId, Effort, Lane, ReadFailure, RefusalReason, Secret,
    WriteFailure,
};
use serde_json::{Value, json};

use crate::fixtures::{booking, client, config, connection, effort, error, request, scope, success, within};
use crate::server::{Reply, Rudeness, Server, nobody, rude};

async fn write(base_url: &str, effort: Effort) -> WriteFailure {
    client().create(&scope(), &connection(base_url), &request(), effort).await.unwrap_err()
}

async fn read(base_url: &str, effort: Effort) -> ReadFailure {
    client().probe(&scope(), &connection(base_url), effort).await.unwrap_err()
}

fn not_sent(why: &str) -> WriteFailure {
    WriteFailure::NotSent { why: why.to_owned() }
}

fn unknown(why: &str) -> WriteFailure {
    WriteFailure::Unknown { why: why.to_owned() }
}

fn unavailable(why: &str) -> ReadFailure {
    ReadFailure::Unavailable { why: why.to_owned() }
}

async fn answered(status: u16, body: Value) -> (WriteFailure, ReadFailure) {
    let server = Server::json(status, body.clone()).await;
    let written = write(&server.base_url, effort()).await;
    let server = Server::json(status, body).await;
    (written, read(&server.base_url, effort()).await)
}

#[tokio::test]
async fn what_never_left_was_not_sent() {
    let base_url = nobody().await;
    assert_eq!(write(&base_url, effort()).await, not_sent("connect"));
    assert_eq!(read(&base_url, effort()).await, unavailable("connect"));
    // TLS against somebody who does not speak it.
    let (base_url, _serving) = rude(Rudeness::Close).await;
    let encrypted = base_url.replace("http://", "https://");
    assert_eq!(write(&encrypted, effort()).await, not_sent("connect"));
    let server = Server::start([]).await;
    assert_eq!(write(&server.base_url, within(0)).await, not_sent("no time left"));
    assert_eq!(read(&server.base_url, within(0)).await, unavailable("no time left"));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_key_is_not_shown_to_a_network() {
    for base_url in ["http://calendar.example", "ftp://127.0.0.1", "127.0.0.1", ""] {
        assert_eq!(write(base_url, effort()).await, not_sent("address"), "{base_url}");
    }
    let server = Server::start([]).await;
    let mut connection = connection(&server.base_url);
    for key in ["", " \n", "cal_\r\nx: y", "cal_\0"] {
        connection.api_key = Secret::new(key.to_owned());
        let found = client().create(&scope(), &connection, &request(), effort()).await;
        assert_eq!(found.unwrap_err(), not_sent("key"), "{key:?}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn silence_after_sending_is_unknown() {
    let server = Server::start([Reply::Silence, Reply::Silence]).await;
    let began = Instant::now();
    assert_eq!(write(&server.base_url, within(300)).await, unknown("timeout"));
    assert_eq!(read(&server.base_url, within(300)).await, unavailable("timeout"));
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(server.asked().len(), 2, "it was sent, and only once");
}

#[tokio::test]
async fn the_limits_hold_where_the_effort_is_generous() {
    let limits =
        Limits { read: Duration::from_millis(40), write: Duration::from_millis(40), ..Limits::default() };
    let client = Client::new(Config { limits, ..Config::default() }).unwrap();
    let server = Server::start([Reply::Silence, Reply::Silence]).await;
    let connection = connection(&server.base_url);
    let began = Instant::now();
    let effort = Effort { lane: Lane::Background, within: Duration::MAX };
    let written = client.create(&scope(), &connection, &request(), effort).await;
    assert_eq!(written.unwrap_err(), unknown("timeout"));
    assert_eq!(client.probe(&scope(), &connection, effort).await, Err(unavailable("timeout")));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_is_unknown() {
    for rudeness in [Rudeness::Close, Rudeness::Cut] {
        let (base_url, _serving) = rude(rudeness).await;
        assert_eq!(write(&base_url, effort()).await, unknown("connection lost"), "{rudeness:?}");
        assert_eq!(read(&base_url, effort()).await, unavailable("connection lost"), "{rudeness:?}");
    }
}

#[tokio::test]
async fn a_dripping_answer_holds_nobody() {
    let (base_url, _serving) = rude(Rudeness::Drip).await;
    let began = Instant::now();
    assert_eq!(write(&base_url, within(60)).await, unknown("timeout"));
    assert_eq!(read(&base_url, within(60)).await, unavailable("timeout"));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_long_answer_is_not_read() {
    let (base_url, _serving) = rude(Rudeness::Flood).await;
    assert_eq!(write(&base_url, effort()).await, unknown("answer too long"));
    let too_long = ReadFailure::Malformed { what: "answer too long".to_owned() };
    assert_eq!(read(&base_url, effort()).await, too_long);
    // One that announces its length, and one that is exactly as long as allowed.
    let most = config().limits.body;
    let mut body = success(json!({ "id": 31 })).to_string().into_bytes();
    body.resize(most, b' ');
    let fits = Server::start([Reply::Raw(200, Vec::new(), body.clone())]).await;
    client().probe(&scope(), &connection(&fits.base_url), effort()).await.unwrap();
    body.push(b' ');
    let server = Server::start([Reply::Raw(200, Vec::new(), body)]).await;
    assert_eq!(read(&server.base_url, effort()).await, too_long);
}

#[tokio::test]
async fn errors_of_a_server_are_unknown_but_for_the_one_that_did_nothing() {
    for status in [500, 502, 504, 520, 524, 408, 301, 302, 307] {
        let (written, asked) = answered(status, json!({})).await;
        assert_eq!(written, unknown(&format!("status {status}")));
        if status >= 400 {
            assert_eq!(asked, unavailable(&format!("status {status}")));
        } else {
            assert_eq!(asked, ReadFailure::Malformed { what: format!("status {status}") });
        }
    }
    for status in [503, 429] {
        let (written, asked) = answered(status, error("ThrottlerException", "Too Many Requests")).await;
        assert_eq!(written, not_sent(&format!("status {status}")));
        assert_eq!(asked, unavailable(&format!("status {status}")));
    }
}

/// Whoever stands between may say so after the provider has done it.
#[tokio::test]
async fn a_busy_server_that_does_not_speak_as_the_provider_does_is_unknown() {
    let page = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>".to_vec();
    let replies = [
        Reply::Raw(503, vec![("content-type", "text/html".to_owned())], page),
        Reply::Raw(503, Vec::new(), Vec::new()),
        Reply::Raw(503, Vec::new(), json!({}).to_string().into_bytes()),
        Reply::Raw(503, Vec::new(), json!({"error": "upstream timed out"}).to_string().into_bytes()),
        Reply::Raw(503, Vec::new(), json!({"message": "no healthy upstream"}).to_string().into_bytes()),
        Reply::Raw(503, Vec::new(), json!({"error": {"code": "UPSTREAM"}}).to_string().into_bytes()),
    ];
    for reply in replies {
        let server = Server::start([reply]).await;
        assert_eq!(write(&server.base_url, effort()).await, unknown("status 503"));
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let server = Server::start([]).await;
    let elsewhere = vec![("location", server.base_url.clone())];
    let first = Server::start([Reply::Raw(307, elsewhere, Vec::new())]).await;
    assert_eq!(write(&first.base_url, effort()).await, unknown("status 307"));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_good_status_without_a_good_answer_is_unknown() {
    for body in [json!(null), json!({}), json!({ "status": "error" }), json!({ "data": {} })] {
        let server = Server::json(201, body).await;
        assert!(matches!(write(&server.base_url, effort()).await, WriteFailure::Unknown { .. }));
    }
    let server = Server::start([Reply::Raw(200, Vec::new(), b"<html>".to_vec())]).await;
    assert!(matches!(write(&server.base_url, effort()).await, WriteFailure::Unknown { .. }));
}

#[tokio::test]
async fn refusals_are_known_by_their_words() {
    use RefusalReason::{AlreadyChanged, CustomerLimit, Invalid, NotFound, OutsideRules, SlotTaken};
    for (words, reason) in [
        ("User either already has booking at this time or is not available", SlotTaken),
        ("One of the hosts either ALREADY HAS BOOKING at this time or is not available", SlotTaken),
        ("no_available_users_found_error", SlotTaken),
        ("hosts_unavailable_for_booking", SlotTaken),
        ("No more seats left at this seated booking.", SlotTaken),
        (
            "The event type can't be booked at the \"start\" time provided. This could be because …",
            OutsideRules,
        ),
        ("The event type can\u{2019}t be booked at the \"start\" time provided.", OutsideRules),
        ("booking_time_out_of_bounds_error", OutsideRules),
        ("Attempting to book a meeting in the past.", OutsideRules),
        ("The maximum number of active bookings has been reached", CustomerLimit),
        ("booker_limit_exceeded_error", CustomerLimit),
        // It tells of a way out as well; that is none of ours.
        (
            "Attendee with this email can't book because the maximum number of active bookings has been reached. You can \
             reschedule your existing booking (abc) to a new timeslot instead.",
            CustomerLimit,
        ),
        ("Can't reschedule booking with uid=a because it has been cancelled.", AlreadyChanged),
        ("Event type with id 5120 not found", NotFound),
        ("attendee.phoneNumber must be a valid phone number", Invalid),
        ("", Invalid),
    ] {
        for status in [400, 409, 422] {
            let server = Server::json(status, error("BadRequestException", words)).await;
            match write(&server.base_url, effort()).await {
                WriteFailure::Refused { reason: found, detail } => {
                    assert_eq!(found, reason, "{words}");
                    assert!(detail.starts_with(&format!("{status} BadRequestException")), "{detail}");
                }
                other => panic!("{words}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn refusals_are_known_by_their_status() {
    use RefusalReason::{Invalid, NotFound, Unauthorized};
    for (status, reason) in [
        (401, Unauthorized),
        (403, Invalid),
        (498, Unauthorized),
        (404, NotFound),
        (405, Invalid),
        (413, Invalid),
    ] {
        let (written, asked) = answered(status, json!({ "error": { "code": "SomeException" } })).await;
        let detail = format!("{status} SomeException");
        assert_eq!(written, WriteFailure::Refused { reason, detail: detail.clone() });
        assert_eq!(asked, ReadFailure::Refused { code: detail });
    }
}

#[derive(Default)]
struct Statuses(Mutex<Vec<u16>>);

impl LimitReport for Statuses {
    fn answered(&self, _: ConnectionId, status: u16) {
        self.0.lock().unwrap().push(status);
    }

    fn further(&self, _: ConnectionId, _: Lane) -> bool {
        true
    }

    fn seen(&self, _: ConnectionId, _: &LimitSeen) {}
}

#[tokio::test]
async fn what_is_forbidden_with_one_booking_says_nothing_about_the_key() {
    let forbidden = || Reply::Json(403, error("ForbiddenException", "not yours"));
    let statuses = Arc::new(Statuses::default());
    let client = Client::reporting(config(), statuses.clone()).unwrap();
    let server = Server::start((0..8).map(|_| forbidden())).await;
    let (scope, connection, uid) =
        (scope(), connection(&server.base_url), crate::fixtures::uid("kT4wJq8ZxN2"));
    let detail = "403 ForbiddenException".to_owned();
    let invalid = WriteFailure::Refused { reason: RefusalReason::Invalid, detail: detail.clone() };
    let moved = client.reschedule(&scope, &connection, &uid, request().start, effort()).await;
    assert_eq!(moved.unwrap_err(), invalid);
    assert_eq!(client.cancel(&scope, &connection, &uid, effort()).await, Err(invalid.clone()));
    assert_eq!(client.create(&scope, &connection, &request(), effort()).await.unwrap_err(), invalid);
    let found = client.get(&scope, &connection, &uid, effort()).await.unwrap_err();
    assert_eq!(found, ReadFailure::Withheld { code: detail.clone() });
    assert!(!found.is_about_key() && statuses.0.lock().unwrap().is_empty());
    // What the account itself is asked for is about the key.
    let window = appointment::model::Span::new(request().start, request().start + chrono::TimeDelta::days(1));
    let listed = client.list(&scope, &connection, window, None, effort()).await.unwrap_err();
    assert_eq!(listed, ReadFailure::Refused { code: detail });
    assert!(listed.is_about_key());
    assert_eq!(*statuses.0.lock().unwrap(), [403]);
    // A key that nobody knows is known by any answer.
    let server = Server::json(401, error("UnauthorizedException", "no")).await;
    let found = client.get(&scope, &self::connection(&server.base_url), &uid, effort()).await.unwrap_err();
    assert!(found.is_about_key());
    assert_eq!(*statuses.0.lock().unwrap(), [403, 401]);
}

#[tokio::test]
async fn other_texts_of_an_error_are_read_too() {
    let words = "no_available_users_found_error";
    for body in [
        json!({ "status": "error", "error": { "code": "BAD_REQUEST", "details": words } }),
        json!({ "status": "error", "error": { "details": { "message": words } } }),
        json!({ "message": words }),
    ] {
        let server = Server::json(400, body).await;
        let failure = write(&server.base_url, effort()).await;
        assert!(
            matches!(failure, WriteFailure::Refused { reason: RefusalReason::SlotTaken, .. }),
            "{failure:?}"
        );
    }
    // An unreadable refusal has no reason; one that broke off may have had any.
    let server = Server::start([Reply::Raw(400, Vec::new(), b"<html>".to_vec())]).await;
    let failure = write(&server.base_url, effort()).await;
    assert_eq!(failure, WriteFailure::Refused { reason: RefusalReason::Invalid, detail: "400".to_owned() });
    let server = Server::start([Reply::Raw(400, Vec::new(), vec![b' '; 30_000])]).await;
    assert_eq!(write(&server.base_url, effort()).await, unknown("status 400"));
}

#[tokio::test]
async fn nobody_is_named_in_a_failure() {
    let words = "Erika Muster <erika@example.org> with attendee.email and phone +4915155501234 is not welcome, \
                 says Anna";
    for (status, code) in [(400, "BadRequestException"), (400, "Erika Muster"), (403, "x@y"), (404, "Ärger")]
    {
        let (written, asked) = answered(status, error(code, words)).await;
        let shown = format!("{written} {written:?} {asked} {asked:?}");
        for secret in ["Erika", "erika", "Anna", "1515", "x@y", "Ärger"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let server = Server::json(400, error("BadRequestException", words)).await;
    let failure = write(&server.base_url, effort()).await;
    let detail = "400 BadRequestException: attendee.email".to_owned();
    assert_eq!(failure, WriteFailure::Refused { reason: RefusalReason::Invalid, detail });
}

#[derive(Default)]
struct Notes(Mutex<Vec<LimitSeen>>);

impl LimitReport for Notes {
    fn answered(&self, _: ConnectionId, _: u16) {}

    fn further(&self, _: ConnectionId, _: Lane) -> bool {
        false
    }

    fn seen(&self, _: ConnectionId, seen: &LimitSeen) {
        self.0.lock().unwrap().push(*seen);
    }
}

#[tokio::test]
async fn limits_are_reported() {
    let headers = |reset: &str| {
        vec![
            ("x-ratelimit-limit-default", "120".to_owned()),
            ("x-ratelimit-remaining-default", "7".to_owned()),
            ("x-ratelimit-reset-default", reset.to_owned()),
            ("x-ratelimit-remaining-reservations", "1".to_owned()),
        ]
    };
    let refused = vec![("retry-after", "90".to_owned())];
    let server = Server::start([
        Reply::Raw(200, headers("41"), success(json!({ "id": 31 })).to_string().into_bytes()),
        Reply::Raw(500, headers("1796000000"), Vec::new()),
        Reply::Raw(429, refused, Vec::new()),
        Reply::Json(201, success(booking("b", "2026-12-03T09:00:00Z", json!({})))),
    ])
    .await;
    let notes = Arc::new(Notes::default());
    let client = Client::reporting(config(), notes.clone()).unwrap();
    let connection = connection(&server.base_url);
    for _ in 0..3 {
        let _ = client.probe(&scope(), &connection, effort()).await;
    }
    client.create(&scope(), &connection, &request(), effort()).await.unwrap();
    let seen = LimitSeen {
        limit: Some(120),
        remaining: Some(7),
        resets: Some(Resets::After(Duration::from_secs(41))),
        ..LimitSeen::default()
    };
    let at = chrono::DateTime::from_timestamp(1_796_000_000, 0).unwrap();
    let blocked =
        LimitSeen { refused: true, retry_after: Some(Duration::from_secs(90)), ..LimitSeen::default() };
    let expected = [seen, LimitSeen { resets: Some(Resets::At(at)), ..seen }, blocked];
    assert_eq!(*notes.0.lock().unwrap(), expected, "and nothing where nothing was said");
}

#[tokio::test]
async fn further_requests_of_an_operation_need_leave() {
    let refusal = error("BadRequestException", "This booking has already been cancelled.");
    let server = Server::json(400, refusal).await;
    let client = Client::reporting(config(), Arc::new(Notes::default())).unwrap();
    let uid = crate::fixtures::uid("kT4wJq8ZxN2");
    let found = client.cancel(&scope(), &connection(&server.base_url), &uid, effort()).await;
    assert!(matches!(found, Err(WriteFailure::Refused { reason: RefusalReason::AlreadyChanged, .. })));
    server.only();
}
