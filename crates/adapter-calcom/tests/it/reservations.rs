//! Reservations of slots.

use appointment::calendar::{
    CalendarGateway, RefusalReason, RemoteReservation, ReservationUid, WriteFailure,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::fixtures::{at, client, connection, effort, error, link, scope, success};
use crate::server::Server;

fn start() -> DateTime<Utc> {
    at("2026-12-03T09:00:00Z")
}

fn named(text: &str) -> ReservationUid {
    ReservationUid::parse(text).unwrap()
}

async fn reserve(server: &Server, lasting: TimeDelta) -> Result<RemoteReservation, WriteFailure> {
    let connection = connection(&server.base_url);
    client().reserve(&scope(), &connection, &link(), start(), lasting, effort()).await
}

async fn release(server: &Server) -> Result<(), WriteFailure> {
    client().release(&scope(), &connection(&server.base_url), &named("rsv-1"), effort()).await
}

fn made() -> Value {
    json!({
        "eventTypeId": 5120, "slotStart": "2026-12-03T09:00:00.000Z", "slotEnd": "2026-12-03T09:45:00.000Z",
        "slotDuration": 45, "reservationUid": "rsv-1", "reservationDuration": 61,
        "reservationUntil": "2026-11-26T11:01:00.000Z",
    })
}

#[tokio::test]
async fn a_slot_is_reserved_in_whole_minutes_with_our_key_and_the_version_of_slots() {
    let server = Server::json(201, success(made())).await;
    let lasting = TimeDelta::minutes(60) + TimeDelta::seconds(1);
    let found = reserve(&server, lasting).await.unwrap();
    assert_eq!(found, RemoteReservation { uid: named("rsv-1"), lasts: TimeDelta::minutes(61) });
    let asked = server.only();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v2/slots/reservations"));
    assert_eq!(asked.headers["cal-api-version"], "2024-09-04");
    assert_eq!(asked.headers["authorization"], "Bearer cal_live_0c4d");
    assert_eq!(
        asked.body,
        json!({"eventTypeId": 5120, "slotStart": "2026-12-03T09:00:00Z", "reservationDuration": 61})
    );
}

#[tokio::test]
async fn it_is_asked_for_at_least_a_minute_and_at_most_what_is_configured() {
    for (lasting, minutes) in [
        (TimeDelta::seconds(-5), 1),
        (TimeDelta::seconds(1), 1),
        (TimeDelta::minutes(2), 2),
        (TimeDelta::days(9), 4_320),
        (TimeDelta::MAX, 4_320),
    ] {
        let server = Server::json(201, success(made())).await;
        reserve(&server, lasting).await.unwrap();
        assert_eq!(server.only().body["reservationDuration"], json!(minutes), "{lasting}");
    }
}

#[tokio::test]
async fn a_slot_that_is_booked_or_reserved_there_is_taken() {
    for message in [
        "Can't reserve a slot if the event is already booked.",
        "This time slot is already reserved by another user. Please choose another one.",
    ] {
        let server = Server::json(422, error("UnprocessableEntityException", message)).await;
        let failure = reserve(&server, TimeDelta::hours(1)).await.unwrap_err();
        assert!(
            matches!(failure, WriteFailure::Refused { reason: RefusalReason::SlotTaken, .. }),
            "{message}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart() {
    for (status, reason) in
        [(401, RefusalReason::Unauthorized), (403, RefusalReason::Invalid), (404, RefusalReason::NotFound)]
    {
        let server = Server::json(status, error("X", "no")).await;
        let failure = reserve(&server, TimeDelta::hours(1)).await.unwrap_err();
        assert!(
            matches!(failure, WriteFailure::Refused { reason: found, .. } if found == reason),
            "{failure:?}"
        );
    }
    let server = Server::json(429, error("ThrottlerException", "enough")).await;
    let failure = reserve(&server, TimeDelta::hours(1)).await.unwrap_err();
    assert!(matches!(failure, WriteFailure::NotSent { .. }), "{failure:?}");
    let server = Server::json(500, error("INTERNAL_SERVER_ERROR", "oh")).await;
    let failure = reserve(&server, TimeDelta::hours(1)).await.unwrap_err();
    assert!(matches!(failure, WriteFailure::Unknown { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_answer_about_something_else_is_no_reservation() {
    let changed = |field: &str, value: Value| {
        let mut made = made();
        made[field] = value;
        success(made)
    };
    for body in [
        json!({"status": "success"}),
        json!({"status": "error", "data": made()}),
        changed("slotStart", json!("2026-12-03T10:00:00.000Z")),
        changed("slotStart", Value::Null),
        changed("reservationUid", Value::Null),
        changed("reservationUid", json!("")),
        json!("ok"),
    ] {
        let server = Server::json(201, body.clone()).await;
        let failure = reserve(&server, TimeDelta::hours(1)).await.unwrap_err();
        assert!(matches!(failure, WriteFailure::Unknown { .. }), "{body}: {failure:?}");
    }
}

#[tokio::test]
async fn a_reservation_is_ended_once_and_one_that_is_gone_is_ended() {
    let server = Server::json(200, json!({"status": "success"})).await;
    release(&server).await.unwrap();
    let asked = server.only();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("DELETE", "/v2/slots/reservations/rsv-1"));
    assert_eq!(asked.headers["cal-api-version"], "2024-09-04");
    let server = Server::json(404, error("NotFoundException", "not there")).await;
    release(&server).await.unwrap();
    let server = Server::json(200, json!({})).await;
    assert!(matches!(release(&server).await, Err(WriteFailure::Unknown { .. })));
}
