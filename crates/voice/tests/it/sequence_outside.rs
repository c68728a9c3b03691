//! Visits of which an outside calendar has a part: it takes all of it, or nothing of it stands.

use appointment::calendar::{CalendarLink, ConnectionId, Offered, RemoteEventType};
use appointment::model::{AppointmentStatus, CatalogueSnapshot, Minute, ServiceLink, Span};
use appointment::testing::{service_id, staff_id};
use serde_json::json;
use uuid::Uuid;
use voice::{NextAction, Settlement, Status, ToolReply};

use crate::outside::{LIMIT, RULED_OUT, TAKEN};
use crate::sequences::{both, open};
use crate::world::{STRANGER, World};

/// Boris's beards are mirrored in a calendar that may say no.
pub(crate) fn with_mirrored_beards(salon: &mut CatalogueSnapshot) {
    let connection = ConnectionId::from_uuid(Uuid::from_u128(1));
    let event_type = RemoteEventType::parse("473").unwrap();
    let link = CalendarLink { connection, event_type, host: None };
    salon.links.push(ServiceLink { service: service_id(3), staff: staff_id(2), link });
}

/// What that calendar offers.
fn beards_at(starts: &[&str]) -> Offered {
    let starts: Vec<_> = starts.iter().map(|at| Minute::floor(at.parse().unwrap())).collect();
    Offered::Fresh { starts, as_of: "2026-11-23T07:59:30Z".parse().unwrap() }
}

#[tokio::test]
async fn what_an_outside_calendar_refuses_of_a_visit_ends_all_of_it_with_other_times() {
    let world = World::with(with_mirrored_beards).await;
    let offered = beards_at(&["2026-11-27T09:30:00Z", "2026-11-27T13:30:00Z"]);
    world.outside.says(offered.clone(), TAKEN);
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!((reply.success, &reply.data["booked"]), (false, &json!(false)), "{}", reply.message);
    assert!(
        reply.message.starts_with(
            "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr ist im Kalender leider nicht mehr alles davon frei, \
             eingetragen habe ich deshalb nichts, beides nacheinander ginge aber"
        ),
        "{}",
        reply.message
    );
    assert_eq!(reply.next_action, Some(NextAction::OfferAlternatives));
    assert!(!reply.alternatives.is_empty() && !reply.data.contains_key("missing_part"));
    assert_eq!(open(&world), [], "the haircut goes with the beard");
    // What the calendar does not allow is not said to be taken.
    world.outside.says(offered.clone(), RULED_OUT);
    let ruled_out = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert!(
        ruled_out.message.contains(
            "um zehn Uhr lässt der Kalender nicht alles davon zu, eingetragen habe ich deshalb nichts"
        ),
        "{}",
        ruled_out.message
    );
    world.outside.says(offered.clone(), TAKEN);
    // Asked again, nothing is claimed to be booked either.
    let again = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert!(!again.success, "{}", again.message);
    assert_eq!(open(&world), []);
    world.outside.says(offered, Settlement::Open);
    let noted = line.ask("book_appointment", both("2026-11-27", "14:00")).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert!(noted.message.starts_with("Ich habe Ihre Termine am Freitag"), "{}", noted.message);
    let statuses: Vec<_> = world
        .appointments
        .appointments(&world.scope)
        .into_iter()
        .filter(|row| row.status == AppointmentStatus::Pending)
        .collect();
    assert_eq!(statuses.len(), 1, "the haircut needs nobody's consent");
}

/// Who was wished for is looked for first, as when the time is taken here; what others have instead is said to be theirs.
#[tokio::test]
async fn people_who_were_wished_for_come_first_after_a_refusal_too() {
    for (boris_works, said, who) in [
        (true, "beides nacheinander ginge aber am Freitag", "Boris Kühn"),
        (false, "bei Anna Petersen ginge beides nacheinander aber am Freitag", "Anna Petersen"),
    ] {
        // Anna comes first wherever nobody is wished for, and Boris may have the one hour alone.
        let world = World::with(|salon| {
            with_mirrored_beards(salon);
            salon.staff[0].performs.push(service_id(3));
            if !boris_works {
                for hours in [
                    ("2026-11-20T00:00:00Z", "2026-11-27T09:00:00Z"),
                    ("2026-11-27T10:00:00Z", "2026-12-24T00:00:00Z"),
                ] {
                    let (from, until) = (hours.0.parse().unwrap(), hours.1.parse().unwrap());
                    salon.staff[1].absences.push(Span::new(from, until));
                }
            }
        })
        .await;
        let offered = beards_at(&["2026-11-27T09:30:00Z", "2026-11-27T13:30:00Z"]);
        world.outside.says(offered, TAKEN);
        let line = world.call("call_a", STRANGER);
        let mut args = both("2026-11-27", "10:00");
        args["mitarbeiter"] = json!("Boris");
        let held = line.ask("check_availability", args.clone()).await;
        assert_eq!(held.status, Status::Available, "{}", held.message);
        for args in [args, json!({"slot_id": held.data["slot_id"], "name": "Erika Muster"})] {
            let refused = line.ask("book_appointment", args).await;
            assert_eq!(
                (refused.success, &refused.data["booked"]),
                (false, &json!(false)),
                "{}",
                refused.message
            );
            assert!(refused.message.contains(said), "{}", refused.message);
            let staff: Vec<_> = refused.alternatives.iter().map(|offer| offer.staff.as_str()).collect();
            assert!(!staff.is_empty() && staff.iter().all(|name| *name == who), "{staff:?}");
        }
    }
}

/// What is refused for another reason than its time stays, and a person looks at all of it.
#[tokio::test]
async fn a_refusal_that_is_not_about_the_time_is_told_of_all_of_the_visit() {
    let world = World::with(with_mirrored_beards).await;
    world.outside.says(beards_at(&["2026-11-27T09:30:00Z"]), LIMIT);
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(reply.status, Status::PendingConfirmation, "{}", reply.message);
    assert!(reply.message.starts_with("Ich habe Ihre Termine am Freitag"), "{}", reply.message);
    assert!(
        reply
            .message
            .contains("der Kalender hat nicht alles davon angenommen, Salon Nord prüft das und ruft Sie an"),
        "{}",
        reply.message
    );
    assert_eq!(open(&world).len(), 2);
}

/// What a caller hears of a visit's move of which the outside calendar says this.
async fn moved(settlement: Settlement) -> ToolReply {
    let world = World::with(with_mirrored_beards).await;
    let offered = beards_at(&["2026-11-27T09:30:00Z", "2026-11-27T13:30:00Z"]);
    world.outside.says(offered.clone(), Settlement::Agreed);
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    world.clock.advance(chrono::TimeDelta::seconds(30));
    world.outside.says(offered, settlement);
    line.ask("reschedule_appointment", json!({"new_time": "14:00", "bestaetigung": true})).await
}

/// As of one appointment it is said from when to when, and not that it is so.
#[tokio::test]
async fn a_visit_whose_move_is_noted_is_told_with_its_old_time() {
    let noted = moved(Settlement::Open).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert!(
        noted.message.starts_with(
            "Ich habe Ihre Termine von Freitag, dem siebenundzwanzigsten November, um zehn Uhr auf Freitag, den \
             siebenundzwanzigsten November, um vierzehn Uhr vorgemerkt, zuerst Haarschnitt"
        ) && !noted.message.contains("verlegt"),
        "{}",
        noted.message
    );
}

/// A move that is refused of one part leaves all of it where it was: the caller hears that, and of other times for all of it.
#[tokio::test]
async fn what_an_outside_calendar_refuses_of_a_move_leaves_the_visit_as_it_was() {
    for (refused, why) in [
        (TAKEN, "ist im Kalender leider nicht mehr alles davon frei"),
        (RULED_OUT, "lässt der Kalender nicht alles davon zu"),
    ] {
        let world = World::with(with_mirrored_beards).await;
        let offered = beards_at(&["2026-11-27T09:30:00Z", "2026-11-27T13:30:00Z", "2026-11-27T14:30:00Z"]);
        world.outside.says(offered.clone(), Settlement::Agreed);
        let line = world.call("call_a", STRANGER);
        let made = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
        assert_eq!(made.status, Status::Booked, "{}", made.message);
        let before = open(&world);
        world.clock.advance(chrono::TimeDelta::seconds(30));
        world.outside.says(offered, refused);
        let args = json!({"new_time": "14:00", "bestaetigung": true});
        let reply = line.ask("reschedule_appointment", args).await;
        assert!(!reply.success, "{}", reply.message);
        let said = format!(
            "Am Freitag, dem siebenundzwanzigsten November, um vierzehn Uhr {why}, Ihre Termine am Freitag, dem \
             siebenundzwanzigsten November, um zehn Uhr bleiben bestehen, beides nacheinander ginge aber am Freitag, dem \
             siebenundzwanzigsten November, um fünfzehn Uhr, was passt Ihnen?"
        );
        assert_eq!(reply.message, said);
        assert_eq!(reply.next_action, Some(NextAction::OfferAlternatives));
        assert_eq!(open(&world), before);
    }
}

/// What fell apart is told part by part, and no field says that anything was booked: the request was not met.
#[tokio::test]
async fn a_move_that_fell_apart_is_no_booking() {
    let reply = moved(LIMIT).await;
    assert_eq!((reply.status, reply.success), (Status::Superseded, false), "{}", reply.message);
    assert!(
        reply.message.starts_with("Der Kalender hat nicht alles davon angenommen, "),
        "{}",
        reply.message
    );
    assert_eq!(reply.data["appointments"].as_array().unwrap().len(), 2);
    assert_eq!(reply.data.get("booked"), None);
}
