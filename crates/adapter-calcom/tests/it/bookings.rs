//! Making, moving, cancelling and reading bookings, when the provider does what it should, and when it nearly does.

use adapter_calcom::client::Client;
use adapter_calcom::config::Config;
use appointment::calendar::{
    CalendarGateway, Effort, Lane, ReadFailure, RefusalReason, RemoteBooking, RemoteHostRef, RemoteRequest,
    RemoteStatus, WriteFailure,
};
use kernel::EmailAddress;
use serde_json::{Value, json};

use crate::fixtures::{
    at, booking, client, config, connection, effort, error, marker, request, scope, success, uid,
};
use crate::server::{Reply, Server};

const START: &str = "2026-12-03T09:00:00Z";

async fn create(server: &Server, request: &RemoteRequest) -> Result<RemoteBooking, WriteFailure> {
    client().create(&scope(), &connection(&server.base_url), request, effort()).await
}

#[tokio::test]
async fn a_booking_is_made_with_our_marker() {
    let server = Server::json(201, success(booking("kT4wJq8ZxN2", START, json!({})))).await;
    let made = create(&server, &request()).await.unwrap();
    assert_eq!(made.uid.as_str(), "kT4wJq8ZxN2");
    assert_eq!((made.start, made.end), (at(START), at("2026-12-03T09:45:00Z")));
    assert_eq!((made.status, made.marker), (RemoteStatus::Accepted, Some(marker(1))));
    assert_eq!(made.event_type.unwrap().as_str(), "5120");
    assert_eq!(made.hosts[0].reference.as_str(), "31");
    assert_eq!(made.created_at, Some(at("2026-11-30T08:15:00Z")));
    assert_eq!(made.updated_at, Some(at("2026-11-30T08:15:01Z")));
    let attendee = made.attendee.unwrap();
    assert_eq!(attendee.email, None, "made up by the provider");
    assert_eq!(attendee.phone.unwrap().as_e164(), "+4915155501234");

    let asked = server.only();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v2/bookings"));
    assert_eq!(asked.headers["cal-api-version"], "2024-08-13");
    assert_eq!(asked.headers["content-type"], "application/json");
    let expected = json!({
        "eventTypeId": 5120,
        "start": START,
        "attendee": {
            "name": "Jonas Feld",
            "email": "booking+1@praxis.example",
            "timeZone": "Europe/Berlin",
            "language": "de",
            "phoneNumber": "+4915155501234",
        },
        "metadata": {
            "askpro_appointment": marker(1).to_string(),
            "askpro_tenant": scope().tenant().to_string(),
        },
    });
    assert_eq!(asked.body, expected, "and nothing else, least of all `allowConflicts`");
}

#[tokio::test]
async fn a_real_address_is_sent_and_a_missing_name_is_stood_in_for() {
    let server = Server::json(201, success(booking("kT4wJq8ZxN2", START, json!({})))).await;
    let mut request = request();
    request.attendee.name = None;
    request.attendee.phone = None;
    request.attendee.email = Some(EmailAddress::parse("jonas@example.org").unwrap());
    let with_title =
        Config { booking_fields: [("title".to_owned(), "Termin".to_owned())].into(), ..config() };
    let client = Client::new(with_title).unwrap();
    client.create(&scope(), &connection(&server.base_url), &request, effort()).await.unwrap();
    let body = server.only().body;
    let attendee = json!({
        "name": "Telefonkunde", "email": "jonas@example.org", "timeZone": "Europe/Berlin", "language": "de",
    });
    assert_eq!(body["attendee"], attendee);
    assert_eq!(body["bookingFieldsResponses"], json!({ "title": "Termin" }));
}

#[tokio::test]
async fn an_answer_about_another_booking_is_not_success() {
    let others: [Value; 8] = [
        booking("older", START, json!({ "metadata": { "askpro_appointment": marker(2).to_string() } })),
        booking("older", START, json!({ "metadata": {} })),
        booking("older", START, json!({ "metadata": null })),
        booking("older", "2026-12-03T10:00:00Z", json!({})),
        booking("kT4wJq8ZxN2", START, json!({ "status": "somehow" })),
        json!({}),
        json!([]),
        json!(null),
    ];
    for body in others {
        let server = Server::json(201, success(body.clone())).await;
        let made = create(&server, &request()).await;
        assert!(matches!(made, Err(WriteFailure::Unknown { .. })), "{body}: {made:?}");
    }
}

#[tokio::test]
async fn one_of_several_may_be_ours() {
    let several = json!([
        booking("other", START, json!({ "metadata": {} })),
        booking("ours", START, json!({ "status": "PENDING" })),
    ]);
    let server = Server::json(201, success(several)).await;
    let made = create(&server, &request()).await.unwrap();
    assert_eq!((made.uid.as_str(), made.status), ("ours", RemoteStatus::Pending));
}

#[tokio::test]
async fn whether_somebody_came_is_read_where_it_is_said() {
    let marked = |guests: Value| booking("kT4wJq8ZxN2", START, json!({ "attendees": guests }));
    for (guests, absent) in [
        (json!([{ "email": "a@example.org", "absent": true }]), Some(true)),
        (json!([{ "email": "a@example.org", "absent": false }]), Some(false)),
        (json!([{ "email": "a@example.org", "absent": false }, { "absent": true }]), Some(true)),
        (json!([{ "email": "a@example.org" }]), None),
        (json!([]), None),
    ] {
        let server = Server::json(200, success(marked(guests))).await;
        let uid = crate::fixtures::uid("kT4wJq8ZxN2");
        let found = client().get(&scope(), &connection(&server.base_url), &uid, effort()).await.unwrap();
        assert_eq!(found.unwrap().absent, absent);
    }
}

#[tokio::test]
async fn an_event_type_of_another_provider_is_not_sent() {
    let mut request = request();
    request.link.event_type = appointment::calendar::RemoteEventType::parse("haircut").unwrap();
    let server = Server::start([]).await;
    let made = create(&server, &request).await;
    assert!(matches!(made, Err(WriteFailure::Refused { reason: RefusalReason::Invalid, .. })), "{made:?}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn moving_makes_a_new_booking() {
    let later = "2026-12-04T14:00:00Z";
    for told in [json!({ "rescheduledFromUid": "old" }), json!({})] {
        let server = Server::json(201, success(booking("new", later, told))).await;
        let connection = connection(&server.base_url);
        let moved =
            client().reschedule(&scope(), &connection, &uid("old"), at(later), effort()).await.unwrap();
        assert_eq!((moved.uid, moved.predecessor), (uid("new"), Some(uid("old"))));
        let asked = server.only();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v2/bookings/old/reschedule"));
        let body = json!({
            "start": later, "reschedulingReason": "Telefonisch verlegt", "rescheduleWithSameHost": true,
        });
        assert_eq!(asked.body, body);
    }
    for other in [
        booking("new", later, json!({ "rescheduledFromUid": "another" })),
        booking("new", START, json!({ "rescheduledFromUid": "old" })),
        booking("old", later, json!({})),
    ] {
        let server = Server::json(201, success(other)).await;
        let connection = connection(&server.base_url);
        let moved = client().reschedule(&scope(), &connection, &uid("old"), at(later), effort()).await;
        assert!(matches!(moved, Err(WriteFailure::Unknown { .. })), "{moved:?}");
    }
}

#[tokio::test]
async fn whoever_performs_it_moves_it_so_that_nobody_need_confirm_it_again() {
    let later = "2026-12-04T14:00:00Z";
    let moved = || Reply::Json(201, success(booking("new", later, json!({ "rescheduledFromUid": "old" }))));
    let known = || Reply::Json(200, success(booking("old", START, json!({}))));
    let mover = |server: &Server| server.asked().last().unwrap().body["rescheduledBy"].clone();
    // Seen before: while somebody waits, nothing more is asked.
    let server = Server::start([known(), moved()]).await;
    let (client, connection) = (client(), connection(&server.base_url));
    client.get(&scope(), &connection, &uid("old"), effort()).await.unwrap();
    client.reschedule(&scope(), &connection, &uid("old"), at(later), effort()).await.unwrap();
    assert_eq!(mover(&server), "anna@praxis.example");
    // With time to spare it is asked for; and not known is no reason not to move it.
    for (answer, expected) in [
        (known(), json!("anna@praxis.example")),
        (Reply::Json(500, json!({})), Value::Null),
        (Reply::Json(404, json!({})), Value::Null),
    ] {
        let server = Server::start([answer, moved()]).await;
        let connection = self::connection(&server.base_url);
        let spare = Effort { lane: Lane::Background, ..effort() };
        self::client().reschedule(&scope(), &connection, &uid("old"), at(later), spare).await.unwrap();
        assert_eq!(mover(&server), expected);
    }
}

#[tokio::test]
async fn of_several_hosts_the_wanted_one_is_told() {
    for (host, routing) in [
        (Some("31"), json!({ "teamMemberIds": [31] })),
        (None, Value::Null),
        // Not a number: it can only be checked in the answer.
        (Some("anna"), Value::Null),
    ] {
        let server = Server::json(201, success(booking("b", START, json!({})))).await;
        let mut request = request();
        request.link.host = host.map(|host| RemoteHostRef::parse(host).unwrap());
        client().create(&scope(), &connection(&server.base_url), &request, effort()).await.unwrap();
        assert_eq!(server.only().body["routing"], routing);
    }
}

async fn cancel(server: &Server) -> Result<(), WriteFailure> {
    client().cancel(&scope(), &connection(&server.base_url), &uid("kT4wJq8ZxN2"), effort()).await
}

#[tokio::test]
async fn cancelling_gives_a_reason() {
    let gone = booking("kT4wJq8ZxN2", START, json!({ "status": "cancelled" }));
    let server = Server::json(200, success(gone)).await;
    assert_eq!(cancel(&server).await, Ok(()));
    let asked = server.only();
    assert_eq!(asked.path, "/v2/bookings/kT4wJq8ZxN2/cancel");
    assert_eq!(asked.body, json!({ "cancellationReason": "Telefonisch abgesagt" }));
    for odd in [json!({}), booking("kT4wJq8ZxN2", START, json!({}))] {
        let server = Server::json(200, success(odd)).await;
        assert!(matches!(cancel(&server).await, Err(WriteFailure::Unknown { .. })));
    }
}

#[tokio::test]
async fn cancelling_twice_is_success_whatever_the_refusal_says() {
    for words in ["This booking has already been cancelled.", "Nope."] {
        let refusal = || Reply::Json(400, error("BadRequestException", words));
        let now = |more: Value| Reply::Json(200, success(booking("kT4wJq8ZxN2", START, more)));
        let server = Server::start([refusal(), now(json!({ "status": "cancelled" }))]).await;
        assert_eq!(cancel(&server).await, Ok(()));
        // One that was moved is cancelled as well, but its successor stands.
        let moved = json!({ "status": "cancelled", "rescheduledToUid": "new" });
        for more in [json!({}), json!({ "status": "rejected" }), moved] {
            let server = Server::start([refusal(), now(more)]).await;
            assert!(matches!(cancel(&server).await, Err(WriteFailure::Refused { .. })));
        }
        let server = Server::start([refusal(), Reply::Json(500, json!({}))]).await;
        assert!(matches!(cancel(&server).await, Err(WriteFailure::Refused { .. })));
    }
}

#[tokio::test]
async fn a_booking_is_read_with_its_chain() {
    let chain = json!({ "status": "cancelled", "rescheduledFromUid": "a", "rescheduledToUid": "c" });
    let server = Server::json(200, success(booking("b", START, chain))).await;
    let connection = connection(&server.base_url);
    let found = client().get(&scope(), &connection, &uid("b"), effort()).await.unwrap().unwrap();
    assert_eq!((found.predecessor, found.successor), (Some(uid("a")), Some(uid("c"))));
    assert_eq!(found.status, RemoteStatus::Cancelled);
    assert_eq!(server.only().path, "/v2/bookings/b");
}

#[tokio::test]
async fn a_booking_that_is_not_there_is_none_and_another_is_malformed() {
    let gone = error("NotFoundException", "Booking with uid=b was not found in the database");
    for (status, body, expected) in [
        (404, gone, Ok(None)),
        (200, success(booking("x", START, json!({}))), Err("no such booking in it")),
        (200, success(json!({ "uid": "b" })), Err("no such booking in it")),
    ] {
        let server = Server::json(status, body).await;
        let found = client().get(&scope(), &connection(&server.base_url), &uid("b"), effort()).await;
        assert_eq!(found, expected.map_err(|what: &str| ReadFailure::Malformed { what: what.to_owned() }));
    }
}

#[tokio::test]
async fn a_uid_is_a_name_and_never_a_path() {
    let server = Server::json(404, json!({})).await;
    let connection = connection(&server.base_url);
    let odd = uid("../me?x=1#y%2f");
    assert_eq!(client().get(&scope(), &connection, &odd, effort()).await, Ok(None));
    assert_eq!(server.only().path, "/v2/bookings/..%2Fme%3Fx=1%23y%252f");
    let server = Server::start([]).await;
    for step in [".", ".."] {
        let found = client().get(&scope(), &connection, &uid(step), effort()).await;
        assert_eq!(found, Err(ReadFailure::Unavailable { why: "address".to_owned() }));
    }
    assert!(server.asked().is_empty());
}
