//! Rooms in explanations, and series date by date.

use std::sync::Arc;
use std::time::Duration;

use appointment::BookingService;
use appointment::calendar::{
    CalendarLink, Connection, ConnectionId, Effort, Lane, MockOutsideTimes, Offered, RemoteEventType,
    RemoteHost, RemoteHostRef, Secret,
};
use appointment::commands::{BookOutcome, BookRequest, BookTarget, BookingParty, Requester};
use appointment::model::AppointmentSource;
use appointment::policy::series::{Interval, SeriesRule};
use appointment::service::WhyRequest;
use appointment::testing::{
    InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, ScriptedCalendar, branch_id, salon,
    salon_with_basins, service_id, staff_id,
};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{CustomerId, TenantScope};
use serde_json::json;
use uuid::Uuid;

use super::*;

/// Tuesday, 1 December, 10:00 in Berlin.
const TEN: &str = "2026-12-01T09:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

struct World {
    scope: TenantScope,
    desk: WhyDesk,
}

/// The salon with two basins and three people, two of whom cut hair at ten.
async fn world() -> World {
    let clock = Arc::new(FixedClock::at(at("2026-11-20T08:00:00Z")));
    let scope = scope(1, Some(branch_id(1)));
    let catalogues = Arc::new(InMemoryCatalogues::default());
    let week: Vec<(u8, u16, u16)> = (2..=6).map(|weekday| (weekday, 540, 1080)).collect();
    let salon = salon_with_basins(branch_id(1)).unwrap().person(3, "Cem Aydin", &week, &[1]).unwrap();
    catalogues.put(&scope, salon.snapshot());
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock.clone()));
    let bookings = Arc::new(BookingService::new(
        catalogues,
        store.clone(),
        Arc::new(InMemorySoftOffers::new(clock.clone())),
        clock.clone(),
        Arc::new(SequentialIds::default()),
    ));
    for person in [1, 2] {
        let request = BookRequest {
            branch: branch_id(1),
            target: BookTarget::At { service: service_id(1), staff: Some(staff_id(person)), start: at(TEN) },
            party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(person))),
            requester: Requester::Desk,
            source: AppointmentSource::Desk,
            notes: None,
            additional: false,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        let made = bookings.book(&scope, request).await.unwrap();
        assert!(matches!(made, BookOutcome::Booked(_)), "{made:?}");
    }
    let effort = Effort { lane: Lane::Background, within: Duration::from_secs(1) };
    let gateway = Arc::new(ScriptedCalendar::new(clock));
    World { scope, desk: WhyDesk::new(bookings, store, gateway, effort) }
}

#[tokio::test]
async fn a_taken_room_is_named_with_what_takes_it() {
    let World { scope, desk } = world().await;
    let request =
        WhyRequest { branch: branch_id(1), service: service_id(1), staff: Some(staff_id(3)), start: at(TEN) };
    let answer = desk.explain(&scope, request).await.unwrap();
    assert!(!answer.free);
    let reason = answer.people[0].reason.as_ref().unwrap();
    assert_eq!(reason.code, "facility");
    assert_eq!(reason.detail["name"], json!("Waschplatz 1"));
    assert_eq!(reason.detail["group_name"], json!("Waschplatz"));
    assert_eq!(reason.detail["by"], json!("appointment"));
    assert_eq!(reason.detail["until"], json!("2026-12-01T10:30:00+01:00"));
    let rooms: Vec<_> = answer.facilities.iter().map(|room| (room.name.as_str(), room.free)).collect();
    assert_eq!(rooms, [("Waschplatz 1", false), ("Waschplatz 2", false)]);
    let by = |room: &WhyFacility| room.reason.as_ref().map(|reason| reason.detail["appointment"].clone());
    assert_ne!(by(&answer.facilities[0]), by(&answer.facilities[1]));
}

/// The beard takes a quarter of an hour, and five minutes of tidying up.
#[tokio::test]
async fn what_is_in_the_way_of_a_buffer_alone_is_said_to_be() {
    let World { scope, desk } = world().await;
    for (start, code, is_buffer) in [
        ("2026-12-01T11:15:00Z", "break", true),
        ("2026-12-01T11:30:00Z", "break", false),
        ("2026-12-01T08:45:00Z", "appointment", true),
        ("2026-12-01T09:15:00Z", "appointment", false),
        ("2026-12-01T11:20:00Z", "grid", false),
    ] {
        let staff = Some(staff_id(2));
        let request = WhyRequest { branch: branch_id(1), service: service_id(3), staff, start: at(start) };
        let answer = desk.explain(&scope, request).await.unwrap();
        let reason = answer.people[0].reason.as_ref().unwrap();
        assert_eq!((reason.code, reason.detail["buffer"] == json!(true)), (code, is_buffer), "{start}");
        let begins = at(start).with_timezone(&chrono_tz::Europe::Berlin);
        let busy =
            WhySpan { from: begins.to_rfc3339(), until: (begins + TimeDelta::minutes(20)).to_rfc3339() };
        assert_eq!(answer.busy, [busy], "{start}");
        if code == "grid" {
            assert_eq!(reason.detail["minutes"], json!(15));
        }
    }
}

#[tokio::test]
async fn a_series_says_of_each_date_what_is_in_the_way() {
    let World { scope, desk } = world().await;
    let first = "2026-12-01".parse().unwrap();
    let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(4), count: 6 };
    let (branch, service, staff) = (branch_id(1), service_id(1), Some(staff_id(3)));
    let dates = desk.series(&scope, SeriesQuestion { branch, service, staff, rule }).await.unwrap();
    assert_eq!(dates.iter().map(|date| date.free).collect::<Vec<_>>(), [false, true, true, true, true, true]);
    let why = dates[0].why.as_ref().unwrap();
    assert_eq!(why.people[0].reason.as_ref().unwrap().code, "facility");
    assert_eq!(dates[0].nearest.as_ref().unwrap().start, "2026-12-01T09:30:00+01:00");
    // Ten o'clock through the change of the clock, and beyond the branch's ninety days.
    let starts: Vec<_> = dates[4..].iter().map(|date| date.slot.as_ref().unwrap().start.as_str()).collect();
    assert_eq!(starts, ["2027-03-23T10:00:00+01:00", "2027-04-20T10:00:00+02:00"]);
    assert!(dates[1].why.is_none() && dates[1].nearest.is_none());
}

#[tokio::test]
async fn a_time_that_is_over_is_no_matter_of_notice() {
    let World { scope, desk } = world().await;
    // It is nine on that Friday in Berlin.
    for (start, code) in [("2026-11-20T07:52:00Z", "past"), ("2026-11-20T08:00:00Z", "notice")] {
        let request = WhyRequest {
            branch: branch_id(1),
            service: service_id(1),
            staff: Some(staff_id(3)),
            start: at(start),
        };
        let answer = desk.explain(&scope, request).await.unwrap();
        let person = answer.people[0].reason.clone().unwrap();
        assert_eq!((answer.branch.unwrap().code, person.code), (code, code), "{start}");
        assert!(person.detail["earliest"].is_string(), "{start}");
    }
}

/// Anna is linked with a host of a team's event type, Ben with an event type of his own, whose hosts are not told.
#[tokio::test]
async fn of_what_stands_in_the_outside_calendar_only_the_persons_own_bookings_are_named() {
    let clock = Arc::new(FixedClock::at(at("2026-11-20T08:00:00Z")));
    let scope = scope(1, Some(branch_id(1)));
    let connection = Connection {
        id: ConnectionId::from_uuid(Uuid::from_u128(71)),
        base_url: "https://calendar.example".to_owned(),
        api_key: Secret::new("key".to_owned()),
        webhook_secret: Secret::new("secret".to_owned()),
        team: None,
    };
    let event_type = |name: &str| RemoteEventType::parse(name).unwrap();
    let host = |name: &str| RemoteHost {
        reference: RemoteHostRef::parse(name).unwrap(),
        name: name.to_owned(),
        email: None,
    };
    let link = |name: &str, host: Option<&str>| CalendarLink {
        connection: connection.id,
        event_type: event_type(name),
        host: host.map(|host| RemoteHostRef::parse(host).unwrap()),
    };
    let salon = salon(branch_id(1)).unwrap();
    let salon = salon.linked(1, 1, link("team", Some("anna"))).linked(1, 2, link("bens", None));
    let catalogues = Arc::new(InMemoryCatalogues::default());
    catalogues.put(&scope, salon.snapshot());
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock.clone()));
    store.put_connection(&scope, connection);
    let mut outside = MockOutsideTimes::new();
    outside.expect_offered().returning(|_, links, _| {
        let nothing = || Offered::Fresh { starts: Vec::new(), as_of: at(TEN) };
        links.iter().map(|(person, _)| (*person, nothing())).collect()
    });
    let bookings = BookingService::new(
        catalogues,
        store.clone(),
        Arc::new(InMemorySoftOffers::new(clock.clone())),
        clock.clone(),
        Arc::new(SequentialIds::default()),
    );
    let gateway = Arc::new(ScriptedCalendar::new(clock));
    let mut uids = Vec::new();
    for (name, performers) in
        [("meeting", vec![host("anna")]), ("meeting_of_ben", vec![host("ben")]), ("bens", vec![])]
    {
        gateway.performed_by(performers);
        uids.push(gateway.book_outside(&event_type(name), at(TEN), None).unwrap());
    }
    let bookings = Arc::new(bookings.with_outside(Arc::new(outside)));
    let effort = Effort { lane: Lane::Background, within: Duration::from_secs(1) };
    let desk = WhyDesk::new(bookings, store, gateway.clone(), effort);
    for (person, named) in [(1, &uids[0]), (2, &uids[2])] {
        let staff = Some(staff_id(person));
        let request = WhyRequest { branch: branch_id(1), service: service_id(1), staff, start: at(TEN) };
        let answer = desk.explain(&scope, request).await.unwrap();
        let reason = answer.people[0].reason.as_ref().unwrap();
        assert_eq!(reason.code, "outside_calendar");
        let shown: Vec<_> =
            reason.detail["bookings"].as_array().unwrap().iter().map(|one| &one["uid"]).collect();
        assert_eq!(shown, [named.as_str()]);
        assert_eq!(reason.detail["cause"], "booking");
    }
    let nobody = WhyRequest {
        branch: branch_id(1),
        service: service_id(1),
        staff: Some(staff_id(1)),
        start: at(TEN) + TimeDelta::hours(2),
    };
    let cause = async || {
        let answer = desk.explain(&scope, nobody).await.unwrap();
        answer.people[0].reason.as_ref().unwrap().detail["cause"].clone()
    };
    assert_eq!(cause().await, "not_offered");
    // More bookings of others than are read for one answer: whether one of them is Anna's is not known.
    gateway.performed_by(vec![host("ben")]);
    for number in 0..500 {
        gateway.book_outside(&event_type(&format!("other_{number}")), at(TEN), None).unwrap();
    }
    assert_eq!(cause().await, "unknown");
    gateway.change(|all| all.truncate(403));
    assert_eq!(cause().await, "not_offered");
}
