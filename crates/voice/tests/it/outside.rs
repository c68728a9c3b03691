//! A company whose appointments are mirrored in an outside calendar: nothing is said that it has not agreed to.

use appointment::calendar::{CalendarLink, ConnectionId, Offered, RefusalReason, RemoteEventType};
use appointment::model::{AppointmentStatus, CatalogueSnapshot, Minute, ServiceLink};
use appointment::testing::{service_id, staff_id};
use serde_json::json;
use uuid::Uuid;
use voice::{Mode, Settlement, Status};

use crate::world::{STRANGER, World, wish};

/// Somebody else has the time there.
pub(crate) const TAKEN: Settlement = Settlement::Refused(RefusalReason::SlotTaken);
/// That calendar allows no booking at the time.
pub(crate) const RULED_OUT: Settlement = Settlement::Refused(RefusalReason::OutsideRules);
/// The customer may have no more bookings there, whatever their time.
pub(crate) const LIMIT: Settlement = Settlement::Refused(RefusalReason::CustomerLimit);

/// Haircuts of both people are mirrored.
pub(crate) fn mirrored(catalogue: &mut CatalogueSnapshot) {
    for person in [1, 2] {
        catalogue.links.push(ServiceLink {
            service: service_id(1),
            staff: staff_id(person),
            link: CalendarLink {
                connection: ConnectionId::from_uuid(Uuid::from_u128(1)),
                event_type: RemoteEventType::parse(&format!("47{person}")).unwrap(),
                host: None,
            },
        });
    }
}

fn minutes(times: &[&str]) -> Vec<Minute> {
    let at = |time: &&str| Minute::floor(format!("2026-11-24T{time}:00+01:00").parse().unwrap());
    times.iter().map(at).collect()
}

fn fresh(starts: Vec<Minute>) -> Offered {
    Offered::Fresh { starts, as_of: "2026-11-23T07:59:30Z".parse().unwrap() }
}

#[tokio::test]
async fn what_the_outside_calendar_offers_is_free_and_stands_once_it_agrees() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), Settlement::Agreed);
    let free = line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    assert_eq!(
        (free.status, free.data["available"].as_bool()),
        (Status::Available, Some(true)),
        "{}",
        free.message
    );
    assert_eq!(free.data["as_of"], "2026-11-23T08:59:30+01:00");
    let taken = line.ask("check_availability", wish("2026-11-24", "11:00")).await;
    assert_eq!(taken.status, Status::Unavailable, "{}", taken.message);
    assert_eq!(taken.data["reason"], "occupied_in_outside_calendar");
    let times: Vec<_> = taken.alternatives.iter().map(|offer| offer.time.as_str()).collect();
    assert_eq!(times, ["10:00", "15:00"]);

    let booked = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let stored = &world.appointments.appointments(&world.scope)[0];
    assert_eq!(stored.status, AppointmentStatus::Confirmed);
}

#[tokio::test]
async fn what_is_refused_there_is_not_booked_and_never_said_to_be() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), TAKEN);
    let args = wish("2026-11-24", "10:00");
    let refused = line.ask_as("book_appointment", args.clone(), Some("tool_1"), Mode::Free).await;
    assert!(!refused.success, "{}", refused.message);
    assert_eq!(refused.data["booked"], json!(false));
    assert!(refused.alternatives.iter().any(|offer| offer.time == "15:00"), "{:?}", refused.alternatives);
    let stored = &world.appointments.appointments(&world.scope)[0];
    assert_eq!(stored.status, AppointmentStatus::Cancelled);
    // The provider of the call repeats the very same use of the tool.
    let again = line.ask_as("book_appointment", args, Some("tool_1"), Mode::Free).await;
    assert_eq!(again.status, Status::Superseded, "{}", again.message);
}

#[tokio::test]
async fn what_that_calendar_does_not_allow_is_not_said_to_be_taken() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), RULED_OUT);
    let refused = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert!(!refused.success && !refused.message.contains("nicht frei"), "{}", refused.message);
    assert!(
        refused.message.contains("um zehn Uhr lässt der Kalender keine Buchung zu, frei wäre"),
        "{}",
        refused.message
    );
    assert_eq!(
        (&refused.data["booked"], &refused.data["reason"]),
        (&json!(false), &json!("outside_calendar_rules"))
    );
    assert!(refused.alternatives.iter().any(|offer| offer.time == "15:00"), "{:?}", refused.alternatives);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), Settlement::Agreed);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    world.wait(-86_400 * 2);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), RULED_OUT);
    let args = json!({"new_date": "2026-11-24", "new_time": "15:00", "bestaetigung": true});
    let refused = line.ask("reschedule_appointment", args).await;
    assert!(
        refused.message.contains("bleibt bestehen, denn")
            && refused.message.contains("um fünfzehn Uhr lässt der Kalender keine Buchung zu"),
        "{}",
        refused.message
    );
}

#[tokio::test]
async fn what_is_not_known_yet_is_noted_and_no_more() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let hoped = line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    assert_eq!(
        (hoped.status, hoped.data["available"].as_bool()),
        (Status::Unverified, Some(false)),
        "{}",
        hoped.message
    );
    let noted = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert_eq!(noted.data["confirmation"], "pending");
    assert!(
        noted.message.contains("vorgemerkt") && noted.message.contains("ruft Salon Nord Sie an"),
        "{}",
        noted.message
    );
    assert!(!noted.message.contains("fest eingetragen"));
    let asked = line.ask("query_appointment", json!({})).await;
    assert!(asked.message.contains("vorgemerkt"), "{}", asked.message);

    let anonymous = world.call("call_b", "anonymous");
    let mut args = wish("2026-11-24", "15:00");
    args["name"] = json!("Max Sommer");
    let noted = anonymous.ask("book_appointment", args).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert!(!noted.message.contains("ruft"), "nobody can be called: {}", noted.message);
}

#[tokio::test]
async fn other_times_that_are_not_verified_are_said_to_be_so() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Open);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let other = world.call("call_b", "+491709998877");
    let mut args = wish("2026-11-24", "10:07");
    args["name"] = json!("Max Sommer");
    for (said, as_of) in [
        (Offered::Unknown, None),
        (
            Offered::Stale {
                starts: minutes(&["11:00", "14:00"]),
                as_of: "2026-11-23T07:10:00Z".parse().unwrap(),
            },
            Some(json!("2026-11-23T08:10:00+01:00")),
        ),
    ] {
        world.outside.says(said, Settlement::Open);
        let reply = other.ask("check_availability", args.clone()).await;
        assert!(!reply.success && !reply.alternatives.is_empty(), "{}", reply.message);
        assert_eq!(
            (&reply.data["certainty"], reply.data.get("as_of")),
            (&json!("unverified"), as_of.as_ref())
        );
        assert!(
            reply.message.contains(
                "um zehn Uhr sieben vergeben wir keine Termine, frei wäre nach unserem Plan, im Kalender nachsehen kann \
                 ich gerade nicht, morgen"
            ),
            "{}",
            reply.message
        );
    }
}

/// Only what is offered is known by the plan alone: neither the calendar's own no, nor what there is already.
#[tokio::test]
async fn nothing_but_other_times_is_said_to_be_by_the_plan() {
    const BY_PLAN: &str = "nach unserem Plan, im Kalender nachsehen kann ich gerade nicht, ";
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, RULED_OUT);
    let refused = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert!(
        refused.message.starts_with(&format!(
            "Morgen, Dienstag, den vierundzwanzigsten November, um zehn Uhr lässt der Kalender keine Buchung zu, frei wäre \
             {BY_PLAN}morgen"
        )),
        "{}",
        refused.message
    );
    assert_eq!(
        (&refused.data["booked"], &refused.data["certainty"]),
        (&json!(false), &json!("unverified")),
        "{}",
        refused.message
    );
    world.outside.says(Offered::Unknown, Settlement::Open);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let beside = line.ask("get_alternatives", wish("2026-11-24", "11:00")).await;
    assert!(
        beside.message.starts_with("Ihr Termin")
            && beside.message.contains(&format!("die Bestätigung steht noch aus, frei wäre auch {BY_PLAN}")),
        "{}",
        beside.message
    );
    let mut with_anna = wish("2026-11-24", "10:00");
    with_anna["mitarbeiter"] = json!("Anna");
    let taken = line.ask("check_availability", with_anna).await;
    assert!(!taken.message.contains("Plan") && !taken.alternatives.is_empty(), "{}", taken.message);
    assert_eq!(taken.data["certainty"], "unverified");
    for (day, time, says) in [
        ("2026-11-25", "zwischen 10 und 11 Uhr", "Da hätte ich"),
        ("2026-11-25", "", "frei wäre zum Beispiel"),
    ] {
        let asked = line.ask("check_availability", wish(day, time)).await;
        assert!(asked.message.contains(&format!("{says} {BY_PLAN}")), "{}", asked.message);
    }
    let next = line.ask("find_next_available", json!({"dienstleistung": "Haarschnitt"})).await;
    assert!(
        next.message.starts_with(&format!("Als Nächstes kann ich Ihnen {BY_PLAN}morgen")),
        "{}",
        next.message
    );
}

#[tokio::test]
async fn a_move_that_is_refused_there_leaves_the_appointment_alone() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), Settlement::Agreed);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    world.wait(-86_400 * 2);
    world.outside.says(fresh(minutes(&["10:00", "15:00", "16:00"])), TAKEN);
    let args = json!({"new_date": "2026-11-24", "new_time": "15:00", "bestaetigung": true});
    let refused = line.ask("reschedule_appointment", args.clone()).await;
    assert!(!refused.success && refused.message.contains("bleibt bestehen"), "{}", refused.message);
    let stored = &world.appointments.appointments(&world.scope)[0];
    assert_eq!(stored.starts_at, "2026-11-24T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    world.outside.says(fresh(minutes(&["10:00", "15:00", "16:00"])), Settlement::Open);
    let moved = line.ask("reschedule_appointment", args).await;
    assert_eq!(moved.status, Status::PendingConfirmation, "{}", moved.message);
    assert!(!moved.message.contains("verlegt"), "{}", moved.message);
    assert_eq!(
        moved.message,
        "Ich habe Ihren Termin für Haarschnitt von Dienstag, dem vierundzwanzigsten November, um zehn Uhr auf Dienstag, den \
         vierundzwanzigsten November, um fünfzehn Uhr vorgemerkt, die Bestätigung aus dem Kalender steht noch aus, falls \
         etwas dagegen spricht, ruft Salon Nord Sie an, kann ich sonst noch etwas für Sie tun?"
    );
}

/// Whoever wishes for another day is offered times of that day, and never the time at which the appointment is back.
#[tokio::test]
async fn a_move_that_is_refused_there_offers_times_around_the_wished_one() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    let days = |times: &[(&str, &str)]| {
        let at =
            |(day, time): &(&str, &str)| Minute::floor(format!("{day}T{time}:00+01:00").parse().unwrap());
        fresh(times.iter().map(at).collect())
    };
    let (tuesday, thursday) = ("2026-11-24", "2026-11-26");
    let free = [(tuesday, "10:00"), (tuesday, "10:30"), (thursday, "16:30"), (thursday, "17:00")];
    world.outside.says(days(&free), Settlement::Agreed);
    line.ask("book_appointment", wish(tuesday, "10:00")).await;
    for (day, time, around) in [
        (thursday, "17:00", vec![(thursday, "16:30")]),
        // Its own time is free to it, and is none that it could have instead.
        (tuesday, "10:30", vec![(thursday, "16:30"), (thursday, "17:00")]),
    ] {
        world.wait(-86_400 * 2);
        world.outside.says(days(&free), TAKEN);
        let args = json!({"new_date": day, "new_time": time, "bestaetigung": true});
        let refused = line.ask("reschedule_appointment", args).await;
        assert!(!refused.success && refused.message.contains("bleibt bestehen, denn"), "{}", refused.message);
        let offered: Vec<_> =
            refused.alternatives.iter().map(|offer| (offer.date.as_str(), offer.time.as_str())).collect();
        assert_eq!(offered, around, "{}", refused.message);
    }
}

/// What is said follows how the appointment stands: it keeps its time, so nothing else is offered instead.
#[tokio::test]
async fn what_is_refused_whatever_its_time_stays_noted_and_a_person_looks_at_it() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), LIMIT);
    let args = wish("2026-11-24", "10:00");
    for _ in 0..2 {
        let noted = line.ask_as("book_appointment", args.clone(), Some("tool_1"), Mode::Free).await;
        assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
        assert!(noted.message.contains("vorgemerkt"), "{}", noted.message);
        assert!(noted.message.contains("Salon Nord prüft das und ruft Sie an"), "{}", noted.message);
        assert!(!noted.message.contains("frei") && noted.alternatives.is_empty(), "{}", noted.message);
    }
    let anonymous = world.call("call_b", "anonymous");
    let mut args = wish("2026-11-24", "15:00");
    args["name"] = json!("Max Sommer");
    let noted = anonymous.ask("book_appointment", args).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert!(!noted.message.contains("ruft"), "nobody can be called: {}", noted.message);
    assert!(world.appointments.appointments(&world.scope).iter().all(|row| row.status.is_open()));
}

#[tokio::test]
async fn a_move_that_is_refused_whatever_its_time_is_noted_where_it_stands_now() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), Settlement::Agreed);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    world.wait(-86_400 * 2);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), LIMIT);
    let args = json!({"new_date": "2026-11-24", "new_time": "15:00", "bestaetigung": true});
    let noted = line.ask("reschedule_appointment", args).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert!(noted.message.contains("fünfzehn Uhr vorgemerkt"), "{}", noted.message);
    assert!(!noted.message.contains("nicht frei") && noted.alternatives.is_empty(), "{}", noted.message);
}

/// By the plan alone nothing is promised: neither that it can be moved, nor that it is held.
#[tokio::test]
async fn a_move_is_asked_about_no_more_surely_than_a_booking() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(fresh(minutes(&["10:00", "15:00"])), Settlement::Agreed);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    world.wait(-86_400 * 2);
    let args = json!({"new_date": "2026-11-24", "new_time": "15:00"});
    let sure = line.ask("reschedule_appointment", args.clone()).await;
    assert_eq!(sure.status, Status::ReadyForConfirmation, "{}", sure.message);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let hoped = line.ask("reschedule_appointment", args).await;
    assert_eq!(
        (hoped.status, &hoped.data["certainty"]),
        (Status::Unverified, &json!("unverified")),
        "{}",
        hoped.message
    );
    assert!(
        hoped.message.starts_with("Nach unserem Plan kann ich Ihren Termin")
            && hoped.message.contains("beim Kalender kann ich das aber gerade nicht prüfen"),
        "{}",
        hoped.message
    );
}
