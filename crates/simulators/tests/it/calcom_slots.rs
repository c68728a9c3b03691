//! Slots and reservations.

use chrono::TimeDelta;
use serde_json::json;
use simulators::calcom::{DayOverride, EventType, HostBusy, Scheduling};

use crate::calcom::{COLOUR, CONSULTATION, Cal, HAIRCUT, SALON, SLOTS, at};

#[tokio::test]
async fn a_free_day_has_its_hours_in_the_shape_that_was_asked_for() {
    let cal = Cal::start().await;
    let path = "/v2/slots?eventTypeId=4711&start=2026-11-24&end=2026-11-24";
    let utc = cal.get(path, SLOTS).await;
    assert_eq!(utc.status, 200);
    let day = &utc.data()["2026-11-24"];
    assert_eq!(day[0], json!({"start": "2026-11-24T08:00:00.000Z"}));
    // From nine to five there are ten times 45 minutes.
    assert_eq!(day.as_array().unwrap().len(), 10);

    let range = cal.get(&format!("{path}&timeZone=Europe/Berlin&format=range"), SLOTS).await;
    let first = &range.data()["2026-11-24"][0];
    assert_eq!(first["start"], "2026-11-24T09:00:00.000+01:00");
    assert_eq!(first["end"], "2026-11-24T09:45:00.000+01:00");

    // The key is the day in the zone.
    let far = cal.get(&format!("{path}&timeZone=Pacific/Auckland"), SLOTS).await;
    assert_eq!(far.data()["2026-11-25"].as_array().unwrap().len(), 6);

    let weekend = cal.get("/v2/slots?eventTypeId=4711&start=2026-11-28&end=2026-11-29", SLOTS).await;
    assert_eq!(weekend.data(), &json!({}));

    let older = cal.get(path, "").await;
    assert_eq!(older.data()["slots"]["2026-11-24"][0], json!({"time": "2026-11-24T08:00:00.000Z"}));
}

#[tokio::test]
async fn event_types_can_be_named_by_slugs() {
    let cal = Cal::start().await;
    let days = "start=2026-11-24&end=2026-11-24";
    for names in ["eventTypeSlug=beratung&username=anna", "eventTypeSlug=haarschnitt&teamSlug=salon-mitte"] {
        let got = cal.get(&format!("/v2/slots?{names}&{days}"), SLOTS).await;
        assert!(got.data()["2026-11-24"].is_array(), "{names}: {}", got.body);
    }
    for (names, status) in [
        ("eventTypeSlug=beratung&username=ben", 404),
        ("eventTypeSlug=beratung", 400),
        ("username=anna", 400),
        ("eventTypeId=5001", 404),
        ("eventTypeId=x", 400),
    ] {
        let got = cal.get(&format!("/v2/slots?{names}&{days}"), SLOTS).await;
        assert_eq!(got.status, status, "{names}");
    }
    for wrong in
        ["start=2026-11-24", "start=x&end=2026-11-24", "start=2026-11-24&end=2026-11-24&timeZone=Mars"]
    {
        assert_eq!(
            cal.get(&format!("/v2/slots?eventTypeId=4711&{wrong}"), SLOTS).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn what_occupies_the_host_is_not_offered() {
    let cal = Cal::start().await;
    let buffered = EventType {
        before_buffer: 10,
        after_buffer: 5,
        slot_interval: Some(30),
        minimum_notice: 120,
        window_days: Some(2),
        ..EventType::new(4720, "puffer", 30, 7)
    };
    cal.sim.put_event_type("salon", buffered).unwrap();
    // Two hours ahead, it is ten in Berlin.
    assert_eq!(cal.starts(4720, "2026-11-23").await[0], "2026-11-23T09:00:00.000Z");
    assert!(cal.starts(4720, "2026-11-26").await.is_empty());

    let (start, end) = (at("2026-11-24T09:00:00Z"), at("2026-11-24T09:30:00Z"));
    cal.sim.host_busy(&HostBusy { host: 7, start, end }).unwrap();
    let free = cal.starts(4720, "2026-11-24").await;
    // 08:00 is fine (ends at 08:30, five minutes more), 08:30 and 09:30 lack their buffers.
    assert_eq!(free[..2], ["2026-11-24T08:00:00.000Z", "2026-11-24T10:00:00.000Z"]);
    assert!(cal.sim.host_busy(&HostBusy { host: 99, start, end }).is_err());
}

#[tokio::test]
async fn overrides_replace_the_week() {
    let mut host = simulators::calcom::Host::new(20, "Dora", "dora@example.org");
    let hour = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    host.overrides = vec![
        DayOverride { date: "2026-11-24".parse().unwrap(), hours: Vec::new() },
        DayOverride { date: "2026-11-28".parse().unwrap(), hours: vec![(hour(10), hour(11))] },
    ];
    let cal = Cal::start().await;
    let other = simulators::calcom::Account::new("dritte", "cal_dora", host);
    cal.sim.add_account(&other.event_type(EventType::new(6001, "x", 60, 20)));
    let starts = async |day: &str| {
        let path = format!("/v2/slots?eventTypeId=6001&start={day}&end={day}");
        cal.send(cal.request("cal_dora", "GET", &path, SLOTS)).await.unwrap().body["data"].clone()
    };
    assert_eq!(starts("2026-11-24").await, json!({}));
    assert_eq!(starts("2026-11-28").await, json!({"2026-11-28": [{"start": "2026-11-28T09:00:00.000Z"}]}));
}

#[tokio::test]
async fn a_team_is_free_as_long_as_one_of_it_is() {
    let cal = Cal::start().await;
    let first = "2026-11-24T08:00:00.000Z".to_owned();
    for host in [7, 8] {
        assert!(cal.starts(HAIRCUT, "2026-11-24").await.contains(&first));
        let start = at(&first);
        cal.sim.host_busy(&HostBusy { host, start, end: start + TimeDelta::minutes(30) }).unwrap();
    }
    assert!(!cal.starts(HAIRCUT, "2026-11-24").await.contains(&first));
    let managed = EventType {
        scheduling: Some(Scheduling::Managed),
        ..EventType::round_robin(4730, "eltern", 30, 30, &[7, 8])
    };
    cal.sim.put_event_type("salon", managed).unwrap();
    assert!(cal.starts(4730, "2026-11-25").await.is_empty());
    let both = EventType {
        scheduling: Some(Scheduling::Collective),
        ..EventType::round_robin(4731, "beide", 30, 30, &[7, 8])
    };
    cal.sim.put_event_type("salon", both).unwrap();
    assert_eq!(cal.starts(4731, "2026-11-25").await.len(), 16);
    let busy = HostBusy { host: 8, start: at("2026-11-25T08:00:00Z"), end: at("2026-11-25T12:00:00Z") };
    cal.sim.host_busy(&busy).unwrap();
    assert_eq!(cal.starts(4731, "2026-11-25").await.len(), 8);
}

#[tokio::test]
async fn lengths_can_be_chosen_where_there_is_a_choice() {
    let cal = Cal::start().await;
    let path =
        |id: u64, more: &str| format!("/v2/slots?eventTypeId={id}&start=2026-11-24&end=2026-11-24{more}");
    let long = cal.get(&path(COLOUR, "&duration=90&format=range"), SLOTS).await;
    assert_eq!(long.data()["2026-11-24"][0]["end"], "2026-11-24T09:30:00.000Z");
    assert_eq!(cal.get(&path(COLOUR, "&duration=75"), SLOTS).await.status, 400);
    assert_eq!(cal.get(&path(CONSULTATION, "&duration=45"), SLOTS).await.status, 400);
}

#[tokio::test]
async fn a_move_sees_its_own_slot_as_free() {
    let cal = Cal::start().await;
    let uid = cal.book(CONSULTATION, "2026-11-24T08:00:00Z").await.uid();
    let first = "2026-11-24T08:00:00.000Z".to_owned();
    assert!(!cal.starts(CONSULTATION, "2026-11-24").await.contains(&first));
    let path =
        format!("/v2/slots?eventTypeId=4711&start=2026-11-24&end=2026-11-24&bookingUidToReschedule={uid}");
    assert_eq!(cal.get(&path, SLOTS).await.data()["2026-11-24"][0]["start"], json!(first));
}

#[tokio::test]
async fn a_reservation_hides_a_slot_and_stops_nobody() {
    let cal = Cal::start().await;
    let slot = "2026-11-24T08:00:00.000Z".to_owned();
    let wish = json!({"eventTypeId": CONSULTATION, "slotStart": slot, "reservationDuration": 10});
    let made = cal.call("POST", "/v2/slots/reservations", SLOTS, wish.clone()).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.data()["slotEnd"], "2026-11-24T08:45:00.000Z");
    assert_eq!(made.data()["reservationUntil"], "2026-11-23T07:10:00.000Z");
    let uid = made.data()["reservationUid"].as_str().unwrap().to_owned();
    let path = format!("/v2/slots/reservations/{uid}");
    assert_eq!(cal.get(&path, SLOTS).await.data(), made.data());
    assert!(!cal.starts(CONSULTATION, "2026-11-24").await.contains(&slot));

    let again = cal.call("POST", "/v2/slots/reservations", SLOTS, wish).await;
    assert_eq!(again.status, 422);
    assert!(again.message().contains("already reserved by another user"));

    assert_eq!(cal.book(CONSULTATION, &slot).await.status, 201);
    assert_eq!(cal.sim.reservations().len(), 1);
    let booked = json!({"eventTypeId": CONSULTATION, "slotStart": slot});
    let booked = cal.call("POST", "/v2/slots/reservations", SLOTS, booked).await;
    assert_eq!(
        (booked.status, booked.message()),
        (422, "Can't reserve a slot if the event is already booked.")
    );

    let later = json!({"eventTypeId": CONSULTATION, "slotStart": "2026-11-25T08:00:00Z"});
    let moved = cal.call("PATCH", &path, SLOTS, later).await;
    assert_eq!(moved.data()["slotStart"], "2026-11-25T08:00:00.000Z");
    let gone = cal.call("DELETE", &path, SLOTS, json!(null)).await;
    assert_eq!((gone.status, gone.body), (200, json!({"status": "success"})));
    assert_eq!(cal.get(&path, SLOTS).await.data(), &json!(null));
}

#[tokio::test]
async fn a_reservation_of_a_team_marks_the_first_host_and_lapses() {
    let cal = Cal::start().await;
    let slot = "2026-11-24T08:00:00.000Z".to_owned();
    let wish = json!({"eventTypeId": HAIRCUT, "slotStart": slot});
    assert_eq!(cal.call("POST", "/v2/slots/reservations", SLOTS, wish).await.status, 201);
    assert!(cal.starts(HAIRCUT, "2026-11-24").await.contains(&slot));
    assert!(!cal.starts(CONSULTATION, "2026-11-24").await.contains(&slot));
    cal.clock.advance(TimeDelta::minutes(5));
    assert!(cal.starts(CONSULTATION, "2026-11-24").await.contains(&slot));
    for (wish, status) in [
        (json!({"eventTypeId": 1, "slotStart": slot}), 404),
        (json!({"eventTypeId": HAIRCUT}), 400),
        (json!({"eventTypeId": HAIRCUT, "slotStart": slot, "slotDuration": 60}), 400),
        (json!({"eventTypeId": HAIRCUT, "slotStart": slot, "reservationDuration": 0}), 400),
    ] {
        let request = cal.request(SALON, "POST", "/v2/slots/reservations", SLOTS).json(&wish);
        assert_eq!(cal.send(request).await.unwrap().status, status, "{wish}");
    }
}
