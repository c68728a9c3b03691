//! What the provider's own documents and code show, decoded. Sources: the README beside the fixtures.

use adapter_calcom::decode::{CalendarNews, Delivery, Trigger, identify, webhook};
use appointment::calendar::{
    CalendarDirectory, CalendarGateway, RemoteEventType, RemoteHostRef, RemoteReservation, RemoteStatus,
    ReservationUid, WriteFailure,
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::fixtures::{at, client, connection, effort, link, marker, request, scope, span, uid, with};
use crate::server::{Reply, Server};

macro_rules! documented {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/calcom/documented/", $name))
    };
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn news(body: &str) -> CalendarNews {
    match webhook(body.as_bytes()).unwrap() {
        Delivery::News(news) => *news,
        other => panic!("{other:?}"),
    }
}

/// Trigger, state, booking, event type, beginning and end.
type Said<'a> = (Trigger, Option<RemoteStatus>, &'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

#[test]
fn every_event_about_a_booking_says_which_and_how_it_stands() {
    use RemoteStatus::{Accepted, Cancelled, Pending, Rejected};
    let all: [(&str, Said<'_>); 10] = [
        (
            documented!("booking_created.json"),
            (
                Trigger::Created,
                Some(Accepted),
                "unique-booking-id",
                Some("123"),
                Some("2024-01-01T10:00:00Z"),
                Some("2024-01-01T10:15:00Z"),
            ),
        ),
        (
            documented!("booking_requested.json"),
            (
                Trigger::Requested,
                Some(Pending),
                "unique-booking-id",
                Some("100"),
                Some("2024-01-01T13:00:00Z"),
                Some("2024-01-01T13:15:00Z"),
            ),
        ),
        (
            documented!("booking_rescheduled.json"),
            (
                Trigger::Rescheduled,
                Some(Accepted),
                "new-booking-unique-id",
                Some("100"),
                Some("2024-01-10T14:30:00Z"),
                Some("2024-01-10T14:45:00Z"),
            ),
        ),
        (
            documented!("booking_cancelled.json"),
            (
                Trigger::Cancelled,
                Some(Cancelled),
                "unique-booking-identifier",
                Some("100"),
                Some("2024-01-04T10:00:00Z"),
                Some("2024-01-04T10:15:00Z"),
            ),
        ),
        (
            documented!("booking_rejected.json"),
            (
                Trigger::Rejected,
                Some(Rejected),
                "unique-booking-identifier",
                Some("100"),
                Some("2024-01-01T15:00:00Z"),
                Some("2024-01-01T15:15:00Z"),
            ),
        ),
        (
            documented!("booking_paid.json"),
            (
                Trigger::Paid,
                Some(Accepted),
                "unique-booking-uid",
                Some("50"),
                Some("2024-01-02T10:00:00Z"),
                Some("2024-01-02T10:30:00Z"),
            ),
        ),
        (
            documented!("booking_payment_initiated.json"),
            (
                Trigger::PaymentInitiated,
                Some(Accepted),
                "unique-booking-uid",
                Some("50"),
                Some("2024-01-02T10:00:00Z"),
                Some("2024-01-02T10:30:00Z"),
            ),
        ),
        (
            documented!("booking_no_show.json"),
            (Trigger::NoShow, None, "5vQFqxDFMjdgKGMijqtqRw", None, None, None),
        ),
        (
            documented!("meeting_started.json"),
            (
                Trigger::MeetingStarted,
                Some(Accepted),
                "unique-booking-identifier",
                Some("50"),
                Some("2024-01-01T10:00:00Z"),
                Some("2024-01-01T10:15:00Z"),
            ),
        ),
        (
            documented!("meeting_ended.json"),
            (
                Trigger::MeetingEnded,
                Some(Accepted),
                "unique-booking-identifier",
                Some("50"),
                Some("2024-01-01T10:00:00Z"),
                Some("2024-01-01T10:15:00Z"),
            ),
        ),
    ];
    for (body, (trigger, status, booking, event_type, start, end)) in all {
        let news = news(body);
        assert_eq!((news.trigger, news.status, news.uid.as_str()), (trigger, status, booking));
        assert_eq!(news.event_type.as_ref().map(RemoteEventType::as_str), event_type, "{trigger:?}");
        assert_eq!((news.start, news.end), (start.map(at), end.map(at)), "{trigger:?}");
        assert!(!news.asks_to_move && news.marker.is_none(), "{trigger:?}");
        assert_eq!(identify(body.as_bytes()).unwrap().subject, booking);
    }
}

#[test]
fn people_are_read_whichever_way_an_event_names_them() {
    for (body, host) in [
        (documented!("booking_created.json"), "1"),
        (documented!("booking_cancelled.json"), "1"),
        (documented!("booking_paid.json"), "1"),
        (documented!("meeting_ended.json"), "10"),
    ] {
        let news = news(body);
        assert_eq!(news.hosts.len(), 1);
        assert_eq!((news.hosts[0].reference.as_str(), news.hosts[0].name.as_str()), (host, "Organizer Name"));
        assert_eq!(news.hosts[0].email.as_ref().unwrap().as_str(), "organizer@example.com");
        let attendee = news.attendee.unwrap();
        assert_eq!(attendee.name.unwrap().as_str(), "Guest User", "the booker comes before the guests");
        assert_eq!(attendee.email.unwrap().as_str(), "guest@example.com");
        assert_eq!(attendee.phone, None, "a question that was not shown has no answer");
    }
}

#[test]
fn a_move_names_both_and_a_mark_can_be_taken_back() {
    let moved = news(documented!("booking_rescheduled.json"));
    assert_eq!(moved.previous_uid.unwrap().as_str(), "previous-booking-unique-id");
    assert_eq!(news(documented!("booking_created.json")).previous_uid, None);
    assert_eq!(news(documented!("booking_no_show.json")).no_show, Some(true));
    assert_eq!(news(documented!("booking_no_show.taken_back.json")).no_show, Some(false));
    // The row of a booking that was moved says so in another word.
    let row = with(json_of(documented!("meeting_ended.json")), json!({ "fromReschedule": "before" }));
    assert_eq!(news(&row.to_string()).previous_uid.unwrap().as_str(), "before");
}

#[test]
fn an_event_is_as_old_as_its_envelope_says_and_a_row_does_not_say() {
    let created = news(documented!("booking_created.json")).created_at;
    assert_eq!(created, Some(at("2024-01-01T00:00:00Z")));
    // What stands there is when the meeting was booked.
    assert_eq!(news(documented!("meeting_ended.json")).created_at, None);
    assert_eq!(identify(documented!("meeting_started.json").as_bytes()).unwrap().created_at, None);
}

#[test]
fn everything_else_does_no_harm() {
    assert_eq!(webhook(documented!("ping.json").as_bytes()), Ok(Delivery::Ping));
    let others = json_of(documented!("others.json"));
    let others = others.as_array().unwrap();
    assert_eq!(others.len(), 10);
    for other in others {
        let trigger = other["triggerEvent"].as_str().unwrap().to_owned();
        assert_eq!(webhook(other.to_string().as_bytes()), Ok(Delivery::Ignored { trigger }));
    }
}

/// An answer in which the booking is ours, since what we send as metadata comes back there.
fn ours(answer: &str) -> Value {
    let mut answer = json_of(answer);
    answer["data"]["metadata"]["askpro_appointment"] = marker(1).to_string().into();
    answer
}

#[tokio::test]
async fn a_booking_is_made_moved_read_and_called_off() {
    let start = at("2024-08-13T15:30:00Z");
    let (client, scope) = (client(), scope());
    let mut called_off = json_of(documented!("answer.booking.json"));
    called_off["data"]["status"] = "cancelled".into();
    let server = Server::start([
        Reply::Json(201, ours(documented!("answer.booking.json"))),
        Reply::Json(201, json_of(documented!("answer.booking_moved.json"))),
        Reply::Json(200, json_of(documented!("answer.booking.json"))),
        Reply::Json(200, called_off),
    ])
    .await;
    let connection = connection(&server.base_url);
    let mut wish = request();
    wish.start = start;
    let made = client.create(&scope, &connection, &wish, effort()).await.unwrap();
    assert_eq!((made.uid.as_str(), made.status), ("booking_uid_123", RemoteStatus::Accepted));
    assert_eq!((made.start, made.end), (start, at("2024-08-13T16:30:00Z")));
    assert_eq!((made.created_at, made.updated_at), (Some(start), Some(start)));
    assert_eq!((made.marker, made.absent), (Some(marker(1)), Some(false)));
    assert_eq!((made.hosts[0].reference.as_str(), made.hosts[0].name.as_str()), ("1", "Jane Doe"));
    let attendee = made.attendee.unwrap();
    assert_eq!(attendee.email.unwrap().as_str(), "john@example.com");
    assert_eq!(attendee.phone.unwrap().as_e164(), "+1234567890");

    let moved =
        client.reschedule(&scope, &connection, &uid("previous_uid_123"), start, effort()).await.unwrap();
    assert_eq!(moved.uid.as_str(), "booking_uid_123");
    assert_eq!(moved.predecessor.unwrap().as_str(), "previous_uid_123");
    let uid = uid("booking_uid_123");
    let read = client.get(&scope, &connection, &uid, effort()).await.unwrap().unwrap();
    assert_eq!((read.marker, read.predecessor, read.successor), (None, None, None));
    client.cancel(&scope, &connection, &uid, effort()).await.unwrap();
}

#[tokio::test]
async fn a_listing_has_every_kind_of_booking_and_goes_on() {
    let server = Server::json(200, json_of(documented!("answer.bookings.json"))).await;
    let day = span("2024-08-13T00:00:00Z", "2024-08-14T00:00:00Z");
    let connection = connection(&server.base_url);
    let page = client().list(&scope(), &connection, day, None, effort()).await.unwrap();
    assert_eq!((page.unreadable, page.next.is_some()), (0, true));
    let told: Vec<_> = page.bookings.iter().map(|booking| (booking.uid.as_str(), booking.status)).collect();
    let expected = [
        ("booking_uid_123", RemoteStatus::Cancelled),
        ("booking_uid_124", RemoteStatus::Accepted),
        ("booking_uid_125", RemoteStatus::Pending),
        ("booking_uid_126", RemoteStatus::Rejected),
    ];
    assert_eq!(told, expected);
    assert_eq!(page.bookings[0].successor.as_ref().unwrap().as_str(), "new_uid_456");
    let why = |index: usize| page.bookings[index].why_ended.as_ref().map(appointment::model::Note::as_str);
    assert_eq!((why(0), why(1)), (Some("Reason"), None));
    assert_eq!(page.bookings[2].updated_at, None);
    assert!(page.bookings[3].hosts.is_empty(), "whose it was is not known there, and that is nobody");
}

#[tokio::test]
async fn free_times_are_read_in_both_forms_and_without_a_status() {
    let days = span("2050-09-05T00:00:00Z", "2050-09-07T00:00:00Z");
    let times = json_of(documented!("answer.slots.json"));
    let alone = json!({ "data": times["data"] });
    for body in [times, json_of(documented!("answer.slots_range.json")), alone] {
        let server = Server::json(200, body).await;
        let connection = connection(&server.base_url);
        let found = client().free_starts(&scope(), &connection, &link(), days, None, effort()).await;
        let expected =
            ["2050-09-05T07:00:00Z", "2050-09-05T08:00:00Z", "2050-09-06T07:00:00Z", "2050-09-06T08:00:00Z"];
        assert_eq!(found.unwrap(), expected.map(at));
    }
    // Nothing free, said with a sentence, without one, and without a status.
    for body in [
        json!({ "status": "success", "data": {}, "message": "No slots available" }),
        json!({ "status": "success", "data": {} }),
        json!({ "data": {} }),
    ] {
        let server = Server::json(200, body).await;
        let connection = connection(&server.base_url);
        let found = client().free_starts(&scope(), &connection, &link(), days, None, effort()).await;
        assert_eq!(found, Ok(Vec::new()));
    }
}

#[tokio::test]
async fn a_reservation_is_read() {
    let server = Server::json(201, json_of(documented!("answer.reservation.json"))).await;
    let connection = connection(&server.base_url);
    let (start, lasting) = (at("2024-09-04T09:00:00Z"), TimeDelta::minutes(5));
    let found = client().reserve(&scope(), &connection, &link(), start, lasting, effort()).await.unwrap();
    let uid = ReservationUid::parse("e84be5a3-4696-49e3-acc7-b2f3999c3b94").unwrap();
    assert_eq!(found, RemoteReservation { uid, lasts: lasting });
}

#[tokio::test]
async fn event_types_and_members_are_read() {
    let server = Server::start([
        Reply::Json(200, json_of(documented!("answer.event_types.json"))),
        Reply::Json(200, json_of(documented!("answer.memberships.json"))),
    ])
    .await;
    let mut connection = connection(&server.base_url);
    connection.team = Some(RemoteHostRef::parse("7").unwrap());
    let services = client().services(&scope(), &connection, effort()).await.unwrap();
    let [own, team] = services.as_slice() else { panic!("{services:?}") };
    assert_eq!((own.reference.as_str(), own.minutes, own.hidden), ("1", 60, false));
    assert!(!own.needs_confirmation && team.needs_confirmation && !team.is_template);
    assert_eq!((own.hosts[0].reference.as_str(), own.hosts[0].name.as_str()), ("10", "bob"));
    assert_eq!((team.hosts[0].reference.as_str(), team.hosts[0].name.as_str()), ("11", "John Doe"));
    let people = client().people(&scope(), &connection, effort()).await.unwrap();
    assert_eq!((people[0].reference.as_str(), people[0].name.as_str()), ("11", "John Doe"));
    assert_eq!(people[0].email.as_ref().unwrap().as_str(), "john@example.com");
}

#[tokio::test]
async fn refusals_mean_what_the_provider_means() {
    let client = client();
    for refusal in json_of(documented!("refusals.json")).as_array().unwrap() {
        let status = u16::try_from(refusal["status"].as_u64().unwrap()).unwrap();
        let server = Server::json(status, refusal["body"].clone()).await;
        let connection = connection(&server.base_url);
        match client.create(&scope(), &connection, &request(), effort()).await {
            Err(WriteFailure::Refused { reason, .. }) => {
                assert_eq!(reason.code(), refusal["means"], "{refusal}");
            }
            other => panic!("{refusal}: {other:?}"),
        }
    }
}
