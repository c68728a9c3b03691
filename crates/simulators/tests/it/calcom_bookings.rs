//! Making bookings.

use serde_json::{Value, json};
use simulators::calcom::{BookingStatus, Config, Effect, EventType, Fault, Operation, WrongVersion};

use crate::calcom::{BOOKINGS, COLOUR, CONSULTATION, Cal, HAIRCUT, PRACTICE, SALON, TRIAL, wish};

#[tokio::test]
async fn a_booking_has_the_documented_shape() {
    let cal = Cal::start().await;
    let made = cal.book(CONSULTATION, "2026-11-26T09:00:00+01:00").await;
    assert_eq!((made.status, &made.body["status"]), (201, &json!("success")));
    let booking = made.data();
    for (field, value) in [
        ("status", json!("accepted")),
        ("start", json!("2026-11-26T08:00:00.000Z")),
        ("end", json!("2026-11-26T08:45:00.000Z")),
        ("duration", json!(45)),
        ("eventTypeId", json!(4711)),
        ("eventType", json!({"id": 4711, "slug": "beratung"})),
        ("createdAt", json!("2026-11-23T07:00:00.000Z")),
        ("metadata", json!({"gw_appointment": "apt_1"})),
        ("absentHost", json!(false)),
        ("guests", json!([])),
        ("rating", Value::Null),
    ] {
        assert_eq!(booking[field], value, "{field}");
    }
    assert_eq!(booking["hosts"][0]["timeZone"], "Europe/Berlin");
    let attendee = &booking["attendees"][0];
    assert_eq!(
        (&attendee["email"], &attendee["phoneNumber"]),
        (&json!("erika@example.org"), &json!("+4915112345678"))
    );
    assert!(booking.get("rescheduledFromUid").is_none() && booking.get("cancellationReason").is_none());
    let uid = made.uid();
    assert_eq!(uid.len(), 22);
    assert_eq!(booking["icsUid"], json!(format!("{uid}@Cal.com")));

    assert_eq!(cal.get(&format!("/v2/bookings/{uid}"), "2024-08-13").await.data(), booking);
    let older = cal.get(&format!("/v2/bookings/{uid}"), "").await;
    assert_eq!(older.data()["startTime"], "2026-11-26T08:00:00.000Z");
    assert_eq!(older.data()["status"], "ACCEPTED");
    assert!(older.data().get("start").is_none());
}

#[tokio::test]
async fn of_a_team_the_routed_member_performs_it_or_nobody() {
    let cal = Cal::start().await;
    let at = |start: &str, routing: Value| {
        let mut body = wish(HAIRCUT, start);
        body["routing"] = routing;
        body
    };
    for (start, member) in
        [("2026-11-26T08:00:00Z", 8), ("2026-11-26T09:00:00Z", 7), ("2026-11-26T10:00:00Z", 8)]
    {
        let made = cal.post("/v2/bookings", at(start, json!({"teamMemberIds": [member]}))).await;
        assert_eq!((made.status, &made.data()["hosts"][0]["id"]), (201, &json!(member)));
    }
    let again = cal.post("/v2/bookings", at("2026-11-26T10:00:00Z", json!({"teamMemberIds": [8]}))).await;
    assert_eq!(again.status, 400, "the other member is free, and not asked for");
    let odd = cal.post("/v2/bookings", at("2026-11-26T11:00:00Z", json!({"teamMemberIds": "8"}))).await;
    assert!(odd.message().contains("routing.teamMemberIds"));
}

#[tokio::test]
async fn a_host_is_never_booked_twice() {
    let cal = Cal::start().await;
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.status, 201);
    let taken = cal.book(CONSULTATION, "2026-11-26T08:30:00Z").await;
    assert_eq!(taken.status, 400);
    assert_eq!(taken.message(), "User either already has booking at this time or is not available");
    assert_eq!(taken.body["status"], "error");
    assert_eq!(taken.body["path"], "/v2/bookings");
    assert_eq!(taken.body["error"]["code"], "BadRequestException");
    assert_eq!(taken.body["error"]["details"]["statusCode"], 400);
    assert!(taken.headers.contains_key("x-request-id"));
    // Outside of the hours it is the same refusal, and the very next minute is fine.
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T16:30:00Z").await.message(), taken.message());
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T08:45:00Z").await.status, 201);
}

#[tokio::test]
async fn many_at_once_get_one_slot_once() {
    let cal = Cal::start().await;
    let tries = (0..20).map(|_| cal.book(CONSULTATION, "2026-11-26T08:00:00Z"));
    let all = futures_util::future::join_all(tries).await;
    assert_eq!(all.iter().filter(|got| got.status == 201).count(), 1);
    for got in all.iter().filter(|got| got.status != 201) {
        let in_a_race = (got.status, got.message()) == (409, "booking_conflict_error");
        assert!(in_a_race || got.message().contains("already has booking"), "{got:?}");
    }
    assert_eq!(cal.sim.bookings().len(), 1);
}

#[tokio::test]
async fn who_was_a_little_slower_is_refused_in_other_words() {
    let cal = Cal::start().await;
    cal.sim.order(Fault::once(Operation::Create, Effect::Delay { ms: 300 }));
    let start = "2026-11-26T08:00:00Z";
    let (one, other) =
        futures_util::future::join(cal.book(CONSULTATION, start), cal.book(CONSULTATION, start)).await;
    let (quick, slow) = if one.status == 201 { (one, other) } else { (other, one) };
    assert_eq!(quick.status, 201);
    // Bare, as it comes from Cal.com's own code.
    assert_eq!(slow.status, 409);
    assert_eq!(slow.body, json!({"statusCode": 409, "message": "booking_conflict_error"}));
    // Whoever comes later hears the usual words.
    assert_eq!(cal.book(CONSULTATION, start).await.status, 400);
}

#[tokio::test]
async fn a_team_gives_each_booking_to_somebody_who_is_free() {
    let cal = Cal::start().await;
    let mut hosts = Vec::new();
    for _ in 0..2 {
        let made = cal.book(HAIRCUT, "2026-11-26T08:00:00Z").await;
        hosts.push(made.data()["hosts"][0]["id"].as_u64().unwrap());
    }
    assert_eq!(hosts, [7, 8]);
    let third = cal.book(HAIRCUT, "2026-11-26T08:00:00Z").await;
    assert_eq!(
        third.message(),
        "One of the hosts either already has booking at this time or is not available"
    );
    // What the team took is gone for the single host as well.
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.status, 400);
}

#[tokio::test]
async fn what_waits_for_the_host_is_pending_and_occupies() {
    let cal = Cal::start().await;
    let made = cal.book(TRIAL, "2026-11-26T08:00:00Z").await;
    assert_eq!((made.status, &made.data()["status"]), (201, &json!("pending")));
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.status, 400);
    assert_eq!(cal.sim.bookings()[0].status, BookingStatus::Pending);
}

#[tokio::test]
async fn refusals_have_their_texts() {
    let cal = Cal::start().await;
    let strict =
        EventType { minimum_notice: 180, window_days: Some(30), ..EventType::new(4740, "knapp", 30, 7) };
    cal.sim.put_event_type("salon", strict).unwrap();
    let one = EventType { max_active_per_booker: Some(1), ..EventType::new(4741, "einmal", 30, 7) };
    cal.sim.put_event_type("salon", one).unwrap();
    for (event_type, start, status, stem) in [
        (CONSULTATION, "2026-11-20T09:00:00Z", 400, "Attempting to book a meeting in the past"),
        (4740, "2026-11-23T09:00:00Z", 400, "can't be booked at the \"start\" time provided"),
        (4740, "2027-01-11T09:00:00Z", 400, "can't be booked at the \"start\" time provided"),
        (99, "2026-11-26T09:00:00Z", 404, "Event type with id 99 not found"),
        (5001, "2026-11-26T09:00:00Z", 404, "Event type with id 5001 not found"),
        (4741, "2026-11-26T09:00:00Z", 201, ""),
        (4741, "2026-11-27T09:00:00Z", 400, "maximum number of active bookings has been reached"),
    ] {
        let got = cal.book(event_type, start).await;
        assert_eq!(got.status, status, "{event_type} {start}: {}", got.body);
        assert!(got.message().contains(stem), "{}", got.body);
    }
}

#[tokio::test]
async fn requests_are_checked() {
    let cal = Cal::start().await;
    let many: Value =
        (0..51).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let long_key = json!({"k".repeat(41): "v"});
    for (pointer, value, stem) in [
        ("/start", json!("morgen"), "start must be a valid ISO 8601"),
        ("/start", json!("2026-11-26T08:00:00"), "start must be a valid ISO 8601"),
        ("/attendee", Value::Null, "attendee must be an object"),
        ("/attendee/name", json!(" "), "attendee.name"),
        ("/attendee/timeZone", json!("Berlin"), "attendee.timeZone"),
        ("/attendee/language", json!("deutsch"), "attendee.language"),
        ("/attendee/email", json!("erika"), "attendee.email"),
        ("/attendee/phoneNumber", json!("0151 1234"), "attendee.phoneNumber"),
        ("/metadata", json!({"k": "v".repeat(501)}), "Metadata values"),
        ("/metadata", json!({"k": {"deep": 1}}), "Metadata values"),
        ("/metadata", json!({"k": null}), "Metadata values"),
        ("/metadata", long_key, "Metadata keys"),
        ("/metadata", many, "at most 50 keys"),
        ("/metadata", json!([]), "metadata must be an object"),
        ("/eventTypeId", json!("4711"), "eventTypeId must not be less than 1"),
        ("/lengthInMinutes", json!(45), "lengthInMinutes"),
        ("/recurrenceCount", json!(2), "recurrenceCount"),
        ("/instant", json!(true), "Instant bookings"),
        ("/guests", json!(["x"]), "guests"),
        ("/location", json!({"type": "moon"}), "location.type"),
        ("/location", json!({"type": "attendeePhone"}), "location.phone"),
        ("/bookingFieldsResponses", json!({"mond": "voll"}), "Unknown booking field 'mond'"),
        ("/bookingFieldsResponses", json!({"email": "a@example.org"}), "Unknown booking field 'email'"),
    ] {
        let mut body = wish(CONSULTATION, "2026-11-26T08:00:00Z");
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
        let got = cal.post("/v2/bookings", body).await;
        assert_eq!(got.status, 400, "{pointer}");
        assert!(got.message().contains(stem), "{pointer}: {}", got.message());
    }
    let mut nobody = wish(CONSULTATION, "2026-11-26T08:00:00Z");
    nobody["attendee"] = json!({"name": "Erika", "timeZone": "Europe/Berlin"});
    assert!(cal.post("/v2/bookings", nobody).await.message().contains("email or phoneNumber"));
    let broken = cal.request(SALON, "POST", "/v2/bookings", BOOKINGS).body("{");
    assert_eq!(cal.send(broken).await.unwrap().status, 400);
    let huge = cal.request(SALON, "POST", "/v2/bookings", BOOKINGS).body("x".repeat(1024 * 1024 + 1));
    assert_eq!(cal.send(huge).await.unwrap().status, 413);
    assert!(cal.sim.bookings().is_empty());
}

#[tokio::test]
async fn metadata_may_be_numbers_unless_the_documentation_is_taken_at_its_word() {
    let mut body = wish(CONSULTATION, "2026-11-26T08:00:00Z");
    body["metadata"] = json!({"number": 1, "yes": true});
    let lenient = Cal::start().await;
    assert_eq!(lenient.post("/v2/bookings", body.clone()).await.data()["metadata"]["number"], 1);
    let strict = Cal::with(Config { strict_metadata: true, ..Config::default() }).await;
    assert_eq!(strict.post("/v2/bookings", body).await.status, 400);
}

#[tokio::test]
async fn questions_lengths_and_places_of_an_event_type_count() {
    let cal = Cal::start().await;
    let mut body = wish(COLOUR, "2026-11-26T08:00:00Z");
    assert!(cal.post("/v2/bookings", body.clone()).await.message().contains("haarlaenge"));
    body["bookingFieldsResponses"] = json!({"haarlaenge": "lang", "notes": "Erstbesuch", "title": "Farbe"});
    body["lengthInMinutes"] = json!(90);
    body["guests"] = json!(["partner@example.org"]);
    body["location"] = json!({"type": "address"});
    assert!(cal.post("/v2/bookings", body.clone()).await.message().contains("does not exist on event type"));
    body["location"] = json!({"type": "attendeePhone", "phone": "+4915112345678"});
    let made = cal.post("/v2/bookings", body).await;
    assert_eq!((made.status, &made.data()["duration"]), (201, &json!(90)), "{}", made.body);
    assert_eq!(made.data()["location"], "+4915112345678");
    assert_eq!(made.data()["guests"], json!(["partner@example.org"]));
    assert_eq!(made.data()["bookingFieldsResponses"]["haarlaenge"], "lang");
}

#[tokio::test]
async fn a_number_alone_becomes_an_address() {
    let cal = Cal::start().await;
    let mut body = wish(CONSULTATION, "2026-11-26T08:00:00Z");
    body["attendee"]["email"] = Value::Null;
    let made = cal.post("/v2/bookings", body).await;
    assert_eq!(made.data()["attendees"][0]["email"], "4915112345678@sms.cal.com");
}

#[tokio::test]
async fn slugs_name_event_types_and_unknown_switches_do_nothing() {
    let cal = Cal::start().await;
    let mut body = wish(CONSULTATION, "2026-11-26T08:00:00Z");
    body.as_object_mut().unwrap().remove("eventTypeId");
    body["eventTypeSlug"] = json!("beratung");
    body["username"] = json!("anna");
    body["reservationUid"] = json!("x");
    assert_eq!(cal.post("/v2/bookings", body).await.data()["eventTypeId"], 4711);
}

#[tokio::test]
async fn versions_and_keys_matter() {
    let cal = Cal::start().await;
    let body = wish(CONSULTATION, "2026-11-26T08:00:00Z");
    let without = cal.call("POST", "/v2/bookings", "", body.clone()).await;
    assert!(without.message().contains("responses must be an object"), "{}", without.body);
    for key in ["wrong", "", PRACTICE] {
        let request = cal.request(key, "POST", "/v2/bookings", BOOKINGS).json(&body);
        let status = cal.send(request).await.unwrap().status;
        assert_eq!(status, if key == PRACTICE { 404 } else { 401 }, "{key}");
    }
    let anonymous = cal.http.get(format!("{}/v2/me", cal.sim.url()));
    let anonymous = cal.send(anonymous).await.unwrap();
    assert_eq!((anonymous.status, &anonymous.body["error"]["code"]), (401, &json!("UnauthorizedException")));

    let uid = cal.post("/v2/bookings", body).await.uid();
    let foreign = cal.request(PRACTICE, "GET", &format!("/v2/bookings/{uid}"), BOOKINGS);
    assert_eq!(cal.send(foreign).await.unwrap().status, 404);

    let refusing = Cal::with(Config { wrong_version: WrongVersion::Refused, ..Config::default() }).await;
    for path in
        ["/v2/bookings", "/v2/event-types", "/v2/slots?eventTypeId=4711&start=2026-11-24&end=2026-11-24"]
    {
        assert_eq!(refusing.get(path, "2019-01-01").await.status, 400, "{path}");
    }
    assert_eq!(cal.get("/v2/nothing", "").await.message(), "Cannot GET /v2/nothing");
}

#[tokio::test]
async fn a_host_can_switch_the_protection_off() {
    let cal = Cal::start().await;
    let limited = EventType {
        minimum_notice: 600,
        max_active_per_booker: Some(1),
        ..EventType::new(4742, "begrenzt", 30, 7)
    };
    cal.sim.put_event_type("salon", limited).unwrap();
    let mut body = wish(4742, "2026-11-23T09:00:00Z");
    assert_eq!(cal.post("/v2/bookings", body.clone()).await.status, 400);
    body["allowBookingOutOfBounds"] = json!(true);
    assert_eq!(cal.post("/v2/bookings", body.clone()).await.status, 201);
    assert!(cal.post("/v2/bookings", body.clone()).await.message().contains("maximum number"));
    body["skipBookingLimits"] = json!(true);
    assert!(cal.post("/v2/bookings", body.clone()).await.message().contains("already has booking"));
    body["allowConflicts"] = json!(true);
    assert_eq!(cal.post("/v2/bookings", body).await.status, 201);
    // Whoever must never send it can be found out.
    let requests = cal.sim.requests();
    assert_eq!(requests.iter().filter(|one| one.body["allowConflicts"] == json!(true)).count(), 1);
    assert!(requests.iter().all(|one| one.version.as_deref() == Some(BOOKINGS)));
}
